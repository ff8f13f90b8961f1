# ruff: noqa: E501 (a table reads best on one line)
"""Pages as programs set them: flowing paragraphs, lists and tables, and what other tools make of them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from reportlab.lib.colors import black, lightgrey  # type: ignore[import-untyped]
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet  # type: ignore[import-untyped]
from reportlab.platypus import (  # type: ignore[import-untyped]
    BaseDocTemplate,
    Frame,
    ListFlowable,
    ListItem,
    PageTemplate,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
)

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.neighbours.drawing import SENTENCES, bold, cells, page, rules, text
from tests.services.parsing.relatives.rebuilt.fonts import coded

_STYLES = getSampleStyleSheet()
_BODY, _HEAD = _STYLES["BodyText"], _STYLES["Heading1"]
_SMALL = ParagraphStyle("small", parent=_BODY, fontSize=9, leading=11)
_TEXT = " ".join(SENTENCES)
GRID = ("GRID", (0, 0), (-1, -1), 0.5, black)
BELOW = ("LINEBELOW", (0, 0), (-1, -1), 0.5, black)
MIDDLE = ("VALIGN", (0, 0), (-1, -1), "MIDDLE")
HEAD = ("LINEBELOW", (0, 0), (-1, 0), 0.8, black)


def doc(*parts: Any) -> bytes:
    held = io.BytesIO()
    SimpleDocTemplate(held, pagesize=A4).build(list(parts))
    return held.getvalue()


def in_columns(*parts: Any, gutter: float = 12) -> bytes:
    held = io.BytesIO()
    template = BaseDocTemplate(held, pagesize=A4)
    wide = (template.width - gutter) / 2
    frames = [
        Frame(
            template.leftMargin + n * (wide + gutter),
            template.bottomMargin,
            wide,
            template.height,
            0,
            0,
            0,
            0,
        )
        for n in (0, 1)
    ]
    template.addPageTemplates(PageTemplate(frames=frames))
    template.build(list(parts))
    return held.getvalue()


def head(line: str) -> Any:
    return Paragraph(line, _HEAD)


def para(line: str = _TEXT, style: Any = _BODY) -> Any:
    return Paragraph(line, style)


def table(rows: Sequence[Sequence[Any]], *look: Any, wide: Sequence[float] | None = None, **more: Any) -> Any:
    return Table([list(row) for row in rows], colWidths=wide, style=list(look), **more)


def wrapped(rows: Sequence[Sequence[str]]) -> list[list[Any]]:
    return [[Paragraph(cell, _SMALL) for cell in row] for row in rows]


def items(*lines: Any, kind: str = "bullet", **more: Any) -> Any:
    held = [one if not isinstance(one, str) else ListItem(Paragraph(one, _BODY)) for one in lines]
    return ListFlowable(held, bulletType=kind, **more)


_DUTIES = (
    ("Duty", "Meaning", "Hours"),
    (
        "Watch",
        "The keeper watches the gate by day and tells the council of the town what he saw on the river",
        "8",
    ),
    ("Record", "He writes the level of the water into the book each morning and each evening", "1"),
    ("Repair", "He mends what is broken", "3"),
)
_RIGHTS = [[row[0], " ".join(row[1].split()), row[2]] for row in _DUTIES]
_CASH = (
    ("", "2024", "", "2023", ""),
    ("Cash", "$", "1,234", "$", "987"),
    ("Boats", "", "12,400", "", "11,950"),
    ("Total", "$", "13,634", "$", "12,937"),
)
_HEBREW = "הסכר נבנה בשנת 1711 ונסגר (לפי סעיף 3) ב-15.3.2024"
#: The same as a page shows it, from left to right.
_SEEN = "15.3.2024-ב )3 ףיעס יפל( רגסנו 1711 תנשב הנבנ רכסה"
_THAI = ("ประตูน้ำเปิดทุกเช้าเวลาเจ็ดโมง", "และปิดตอนเย็น")

CASES = [
    Case("pdfmake 1079: a cell over three rows", "a.pdf", doc(head("Values"), table([("Header 1", "Header 2", "Header 3"), ("spans three", "Sample 2", "Sample 3"), ("", "Sample 4", "Sample 5"), ("", "Sample XY", "Sample 7")], GRID, ("SPAN", (0, 1), (0, 3))), para()), order=["Header 1", "spans three", "Sample 2", "Sample 3", "Sample 4", "Sample 5", "Sample XY", "Sample 7"], count={"spans three": 1}, matches=[r"Sample 4.*Sample 5"]),
    Case("camelot 143: heads and cells of several lines between rules", "a.pdf", doc(table(wrapped([("Gate", "Multi-line head of the second column", "Level"), ("North", "Multi-line value that needs two lines at least", "4.3"), ("South", "one line", "3.9")]), BELOW, wide=(80, 120, 60))), rows=[["Gate", "Multi-line head of the second column", "Level"], ["North", "Multi-line value that needs two lines at least", "4.3"], ["South", "one line", "3.9"]]),
    Case("camelot 393: wrapped texts without rules below a head", "a.pdf", doc(head("Duties"), table(wrapped(_DUTIES), HEAD, wide=(80, 220, 60))), rows=_RIGHTS[1:]),
    Case("camelot 393: the same with labels in the middle of their rows", "a.pdf", doc(head("Duties"), table(wrapped(_DUTIES), BELOW, MIDDLE, wide=(80, 220, 60))), rows=_RIGHTS),
    Case("tabula 1099: cells of several lines in a grid", "a.pdf", doc(table(wrapped(_DUTIES), GRID, wide=(60, 120, 50))), rows=_RIGHTS),
    Case("markitdown 213: a small table between paragraphs", "a.pdf", doc(para(), table([("Name", "Age", "Town"), ("Ann", "41", "Lowmoor"), ("Bob", "7", "Westquay")], ("BACKGROUND", (0, 0), (-1, 0), lightgrey), ("FONTNAME", (0, 0), (-1, 0), "Helvetica-Bold")), para()), rows=[["Name", "Age", "Town"], ["Ann", "41", "Lowmoor"], ["Bob", "7", "Westquay"]]),
    Case("MinerU 4867: a table over two pages without its head again", "a.pdf", doc(head("Parts"), table([("Part", "Count", "Place"), *((f"Part {n}", str(7 * n), f"shelf {n % 5}") for n in range(1, 61))], GRID)), rows=[["Part", "Count", "Place"], ["Part 1", "7", "shelf 1"], ["Part 60", "420", "shelf 0"]], count={"Count": 1}),
    Case("PyMuPDF 3675: cells that are empty in turn", "a.pdf", doc(table([("Step", "In", "Out", "Note"), ("Open", "2.0", "", "by hand"), ("", "", "3.0", ""), ("Close", "", "", "at night")], GRID)), rows=[["Open", "2.0", "", "by hand"], ["", "", "3.0", ""], ["Close", "", "", "at night"]]),
    Case("pdfplumber 620: a signature at the end of the first of two columns", "a.pdf", in_columns(*(para() for _ in range(11)), para("Published by:"), para("Maria da Silva"), para("Code: 997E1F4B"), head("Second notice"), *(para() for _ in range(6)), gutter=20), order=["Published by:", "Maria da Silva", "Code: 997E1F4B", "Second notice"]),
    Case("opendataloader 150: questions and answers behind their letters", "a.pdf", page(*(mark for n, (q, a) in enumerate((("Who opens the gate in the morning, and when does he do it", "The keeper does, at seven.", ), ("May boats pass at night", "No."))) for mark in (bold(72, 780 - 60 * n, "Q:"), text(92, 780 - 60 * n, q + "?"), bold(72, 762 - 60 * n, "A:"), text(92, 762 - 60 * n, a)))), order=["Q:", "Who opens the gate in the morning", "A:", "The keeper does, at seven.", "Q:", "May boats pass at night?", "A:", "No."]),
    Case("pdf_oxide 1310: two columns of prose with a narrow gutter", "a.pdf", in_columns(head("On weirs"), *(para(f"Paragraph {n}. {_TEXT}") for n in range(1, 16)), gutter=10), order=["Paragraph 1. The weir", "Paragraph 2. The weir", "Paragraph 9. The weir", "Paragraph 15. The weir"]),
    Case("tabula: signs of dollars far before their sums", "a.pdf", doc(head("Balance"), table(_CASH, HEAD, ("ALIGN", (2, 0), (2, -1), "RIGHT"), ("ALIGN", (4, 0), (4, -1), "RIGHT"), wide=(150, 15, 60, 15, 60))), matches=[r"Cash[ |]+\$[ |]*1,234[ |]+\$[ |]*987", r"Boats[ |]+12,400[ |]+11,950", r"Total[ |]+\$[ |]*13,634[ |]+\$[ |]*12,937"]),
    Case("camelot: figures whose thousands a blank parts", "a.pdf", page(bold(72, 800, "Kosten", size=13), cells((72, -260, -360), 775, ("Posten", "2023", "2024"), ("Tor", "1 234,50", "12 345,00"), ("Seil", "987,00", "1 002,75"), ("Summe", "2 221,50", "13 347,75"))), rows=[["Tor", "1 234,50", "12 345,00"], ["Seil", "987,00", "1 002,75"], ["Summe", "2 221,50", "13 347,75"]]),
    Case("tabula: a sum below a rule in bold", "a.pdf", doc(table([("Item", "Price"), ("Seal", "120.00"), ("Rope", "15.50"), ("Total", "135.50")], HEAD, ("LINEABOVE", (0, -1), (-1, -1), 1, black), ("FONTNAME", (0, -1), (-1, -1), "Helvetica-Bold"))), rows=[["Item", "Price"], ["Seal", "120.00"], ["Rope", "15.50"], ["Total", "135.50"]]),
    Case("pdfplumber: two tables of other columns below each other", "a.pdf", page(cells((72, 200, 330), 800, ("Gate", "Turns", "State"), ("North", "17", "open"), ("South", "9", "shut")), text(72, 735, *SENTENCES), cells((72, 160, 250, 340, 430), 680, ("Day", "Low", "High", "Mean", "Rain"), ("Mon", "1.1", "4.3", "2.7", "0"), ("Tue", "0.9", "3.9", "2.4", "12"))), rows=[["Gate", "Turns", "State"], ["South", "9", "shut"], ["Day", "Low", "High", "Mean", "Rain"], ["Tue", "0.9", "3.9", "2.4", "12"]]),
    Case("docling: lines of a certificate in the middle of the page", "a.pdf", page(text(297, 780, "Certificate", size=26, align="c"), text(297, 740, "This is to say that", align="c"), text(297, 715, "Ann Weir", size=18, align="c"), text(297, 690, "has kept the gate for ten years.", align="c"), text(297, 640, "Lowmoor, 3 May 2024", align="c")), matches=[r"^#+ Certificate$"], order=["Certificate", "This is to say that", "Ann Weir", "has kept the gate for ten years.", "Lowmoor, 3 May 2024"], no_match=[r"years\. Lowmoor"]),
    Case("marker: chapters whose number stands over their name", "a.pdf", page(text(72, 790, "CHAPTER ONE", size=12), bold(72, 768, "The First Flood", size=18), text(72, 740, *SENTENCES), text(72, 660, "CHAPTER TWO", size=12), bold(72, 638, "The Second Flood", size=18), text(72, 610, *SENTENCES)), matches=[r"^#+ .*The First Flood$", r"^#+ .*The Second Flood$"], has=["CHAPTER ONE", "CHAPTER TWO"]),
    Case("docling: headings in capitals of the size of the text", "a.pdf", page(bold(72, 790, "INTRODUCTION"), text(72, 770, *SENTENCES), bold(72, 710, "METHODS AND DATA"), text(72, 690, *SENTENCES)), matches=[r"^#+ INTRODUCTION$", r"^#+ METHODS AND DATA$"]),
    Case("pdf.js: Thai over two lines has no blank between them", "a.pdf", coded(*map(tuple, _THAI), size=18), has=["".join(_THAI)]),
    Case("tabula: raised letters of notes behind figures", "a.pdf", page(cells((72, -220, -320), 800, ("Gate", "Level", "Flow"), ("North", "4.3", "1,204"), ("South", "3.9", "877")), text(221, 787, "a", size=6), text(321, 771, "b", size=6), text(72, 740, "a measured by hand", "b without the flood", size=8)), matches=[r"North \| 4\.3[^|\d]{0,5} \| 1,204", r"South \| 3\.9 \| 877[^|\d]{0,5} \|"], has=["measured by hand", "without the flood"]),
    Case("unstructured: a letter with a list of what is enclosed", "a.pdf", page(text(72, 790, "Dear Ms Weir,"), text(72, 765, *SENTENCES), text(72, 700, "Enclosed:"), text(90, 685, "- one form", "- two photos of the gate"), text(72, 640, "Yours sincerely,"), text(72, 600, "B. Brook", "Harbour master")), matches=[r"^[-*] one form", r"^[-*] two photos of the gate"], order=["Dear Ms Weir,", "Enclosed:", "one form", "Yours sincerely,", "B. Brook", "Harbour master"]),
    Case("grobid: an abstract in a narrower block", "a.pdf", page(text(297, 800, "On the age of weirs", size=18, align="c"), text(297, 775, "Ann Weir and Bob Brook", align="c"), bold(297 - 26, 750, "Abstract"), text(110, 735, "We tell the age of nine weirs by their oak and", "compare it with what the books of the abbey", "say. Two of them are older than they should be.", size=10), bold(72, 680, "1 Introduction", size=13), text(72, 660, *SENTENCES)), matches=[r"^# On the age of weirs$", r"^#+ 1 Introduction$"], order=["Ann Weir and Bob Brook", "Abstract", "We tell the age of nine weirs by their oak and compare it with what the books of the abbey say.", "1 Introduction"]),
    Case("docling 2164: code between paragraphs", "a.pdf", page(text(72, 790, *SENTENCES), text(90, 735, "def level(gate):", "    if gate.open:", "        return 4.3", "    return 1.1", size=9, font="Courier"), text(72, 670, *SENTENCES)), matches=[r"^```\w*\ndef level\(gate\):\n    if gate\.open:\n        return 4\.3\n    return 1\.1\n```"]),
    Case("tabula 632: columns that share a head above", "a.pdf", doc(table([("Gate", "Level", "", "Flow", ""), ("", "Spring", "Autumn", "Spring", "Autumn"), ("North", "4.3", "1.1", "120", "14"), ("South", "3.9", "0.8", "98", "11")], GRID, ("SPAN", (1, 0), (2, 0)), ("SPAN", (3, 0), (4, 0)), ("SPAN", (0, 0), (0, 1)))), rows=[["North", "4.3", "1.1", "120", "14"], ["South", "3.9", "0.8", "98", "11"]], count={"Level": 1, "Flow": 1, "Gate": 1}),
    Case("xberg: terms in bold before what they mean", "a.pdf", doc(head("Terms"), para("<b>Weir.</b> A low dam across a river."), para("<b>Sill.</b> The upper edge of a weir, over which the water runs when the river is full and the gates are open."), para("<b>Gate.</b> What opens it.")), order=["Weir.", "A low dam across a river.", "Sill.", "The upper edge of a weir", "Gate.", "What opens it."], no_match=[r"^#+ (Weir|Sill|Gate)"]),
    Case("pdfplumber: a form in two columns of fields with lines", "a.pdf", page(bold(72, 800, "Claim", size=16), text(72, 770, "Surname"), text(150, 770, "Weir"), rules((148, 767, 290, 767)), text(310, 770, "First name"), text(390, 770, "Ann"), rules((388, 767, 523, 767)), text(72, 745, "Policy no."), text(150, 745, "4471-K"), rules((148, 742, 290, 742)), text(310, 745, "Date of loss"), text(390, 745, "3 May 2024"), rules((388, 742, 523, 742))), matches=[r"Surname\W+Weir", r"First name\W+Ann", r"Policy no\.\W+4471-K", r"Date of loss\W+3 May 2024"]),
    Case("tabula: a week whose days are columns and whose hours are rows", "a.pdf", doc(table([("", "Mon", "Tue", "Wed"), ("8:00", "Open the gate", "", "Open the gate"), ("12:00", "", "Read the level", ""), ("19:30", "Close the gate", "Close the gate", "")], GRID)), rows=[["8:00", "Open the gate", "", "Open the gate"], ["12:00", "", "Read the level", ""], ["19:30", "Close the gate", "Close the gate", ""]]),
    Case("docling: a table that stands within the items of a list", "a.pdf", doc(para("1. Read the table:"), table([("Gate", "Turns"), ("North", "17"), ("South", "9")], GRID), Spacer(1, 6), para("2. Turn the wheel.")), rows=[["Gate", "Turns"], ["South", "9"]], matches=[r"^1\. +Read the table:", r"^2\. +Turn the wheel\."]),
    Case("pypdf 1296: Hebrew with brackets, a year and a day", "a.pdf", coded(tuple(_SEEN)), has=[_HEBREW]),
]  # fmt: skip
