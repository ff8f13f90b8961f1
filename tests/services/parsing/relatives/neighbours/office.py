# ruff: noqa: E501 (markup reads best on one line)
"""Word, slides, sheets, RTF, OpenDocument and books that other tools read wrong."""

from __future__ import annotations

import io
import zipfile

from tests.services.parsing.formats.test_slides import deck, shape
from tests.services.parsing.formats.test_texts import word97
from tests.services.parsing.relatives.books import book
from tests.services.parsing.relatives.books import page as chapter
from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.rebuilt.letters import cell, field, para, style, styles
from tests.services.parsing.relatives.reported import run
from tests.services.parsing.samples import ODF, OFFICE, W, docx, listed, opendocument, paragraph, xlsx, zipped

_P = paragraph
_SPACE = "xmlns:o='urn:schemas-microsoft-com:office:office' xmlns:v='urn:schemas-microsoft-com:vml'"


def _word(name: str, body: str, **more: object) -> Case:
    parts, links = more.pop("parts", None), more.pop("links", None)
    return Case(name, "a.docx", docx(body, parts, links), **more)  # type: ignore[arg-type]


def _part(root: str, inner: str) -> str:
    return f"<w:{root} {W} xmlns:r='{OFFICE}'>{inner}</w:{root}>"


def _levels(*levels: str, start: int = 1) -> str:
    inner = "".join(
        f'<w:lvl w:ilvl="{n}"><w:start w:val="{start}"/>{level}</w:lvl>' for n, level in enumerate(levels)
    )
    return f'<w:numbering {W}><w:abstractNum w:abstractNumId="1">{inner}</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num></w:numbering>'


_LEGAL = {
    "word/numbering.xml": _levels(
        '<w:numFmt w:val="decimal"/><w:lvlText w:val="%1"/>',
        '<w:numFmt w:val="decimal"/><w:lvlText w:val="%1.%2"/>',
        '<w:numFmt w:val="decimal"/><w:lvlText w:val="%1.%2.%3"/>',
    )
}
_NONE = {
    "word/numbering.xml": _levels(
        *('<w:numFmt w:val="none"/><w:suff w:val="nothing"/><w:lvlText w:val="%1"/>',) * 2
    )
}
_NUMBERED = styles(
    *(
        style(
            f"heading {n}",
            f"H{n}",
            f"<w:pPr><w:numPr><w:ilvl w:val='{n - 1}'/><w:numId w:val='1'/></w:numPr></w:pPr>",
        )
        for n in (1, 2, 3)
    )
)
_DOTS = {
    "word/numbering.xml": _levels(
        '<w:numFmt w:val="bullet"/><w:lvlText w:val="•"/>', '<w:numFmt w:val="bullet"/><w:lvlText w:val="o"/>'
    )
}
_BOX = '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:name w:val="c"/><w:checkBox><w:sizeAuto/>{}</w:checkBox></w:ffData></w:fldChar></w:r><w:r><w:instrText> FORMCHECKBOX </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
_SECTIONS = (
    para(run("First part."), '<w:sectPr><w:headerReference w:type="default" r:id="h1"/></w:sectPr>')
    + _P("Second part.")
    + '<w:sectPr><w:headerReference w:type="default" r:id="h2"/></w:sectPr>'
)
_NOTE = f"<w:footnote w:id='2'>{_P('Levels by gate:')}<w:tbl><w:tr>{cell(_P('North'))}{cell(_P('17 m'))}</w:tr></w:tbl></w:footnote>"


def _table(*lines: str) -> str:
    return f"<w:tbl><w:tblGrid>{'<w:gridCol/>' * 4}</w:tblGrid>{''.join(f'<w:tr>{line}</w:tr>' for line in lines)}</w:tbl>"


def _flat(body: str) -> bytes:
    names = " ".join(f'xmlns:{name}="{ODF}{name}:1.0"' for name in ("office", "text", "table", "style"))
    return f'<?xml version="1.0" encoding="UTF-8"?><office:document {names} office:mimetype="application/vnd.oasis.opendocument.text" office:version="1.3"><office:body><office:text>{body}</office:text></office:body></office:document>'.encode()


def _damaged_chapter() -> bytes:
    """A book one of whose chapters fails its checksum."""
    data = book(
        {
            "a.xhtml": chapter("<p>First words.</p>"),
            "b.xhtml": chapter("<p>Second words.</p>"),
            "c.xhtml": chapter("<p>Third words.</p>"),
        }
    )
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entry = archive.getinfo("OEBPS/b.xhtml")
    broken = bytearray(data)
    at = entry.header_offset + 30 + len(entry.filename) + entry.compress_size // 2
    broken[at : at + 8] = b"\xff" * 8
    return bytes(broken)


def _spine() -> bytes:
    """Chapters whose order in the manifest, by name and in the archive is none to read in; the nav is in no spine."""
    names = ("cQQ", "cZZ", "cAA", "cMM")
    items = "".join(
        f'<item id="{n}" href="{n}.xhtml" media-type="application/xhtml+xml"/>' for n in sorted(names)
    )
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container><rootfiles><rootfile full-path="c.opf"/></rootfiles></container>',
            "c.opf": f'<package version="3.0"><metadata/><manifest><item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>{items}</manifest><spine>{"".join(f"<itemref idref={chr(34)}{n}{chr(34)}/>" for n in names)}</spine></package>',
            "nav.xhtml": chapter("<nav epub:type='toc'><ol><li><a href='cQQ.xhtml'>One</a></li></ol></nav>"),
            **{
                f"{n}.xhtml": chapter(f"<h1>Chapter {k}</h1><p>Words of {k}.</p>")
                for k, n in enumerate(names, 1)
            },
        }
    )


_RICH = '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><r><t>First </t></r><r><rPr><b/></rPr><t>second</t></r><r><t xml:space="preserve"> third</t></r></is></c><c r="B1"><v>7</v></c></row></sheetData>'
_MERGED = '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Region</t></is></c><c r="B1" t="inlineStr"><is><t>Gate</t></is></c><c r="C1" t="inlineStr"><is><t>Turns</t></is></c></row><row r="2"><c r="A2" t="inlineStr"><is><t>North</t></is></c><c r="B2" t="inlineStr"><is><t>Upper</t></is></c><c r="C2"><v>17</v></c></row><row r="3"><c r="B3" t="inlineStr"><is><t>Lower</t></is></c><c r="C3"><v>9</v></c></row></sheetData><mergeCells><mergeCell ref="A2:A3"/></mergeCells>'
_FOLDED = '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Visible words</t></is></c></row><row r="2" hidden="true"><c r="A2" t="inlineStr"><is><t>Unseen words</t></is></c></row></sheetData>'

CASES = [
    _word("docling 2250: a list directly below a heading", _P("Terms", "H1") + listed("Gate: a door for water") + listed("Weir: a low dam") + _P("Rules", "H1"), matches=["^# Terms", "^[-*] +Gate: a door for water", "^[-*] +Weir", "^# Rules"]),
    _word("docling 612: headings that count by their style", "".join((_P("Scope", "H1"), _P("Gates", "H2"), _P("North", "H3"), _P("Fees", "H1"), _P("Yearly", "H2"))), parts=_NUMBERED | _LEGAL, matches=["^# 1 +Scope$", r"^## 1\.1 +Gates$", r"^### 1\.1\.1 +North$", "^# 2 +Fees$", r"^## 2\.1 +Yearly$"]),
    _word("docling 3759: headings whose numbers are none", _P("References", "H1") + _P("Books", "H2") + _P("words"), parts=_NUMBERED | _NONE, matches=["^# References$", "^## Books$"]),
    _word("docling 3836: an outline of a list with text between", listed("ORCHARD MAP", 1) + listed("Trees", 1, 1) + _P("The trees stand in rows.") + listed("Paths", 1, 1) + _P("The paths are of gravel.") + listed("TOOLS", 1) + _P("Tools hang in the shed."), parts=_LEGAL, order=["ORCHARD MAP", "Trees", "The trees stand in rows.", "Paths", "The paths are of gravel.", "TOOLS", "Tools hang in the shed."], has=["1.2", "2"]),
    _word("pandoc 2633: a head that spans two columns", _table(cell(_P("Place"), '<w:gridSpan w:val="2"/>') + cell(_P("Turns")) + cell(_P("State")), cell(_P("North")) + cell(_P("upper")) + cell(_P("17")) + cell(_P("open"))), rows=[["North", "upper", "17", "open"]], has=["Place", "Turns", "State"]),
    _word("pandoc 10627: a row that is one cell", _table(*("".join(cell(_P(t)) for t in line) for line in ("abcd", "efgh")), cell(_P("All of the columns"), '<w:gridSpan w:val="4"/>'), "".join(cell(_P(t)) for t in "ijkl")), rows=[["e", "f", "g", "h"], ["i", "j", "k", "l"]], count={"All of the columns": 1}),
    _word("docling.rs 257: heads of two sections", _SECTIONS, parts={"word/header1.xml": _part("hdr", _P("File 4471 of the north")), "word/header2.xml": _part("hdr", _P("File 4472 of the south"))}, links={"h1": ("header", "header1.xml"), "h2": ("header", "header2.xml")}, count={"File 4471 of the north": 1, "File 4472 of the south": 1}),
    _word("docx: boxes of an old form", para(_BOX.format("<w:default w:val='0'/><w:checked/>") + run(" Insured")) + para(_BOX.format("<w:default w:val='0'/>") + run(" Rented")) + para(_BOX.format("<w:default w:val='1'/>") + run(" Winter berth")), matches=[r"(☒|☑|\[x\]) *Insured", r"(☐|\[ \]) *Rented", r"(☒|☑|\[x\]) *Winter berth"]),
    _word("docx: words of an old picture", para(f"<w:r><w:pict><v:shape {_SPACE} alt='Sketch of the gate'><v:imagedata o:title='gate'/></v:shape></w:pict></w:r>") + _P("Body."), has=["Sketch of the gate", "Body."]),
    _word("docx: a table in a footnote", para(run("A claim") + "<w:r><w:footnoteReference w:id='2'/></w:r>"), parts={"word/footnotes.xml": _part("footnotes", _NOTE)}, links={"f": ("footnotes", "footnotes.xml")}, order=["A claim", "Levels by gate:", "North", "17 m"]),
    _word("docx: keys and values that tabs part", para(run("Name:") + "<w:r><w:tab/></w:r>" + run("Ann Weir") + "<w:r><w:tab/></w:r>" + run("Date:") + "<w:r><w:tab/></w:r>" + run("3 May")), matches=[r"Name:\s+Ann Weir\s+Date:\s+3 May"]),
    _word("mammoth: bold that a run switches off", _P("Plain after all", "B") + para(run("loud", "<w:b/>") + run(" and quiet", "<w:b w:val='0'/>")), parts=styles(style("Body", "B")), exact="Plain after all\n\n**loud** and quiet"),
    _word("docx4j: a list in a text box beside a list", listed("outer one") + para("<w:r><w:pict><v:shape xmlns:v='urn:schemas-microsoft-com:vml'><v:textbox><w:txbxContent>" + listed("inner one") + listed("inner two") + "</w:txbxContent></v:textbox></v:shape></w:pict></w:r>") + listed("outer two"), parts=_DOTS, has=["outer one", "inner one", "inner two", "outer two"], matches=["^[-*] +outer two", "^ *[-*] +inner two"]),
    _word("docx: a mail merge that was not run", para(run("Dear ") + field("MERGEFIELD Name \\* MERGEFORMAT", run("«Name»")) + run(", welcome.")), has=["Dear «Name», welcome."], lacks=["MERGEFIELD"]),
    _word("docx: a quotation by its style", _P("He said:") + _P("The gate stays shut.", "Q"), parts=styles(style("Quote", "Q")), matches=["^> The gate stays shut."]),
    Case("OpenDocument.core 518: a field without a result", "a.doc", word97([("see \x13 XE \"gate\" \x15the gate\r", 0, b""), ("and the rest of the text\r", 0, b"")]), has=["see the gate", "and the rest of the text"], lacks=["XE"]),
    Case("office_oxide 249: fields of dates, pages and files", "a.doc", word97([("Of \x13 DATE \\@ \"d. MMMM\" \x145. May\x15 on \x13 FILENAME \x14plan.doc\x15 page \x13 PAGE \x143\x15\r", 0, b"")]), has=["Of 5. May on plan.doc page 3"], lacks=["FILENAME", "MMMM"]),
    Case("office_oxide 373: a template of the old Word", "a.dot", word97([("Words of the template\r", 0, b"")]), has=["Words of the template"]),
    Case("office_oxide 388: Word for Windows 2", "a.doc", b"\xdb\xa5\x2d\x00" + b"\0" * 20 + (384).to_bytes(4, "little") + (384 + 31).to_bytes(4, "little") + b"\0" * 20 + (31).to_bytes(4, "little") + b"\0" * 328 + b"Words of a very old document.\r\n" + b"\0" * 600, refused="Word"),
    Case("xlsx-format 92: a text of several runs in its cell", "a.xlsx", xlsx({"S": _RICH}), rows=[["First second third", "7"]]),
    Case("ClosedXML: cells merged downwards", "a.xlsx", xlsx({"S": _MERGED}), matches=[r"North.*Upper.*17", r"Lower.*9"], count={"Region": 1}),
    Case("fastexcel 590: rows that OpenOffice hides", "a.xlsx", xlsx({"S": _FOLDED}), has=["Visible words"], lacks=["Unseen words"], told="hidden"),
    Case("pandoc 4010: a text of OpenDocument in one file of XML", "a.fodt", _flat("<text:h text:outline-level='1'>Rules</text:h><text:p>The gate opens at noon.</text:p><text:list><text:list-item><text:p>boots</text:p></text:list-item></text:list>"), matches=["^# Rules$", "^[-*] boots"], has=["The gate opens at noon."]),
    Case("docwire 153: remarks in the XML of OpenDocument", "a.odt", opendocument("text", "<!-- a remark --><text:p>First <!-- another -->words.</text:p><!-- last --><text:p>Second words.</text:p>"), has=["First words.", "Second words."], lacks=["remark", "another"]),
    Case("cryptpad 2309: a list as Google writes it", "a.odt", opendocument("text", "<text:list text:style-name='L1' text:continue-numbering='true'><text:list-item><text:p><text:span>boots</text:span></text:p><text:list><text:list-item><text:p>of leather</text:p></text:list-item></text:list></text:list-item><text:list-header/><text:list-item><text:p>bread</text:p></text:list-item></text:list>"), matches=["^[-*] boots", "^ +[-*] of leather", "^[-*] bread"]),
    Case("kota7 7: cells of RTF whose row is not defined", "a.rtf", rb"{\rtf1\ansi\pard\intbl North\cell 17 m\cell open\cell\row\pard\intbl South\cell 9 m\cell shut\cell\row\pard The end.\par}", rows=[["North", "17 m", "open"], ["South", "9 m", "shut"]], has=["The end."]),
    Case("outlook: a page of HTML within RTF", "a.rtf", rb"{\rtf1\ansi\fromhtml1 \fbidis {\*\htmltag64 <p>}The gate {\*\htmltag84 <b>}opens{\*\htmltag92 </b>} at noon.{\*\htmltag72 </p>}\htmlrtf {\par}\htmlrtf0 {\*\htmltag64 <p>}It shuts at six.{\*\htmltag72 </p>}}", has=["at noon.", "It shuts at six."], lacks=["htmltag"], matches=["The gate (\\*\\*)?opens(\\*\\*)? at noon"]),
    Case("onyx 14773: a chapter that fails its checksum", "a.epub", _damaged_chapter(), has=["First words.", "Third words."]),
    Case("bookworm 419: chapters in the order of the spine", "a.epub", _spine(), order=["# Chapter 1", "Words of 1.", "# Chapter 2", "# Chapter 3", "# Chapter 4", "Words of 4."]),
    Case("cs249r_book 1333: a side note within a sentence", "a.epub", book({"a.xhtml": chapter("<p>It draws 1 milliwatt<span class='sidenote'><b>The 1 mW threshold</b> divides devices.</span> at most.</p>")}), lacks=["milliwattThe"], has=["The 1 mW threshold", "at most."]),
    Case("python-pptx: a title that stands behind the body", "a.pptx", deck(shape("subTitle", (0, "by the keeper"), index=1) + shape("ctrTitle", (0, "The gates"), index=0)), order=["The gates", "by the keeper"], matches=["^#+ The gates$"]),
]  # fmt: skip
