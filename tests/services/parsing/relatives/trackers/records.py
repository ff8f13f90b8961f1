# ruff: noqa: E501 (a text reads best on one line)
"""Tables as text, notebooks and other records that other programs read wrong."""

from __future__ import annotations

from typing import Any

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.rebuilt.texts import case
from tests.services.parsing.relatives.reported import code, notebook


def _csv(name: str, text: str, file: str = "a.csv", **right: Any) -> Case:
    return case(name, text, file, **right)


_STYLE = "<style scoped>\n    .dataframe tbody tr th {\n        vertical-align: top;\n    }\n</style>"
CASES = [
    _csv("cpython 119123: lists in cells", "id;has_data;cost;group;sub_group;merge\n1;False;62.25;['345'];['10'];UNKNOWN\n2;False;54.00;['235'];['256'];UNKNOWN\n4;False;46.50;['112', '112'];['765', '766'];UNKNOWN\n6;False;13.27;['510'];['23'];UNKNOWN\n", rows=[["id", "has_data", "cost"], ["4", "False", "46.50", "['112', '112']", "['765', '766']", "UNKNOWN"]]),
    _csv("cpython 97611: tabs between words with blanks and quotes", "amazon order id\tproduct name\tship city\n114-1\tSeal for 40 mm \"pro\" gates\tNew York\n114-2\tPump, with cable, black\tSt. John\n", "a.txt.csv", rows=[["114-2", "Pump, with cable, black", "St. John"]]),
    _csv("qsv 1719: a letter that is in every line", "Quarter,Completions NEW,Commencements,Completions > Commencements ,%YoY Completions ,YoY Commencements \nQ1 EAST,100,200,FALSE,1.2%,3\nQ2 EAST,110,190,FALSE,1.3%,4\n", rows=[["Quarter", "Completions NEW", "Commencements", "Completions > Commencements", "%YoY Completions"], ["Q2 EAST", "110", "190"]]),
    _csv("dataprof 423: lines within quotes", 'id,comment\n1,"line one\nline two"\n2,"normal"\n3,"has ""quotes"" inside"\n', rows=[["id", "comment"], ["2", "normal"], ["3", 'has "quotes" inside']]),
    _csv("any2nmap 3: a blank before a quote in the last column", '1, 30.12345, 40.123456, "Text, next, next"\n2, 31.5, 41.5, "Gate, north"\n', rows=[["1", "30.12345", "40.123456", "Text, next, next"]]),
    _csv("pysdmx 460: bars in names of columns", 'DATAFLOW,LAST UPDATE,"s_adj|adjustment",value\nESTAT:EI(1.0),12/11/25 23:00,Unadjusted | gross,1.5\nESTAT:EI(1.0),12/11/25 23:00,Adjusted | net,2.5\n', rows=[["ESTAT:EI(1.0)", "12/11/25 23:00", "Adjusted | net", "2.5"]]),
    _csv("PapaParse 658: one quoted field", 'Field1;Field2;"Field,3,3,3"\na;b;"c,d,e,f"\n', rows=[["Field1", "Field2", "Field,3,3,3"], ["a", "b", "c,d,e,f"]]),
    _csv("markitdown 2019: bars in cells", "name,description\nWidget,cheap | fast\nGate,if (OK && GREAT || bad)\n", rows=[["Widget", "cheap | fast"]], matches=[r"cheap \\\| fast"]),
    _csv("pandas 9294: a row that is longer than its head", "DecisionM,IntelligentM,freq,total\n0, 5, 9, 20 \n0, 6, 21,33\n1, 9, 27, 41,,\n1, 10, 16, 26\n", rows=[["DecisionM", "IntelligentM", "freq", "total"], ["1", "9", "27", "41"], ["1", "10", "16", "26"]]),
    _csv("pandas 4623: notes between the lines", "# notes\na,b,c\n# more notes\n1,2,3\n", rows=[["a", "b", "c"], ["1", "2", "3"]], has=["notes", "more notes"]),
    _csv("csv: a head with a mark and quotes", "\ufeff\"Имя\";\"Уровень\"\n\"Верхний\";\"2,1\"\n", rows=[["Имя", "Уровень"], ["Верхний", "2,1"]]),
    _csv("csv: the line that names the separator", "sep=;\ngate;level\nupper;2,1\n", rows=[["gate", "level"], ["upper", "2,1"]], lacks=["sep="]),
    Case("nbconvert 1848: marks of markdown in a cell", "a.ipynb", notebook([{"cell_type": "markdown", "metadata": {}, "source": ["~~old~~ and\n", "\n", "- [x] done\n", "\n", "| a | b |\n", "|---|---|\n", "| 1 | 2 |"]}]), has=["~~old~~", "- [x] done"], rows=[["1", "2"]]),
    Case("nbconvert: a result that is updated", "a.ipynb", notebook([code("show()", {"output_type": "update_display_data", "data": {"text/plain": ["level 2.1"]}, "metadata": {}})]), has=["level 2.1"]),
    Case("nbconvert: a notebook of R", "a.ipynb", notebook([code("library(weir)\nrun(1)", {"output_type": "display_data", "metadata": {}, "data": {"text/html": ["<table><caption>A data.frame: 1 × 2</caption><thead><tr><th scope=col>gate</th><th scope=col>level</th></tr></thead><tbody><tr><td>upper</td><td>2.1</td></tr></tbody></table>"], "text/latex": ["A data.frame"], "text/markdown": ["\nA data.frame: 1 × 2\n\n| gate | level |\n|---|---|\n| upper | 2.1 |\n\n"], "text/plain": ["  gate level\n1 upper 2.1"]}})]), rows=[["gate", "level"], ["upper", "2.1"]]),
    _csv("csv: tildes", "a~b~c\n1~2~3\n4~5~6\n", rows=[["a", "b", "c"], ["1", "2", "3"]]),
    _csv("tsv: quotes that are inches", "a\tb\n5\" pipe\t\"x\n6\" pipe\ty\n", "a.tsv", rows=[["6\" pipe", "y"]]),
    _csv("cpython 88843: blanks between quotes", '"name","note of it"\n"upper gate","opens at noon"\n"lower gate","is always shut"\n', rows=[["upper gate", "opens at noon"]]),
    _csv("COW 59: a blank before a quote", 'column1,column2\n0, "a, b"\n1, "c, d"\n', rows=[["0", "a, b"], ["1", "c, d"]]),
    _csv("duckdb 14115: commas in every row of a table with bars", "FlightDate|UniqueCarrier|OriginCityName|DestCityName\n1988-01-01|AA|New York, NY|Los Angeles, CA\n1988-01-02|AA|New York, NY|Los Angeles, CA\n", rows=[["1988-01-02", "AA", "New York, NY", "Los Angeles, CA"]]),
    _csv("csvtomd 30: lines in the midst of a row", 'First Name,Last Name,Location,Allegiance\nMance,Rayder,"North \nof \nthe Wall",Wildlings\nDanerys,Targaryen,"Meereen",House Targaryen\n', rows=[["Mance", "Rayder"], ["Danerys", "Targaryen", "Meereen"]], matches=[r"^.*Mance.*North.*of.*the Wall.*Wildlings"]),
    _csv("pandas 18692: a quote that never ends", '1 2,3\na"b ,x\n4 5,6\n"never ends,7\n8,9\n', has=["4 5", "8", "9"]),
    Case("pandoc 5300: a picture that is attached to a cell", "a.ipynb", notebook([{"cell_type": "markdown", "metadata": {}, "source": "The map:\n![map of the mill](attachment:map.png)\nabove", "attachments": {"map.png": {"image/png": "iVBORw0KGgo=" * 50}}}]), has=["The map:", "map of the mill", "above"], lacks=["iVBOR"]),
    Case("jupytext 365: magic of another language", "a.ipynb", notebook([code("%%javascript\nlet a = 1;"), code("%%html\n<b>bold</b>")]), has=["%%javascript\nlet a = 1;", "%%html"]),
    case("feed: xhtml with a prefix", '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:h="http://www.w3.org/1999/xhtml"><entry><title type="html">A &amp;amp; B</title><content type="xhtml"><h:div><h:p>It is <h:em>open</h:em>.</h:p></h:div></content></entry></feed>', "a.xml", has=["A & B", "It is *open*."]),
    case("feed: an undeclared prefix", '<rss version="2.0"><channel><item><title>One</title><content:encoded><![CDATA[<p>Long words.</p>]]></content:encoded></item></channel></rss>', "a.xml", has=["One", "Long words."], lacks=["<item>"]),
    _csv("miller 925: lazy quotes", 'a,b,c\nthis,is "ok" for us,to do\n', rows=[["a", "b", "c"], ["this", 'is "ok" for us', "to do"]]),
    _csv("scala-csv 79: quotes behind blanks", 'run, level, file\n"19779, 1", 0.0, "/tmp/out/a, b.symb"\n"19780, 2", 1.0, "/tmp/out/c, d.symb"\n', has=["19779, 1", "/tmp/out/a, b.symb"], matches=[r"^\| run \| level \| file \|$", r"^\| 19779, 1 \| 0\.0 \| /tmp/out/a, b\.symb \|$"]),
    _csv("an unclosed quote costs only its row", 'id,name,size\n1,"broken,3\n2,fine,4\n3,good,5\n4,also,6\n', rows=[["2", "fine", "4"], ["4", "also", "6"]]),
    _csv("two tables one below the other", "name,level\nupper,2.1\n\ngate,turns,who\nnorth,17,Ann\nsouth,12,Bob\n", rows=[["name", "level"], ["upper", "2.1"], ["gate", "turns", "who"], ["north", "17", "Ann"]]),
    _csv("ruby csv 81: quotes within quotes", 'id,text,end\n1,"a "quoted" word",x\n2,"fine",y\n3,plain,z\n', has=['a "quoted" word'], rows=[["2", "fine", "y"], ["3", "plain", "z"]]),
    case("feedparser 440: CDATA that is escaped", '<rss version="2.0"><channel><title>Mill news</title><item><title>One</title><description>&lt;![CDATA[some text]]&gt;</description></item></channel></rss>', "a.xml", has=["One", "some text"], lacks=["CDATA", "]]>"]),
    case("feed: an ampersand that is bare", '<rss version="2.0"><channel><title>Mill news</title><item><title>Salt & Pepper</title><description>Fish & chips.</description></item></channel></rss>', "a.xml", has=["Salt & Pepper", "Fish & chips."], lacks=["<item>"]),
    _csv("vscode-edit-csv 119: dates with commas between semicolons", "April 15, 2023;4028722987;25.00;4.00;16.00;Ray;pending;\nApril 14, 2023;4441335566;25.00;4.00;16.00;Scott;pending;\nApril 13, 2023;5595193937;25.00;4.00;16.00;Antone;pending;\nApril 9, 2023;6783434534;25.00;4.00;16.00;Lonny;\nApril 9, 2023;6387478020;25.00;4.00;16.00;Rosa;\nApril 8, 2023;7795581629;25.00;4.00;16.00;Cecelia;\n", rows=[["April 15, 2023", "4028722987", "25.00"], ["April 8, 2023", "7795581629", "25.00", "4.00", "16.00", "Cecelia"]]),
    _csv("qsv-sniffer 13: all in quotes, no two letters alike", '"a","b","c","d","e"\n"あ","い","う","え","お"\n"🥳","🥰","🤪","💥","🫶"\n', rows=[["a", "b", "c", "d", "e"], ["あ", "い", "う", "え", "お"], ["🥳", "🥰", "🤪", "💥", "🫶"]]),
    _csv("pandas 38830: notes with commas above, and rows that are longer than the head", "#,Thermostat,identifier,XX\n#,Thermostat,name,Downstairs\n#,Start,date,2020-12-22\n\nDate,Time,System Setting,System Mode,Calendar Event,Cool Set,Heat Set\n2020-12-22,02:55:00,heat,heatOff,,85,61,\n2020-12-22,03:00:00,heat,heatOff,,85,62,\n2020-12-22,03:05:00,heat,heatOff,,85,63,\n", rows=[["Date", "Time", "System Setting", "System Mode"], ["2020-12-22", "03:05:00", "heat", "heatOff"]], has=["Downstairs"]),
    _csv("pandas 59222: an escaped quote alone", '"\\""\t"a"\n"b"\t"c"\n"d"\t"e"\n', "a.tsv", rows=[['"', "a"], ["d", "e"]]),
    _csv("pandas 14939: words in quotes at the start of a text", '125403116848943104\tThey stay away from you\n125402641516859394\t"Women Would Sell Their Soul" #Fact\n125402461803515904\t@FFHIPHOP wats gd boii\n125402355914129408\t#TripleKrown\n', "a.tsv", rows=[["125402641516859394", '"Women Would Sell Their Soul" #Fact'], ["125402461803515904", "@FFHIPHOP wats gd boii"]]),
    _csv("pandas 33720: escapes that only count in quotes", 'id,said,path,note,end\n1,"This is \\"quoted\\"",C:\\users\\gary,bad value\\,x\n2,"plain",D:\\b,c,y\n', rows=[["1", 'This is "quoted"', "C:\\users\\gary", "bad value\\", "x"], ["2", "plain", "D:\\b", "c", "y"]]),
    _csv("pandas 16682: blanks between, and escaped quotes", 'A B C D\n128.0.0.0 "GET /stuff/index.html?la=en HTTP/1.1" 200 7765\n128.0.0.1 "GET /stuff/a.html HTTP/1.1" 200 7766\n128.0.0.2 "GET /stuff/b.html?x=\'\\" HTTP/1.1" 404 12\n', has=["GET /stuff/index.html?la=en HTTP/1.1", "128.0.0.2", "404"]),
    Case("nbconvert 1218: a frame with its style", "a.ipynb", notebook([code("df.head()", {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {"text/html": [f"<div>{_STYLE}<table border=1 class=dataframe><thead><tr style='text-align: right;'><th></th><th>Word A</th><th>Word B</th></tr></thead><tbody><tr><th>0</th><td>hi</td><td>there</td></tr></tbody></table></div>"], "text/plain": ["  Word A Word B\n0     hi  there"]}})]), rows=[["Word A", "Word B"], ["0", "hi", "there"]], lacks=["vertical-align"]),
    _csv("csv: bars with blanks around", "gate | level | who\nupper | 2.1 | Ann\nlower | 1.4 | Bob\n", rows=[["gate", "level", "who"], ["lower", "1.4", "Bob"]]),
    Case("cocalc 5055: a picture as HTML that is attached", "a.ipynb", notebook([{"cell_type": "markdown", "metadata": {}, "source": ["Look:\n", '<img src="attachment:gs__0596.jpg" alt="the lock" style="max-width:100%">\n', "below"], "attachments": {"gs__0596.jpg": {"image/jpeg": "iVBORw0KGgo=" * 50}}}]), has=["Look:", "below"], lacks=["iVBOR"]),
    _csv("pandas 22281: bars between tabs", "tax_id\t|\tname_txt\t|\tunique name\t|\tname class\t|\n1\t|\tall\t|\t\t|\tsynonym\t|\n1\t|\troot\t|\t\t|\tscientific name\t|\n2\t|\tBacteria\t|\tBacteria <prokaryote>\t|\tscientific name\t|\n", "names.tsv", matches=[r"^\| tax\\?_id \|.*name\\?_txt.*\|.*name class"], has=["scientific name", "Bacteria"]),
    case("vtt: cues with words in classes", "WEBVTT\n\n1\n00:00:00.799 --> 00:00:02.869 align:start position:0%\n<v Ann>hi<00:00:01.040><c> everyone</c><00:00:01.920><c> today</c></v>\n\n2\n00:00:02.869 --> 00:00:04.000\n<c.yellow>Hello &amp; welcome</c>\n", "a.vtt", has=["hi", "everyone", "Ann"]),
]  # fmt: skip
