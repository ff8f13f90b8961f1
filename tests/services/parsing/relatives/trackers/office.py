# ruff: noqa: E501 (markup reads best on one line)
"""Word, slides, sheets, RTF, OpenDocument, books and their old formats that other tools read wrong."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import date
from xml.sax.saxutils import quoteattr

import xlwt  # type: ignore[import-untyped]

from tests.services.parsing import samples
from tests.services.parsing.formats.test_slides import deck, old_deck, record, shape
from tests.services.parsing.relatives.books import book, page
from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.rebuilt.grids import changed
from tests.services.parsing.relatives.rebuilt.letters import cell, field, para, style, styles
from tests.services.parsing.relatives.reported import run
from tests.services.parsing.samples import (
    OFFICE,
    W,
    docx,
    listed,
    opendocument,
    package,
    paragraph,
    relationships,
    rows,
    xlsx,
)

_P = paragraph
_WPS = "xmlns:wps='http://schemas.microsoft.com/office/word/2010/wordprocessingShape'"
_V = "xmlns:v='urn:schemas-microsoft-com:vml'"
_SDT = "<w:sdt><w:sdtPr/><w:sdtContent>{}</w:sdtContent></w:sdt>"
_PICTURE = '<w:r><w:drawing><wp:inline><wp:docPr id="1" name="p" descr="Sketch of the gate"/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"/></a:graphic></wp:inline></w:drawing></w:r>'
_MONO = '<w:rFonts w:ascii="Courier New" w:hAnsi="Courier New"/>'


def _box(inner: str) -> str:
    return f"<w:r><w:drawing><wp:anchor><a:graphic><a:graphicData uri='x'><wps:wsp {_WPS}><wps:txbx><w:txbxContent>{inner}</w:txbxContent></wps:txbx></wps:wsp></a:graphicData></a:graphic></wp:anchor></w:drawing></w:r>"


def _old_box(inner: str) -> str:
    return f"<w:r><w:pict><v:shape {_V}><v:textbox><w:txbxContent>{inner}</w:txbxContent></v:textbox></v:shape></w:pict></w:r>"


def _word(name: str, body: str, **more: object) -> Case:
    parts, links = more.pop("parts", None), more.pop("links", None)
    return Case(name, "a.docx", docx(body, parts, links), **more)  # type: ignore[arg-type]


def _part(root: str, inner: str) -> str:
    return f"<w:{root} {W} xmlns:r='{OFFICE}'>{inner}</w:{root}>"


_COMMENT = _part(
    "comments",
    f"<w:comment w:id='0' w:author='Ann'>{para('<w:hyperlink r:id=' + chr(34) + 'rId1' + chr(34) + '>' + run('The tool') + '</w:hyperlink>' + run(' is good.'))}</w:comment>",
)
_CITED = _part(
    "footnotes",
    f"<w:footnote w:id='2'>{para(_SDT.format(field('ADDIN CitaviPlaceholder{eyIkaWQiOiIxIiwiRW50cmllcyI6W3siJGlkIjoiMiJ9XX0=}', run('(Miller 1911, p. 7)'))))}</w:footnote>",
)
_NUMBERS = (
    '<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl></w:abstractNum>'
    '<w:abstractNum w:abstractNumId="2"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/></w:lvl></w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="2"/></w:num>'
)
_COUNTED = {"word/numbering.xml": f"<w:numbering {W}>{_NUMBERS}</w:numbering>"}


def _chart(kind: str) -> str:
    points = "".join(f"<c:pt idx='{n}'><c:v>{v}</c:v></c:pt>" for n, v in enumerate(("Jan", "Feb")))
    values = "".join(f"<c:pt idx='{n}'><c:v>{v}</c:v></c:pt>" for n, v in enumerate(("41.5", "37.25")))
    return f"<c:chartSpace xmlns:c='http://schemas.openxmlformats.org/drawingml/2006/chart' xmlns:a='http://schemas.openxmlformats.org/drawingml/2006/main'><c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>Rain by month</a:t></a:r></a:p></c:rich></c:tx></c:title><c:view3D/><c:plotArea><c:{kind}><c:ser><c:tx><c:strRef><c:strCache><c:pt idx='0'><c:v>mm</c:v></c:pt></c:strCache></c:strRef></c:tx><c:cat><c:strRef><c:strCache>{points}</c:strCache></c:strRef></c:cat><c:val><c:numRef><c:numCache>{values}</c:numCache></c:numRef></c:val></c:ser></c:{kind}></c:plotArea></c:chart></c:chartSpace>"


def _chart_slide(kind: str) -> bytes:
    frame = "<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id='4' name='t'/><p:nvPr/></p:nvGraphicFramePr><a:graphic><a:graphicData uri='http://schemas.openxmlformats.org/drawingml/2006/chart'><c:chart xmlns:c='http://schemas.openxmlformats.org/drawingml/2006/chart' r:id='c'/></a:graphicData></a:graphic></p:graphicFrame>"
    return changed(
        deck(frame),
        {
            "ppt/_rels/s0.xml.rels": relationships(
                {"l": ("slideLayout", "layout.xml"), "c": ("chart", "chart1.xml")}
            ),
            "ppt/chart1.xml": _chart(kind),
        },
    )


def _formats(*lines: tuple[str, str]) -> bytes:
    """Numbers in formats of their own, one a row."""
    codes = "".join(
        f"<numFmt numFmtId='{200 + n}' formatCode={quoteattr(code)}/>" for n, (_, code) in enumerate(lines)
    )
    xfs = "".join(f"<xf numFmtId='{200 + n}'/>" for n in range(len(lines)))
    body = "".join(
        f'<row r="{n + 1}"><c r="A{n + 1}" t="inlineStr"><is><t>row {n}</t></is></c><c r="B{n + 1}" s="{n + 1}"><v>{value}</v></c></row>'
        for n, (value, _) in enumerate(lines)
    )
    return xlsx(
        {"S": f"<sheetData>{body}</sheetData>"},
        styles=f"<numFmts>{codes}</numFmts><cellXfs><xf numFmtId='0'/>{xfs}</cellXfs>",
    )


def _heads(text: str) -> bytes:
    return xlsx(
        {
            "S": f"{rows(('Gate', 'Turns'), ('North', 17.0))}<headerFooter><oddHeader>{text}</oddHeader></headerFooter>"
        }
    )


def _saved(book: xlwt.Workbook) -> bytes:
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def _many_strings() -> bytes:
    """So many texts that their table is cut into records."""
    made = xlwt.Workbook()
    sheet = made.add_sheet("S")
    for n in range(2500):
        sheet.write(n, 0, f"gate number {n} of the river {'Größe ' * (n % 5)}{'水門' * (n % 3)}")
        sheet.write(n, 1, n)
    return _saved(made)


def _of_1904() -> bytes:
    made = xlwt.Workbook()
    made.dates_1904 = True
    sheet = made.add_sheet("S")
    sheet.write(0, 0, "opened")
    sheet.write(0, 1, date(2021, 3, 5), xlwt.easyxf(num_format_str="yyyy-mm-dd"))
    return _saved(made)


def _old_embedded() -> bytes:
    """A deck that holds a workbook as an object ([MS-PPT] 2.10.27), packed by deflate."""
    made = xlwt.Workbook()
    made.add_sheet("S").write(0, 0, "Words of the embedded sheet")
    inside = _saved(made)
    stored = record(0x1011, struct.pack("<I", len(inside)) + zlib.compress(inside), instance=1)
    # The object stands before the directory, which names it as object 3.
    data = old_deck()
    return _with_object(data, stored)


def _with_object(data: bytes, stored: bytes) -> bytes:
    import olefile  # type: ignore[import-untyped]

    with olefile.OleFileIO(io.BytesIO(data)) as ole:
        stream = ole.openstream("PowerPoint Document").read()
    at = stream.index(struct.pack("<HHI", 0, 6002, 12))
    first = struct.unpack_from("<III", stream, at + 8)
    listed_at = at + len(stored)
    directory = record(6002, struct.pack("<IIII", 3 << 20 | 0, first[1], first[2], at))
    edit = record(4085, struct.pack("<IHBBIIIIHH", 0, 0, 0, 3, 0, listed_at, 0, 0, 0, 0))
    user = record(4086, struct.pack("<III", 20, 0xE391C05F, listed_at + len(directory)))
    return samples.ole({"PowerPoint Document": stream[:at] + stored + directory + edit, "Current User": user})


def _rtf(body: str) -> bytes:
    return (r"{\rtf1\ansi\ansicpg1252\deff0" + body + "}").encode("latin-1")


_GREEK = r"{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset161 Arial Greek;}{\f2\fcharset162 Arial Tur;}{\f3\fcharset222 Angsana;}{\f4\fcharset238 Arial CE;}}"
_NESTED = r"\pard\trowd\cellx3000\cellx6000\intbl outer one\cell\pard\intbl\itap2 inner a\nestcell inner b\nestcell{\*\nesttableprops\trowd\cellx1500\cellx3000\nestrow}\pard\intbl after\cell\row\pard end\par"


def _odt(body: str, more: str = "") -> bytes:
    return opendocument("text", body, more)


def _odt_table(head: str, body: str) -> str:
    def line(texts: str) -> str:
        return (
            "<table:table-row>"
            + "".join(
                f"<table:table-cell><text:p>{text}</text:p></table:table-cell>" for text in texts.split("|")
            )
            + "</table:table-row>"
        )

    return f"<table:table><table:table-column table:number-columns-repeated='2'/><table:table-header-rows>{line(head)}</table:table-header-rows>{''.join(map(line, body.split('/')))}</table:table>"


CASES = [
    _word("office_oxide 274: lettering by an attribute", para(f"<w:r><w:pict><v:shape {_V}><v:textpath string='Apollo: fact or fiction?'/></v:shape></w:pict></w:r>") + _P("Body."), has=["Apollo: fact or fiction?", "Body."]),
    _word("office_oxide 357: a box whose words are in a control", para(_box(_SDT.format(_P("A quote in a box.")))) + _P("Body."), has=["A quote in a box.", "Body."]),
    _word("office_oxide 135: an outline level of text is no heading", _P("Plain words here.", more='<w:outlineLvl w:val="9"/>') + _P("Second level.", more='<w:outlineLvl w:val="1"/>'), matches=["^Plain words here", "^#+ Second level"], no_match=["# Plain"]),
    _word("docling 1818: a picture and words in one paragraph", para(run("Before it. ") + _PICTURE + run("IOC pending booking.")), has=["Before it.", "IOC pending booking.", "Sketch of the gate"]),
    _word("docling 3735: code by its font", "".join(para(run(line, _MONO)) for line in ("def turns(gate):", "    return gate * 2", "print(turns(8))")) + _P("Prose."), matches=[r"```[\s\S]*def turns\(gate\):\n    return gate \* 2\nprint[\s\S]*```"]),
    _word("docling 3897: numbers that go on behind another list", listed("one", 1) + listed("two", 1) + listed("dot", 2) + listed("three", 1), parts=_COUNTED, matches=[r"^1\. +one", r"^2\. +two", r"^ *[-*] +dot", r"^3\. +three"]),
    _word("docling 3838: text between the items of a list", listed("one", 1) + _P("Text between.") + listed("two", 1) + _P("") + listed("three", 1), parts=_COUNTED, order=["one", "Text between.", "two", "three"], matches=[r"^2\. +two", r"^3\. +three"]),
    _word("docling 3289: lists of the same number in two cells", f"<w:tbl><w:tr>{cell(listed('first a', 2) + listed('first b', 2))}</w:tr><w:tr>{cell(listed('second a', 2) + listed('second b', 2))}</w:tr></w:tbl>", parts=_COUNTED, order=["first a", "first b", "second a", "second b"], lacks=["first afirst b"]),
    _word("pandoc 6743: a link in a comment", para('<w:commentRangeStart w:id="0"/>' + run("The weir") + '<w:commentRangeEnd w:id="0"/><w:r><w:commentReference w:id="0"/></w:r>'), parts={"word/comments.xml": _COMMENT, "word/_rels/comments.xml.rels": relationships({"rId1": ("hyperlink", "https://example.org/tool")})}, links={"c": ("comments", "comments.xml"), "rId1": ("styles", "styles.xml")}, has=["The tool is good"], lacks=["styles.xml"]),
    _word("pandoc 9214: a field in a box and in its older twin", para("<mc:AlternateContent><mc:Choice Requires='wps'>" + _box(para(field("DATE", run("May 1, 2017")))) + "</mc:Choice><mc:Fallback>" + _old_box(para(field("DATE", run("May 1, 2017")))) + "</mc:Fallback></mc:AlternateContent>"), count={"May 1, 2017": 1}),
    _word("pandoc 5302: a citation by a program in a note", para(run("A claim") + "<w:r><w:footnoteReference w:id='2'/></w:r>"), parts={"word/footnotes.xml": _CITED}, links={"f": ("footnotes", "footnotes.xml")}, has=["(Miller 1911, p. 7)"], lacks=["ADDIN", "eyIk"]),
    _word("docling 3952: a control that also holds a picture", _SDT.format(para(_PICTURE) + _P("Words in the control.")), has=["Words in the control.", "Sketch of the gate"]),
    _word("docling 1586: a caption field in a box and a proposal", para(_box(para(run("Proposal ") + field("SEQ Proposal", run("1")) + run(": open the gate at noon.")))), has=["Proposal 1: open the gate at noon."]),
    _word("office_oxide 377: bullets by a style that is based on another", _P("boots", "LB") + _P("bread", "LB2"), parts=_COUNTED | styles(style("List Bullet", "LB", "<w:pPr><w:numPr><w:numId w:val='2'/></w:numPr></w:pPr>"), style("My Bullet", "LB2", "<w:basedOn w:val='LB'/>")), matches=["^[-*] +boots", "^[-*] +bread"]),
    Case("markitdown 1808: a run without text", "a.pptx", deck(shape("title", (0, "Plan")) + "<p:sp><p:nvSpPr><p:cNvPr id='9' name='s'/><p:nvPr/></p:nvSpPr><p:txBody><a:p><a:r><a:rPr/></a:r><a:r><a:t>Words stay</a:t></a:r></a:p></p:txBody></p:sp>"), has=["Plan", "Words stay"]),
    Case("xberg 321: a place for a picture without a body, in a show", "a.ppsx", deck(shape("title", (0, "Plan")) + "<p:sp><p:nvSpPr><p:cNvPr id='9' name='Image Placeholder'/><p:nvPr><p:ph type='pic' idx='1'/></p:nvPr></p:nvSpPr><p:spPr/></p:sp>" + shape("body", (0, "Words of the show"))), has=["Plan", "Words of the show"]),
    Case("office_oxide 296: slides with a password", "a.pptx", samples.ole({"EncryptionInfo": b"\4\0\4\0\x40\0\0\0<encryption/>", "EncryptedPackage": b"x" * 5000}), refused="password"),
    *(Case(f"docling 3972: a chart in three dimensions, {kind}", "a.pptx", _chart_slide(kind), has=["Rain by month"], rows=[["Jan", "41.5"], ["Feb", "37.25"]]) for kind in ("bar3DChart", "surface3DChart")),
    Case("office_oxide 147: letters in quotes are no date", "a.xlsx", _formats(("1", '"yes";"no"'), ("2.5", '0.00" days"'), ("12000000", '#,##0,,"  M"'), ("45000", 'yyyy"年"m"月"'), ("12.5", 'General" kg"')), rows=[["row 0", "yes"], ["row 1", "2.50 days"], ["row 2", "12 M"], ["row 4", "12.5 kg"]], matches=[r"row 3 \| 2023-03"]),
    Case("sheetjs: telephones, fractions, minutes and engineers", "a.xlsx", _formats(("5551234567", "[<=9999999]###-####;(###) ###-####"), ("2.5", "# ?/?"), ("0.0625", "[mm]:ss"), ("12345", "##0.0E+0"), ("1234.5", "[$€-407] #,##0.00")), rows=[["row 0", "(555) 123-4567"], ["row 1", "2 1/2"], ["row 2", "90:00"], ["row 3", "12.3E+3"]], matches=[r"row 4 \| € ?1,234\.50"]),
    Case("office2pdf 233: colours and fonts in a head of a sheet", "a.xlsx", _heads("&amp;L&amp;K01+049File 4471&amp;C&amp;&quot;Arial,Bold&quot;&amp;14&amp;KFF0000Quarterly figures&amp;R&amp;P of &amp;N"), has=["File 4471", "Quarterly figures"], lacks=["FF0000", "01+049", "Arial"]),
    Case("onlyoffice 1638: a line break by its code in a head of a sheet", "a.xlsx", _heads("&amp;CLevels_x000a_of the year"), lacks=["x000a"], matches=[r"Levels\s+of the year|Levels<br>of the year"]),
    Case("office_oxide 353: texts that are cut into records", "a.xls", _many_strings(), rows=[["gate number 2499 of the river Größe Größe Größe Größe", "2499"], ["gate number 1202 of the river Größe Größe 水門水門", "1202"]]),
    Case("office_oxide 233: dates of a Macintosh in an old book", "a.xls", _of_1904(), rows=[["opened", "2021-03-05"]]),
    Case("xberg 1660: a sheet within an old deck", "a.ppt", _old_embedded(), has=["aside", "Words of the embedded sheet"]),
    Case("pandoc 7488: a table in a cell of RTF", "a.rtf", _rtf(_NESTED), order=["outer one", "inner a", "inner b", "after", "end"]),
    Case("striprtf: Greek, Turkish, Thai and Czech by font", "a.rtf", _rtf(_GREEK + r"\pard{\f1 \'cd\'e5\'f1\'fc} {\f2 G\'fcne\'fe \'fdrmak} {\f3 \'b9\'e9\'d3} {\f4 \'f8eka}\par"), has=["Νερό", "Güneş ırmak", "น้ำ", "řeka"]),
    Case("pandoc: changes and an endnote of RTF", "a.rtf", _rtf(r"\pard The rent is {\deleted 500}{\revised 650}.{\super\chftn{\footnote\ftnalt\pard{\super\chftn} Since May.}}\par"), has=["The rent is 650", "Since May."], lacks=["500"]),
    Case("pandoc 9327: the head rows of a table of OpenDocument", "a.odt", _odt(_odt_table("A head|B head", "a|b/c|d")), rows=[["A head", "B head"], ["a", "b"], ["c", "d"]]),
    Case("pandoc 8886: a picture within a span", "a.odt", _odt("<text:p>Before<text:span><draw:frame><draw:image xlink:href='Pictures/x.png'/><svg:title>Plan of the lock</svg:title></draw:frame></text:span>after</text:p>"), order=["Before", "Plan of the lock", "after"]),
    Case("odp: a place that waits for words", "a.odp", opendocument("presentation", "<draw:page draw:name='p'><draw:frame presentation:class='title' presentation:placeholder='true'><draw:text-box/></draw:frame><draw:frame presentation:class='outline'><draw:text-box><text:p>Words of the slide</text:p></draw:text-box></draw:frame></draw:page>"), has=["Words of the slide"], no_match=[r"(?m)^#+\s*$"]),
    Case("calamine 720: an error with its own mark", "a.ods", opendocument("spreadsheet", "<table:table table:name='S'><table:table-row><table:table-cell office:value-type='string'><text:p>share</text:p></table:table-cell><table:table-cell xmlns:calcext='urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0' office:value-type='string' office:string-value='' calcext:value-type='error'><text:p>#DIV/0!</text:p></table:table-cell></table:table-row></table:table>"), rows=[["share", "#DIV/0!"]]),
    Case("epubjs: a chapter that is not in the order of reading", "b.epub", book({"a.xhtml": page("<p>First words</p>"), "n.xhtml": page("<p>Words of the notes</p>")}).replace(b'idref="c1"', b'idref="c1"'), has=["First words", "Words of the notes"]),
    Case("readest 383: a note whose words stand in a title", "b.epub", book({"a.xhtml": page("<p>Text<a epub:type='noteref' href='#n1'><img alt='The note in the picture' src='n.png'/></a> goes on.</p><ol><li id='n1'>The note of the list.</li></ol>")}), has=["The note of the list.", "goes on."]),
    Case("ExcelDataReader 582: a sheet whose rows have gaps and heights alone", "a.xlsx", xlsx({"S": '<sheetData><row r="2" ht="20"/><row r="5"><c r="C5"><v>7</v></c><c r="E5" t="inlineStr"><is><t>seven</t></is></c></row></sheetData>'}), matches=[r"7 \|.*seven"]),
    Case("python-pptx: a slide whose layout is lost", "a.pptx", changed(deck(shape("title", (0, "Plan")) + shape("body", (0, "Words stay"))), {"ppt/_rels/s0.xml.rels": relationships({"l": ("slideLayout", "gone.xml")})}), has=["Plan", "Words stay"]),
    Case("openpyxl: sheets that are named in the book but not there", "a.xlsx", package("xl/workbook.xml", {"xl/workbook.xml": f"<workbook xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main' xmlns:r='{OFFICE}'><sheets><sheet name='Gone' sheetId='1' r:id='r1'/><sheet name='Here' sheetId='2' r:id='r2'/></sheets></workbook>", "xl/_rels/workbook.xml.rels": relationships({"r1": ("worksheet", "s1.xml"), "r2": ("worksheet", "s2.xml")}), "xl/s2.xml": f"<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'>{rows(('kept', 7.0))}</worksheet>"}), rows=[["kept", "7"]]),
]  # fmt: skip
