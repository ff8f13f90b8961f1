# ruff: noqa: E501 (markup reads best on one line)
"""More inputs of the kinds that other tools were reported to read wrong."""

from __future__ import annotations

import json

from tests.services.parsing import samples
from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.reported import (
    bare_deck,
    code,
    mail,
    notebook,
    row,
    run,
    shape,
    workbook,
)
from tests.services.parsing.samples import W, docx, listed, paragraph, zipped

_START = '<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num>'
_BULLETED = f'<w:styles {W}><w:style w:type="paragraph" w:styleId="LB"><w:name w:val="List Bullet"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style></w:styles>'


def _notes(text: str) -> dict[str, str | bytes]:
    return {
        "word/footnotes.xml": f"<w:footnotes {W}><w:footnote w:id='2'>{paragraph(text)}</w:footnote></w:footnotes>"
    }


CASES = [
    Case("word: a number of none takes a paragraph from its list","a.docx",docx(paragraph("item","LB")+paragraph("plain","LB",'<w:numPr><w:numId w:val="0"/></w:numPr>'),{"word/styles.xml":_BULLETED}),has=["- item"],lacks=["- plain"]),
    Case("pandoc 5948: a list that starts at five","a.docx",docx(listed("one",1)+listed("five",2)+listed("six",2),{"word/numbering.xml":f"<w:numbering {W}>{_START}</w:numbering>"}),order=["1. one","5. five","6. six"]),
    Case("mammoth: a note with a mark of its own","a.docx",docx("<w:p><w:r><w:t>Text</w:t></w:r><w:r><w:footnoteReference w:customMarkFollows='1' w:id='2'/><w:t>*</w:t></w:r></w:p>",_notes("The note."),{"f":("footnotes","footnotes.xml")}),has=["The note."]),
    Case("mammoth: a link within the document","a.docx",docx("<w:p><w:hyperlink w:anchor='b'><w:r><w:t>see below</w:t></w:r></w:hyperlink></w:p>"),exact="see below"),
    Case("html2text: references of Windows","a.html",b"<p>a &#150; b, it&#146;s &#128;5</p>",has=["a – b, it’s €5"]),
    Case("bs4: UTF-16 that is none","a.html","<html><head><meta charset='utf-16'></head><body><p>Größe</p></body></html>".encode(),has=["Größe"]),
    Case("html5lib: Korean by its old name","a.html","<meta charset='ks_c_5601-1987'><p>한국어 문서</p>".encode('cp949'),has=["한국어 문서"]),
    Case("html5lib: Japanese by its old name","a.html","<meta charset='x-sjis'><p>日本語の文書</p>".encode('cp932'),has=["日本語の文書"]),
    Case("html5lib: simplified Chinese with more letters","a.html","<meta charset='gb2312'><p>朱镕基与喆字</p>".encode('gbk'),has=["朱镕基与喆字"]),
    Case("eml: UTF-7","a.eml",mail("Content-Type: text/plain; charset=unicode-1-1-utf-7","Gr+APYA3w-e"),has=["Größe"]),
    Case("eml: a page of AMP is the same text again","a.eml",mail('Content-Type: multipart/alternative; boundary="b"',"--b\r\nContent-Type: text/plain\r\n\r\nplain words\r\n--b\r\nContent-Type: text/x-amp-html\r\n\r\n<html><body>AMP words</body></html>\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>plain words</p>\r\n--b--\r\n"),has=["plain words"],lacks=["AMP words"]),
    Case("txt: UTF-16 in the other order without a mark","a.txt","The gates of the weir are open.\nÜberlauf bei Nacht.\n".encode('utf-16-be'),has=["The gates of the weir"]),
    Case("txt: UTF-32","a.txt","The gates of the weir – open.\n".encode('utf-32'),has=["The gates of the weir – open."]),
    Case("python-pptx: a vertical tab in a title","a.pptx",bare_deck(shape("One_x000B_Two")),has=["One","Two"],lacks=["_x000B_"]),
    Case("rtf: Chinese by font","a.rtf",rb"{\rtf1\ansi{\fonttbl{\f1\fnil\fcharset134 SimSun;}}{\f1 \'c4\'e3\'ba\'c3}\par}",has=["你好"]),
    Case("rtf: rows whose paragraphs do not say so","a.rtf",rb"{\rtf1\ansi\trowd\cellx100\cellx200 a\cell b\cell\row\trowd\cellx100\cellx200 c\cell d\cell\row\pard after\par}",rows=[["a","b"],["c","d"]],has=["after"]),
    Case("zip: what macOS adds","a.zip",zipped({"a.txt":"The words.","__MACOSX/._a.txt":b"\0\5\x16\7\0\2\0\0Mac OS X        ".ljust(200,b"\0"),".DS_Store":b"\0\0\0\1Bud1".ljust(200,b"\0")}),has=["The words."],lacks=["Bud1","__MACOSX","DS_Store"]),
    Case("xlsx: several lines in a cell","a.xlsx",workbook(["first&#10;second","x"],'<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>'),has=["first","second"],lacks=["firstsecond"]),
    Case("xlsx: a table that begins far from the corner","a.xlsx",samples.xlsx({"S":'<sheetData><row r="900"><c r="ZZ900" t="inlineStr"><is><t>far</t></is></c><c r="AAA900" t="inlineStr"><is><t>away</t></is></c></row></sheetData>'}),rows=[["far","away"]]),
    Case("ods: repeated columns up to the edge","a.ods",samples.opendocument("spreadsheet",'<table:table table:name="S"><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell><table:table-cell table:number-columns-repeated="16383"/></table:table-row><table:table-row table:number-rows-repeated="1048575"><table:table-cell table:number-columns-repeated="16384"/></table:table-row></table:table>'),has=["a"]),
    Case("html: text after the end","a.html",b"<html><body><p>one</p></body></html>\n<p>two</p>",order=["one","two"]),
    Case("html: an unclosed comment","a.html",b"<p>one</p><!-- open <p>two</p>",has=["one"]),
    Case("html: a comment that ends oddly","a.html",b"<p>one</p><!-- c --!><p>two</p>",has=["one","two"]),
    Case("html: CDATA in a page","a.html",b"<p>one</p><script>//<![CDATA[\nx<y\n//]]></script><p>two</p>",has=["one","two"],lacks=["CDATA"]),
    Case("html: a table with a head in its middle","a.html",b"<table><tbody><tr><td>1</td><td>2</td></tr></tbody><thead><tr><th>a</th><th>b</th></tr></thead></table>",has=["1","a"]),
    Case("html: cells that span to the end","a.html",b"<table><tr><td rowspan='0'>x</td><td>1</td></tr><tr><td>2</td></tr></table>",has=["x","1","2"]),
    Case("html: text of an object that is not shown","a.html",b"<object data='a.swf'><p>Instead of the film</p></object>",has=["Instead of the film"]),
    Case("html: an image map and a button of a form","a.html",b"<p>a</p><input type='submit' value='Send'><input type='image' alt='Go'>",has=["a"]),
    Case("html: an English quote in a link's title","a.html",b'<p><a href="/x" title="the &quot;title&quot;">a [b] c</a></p>',has=["a","b","c"]),
    Case("html: an address with blanks and brackets","a.html",b'<a href="/a b(c).pdf">file</a>',has=["file"]),
    Case("html: a nested quote with a list","a.html",b"<blockquote><p>q</p><ul><li>i</li></ul><blockquote>inner</blockquote></blockquote>",order=["> q","> - i","inner"]),
    Case("ipynb: a source with windows lines","a.ipynb",notebook([code("a = 1\r\nb = 2\r\n")]),has=["a = 1","b = 2"]),
    Case("ipynb: null outputs and sources","a.ipynb",json.dumps({"nbformat":4,"nbformat_minor":2,"metadata":None,"cells":[{"cell_type":"code","source":None,"outputs":None,"metadata":None},{"cell_type":"markdown","source":"words"}]}).encode(),has=["words"]),
    Case("csv: a head of two rows and blank lines","a.csv",b"Report 2024,,\n\nname,sum,unit\nweir,3,m\n\n\nmill,4,m\n",rows=[["name","sum","unit"],["weir","3","m"]],has=["Report 2024","mill"]),
    Case("csv: quotes by two apostrophes","a.csv",b"name,say\nMill,\"he said \"\"no\"\"\"\n",rows=[["Mill",'he said "no"']]),
    Case("tsv: tabs in quotes","a.tsv",b"a\tb\n\"x\ty\"\tz\n",rows=[["x y","z"]]),
    Case("msg: an appointment","a.msg",samples.ole({"__substg1.0_001A001F":"IPM.Appointment".encode('utf-16-le'),"__substg1.0_0037001F":"Meeting".encode('utf-16-le'),"__substg1.0_1000001F":"Bring the plans.".encode('utf-16-le'),"__properties_version1.0":b"\0"*32}),has=["Meeting","Bring the plans."]),
    Case("docx: text in a shape's alternative text alone","a.docx",docx('<w:p><w:r><w:drawing><wp:inline><wp:docPr id="1" name="x" descr="A weir at low water"/><a:graphic/></wp:inline></w:drawing></w:r></w:p>'),has=["A weir at low water"]),
    Case("docx: an empty first row","a.docx",docx(f"<w:tbl>{row('','')}{row('a','b')}</w:tbl>"),rows=[["a","b"]]),
    Case("docx: underlined blanks to fill in","a.docx",docx(f"<w:p>{run('Name: ')}{run('          ','<w:u/>')}{run('end')}</w:p>"),has=["Name:","end"]),
    Case("docx: numbers of lines and a box of check","a.docx",docx('<w:p><w:sdt><w:sdtPr><w14:checkbox xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"><w14:checked w14:val="1"/></w14:checkbox></w:sdtPr><w:sdtContent><w:r><w:t>☒</w:t></w:r></w:sdtContent></w:sdt><w:r><w:t> paid</w:t></w:r></w:p>'),has=["paid"]),
]  # fmt: skip
