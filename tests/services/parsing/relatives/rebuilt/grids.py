# ruff: noqa: E501 (markup reads best on one line)
"""Workbooks and delimited tables that other tools read wrong."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import xlwt  # type: ignore[import-untyped]

from tests.services.parsing import samples
from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.reported import workbook
from tests.services.parsing.samples import OFFICE, relationships, rows, xlsx, zipped

_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_XDR = f"xmlns:xdr='http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing' xmlns:a='{_A}' xmlns:r='{OFFICE}'"
_ONE = '<row r="1"><c r="A1" t="inlineStr"><is><t>one</t></is></c><c r="B1"><v>2</v></c></row>'


def changed(data: bytes, parts: dict[str, str | bytes], without: tuple[str, ...] = ()) -> bytes:
    """A zip container with more parts, or others."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        own: dict[str, str | bytes] = {n: archive.read(n) for n in archive.namelist() if n not in without}
    return zipped(own | parts)


def _sheet(
    cells: str, more: str = "", parts: dict[str, str | bytes] | None = None, styles: str = ""
) -> bytes:
    return changed(xlsx({"S": f"<sheetData>{cells}</sheetData>{more}"}, styles=styles), parts or {})


def _drawing(
    inner: str, more: dict[str, tuple[str, str]] | None = None, parts: dict[str, str | bytes] | None = None
) -> bytes:
    return _sheet(_ONE, "", {
        "xl/_rels/s1.xml.rels": relationships({"d": ("drawing", "drawing1.xml")}),
        "xl/drawing1.xml": f"<xdr:wsDr {_XDR}><xdr:twoCellAnchor>{inner}</xdr:twoCellAnchor></xdr:wsDr>",
        "xl/_rels/drawing1.xml.rels": relationships(more or {}), **(parts or {}),
    })  # fmt: skip


def _shape(text: str) -> str:
    return f"<xdr:sp><xdr:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></xdr:txBody></xdr:sp>"


def _shown(value: str, code: str) -> bytes:
    from xml.sax.saxutils import quoteattr

    style = f"<numFmts><numFmt numFmtId='200' formatCode={quoteattr(code)}/></numFmts><cellXfs><xf numFmtId='0'/><xf numFmtId='200'/></cellXfs>"
    return _sheet(
        f'<row r="1"><c r="A1" t="inlineStr"><is><t>it is</t></is></c><c r="B1" s="1"><v>{value}</v></c><c r="C1" t="inlineStr"><is><t>end</t></is></c></row>',
        styles=style,
    )


_AS_SHOWN = (
    ("sheetjs: a Japanese date with its era", "45000", '[$-411]ggge"年"m"月"d"日"', "2023-03-15"),
    ("sheetjs: the system's long date", "45000", "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", "2023-03-15"),
    ("excelize: minutes alone", "0.5625", "h:mm", "13:30:00"),
    ("phpspreadsheet: a negative percentage", "-0.256", "0.0%;[Red]-0.0%", "-25.6%"),
    ("phpspreadsheet: hundreds of millions", "123456789", "#,##0.00,,", "123.46"),
    ("calamine: a year and a month", "45000", "mmm\\-yy", "2023-03-15"),
    ("sheetjs: text in place of numbers", "1", '"yes";"no";"never"', "yes"),
    ("sheetjs: a dot that thousands share", "1234.5", "#,##0.00\\ [$kr.-406]", "1,234.50 kr."),
    ("excelize: dates before 1900-03-01", "59", "yyyy\\-mm\\-dd", "1900-02-28"),
    ("sheetjs: elapsed seconds", "0.01", "[s]", "864"),
    ("phpspreadsheet: a fraction of sixteenths", "5.3125", "# ?/16", "5 5/16"),
    ("sheetjs: a sign of degrees", "21.5", '0.0"°C"', "21.5°C"),
    (
        "exceljs: Indian groups of digits",
        "1234567",
        "[>=10000000]##\\,##\\,##\\,##0;[>=100000]##\\,##\\,##0;##,##0",
        "12,34,567",
    ),
    (
        "exceljs: a credit card's groups",
        "1234567812345678",
        "0000\\ 0000\\ 0000\\ 0000",
        "1234 5678 1234 5678",
    ),
    ("calamine: an email format for text alone", "12", '0;0;0;"mail "@', "12"),
    ("sheetjs: ten to the third", "12345", "##0.0E+0", "12.3E+3"),
)
_TABLE = _ONE + '<row r="2"><c r="A2" t="inlineStr"><is><t>two</t></is></c><c r="B2"><v>3</v></c></row>'
_CHART = (
    "<c:chartSpace xmlns:c='http://schemas.openxmlformats.org/drawingml/2006/chart' xmlns:a='"
    + _A
    + "'><c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>Level </a:t></a:r><a:r><a:t>by gate</a:t></a:r></a:p></c:rich></c:tx></c:title>"
    "<c:plotArea><c:pieChart><c:ser><c:tx><c:strRef><c:strCache><c:pt idx='0'><c:v>Share</c:v></c:pt></c:strCache></c:strRef></c:tx><c:cat><c:strRef><c:strCache><c:pt idx='0'><c:v>North</c:v></c:pt><c:pt idx='1'><c:v>South</c:v></c:pt></c:strCache></c:strRef></c:cat>"
    "<c:val><c:numRef><c:numCache><c:formatCode>0%</c:formatCode><c:pt idx='0'><c:v>0.75</c:v></c:pt><c:pt idx='1'><c:v>0.25</c:v></c:pt></c:numCache></c:numRef></c:val></c:ser></c:pieChart></c:plotArea></c:chart></c:chartSpace>"
)
_WATERFALL = (
    "<cx:chartSpace xmlns:cx='http://schemas.microsoft.com/office/drawing/2014/chartex' xmlns:a='"
    + _A
    + "'><cx:chartData><cx:data id='0'><cx:strDim type='cat'><cx:lvl ptCount='2'><cx:pt idx='0'>Start</cx:pt><cx:pt idx='1'>Rain</cx:pt></cx:lvl></cx:strDim>"
    "<cx:numDim type='val'><cx:lvl ptCount='2'><cx:pt idx='0'>41.5</cx:pt><cx:pt idx='1'>7.25</cx:pt></cx:lvl></cx:numDim></cx:data></cx:chartData><cx:chart><cx:title><cx:tx><cx:rich><a:p><a:r><a:t>Water account</a:t></a:r></a:p></cx:rich></cx:tx></cx:title></cx:chart></cx:chartSpace>"
)
_FRAME = "<xdr:graphicFrame><a:graphic><a:graphicData><{0} xmlns:c='http://schemas.openxmlformats.org/drawingml/2006/chart' xmlns:cx='http://schemas.microsoft.com/office/drawing/2014/chartex' r:id='c'/></a:graphicData></a:graphic></xdr:graphicFrame>"
_CONTROLS = "<xml xmlns:v='urn:schemas-microsoft-com:vml' xmlns:x='urn:schemas-microsoft-com:office:excel'><v:shape><v:textbox><div><font>Press to open</font></div></v:textbox><x:ClientData ObjectType='Button'/></v:shape></xml>"


def _old() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Alt | neu")
    sheet.write_merge(0, 0, 0, 1, "Both")
    sheet.write_rich_text(2, 0, ("rich ", ("bold", xlwt.easyfont("bold true")), " end"))
    sheet.write(2, 1, date(2023, 3, 15), xlwt.easyxf(num_format_str="D-MMM-YY"))
    sheet.row(3).hidden = True
    sheet.write(3, 0, "unseen")
    sheet.write(4, 0, "Zażółć 水車")
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


_XLSX = [
    *(Case(name, "a.xlsx", _shown(value, code), rows=[["it is", shown, "end"]]) for name, value, code, shown in _AS_SHOWN),
    Case("ExcelDataReader 582: what a merged cell covers is not shown", "a.xlsx", _sheet('<row r="1"><c r="A1" t="inlineStr"><is><t>seen</t></is></c><c r="B1"><v>5</v></c></row><row r="2"><c r="A2" t="inlineStr"><is><t>covered</t></is></c><c r="B2"><v>10</v></c></row>', '<mergeCells><mergeCell ref="A1:A2"/></mergeCells>'), has=["seen", "5", "10"], lacks=["covered"]),
    Case("openpyxl: a dimension that is too small", "a.xlsx", changed(_sheet(_TABLE), {"xl/s1.xml": f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1"/><sheetData>{_TABLE}</sheetData></worksheet>'}), rows=[["one", "2"], ["two", "3"]]),
    Case("sheetjs: shared strings by another spelling", "a.xlsx", changed(workbook(["words"], '<row><c t="s"><v>0</v></c><c><v>4</v></c></row>'), {"xl/SharedStrings.xml": '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>words</t></si></sst>'}, ("xl/sharedStrings.xml",)), rows=[["words", "4"]]),
    Case("sheetjs: strings that no relation names", "a.xlsx", changed(workbook(["words"], '<row><c t="s"><v>0</v></c><c><v>4</v></c></row>'), {"xl/_rels/workbook.xml.rels": relationships({"r1": ("worksheet", "worksheets/sheet1.xml")})}), rows=[["words", "4"]]),
    Case("tika: shapes in a group on a sheet", "a.xlsx", _drawing(f"<xdr:grpSp>{_shape('First')}<xdr:grpSp>{_shape('Second')}</xdr:grpSp></xdr:grpSp>"), order=["one", "First", "Second"]),
    Case("docling: the words of a picture on a sheet", "a.xlsx", _drawing("<xdr:pic><xdr:nvPicPr><xdr:cNvPr id='2' name='p' descr='Plan of the lock'/></xdr:nvPicPr></xdr:pic>"), has=["Plan of the lock"]),
    Case("markitdown: a pie on a sheet", "a.xlsx", _drawing(_FRAME.format("c:chart"), {"c": ("chart", "chart1.xml")}, {"xl/chart1.xml": _CHART}), has=["Level by gate", "Share"], rows=[["North", "75%"]]),
    Case("tika: a waterfall of newer programs", "a.xlsx", _drawing("<mc:AlternateContent xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006'><mc:Choice Requires='cx1'>" + _FRAME.format("cx:chart") + "</mc:Choice><mc:Fallback>" + _shape("This chart isn't available in your version of Excel.") + "</mc:Fallback></mc:AlternateContent>", {"c": ("chartEx", "chart1.xml")}, {"xl/chart1.xml": _WATERFALL}), has=["Water account", "Start", "41.5", "7.25"], lacks=["isn't available"]),
    Case("tika: captions of buttons on a sheet", "a.xlsx", _sheet(_ONE, '<legacyDrawing r:id="v" xmlns:r="r"/>', {"xl/_rels/s1.xml.rels": relationships({"v": ("vmlDrawing", "v.vml")}), "xl/v.vml": _CONTROLS}), has=["one", "Press to open"]),
    Case("docling: an old note beside the thread that it stands for", "a.xlsx", _sheet(_ONE, "", {"xl/_rels/s1.xml.rels": relationships({"c": ("comments", "c.xml")}), "xl/c.xml": "<comments><commentList><comment ref='A1'><text><t>Ask the keeper</t></text></comment></commentList></comments>"}), has=["Ask the keeper"]),
    Case("openpyxl: a name of a sheet with bars and marks", "a.xlsx", xlsx({"Q1 | #2 *new*": rows(["a", 1.0])}), has=["Q1 | #2 *new*"], rows=[["a", "1"]]),
    Case("exceljs: text with lines, bars and brackets in a cell", "a.xlsx", xlsx({"S": rows(["a|b", "x [y] z"], ["&lt;b&gt;", "1*2*3"])}), has=["a|b", "x [y] z", "<b>", "1*2*3"]),
    Case("openpyxl: a truth without a value and an empty string", "a.xlsx", _sheet('<row r="1"><c r="A1" t="b"/><c r="B1" t="str"><v></v></c><c r="C1" t="inlineStr"><is/></c><c r="D1"><v>7</v></c></row>'), has=["7"]),
    Case("calamine: an array formula and a spill", "a.xlsx", _sheet('<row r="1"><c r="A1" t="str" cm="1"><f t="array" ref="A1:A2">UNIQUE(B:B)</f><v>north</v></c><c r="B1"><v>1</v></c></row><row r="2"><c r="A2" t="str"><v>south</v></c><c r="B2"><v>2</v></c></row>'), rows=[["north", "1"], ["south", "2"]]),
    Case("openpyxl: a formula without a result is told", "a.xlsx", _sheet('<row r="1"><c r="A1" t="inlineStr"><is><t>Sum</t></is></c><c r="B1"><f>SUM(B2:B9)</f></c></row>'), has=["Sum"], told="1 formula"),
    Case("pandas: a link to a place in the book", "a.xlsx", _sheet(_ONE, '<hyperlinks><hyperlink ref="A1" location="S!B1" display="one"/></hyperlinks>'), rows=[["one", "2"]]),
    Case("pandas: a link with a place behind its address", "a.xlsx", _sheet(_ONE, f'<hyperlinks xmlns:r="{OFFICE}"><hyperlink ref="A1:A1" r:id="h" location="part2"/></hyperlinks>', {"xl/_rels/s1.xml.rels": relationships({"h": ("hyperlink", "https://e.org/w")})}), has=["[one](https://e.org/w"]),
    Case("sheetjs: numbers that were typed as text", "a.xlsx", _sheet('<row r="1"><c r="A1" t="str" quotePrefix="1"><v>007</v></c><c r="B1" t="inlineStr"><is><t>1E5</t></is></c></row>'), rows=[["007", "1E5"]]),
    Case("calamine: thirty-one digits of a float", "a.xlsx", _sheet('<row r="1"><c r="A1"><v>0.30000000000000004</v></c><c r="B1"><v>1.1000000000000001</v></c><c r="C1"><v>12345678901</v></c></row>'), rows=[["0.3", "1.1", "12345678901"]]),
    Case("openpyxl: a workbook whose relations lack", "a.xlsx", changed(_sheet(_ONE), {"xl/worksheets/sheet1.xml": f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{_ONE}</sheetData></worksheet>'}, ("xl/_rels/workbook.xml.rels", "xl/s1.xml")), rows=[["one", "2"]]),
    Case("openpyxl: a table far to the right of another", "a.xlsx", _sheet('<row r="1"><c r="A1" t="inlineStr"><is><t>left</t></is></c><c r="B1"><v>1</v></c><c r="H1" t="inlineStr"><is><t>right</t></is></c><c r="I1"><v>9</v></c></row><row r="2"><c r="A2" t="inlineStr"><is><t>l2</t></is></c><c r="B2"><v>2</v></c><c r="H2" t="inlineStr"><is><t>r2</t></is></c><c r="I2"><v>8</v></c></row>'), rows=[["left", "1"], ["r2", "8"]]),
    Case("xlrd: an old book with dates and rich text", "a.xls", _old(), has=["Alt | neu", "Both", "rich bold end", "2023-03-15", "Zażółć 水車"], lacks=["unseen"], told="hidden"),
]  # fmt: skip


def _ods(body: str) -> bytes:
    return samples.opendocument("spreadsheet", body)


def _ods_row(*texts: str) -> str:
    return (
        "<table:table-row>"
        + "".join(f"<table:table-cell><text:p>{text}</text:p></table:table-cell>" for text in texts)
        + "</table:table-row>"
    )


_ODS = [
    Case("ods: a hidden sheet", "a.ods", samples.opendocument("spreadsheet", f"<table:table table:name='A'>{_ods_row('seen', 'x')}</table:table><table:table table:name='B' table:style-name='h'>{_ods_row('unseen', 'y')}</table:table>", "<style:style style:name='h' style:family='table'><style:table-properties table:display='false'/></style:style>"), has=["seen"], lacks=["unseen"], told="hidden"),
    Case("ods: several paragraphs and links in a cell", "a.ods", _ods("<table:table table:name='S'><table:table-row><table:table-cell><text:p>first</text:p><text:p>second <text:a xlink:href='https://e.org/w'>weir</text:a></text:p></table:table-cell><table:table-cell><text:p>b</text:p></table:table-cell></table:table-row></table:table>"), order=["first", "second [weir](https://e.org/w)"]),
    Case("ods: heads and groups of rows", "a.ods", _ods(f"<table:table table:name='S'><table:table-header-rows>{_ods_row('Year', 'Sum')}</table:table-header-rows><table:table-row-group>{_ods_row('2023', '9')}<table:table-row-group table:display='false'>{_ods_row('2024', '7')}</table:table-row-group></table:table-row-group></table:table>"), rows=[["Year", "Sum"], ["2023", "9"], ["2024", "7"]]),
    Case("ods: shapes and words beside the cells", "a.ods", _ods(f"<table:table table:name='S'><table:shapes><draw:frame><draw:text-box><text:p>Drawn note</text:p></draw:text-box></draw:frame></table:shapes>{_ods_row('a', 'b')}</table:table>"), has=["a", "Drawn note"]),
    Case("ods: a shape anchored in a cell", "a.ods", _ods("<table:table table:name='S'><table:table-row><table:table-cell><draw:custom-shape><text:p>In the star</text:p></draw:custom-shape></table:table-cell><table:table-cell><text:p>b</text:p></table:table-cell></table:table-row></table:table>"), has=["In the star", "b"]),
    Case("ods: an error and a formula without its text", "a.ods", _ods("<table:table table:name='S'><table:table-row><table:table-cell table:formula='of:=1/0'><text:p>#DIV/0!</text:p></table:table-cell><table:table-cell office:value-type='float' office:value='12.5'/></table:table-row></table:table>"), rows=[["#DIV/0!", "12.5"]]),
    Case("ods: rows filtered away stay", "a.ods", _ods(f"<table:table table:name='S'>{_ods_row('a', '1')}<table:table-row table:visibility='filter'><table:table-cell><text:p>filtered</text:p></table:table-cell><table:table-cell><text:p>2</text:p></table:table-cell></table:table-row></table:table>"), rows=[["filtered", "2"]]),
]  # fmt: skip

_TEXTS = [
    Case("pandas: a delimiter of several blanks", "a.txt", b"name   level\nnorth  4.2\nsouth  3.1\n", exact="name   level\nnorth  4.2\nsouth  3.1"),
    Case("frictionless: a mark, a semicolon and decimal commas", "a.csv", "\ufeffOrt;Wert\nKöln;3,5\nBonn;2,0\n".encode(), rows=[["Ort", "Wert"], ["Köln", "3,5"]]),
    Case("csvkit: blanks behind the commas before quotes", "a.csv", b'name, note\nnorth, "a, b"\nsouth, "c"\n', rows=[["north", "a, b"], ["south", "c"]]),
    Case("clevercsv: a comma in prose within tabs", "a.tsv", b"name\tnote\nnorth\tlow, calm, clear\nsouth\thigh\n", rows=[["north", "low, calm, clear"]]),
    Case("clevercsv: dates and times with colons and slashes", "a.csv", b"when,what\n2024/05/06 10:00,open\n2024/05/07 11:30,shut\n", rows=[["2024/05/06 10:00", "open"]]),
    Case("pandas: an empty first head", "a.csv", b",a,b\n0,1,2\n1,3,4\n", rows=[["0", "1", "2"], ["1", "3", "4"]]),
    Case("pandas: a trailing comma on every line", "a.csv", b"a,b,\n1,2,\n3,4,\n", rows=[["1", "2"], ["3", "4"]]),
    Case("papaparse: lines of blanks and commas alone", "a.csv", b"a,b\n1,2\n,\n   \n3,4\n", rows=[["1", "2"], ["3", "4"]]),
    Case("csv: a very long field", "a.csv", b"a,b\n1," + b"x" * 200_000 + b"\n2,end\n", rows=[["2", "end"]]),
    Case("csv: UTF-16 with tabs", "a.txt.csv", "\ufeffOrt\tWert\r\nKöln\t3\r\n".encode("utf-16-le"), rows=[["Ort", "Wert"], ["Köln", "3"]]),
    Case("csv: HTML within fields", "a.csv", b'id,html\n1,"<p>Open <b>gate</b></p>"\n2,"<br>"\n', has=["<p>Open <b>gate</b></p>"]),
    Case("csv: a figure's thousands in quotes", "a.csv", b'item,cost\nseal,"1,234.50"\npump,"2,000.00"\n', rows=[["seal", "1,234.50"]]),
    Case("csv: quotes in the midst of a field", "a.csv", b'size,note\n5" pipe,old\n6" pipe,new\n', rows=[['5" pipe', "old"], ['6" pipe', "new"]]),
    Case("csv: one line", "a.csv", b"a,b,c", has=["a", "b", "c"]),
    Case("csv: lines of different lengths and no head", "a.csv", b"1,2\n3,4,5,6\n7\n", rows=[["3", "4", "5", "6"]], has=["7"]),
]  # fmt: skip

CASES = [*_XLSX, *_ODS, *_TEXTS]
