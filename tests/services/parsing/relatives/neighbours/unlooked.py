# ruff: noqa: E501 (a page reads best with a line for each of its marks)
"""Pages, office, mails and archives: a set that was not looked at while the rules were made."""

from __future__ import annotations

import io
import struct

import olefile  # type: ignore[import-untyped]

from tests.services.parsing.formats.test_slides import deck
from tests.services.parsing.formats.test_texts import word97
from tests.services.parsing.relatives.books import book
from tests.services.parsing.relatives.books import page as chapter
from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.neighbours.drawing import (
    SENTENCES,
    bold,
    cells,
    grid,
    page,
    pages,
    rules,
    tarball,
    text,
)
from tests.services.parsing.relatives.rebuilt.letters import cell, para
from tests.services.parsing.relatives.rebuilt.prints import raw
from tests.services.parsing.relatives.reported import mail, run
from tests.services.parsing.samples import W, docx, opendocument, paragraph, xlsx, zipped
from tests.services.parsing.samples import ole as ole_of

_INDEX = [[f"{word}, {n}" for n, word in enumerate(words, 12 + 20 * k)] for k, words in enumerate((
    ("abbey", "bank", "bar", "boat", "book", "bridge", "bucket", "canal", "chain", "council", "crane", "dam"),
    ("door", "drain", "fee", "ferry", "flood", "gate", "gauge", "guard", "harbour", "hook", "ice", "keeper"),
    ("level", "lock", "mill", "monk", "pump", "quay", "rope", "seal", "sluice", "tide", "weir", "wheel"),
))]  # fmt: skip
_ROWS = [(f"Part {n}", f"{n * 7}", f"shelf {n % 5}") for n in range(1, 36)]
_FEATURES = ("Low loss of 1.2 dB", "High isolation of 45 dB", "Fast switching", "Small package")
_USES = ("Test of instruments", "Radios of the army", "Cells of the fifth kind", "Radar")


def _shape(text_: str, x: int, more: str = "") -> str:
    return f"<p:sp><p:nvSpPr><p:cNvPr id='{x}' name='s'{more}/><p:nvPr/></p:nvSpPr><p:spPr><a:xfrm><a:off x='{x}' y='2000000'/><a:ext cx='4000000' cy='3000000'/></a:xfrm></p:spPr><p:txBody><a:p><a:r><a:t>{text_}</a:t></a:r></a:p></p:txBody></p:sp>"


def _pieces() -> bytes:
    """A text of the old Word in two pieces, the second in Unicode."""
    first, second = "The gate opens ", "at noon – Größe.\r"
    with olefile.OleFileIO(io.BytesIO(word97([(first + "x" * len(second), 0, b"")]))) as ole:
        text_, table = ole.openstream("WordDocument").read(), ole.openstream("0Table").read()
    pieces = struct.pack("<III", 0, len(first), len(first) + len(second))
    pieces += struct.pack("<HIH", 0, 0x40000000 | text_.index(first.encode()) * 2, 0)
    pieces += struct.pack("<HIH", 0, len(text_), 0)
    changed = bytearray(text_) + second.encode("utf-16-le")
    struct.pack_into("<II", changed, 0x9A + 8 * 33, len(table), 5 + len(pieces))
    return ole_of(
        {"WordDocument": bytes(changed), "0Table": table + b"\2" + struct.pack("<I", len(pieces)) + pieces}
    )


_FLAGS = '<sheetData><row r="1"><c r="A1" t="b"><v>1</v></c><c r="B1" t="e"><v>#N/A</v></c><c r="C1" t="str"><f>A1&amp;"x"</f><v>TRUEx</v></c><c r="D1" s="1"><v>1.5</v></c></row></sheetData>'
_TWO = '<w:r><w:footnoteReference w:id="2"/></w:r>', '<w:r><w:endnoteReference w:id="2"/></w:r>'
_LISTS = rb"{\rtf1\ansi{\*\listtable{\list\listtemplateid1{\listlevel\levelnfc0\levelstartat1{\leveltext\'02\'00.;}{\levelnumbers\'01;}}{\listlevel\levelnfc23{\leveltext\'01\u8226 ?;}{\levelnumbers;}}\listid1}}{\*\listoverridetable{\listoverride\listid1\listoverridecount0\ls1}}{\listtext 1.\tab}\pard\ls1\ilvl0 Open the gate\par{\listtext \u8226 ?\tab}\pard\ls1\ilvl1 with oil\par{\listtext 2.\tab}\pard\ls1\ilvl0 Close it\par\pard The end.\par}"
_DOWN = rb"{\rtf1\ansi\trowd\clvmgf\cellx2000\cellx4000\cellx6000\pard\intbl North\cell Upper\cell 17\cell\row\trowd\clvmrg\cellx2000\cellx4000\cellx6000\pard\intbl\cell Lower\cell 9\cell\row\pard end\par}"


CASES = [
    Case("pdfminer 856: a table whose rows have cells of their own", "a.pdf", page(grid((60, 180, 300, 420, 540), (800, 775)), rules((60, 775, 60, 750), (180, 775, 180, 750), (540, 775, 540, 750), (60, 750, 540, 750)), grid((60, 180, 300, 420, 540), (750, 725)), cells((64, 184, 304, 424), 783, ("question 1", "answer 1", "question 2", "answer 2"), ("question 3", "answer 3"), ("question 4", "answer 4", "question 5", "answer 5"), step=25)), order=["question 1", "answer 1", "question 2", "answer 2", "question 3", "answer 3", "question 4", "answer 4", "question 5", "answer 5"]),
    Case("docling 1203: features and uses beside each other", "a.pdf", page(bold(72, 780, "KEY FEATURES"), bold(320, 780, "APPLICATIONS"), *(mark for n, (one, other) in enumerate(zip(_FEATURES, _USES, strict=True)) for mark in (text(72, 760 - 16 * n, f"• {one}"), text(320, 760 - 16 * n, f"• {other}"))), text(72, 670, *SENTENCES)), order=["KEY FEATURES", "Low loss of 1.2 dB", "Small package", "APPLICATIONS", "Test of instruments", "Radar", "The weir was built"]),
    Case("unstructured: two keys and values in a line", "a.pdf", page(bold(72, 780, "Application", size=16), *(mark for n, line in enumerate((("Name:", "Ann Weir", "Date:", "3 May 2024"), ("Street:", "Mill Lane 12", "Town:", "Lowmoor"), ("Boat:", "Marigold", "Length:", "7.5 m"))) for mark in (bold(72, 750 - 18 * n, line[0]), text(130, 750 - 18 * n, line[1]), bold(320, 750 - 18 * n, line[2]), text(380, 750 - 18 * n, line[3])))), matches=[r"Name:\W+Ann Weir", r"Date:\W+3 May 2024", r"Length:\W+7\.5 m", r"Town:\W+Lowmoor"]),
    Case("docling: years beside what happened", "a.pdf", page(bold(72, 780, "History", size=16), *(mark for n, (year, *lines) in enumerate((("1711", "The monks of the abbey build the weir, since they", "need its water for the mill below."), ("1784", "A flood takes the gate; it is built again of oak."), ("1911", "The council buys the weir and makes it a monument", "of the town."))) for mark in (bold(72, 750 - 40 * n, year), text(130, 750 - 40 * n, *lines)))), matches=[r"1711\W+The monks of the abbey build the weir, since they( |<br>)need its water", r"1784\W+A flood takes", r"1911\W+The council buys .* monument( |<br>)of the town\."]),
    Case("tabula: dishes with what is in them, and prices", "a.pdf", page(text(297, 790, "Mill Inn", size=20, align="c"), *(mark for n, (dish, what, price) in enumerate((("Trout of the weir", "with butter and almonds", "14.50"), ("Soup of the day", "ask the keeper", "6.00"), ("Bread of the mill", "baked each morning", "2.20"))) for mark in (bold(100, 750 - 40 * n, dish), text(100, 737 - 40 * n, what, size=9), text(495, 750 - 40 * n, price, align="r")))), matches=[r"Trout of the weir[\s\S]{0,60}14\.50", r"Bread of the mill[\s\S]{0,60}2\.20"], order=["Trout of the weir", "with butter and almonds", "Soup of the day", "ask the keeper", "Bread of the mill", "baked each morning"]),
    Case("unstructured: a letter whose sender stands at the right", "a.pdf", page(text(520, 800, "Harbour Office", "Mill Lane 12", "Lowmoor", size=10, align="r"), text(72, 720, "Ann Weir", "Quay 7", "Westquay"), text(520, 660, "3 May 2024", align="r"), bold(72, 630, "Your mooring"), text(72, 605, "Dear Ms Weir,"), text(72, 580, *SENTENCES), text(72, 510, "Yours sincerely")), order=["Harbour Office", "Mill Lane 12", "Lowmoor", "Ann Weir", "Quay 7", "Westquay", "3 May 2024", "Your mooring", "Dear Ms Weir,", "The weir was built", "Yours sincerely"]),
    Case("headrace: an index in three columns", "a.pdf", page(bold(72, 790, "Index", size=18), *(text(72 + 165 * k, 760, *words, size=10) for k, words in enumerate(_INDEX))), order=["abbey, 12", "dam, 23", "door, 32", "keeper, 43", "level, 52", "wheel, 63"]),
    Case("headrace: a text at the top of the page after a table", "a.pdf", pages([grid((72, 200, 330, 523), [800 - 20 * n for n in range(37)]), cells((76, 204, 334), 786, ("Part", "Count", "Place"), *_ROWS, step=20)], [text(76, 800, *SENTENCES), text(76, 740, *SENTENCES)]), rows=[["Part 35", "245", "shelf 0"]], matches=[r"^The weir was built in the year 1711 .* very day\.$"]),
    Case("opendataloader 584: rings below dots", "a.pdf", page(text(72, 780, "Bring these things:"), text(90, 762, "•"), text(104, 762, "boots of leather"), text(108, 746, "o", font="Courier"), text(126, 746, "with oil"), text(108, 730, "o", font="Courier"), text(126, 730, "with laces"), text(90, 714, "•"), text(104, 714, "bread for the day")), matches=[r"^[-*] boots of leather", r"^ +[-*] with oil", r"^ +[-*] with laces", r"^[-*] bread for the day"]),
    Case("docling: a list that goes on on the next page", "a.pdf", pages(*([text(72, 812, "Rules of the harbour", size=8), *(text(72, 780 - 24 * k, f"{k + 1 + 28 * n}.  Rule number {k + 1 + 28 * n} tells what a boat may do in the harbour.") for k in range(28)), text(297, 30, f"{n + 1}", size=8)] for n in range(4))), matches=[r"^28\. +Rule number 28", r"^29\. +Rule number 29", r"^112\. +Rule number 112"], no_match=[r"^Rules of the harbour$[\s\S]*^Rules of the harbour$"]),
    Case("docling: a caption above and a note below a table", "a.pdf", page(text(72, 790, *SENTENCES), text(72, 735, "Table 2. Levels of the river by gate", size=9), rules((72, 728, 523, 728), (72, 712, 523, 712), (72, 664, 523, 664)), cells((76, 250, 400), 716, ("Gate", "Spring", "Autumn"), ("North", "4.3", "1.1"), ("South", "3.9", "0.8"), ("West", "2.7", "0.4"), size=9, step=15), text(72, 652, "Note: levels in metres above the sill.", size=8), text(72, 625, *SENTENCES)), rows=[["Gate", "Spring", "Autumn"], ["West", "2.7", "0.4"]], order=["Table 2. Levels of the river by gate", "North", "Note: levels in metres above the sill.", "The weir was built"], no_match=[r"^\|.*(Table 2|Note:)"]),
    Case("documentcloud 292: a remark on a drawn shape", "a.pdf", raw("BT /F 11 Tf 72 700 Td (The rent is 650 a month.) Tj ET", "/Font<</F <</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>", page="/Annots[<</Type/Annot/Subtype/Square/Rect[70 690 220 715]/C[1 0 0]/T(Ann)/Contents(Too much for the pump house)>>]"), has=["The rent is 650 a month.", "Too much for the pump house"]),
    Case("docling: the head rows of a table in two tables below each other", "a.pdf", page(bold(72, 800, "North", size=13), grid((72, 220, 370, 523), (790, 770, 750)), cells((76, 224, 374), 776, ("Gate", "Turns", "State"), ("Upper", "17", "open"), step=20), bold(72, 725, "South", size=13), grid((72, 220, 370, 523), (715, 695, 675)), cells((76, 224, 374), 701, ("Gate", "Turns", "State"), ("Lower", "9", "shut"), step=20)), order=["North", "Upper", "South", "Lower"], count={"Turns": 2}, matches=[r"^#+ South$"]),
    Case("pandoc: sections that count as Article I", "a.docx", docx(para(run("Scope"), '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>') + paragraph("Words.") + para(run("Fees"), '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'), {"word/numbering.xml": f'<w:numbering {W}><w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="upperRoman"/><w:lvlText w:val="Article %1."/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num></w:numbering>'}), has=["Article I. Scope", "Article II. Fees"]),
    Case("docx: rows that a control repeats", "a.docx", docx(f"<w:tbl><w:tr>{cell(paragraph('Gate'))}{cell(paragraph('Turns'))}</w:tr><w:sdt><w:sdtPr/><w:sdtContent><w:sdt><w:sdtPr/><w:sdtContent><w:tr>{cell(paragraph('North'))}{cell(paragraph('17'))}</w:tr></w:sdtContent></w:sdt><w:sdt><w:sdtPr/><w:sdtContent><w:tr>{cell(paragraph('South'))}{cell(paragraph('9'))}</w:tr></w:sdtContent></w:sdt></w:sdtContent></w:sdt></w:tbl>"), rows=[["Gate", "Turns"], ["North", "17"], ["South", "9"]]),
    Case("docx: a note at the foot and one at the end", "a.docx", docx(para(run("A claim") + _TWO[0] + run(" and more") + _TWO[1] + run(".")), {"word/footnotes.xml": f"<w:footnotes {W}><w:footnote w:id='2'>{paragraph('At the foot.')}</w:footnote></w:footnotes>", "word/endnotes.xml": f"<w:endnotes {W}><w:endnote w:id='2'>{paragraph('At the end.')}</w:endnote></w:endnotes>"}, {"f": ("footnotes", "footnotes.xml"), "e": ("endnotes", "endnotes.xml")}), has=["At the foot.", "At the end."], order=["A claim", "and more"]),
    Case("python-pptx: columns that stand in the wrong order in the file", "a.pptx", deck(_shape("Right words", 6500000) + _shape("Left words", 500000)), order=["Left words", "Right words"]),
    Case("python-pptx: a shape that is hidden", "a.pptx", deck(_shape("Seen words", 500000) + _shape("Unseen words", 6500000, " hidden='1'")), has=["Seen words"], lacks=["Unseen words"], told="hidden"),
    Case("sheetjs: a truth, an error, a text by formula and a time of the system", "a.xlsx", xlsx({"S": _FLAGS}, styles="<numFmts><numFmt numFmtId='200' formatCode='[$-F400]h:mm:ss\\ AM/PM'/></numFmts><cellXfs><xf numFmtId='0'/><xf numFmtId='200'/></cellXfs>"), matches=[r"(?i)true \| #N/A \| TRUEx \| .*12:00(:00)?"]),
    Case("odfpy: a day without its text", "a.ods", opendocument("spreadsheet", "<table:table table:name='S'><table:table-row><table:table-cell office:value-type='string'><text:p>opened</text:p></table:table-cell><table:table-cell office:value-type='date' office:date-value='2024-03-15'/><table:table-cell office:value-type='float' office:value='2.5'/></table:table-row></table:table>"), rows=[["opened", "2024-03-15", "2.5"]]),
    Case("striprtf: a list in a list with its labels", "a.rtf", _LISTS, matches=[r"^1\. +Open the gate", r"^ +[-*] +with oil", r"^2\. +Close it"], has=["The end."]),
    Case("pandoc: cells of RTF merged downwards", "a.rtf", _DOWN, matches=[r"North.*Upper.*17", r"Lower.*9"], has=["end"]),
    Case("office_oxide 168: a text in two pieces", "a.doc", _pieces(), has=["The gate opens at noon – Größe."]),
    Case("calibre: a formula and a table of a chapter", "a.epub", book({"a.xhtml": chapter("<p>Area <math xmlns='http://www.w3.org/1998/Math/MathML'><mi>A</mi><mo>=</mo><msup><mi>r</mi><mn>2</mn></msup></math></p><table><tr><th>Gate</th><th>Turns</th></tr><tr><td>North</td><td>17</td></tr></table>")}), rows=[["North", "17"]], matches=[r"A *= *r *(\^|\*\*|²)"]),
    Case("ics: further days and a length", "a.ics", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20240501T080000Z\r\nDURATION:PT1H30M\r\nRDATE:20240508T080000Z,20240515T080000Z\r\nSUMMARY:Watch\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", has=["Watch", "2024-05-08", "2024-05-15"], matches=[r"09:30|1 ?h|90 ?min|PT1H30M|1:30"]),
    Case("mailcow: an answer to an invitation", "a.eml", mail('Content-Type: multipart/alternative; boundary="b0"', "--b0\r\nContent-Type: text/plain\r\n\r\nAnn has accepted.\r\n--b0\r\nContent-Type: text/calendar; method=REPLY\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20240501T080000Z\r\nSUMMARY:Watch of the gate\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@e.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n--b0--\r\n"), has=["Ann has accepted.", "Watch of the gate"], lacks=["BEGIN:VEVENT"]),
    Case("mailparser: a page that is sent inline as a file", "a.eml", mail('Content-Type: multipart/mixed; boundary="b0"', '--b0\r\nContent-Type: text/html; charset=utf-8; name="message.html"\r\nContent-Disposition: inline; filename="message.html"\r\n\r\n<h1>Plan</h1><p>Words of the page.</p>\r\n--b0--\r\n'), has=["Words of the page."], lacks=["<p>"]),
    Case("tika: a mail and a table in a tarball", "a.tar.gz", tarball({"mails/a.eml": mail("Content-Type: text/plain", "Words of the mail."), "b.csv": b"gate,turns\nnorth,17\n"}), has=["Words of the mail."], rows=[["north", "17"]]),
    Case("zip: the same name twice", "a.zip", zipped({"a/notes.txt": "First words.", "b/notes.txt": "Second words."}), has=["First words.", "Second words."]),
]  # fmt: skip
