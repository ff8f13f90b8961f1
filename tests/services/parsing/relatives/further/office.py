# ruff: noqa: E501 (markup reads best on one line)
"""Word, slides, sheets, RTF, OpenDocument and books that other tools read wrong or in part."""

from __future__ import annotations

import struct

from tests.services.parsing.formats.test_slides import deck, old_deck, record, shape
from tests.services.parsing.relatives.books import book
from tests.services.parsing.relatives.books import page as chapter
from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.rebuilt.letters import cell, field, para, style, styles
from tests.services.parsing.relatives.reported import run
from tests.services.parsing.samples import docx, listed, opendocument, paragraph, xlsx, zipped

_P = paragraph
_BOX = "<w:r><w:pict><v:shape xmlns:v='urn:schemas-microsoft-com:vml'><v:textbox><w:txbxContent>{}</w:txbxContent></v:textbox></v:shape></w:pict></w:r>"
_PICTURE = "<w:r><w:drawing><wp:inline><wp:docPr id='1' name='Picture 1' descr='Sketch of the gate'/><a:graphic><a:graphicData uri='http://schemas.openxmlformats.org/drawingml/2006/picture'/></a:graphic></wp:inline></w:drawing></w:r>"


def word(name: str, body: str, **more: object) -> Case:
    parts, links = more.pop("parts", None), more.pop("links", None)
    return Case(name, "a.docx", docx(body, parts, links), **more)  # type: ignore[arg-type]


def control(inner: str) -> str:
    return f"<w:sdt><w:sdtPr/><w:sdtContent>{inner}</w:sdtContent></w:sdt>"


def symbol(code: str, font: str = "Wingdings") -> str:
    return f'<w:r><w:sym w:font="{font}" w:char="{code}"/></w:r>'


def styled(formats: str, *cells: str) -> bytes:
    """A workbook of one row; `formats`: the elements that its styles 1, 2 … use."""
    count = formats.count("formatCode")
    used = "".join(f"<xf numFmtId='{n}'/>" for n in (0, *range(14, 14 + count)))
    return xlsx(
        {"S": f'<sheetData><row r="1">{"".join(cells)}</row></sheetData>'},
        styles=f"<numFmts>{formats}</numFmts><cellXfs>{used}</cellXfs>",
    )


def odt(name: str, body: str, styles_: str = "", **more: object) -> Case:
    return Case(name, "a.odt", opendocument("text", body, styles_), **more)  # type: ignore[arg-type]


def spread(*lines: str) -> bytes:
    return opendocument("spreadsheet", f"<table:table table:name='S'>{''.join(lines)}</table:table>")


def ods_cell(text: str, more: str = "") -> str:
    return f"<table:table-cell office:value-type='string'{more}><text:p>{text}</text:p></table:table-cell>"


_CAPTION = '<w:pStyle w:val="Caption"/>'
_DOWN, _ACROSS = '<w:vMerge w:val="restart"/>', '<w:gridSpan w:val="2"/>'
_THREE = " table:number-columns-spanned='3'"
_MERGED = '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Region</t></is></c><c r="B1" t="inlineStr"><is><t>Sales</t></is></c></row><row r="2"><c r="B2" t="inlineStr"><is><t>Spring</t></is></c><c r="C2" t="inlineStr"><is><t>Autumn</t></is></c></row><row r="3"><c r="A3" t="inlineStr"><is><t>North</t></is></c><c r="B3"><v>17</v></c><c r="C3"><v>9</v></c></row></sheetData><mergeCells><mergeCell ref="A1:A2"/><mergeCell ref="B1:C1"/></mergeCells>'
_LAST_ROW = '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Item</t></is></c><c r="B1" t="inlineStr"><is><t>Sum</t></is></c></row><row r="2"><c r="A2" t="inlineStr"><is><t>Seal</t></is></c><c r="B2"><v>12</v></c></row><row r="1048576"><c r="A1048576" t="inlineStr"><is><t>The end</t></is></c></row></sheetData>'
_TITLE = shape("title", (0, "Methods &amp; Tools"), (0, "Analyses of floods"), (0, "Evaluation of gates"))
_LINKED = '<p:sp><p:nvSpPr><p:cNvPr id="9" name="s"/><p:nvPr/></p:nvSpPr><p:txBody><a:p><a:r><a:rPr><a:sym typeface="Wingdings"/></a:rPr><a:t>\uf0df</a:t></a:r><a:r><a:t> back to the gate</a:t></a:r></a:p></p:txBody></p:sp>'
_GROUP_TABLE = "<p:grpSp><p:nvGrpSpPr/><p:grpSpPr/>{}<p:graphicFrame><a:graphic><a:graphicData uri='http://schemas.openxmlformats.org/drawingml/2006/table'><a:tbl><a:tblGrid><a:gridCol/><a:gridCol/></a:tblGrid><a:tr><a:tc><a:txBody><a:p><a:r><a:t>North</a:t></a:r></a:p></a:txBody></a:tc><a:tc><a:txBody><a:p><a:r><a:t>17</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame></p:grpSp>"
_RTF_UNI = rb"{\rtf1\ansi\ansicpg1252\uc1 \u1042?\u1086?\u1074?\u1072? \u1055?\u1077?\u1090?\u1103?\par {\uc0 \u8222 Schleuse\u8220} am {\uc2 \u27700 \'90\'85}\par}"
_RTF_NESTED = rb"{\rtf1\ansi{\fonttbl{\f0\fnil Arial;}{\f1\froman{\*\panose 020}Times;}}{\*\unknown{\deep words that nobody sees}}\f1 The gate {\i opens {\b at} noon}.\par{\*\background{\shp{\*\shpinst{\sp{\sn fillColor}{\sv 16777215}}{\sp{\sn fFilled}{\sv 1}}}}}The end.\par}"
_RTF_TABLE = rb"{\rtf1\ansi\trowd\cellx2000\cellx6000\pard\intbl Duty\cell\pard\intbl First line\par Second line\cell\row\trowd\cellx2000\cellx6000\pard\intbl Watch\cell\pard\intbl{\listtext\bullet\tab}day\par{\listtext\bullet\tab}night\cell\row\pard end\par}"
_ONE_P = '<text:list><text:list-item><text:p>First of all</text:p><table:table table:name="T"><table:table-row><table:table-cell office:value-type="string"><text:p>North</text:p></table:table-cell><table:table-cell office:value-type="string"><text:p>17</text:p></table:table-cell></table:table-row></table:table></text:list-item><text:list-item><text:p>Second</text:p></text:list-item></text:list>'
_FRAME = "<text:p>Before<draw:frame><draw:text-box><text:p>Words in a frame</text:p><text:list><text:list-item><text:p>listed</text:p></text:list-item></text:list></draw:text-box></draw:frame> after</text:p>"
_LINKS = "<h1>Further Reading</h1><ul><li><a href='a.html'>On weirs</a></li><li><a href='b.html'>On gates</a></li></ul>"
_NAV = "<nav epub:type='toc' xmlns:epub='http://www.idpf.org/2007/ops'><ol><li><a href='b.xhtml'>Floods</a></li></ol></nav>"
_HOLD = "<text:p>Sum: <text:user-field-get text:name='s'>471</text:user-field-get>, by <text:sender-lastname>Weir</text:sender-lastname> on <text:date text:date-value='2024-03-15'>15.03.24</text:date></text:p>"
_BIFF2 = b"".join(
    struct.pack("<HH", kind, len(data)) + data
    for kind, data in (
        (9, struct.pack("<HH", 2, 16)),
        (4, struct.pack("<HHBBB", 0, 0, 0, 0, 0) + b"\x04Gate"),
        (4, struct.pack("<HHBBB", 0, 1, 0, 0, 0) + b"\x05Turns"),
        (4, struct.pack("<HHBBB", 1, 0, 0, 0, 0) + b"\x05North"),
        (3, struct.pack("<HHBBBd", 1, 1, 0, 0, 0, 17.0)),
        (10, b""),
    )
)


def deck_of_two_lines() -> bytes:
    """An old deck with more text in one atom, parted by returns and soft breaks."""
    text = "Title line\rFirst of the body\x0bgoes on\rSecond of the body"
    return old_deck(more=record(0xF9F, struct.pack("<I", 4)) + record(0xFA0, text.encode("utf-16-le")))


CASES = [
    word("docling 1668: a line that stands twice in a box", para(_BOX.format("".join(map(_P, ("abcd", "abc", "abcd", "qqq"))))), order=["abcd", "abc", "abcd", "qqq"]),
    word("docling 3923: controls within a sentence, one in the other", para(run("The rent is ") + control(run("650") + control(run(" pounds"))) + run(" a month.")), has=["The rent is 650 pounds a month."]),
    word("office2pdf 844: paragraphs of a cell in controls", f"<w:tbl><w:tr>{cell(_P('Address'))}{cell(control(_P('Mill Lane 12')) + control(_P('4711 Lowmoor')))}</w:tr></w:tbl>", matches=[r"Mill Lane 12( |<br>)4711 Lowmoor"]),
    word("office_oxide 187: a paragraph whose list is number nothing", listed("First item") + para(run("No item at all"), '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="0"/></w:numPr>') + listed("Second item"), matches=[r"^- First item", r"^No item at all", r"^- Second item"]),
    word("pandoc 9220: arrows and checks of Wingdings", para(symbol("F0E0") + run(" go on ")) + para(symbol("F0FE") + run(" paid ") + symbol("F0A8") + run(" open")) + para(symbol("F050", "Wingdings 2") + run(" seen")), matches=[r"[→➔➜🡒] go on", r"[☑☒✓] paid", r"[☐□◻] open", r"✓ seen"]),
    word("pandoc 11412: a picture with its caption in a table without rules", f"<w:tbl><w:tr>{cell(para(_PICTURE) + para(run('Figure ') + field('SEQ Figure', run('1')) + run(' The gate in spring'), _CAPTION))}</w:tr></w:tbl>" + _P("Text goes on."), has=["Sketch of the gate", "Figure 1 The gate in spring", "Text goes on."]),
    word("pandoc 9358: two tables, the caption above the second", _P("Levels:") + f"<w:tbl><w:tr>{cell(_P('A'))}{cell(_P('B'))}</w:tr></w:tbl>" + para(run("Table ") + field("SEQ Table", run("2")) + run(" Numbers"), _CAPTION) + f"<w:tbl><w:tr>{cell(_P('1'))}{cell(_P('2'))}</w:tr></w:tbl>", parts=styles(style("caption", "Caption")), order=["Levels:", "A", "B", "Table 2 Numbers", "1", "2"]),
    word("docling 2967: items of a list below a numbered heading", para(run("Glossary"), '<w:pStyle w:val="H2"/><w:numPr><w:ilvl w:val="1"/><w:numId w:val="1"/></w:numPr>') + listed("Weir: a low dam") + listed("Sill: its upper edge"), has=["Glossary", "Weir: a low dam", "Sill: its upper edge"], matches=[r"^## .*Glossary", r"^ *- Weir"]),
    word("mammoth: a break of a page and a line within a title", para('<w:r><w:t>On</w:t><w:br/><w:t>weirs</w:t><w:br w:type="page"/></w:r>', '<w:pStyle w:val="H1"/>') + _P("Words."), matches=[r"^# On weirs$"], has=["Words."]),
    word("docling 3297: a table whose head spans, in Word", f"<w:tbl><w:tblGrid><w:gridCol/><w:gridCol/><w:gridCol/></w:tblGrid><w:tr>{cell(_P('Gate'), _DOWN)}{cell(_P('Level'), _ACROSS)}</w:tr><w:tr>{cell(_P(''), '<w:vMerge/>')}{cell(_P('Spring'))}{cell(_P('Autumn'))}</w:tr><w:tr>{cell(_P('North'))}{cell(_P('4.3'))}{cell(_P('1.1'))}</w:tr></w:tbl>", rows=[["North", "4.3", "1.1"]], order=["Gate", "Level", "Spring", "Autumn", "North"], count={"Level": 1}),
    Case("office_oxide 207: a format of its own under the number of a built-in date", "a.xlsx", styled("<numFmt numFmtId='14' formatCode='0.00&quot; kg&quot;'/><numFmt numFmtId='15' formatCode='0&quot; pcs&quot;'/>", '<c r="A1" s="1"><v>2</v></c>', '<c r="B1" s="2"><v>7</v></c>'), rows=[["2.00 kg", "7 pcs"]]),
    Case("pyexcel-xlsx 23: zero in a cell of times", "a.xlsx", styled("<numFmt numFmtId='14' formatCode='hh:mm'/><numFmt numFmtId='15' formatCode='yyyy-mm-dd hh:mm:ss'/>", '<c r="A1" s="1"><v>0</v></c>', '<c r="B1" s="2"><v>45366.99999999999</v></c>'), matches=[r"0?0:00", r"2024-03-1[56]"], lacks=["1899", "24:00"]),
    Case("docling 1939: heads of a sheet that span", "a.xlsx", xlsx({"S": _MERGED}), rows=[["North", "17", "9"]], order=["Region", "Sales", "Spring", "Autumn"], count={"Sales": 1, "Region": 1}),
    Case("office_oxide 397: a formula whose result is an empty text", "a.xlsx", xlsx({"S": '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Name</t></is></c><c r="B1" t="str"><f>IF(A2="","",A2)</f><v></v></c><c r="C1" t="inlineStr"><is><t>End</t></is></c></row></sheetData>'}), has=["Name", "End"], lacks=["IF("]),
    Case("openpyxl: a word in the last row of the sheet", "a.xlsx", xlsx({"S": _LAST_ROW}), rows=[["Seal", "12"]], has=["The end"]),
    Case("calamine 215: whole numbers beside a format with letters", "a.xlsx", styled("<numFmt numFmtId='14' formatCode='General&quot; days&quot;'/><numFmt numFmtId='15' formatCode='[Red]General'/>", '<c r="A1" s="1"><v>40000</v></c>', '<c r="B1" s="2"><v>41000</v></c>'), rows=[["40000 days", "41000"]]),
    Case("calamine: a sheet of Excel 2", "a.xls", _BIFF2, rows=[["North", "17"]]),
    Case("office_oxide 396: a title of several paragraphs", "a.pptx", deck(_TITLE), has=["Methods & Tools", "Analyses of floods", "Evaluation of gates"], no_match=[r"ToolsAnalyses", r"floodsEvaluation"]),
    Case("office-open-xml-viewer 462: an arrow of Wingdings on a slide", "a.pptx", deck(_LINKED), matches=[r"[←⬅🡐] back to the gate"]),
    Case("docling 292: a table in a group beside a shape", "a.pptx", deck(_GROUP_TABLE.format(shape("", (0, "Words of the group")))), has=["Words of the group"], rows=[["North", "17"]]),
    Case("nrtftree 6: Russian with substitutes, and none, and of two bytes", "a.rtf", _RTF_UNI, has=["Вова Петя", "„Schleuse“ am 水"], lacks=["?"]),
    Case("deepchat 1568: groups in groups before the text", "a.rtf", _RTF_NESTED, has=["The gate", "noon", "The end."], lacks=["nobody sees", "panose", "16777215", "fFilled", "Times"]),
    Case("striprtf: paragraphs and lists in cells", "a.rtf", _RTF_TABLE, matches=[r"Duty.*First line( |<br>)Second line", r"Watch.*day( |<br>).{0,3}night"], has=["end"]),
    odt("pandoc 8409: a frame within a sentence", _FRAME, has=["Before", "Words in a frame", "listed", "after"]),
    odt("pandoc 2752: cells whose text is in a section and a list", f"<table:table><table:table-row>{ods_cell('North')}<table:table-cell office:value-type='string'><text:section><text:p>in a section</text:p></text:section><text:list><text:list-item><text:p>in a list</text:p></text:list-item></text:list></table:table-cell></table:table-row></table:table>", matches=[r"North.*in a section.*in a list"]),
    odt("odfdo: fields of people, days and sums", _HOLD, has=["Sum: 471, by Weir on"], matches=[r"15\.03\.24|2024-03-15"]),
    Case("SheetJS 1365: a cell that spans and what it covers, in ODS", "a.ods", spread(f"<table:table-row>{ods_cell('Head', _THREE)}<table:covered-table-cell table:number-columns-repeated='2'/>{ods_cell('Note')}</table:table-row>", f"<table:table-row>{ods_cell('a')}{ods_cell('b')}{ods_cell('c')}{ods_cell('d')}</table:table-row>"), rows=[["a", "b", "c", "d"]], order=["Head", "Note"]),
    Case("xberg 1489: a chapter that is a list of links", "a.epub", book({"a.xhtml": chapter("<h1>Floods</h1><p>The river rose.</p>"), "b.xhtml": chapter(_LINKS)}), has=["The river rose.", "Further Reading", "On weirs", "On gates"]),
    Case("xberg 1489: a chapter that is a picture with words for it", "a.epub", book({"a.xhtml": chapter("<p><img src='p.png' alt='Map of the river in 1711'/></p>"), "b.xhtml": chapter(f"<h1>Floods</h1><p>The river rose.</p>{_NAV}")}), has=["Map of the river in 1711", "The river rose."]),
    Case("pages: a document without any preview is told", "a.pages", zipped({"Index/Document.iwa": b"\0" * 64, "Metadata/Properties.plist": b"x"}), refused="preview"),
    odt("pandoc 3430: a table within an item", _ONE_P, has=["First of all", "Second"], order=["First of all", "North", "17", "Second"]),
    word("office_oxide 271: a diagram's words that only its drawing has", para("<w:r><w:drawing><wp:inline><wp:docPr id='1' name='d'/><a:graphic><a:graphicData uri='http://schemas.openxmlformats.org/drawingml/2006/diagram'><dgm:relIds xmlns:dgm='http://schemas.openxmlformats.org/drawingml/2006/diagram' r:dm='d1'/></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>") + _P("After it."), parts={"word/d1.xml": "<dgm:dataModel xmlns:dgm='http://schemas.openxmlformats.org/drawingml/2006/diagram' xmlns:a='http://schemas.openxmlformats.org/drawingml/2006/main'><dgm:ptLst><dgm:pt modelId='1'><dgm:t><a:p><a:r><a:t>top</a:t></a:r></a:p><a:p><a:r><a:t>more of it</a:t></a:r></a:p></dgm:t></dgm:pt><dgm:pt modelId='2' type='pres'><dgm:t><a:p><a:r><a:t>top</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:ptLst></dgm:dataModel>"}, links={"d1": ("diagramData", "d1.xml")}, has=["top", "more of it", "After it."], count={"top": 1}),
]  # fmt: skip
