# ruff: noqa: E501 (content streams read best on one line)
"""PDFs of everyday programs: letters, papers, bills, forms, timetables, minutes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reportlab.lib.colors import HexColor, white  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.rebuilt.prints import LINES, pdf, text_at

_PROSE = (
    "The weir was built in the year 1711 by the monks of the abbey, who",
    "needed its water for the mill below. It was rebuilt twice after great",
    "floods, and is kept as a monument by the council of the town today.",
    "Each spring the keeper opens its gates for a week, so that the fish",
    "can pass, and writes the level of the water into a book each noon.",
)


def _bold(c: Canvas, x: float, y: float, text: str, size: float = 11) -> None:
    c.setFont("Helvetica-Bold", size)
    c.drawString(x, y, text)
    c.setFont("Helvetica", 11)


def _right(c: Canvas, xs: Sequence[float], y: float, cells: Sequence[str]) -> None:
    for x, cell in zip(xs, cells, strict=True):
        c.drawRightString(x, y, cell)


def _sidebar(c: Canvas) -> None:
    c.setFillColor(HexColor("#dddddd"))
    c.rect(400, 560, 150, 230, stroke=0, fill=1)
    c.setFillColor(HexColor("#000000"))
    c.setFont("Helvetica", 10)
    text_at(c, 72, 780, [f"Line {n} of the main text tells of the mill and the gate" for n in range(18)], 13)
    _bold(c, 410, 770, "Did you know?")
    c.setFont("Helvetica", 9)
    text_at(c, 410, 750, ["The oldest gate of the", "river is made of oak and", "is three metres wide."], 12)


def _letter(c: Canvas) -> None:
    text_at(c, 72, 800, ["Miller & Sons", "Weir Lane 12", "Lowmoor"])
    text_at(c, 72, 720, ["Ann Weir", "Harbour Office", "Westquay 3"])
    c.drawRightString(523, 660, "Lowmoor, 12 March 2024")
    _bold(c, 72, 630, "Repair of the north gate")
    text_at(c, 72, 600, ["Dear Ms Weir,"])
    text_at(c, 72, 580, _PROSE)
    text_at(c, 72, 490, ["Yours sincerely,", "", "A. Miller"])
    text_at(c, 72, 430, ["Enclosure: plan of the gate"])


def _minutes(c: Canvas) -> None:
    _bold(c, 72, 790, "Minutes of the council", 16)
    y = 760.0
    for label, value in (
        ("Date:", "4 May 2024"),
        ("Place:", "Town hall, upper floor"),
        ("Present:", "Ann Weir, Bob Brook, Carl Mill"),
    ):
        c.drawString(72, y, label)
        c.drawString(150, y, value)
        y -= 16
    for n, (head, line) in enumerate(
        (
            ("Opening", "The chair opens the meeting at seven."),
            ("Gates", "The north gate is to be mended before June."),
            ("Fees", "The fee for a night rises to eight euros."),
        ),
        1,
    ):
        _bold(c, 72, y - 14, f"{n}. {head}", 12)
        text_at(c, 72, y - 34, [line])
        y -= 56


def _merged(c: Canvas) -> None:
    text_at(c, 72, 800, LINES)
    for y in (730, 690, 670, 650):
        c.line(72, y, 472, y)
    c.line(172, 710, 472, 710)
    for x in (72, 172, 472):
        c.line(x, 650, x, 730)
    for x in (272, 372):
        c.line(x, 650, x, 710)
    c.drawString(78, 705, "Gate")
    c.drawCentredString(322, 716, "Turns in the year")
    for x, text in ((178, "2022"), (278, "2023"), (378, "2024")):
        c.drawString(x, 696, text)
    for y, row in ((676, ("North", "17", "18", "21")), (656, ("South", "9", "8", "11"))):
        for x, cell in zip((78, 178, 278, 378), row, strict=True):
            c.drawString(x, y, cell)


def _zebra(c: Canvas) -> None:
    text_at(c, 72, 800, LINES)
    y = 720.0
    for n, row in enumerate(
        (
            ("Part", "Price", "Stock"),
            ("Seal, 40 mm", "12.50", "8"),
            ("Pump, small", "980.00", "1"),
            ("Rope, 10 m", "18.20", "25"),
            ("Lamp, oil", "44.00", "3"),
        )
    ):
        if n % 2:
            c.setFillColor(HexColor("#eeeeee"))
            c.rect(72, y - 5, 400, 18, stroke=0, fill=1)
            c.setFillColor(HexColor("#000000"))
        c.drawString(76, y, row[0])
        c.drawRightString(330, y, row[1])
        c.drawRightString(460, y, row[2])
        y -= 18


def _dark_head(c: Canvas) -> None:
    text_at(c, 72, 800, LINES)
    c.setFillColor(HexColor("#203050"))
    c.rect(72, 713, 400, 20, stroke=0, fill=1)
    c.setFillColor(white)
    for x, text in ((78, "Port"), (200, "Boats"), (320, "Berths")):
        c.drawString(x, 719, text)
    c.setFillColor(HexColor("#000000"))
    for y, row in (
        (699, ("Westquay", "41", "60")),
        (681, ("Lowmoor", "17", "20")),
        (663, ("Eastquay", "9", "12")),
    ):
        for x, cell in zip((78, 200, 320), row, strict=True):
            c.drawString(x, y, cell)


def _timetable(c: Canvas) -> None:
    _bold(c, 72, 800, "Ferry times", 14)
    c.setFont("Helvetica", 9)
    y = 770.0
    for row in (
        ("Westquay", "07:10", "08:10", "09:40", "12:15"),
        ("Lowmoor", "07:32", "08:32", "10:02", "12:37"),
        ("Mill bridge", "–", "08:45", "10:15", "–"),
        ("Eastquay", "07:58", "09:01", "10:31", "13:03"),
    ):
        c.drawString(72, y, row[0])
        for k, cell in enumerate(row[1:]):
            c.drawRightString(220 + 50 * k, y, cell)
        y -= 15


def _two_lines_in_cells(c: Canvas) -> None:
    text_at(c, 72, 800, LINES)
    c.grid([72, 170, 350, 470], [600, 640, 680, 700])
    c.setFont("Helvetica", 10)
    for x, lines, y in (
        (76, ["Task"], 686),
        (174, ["What to do"], 686),
        (354, ["Who"], 686),
        (76, ["Gate"], 664),
        (174, ["Open it by hand before", "the tide turns"], 666),
        (354, ["keeper"], 664),
        (76, ["Pump"], 624),
        (174, ["Grease both bearings", "once a month"], 626),
        (354, ["mate"], 624),
    ):
        text_at(c, x, y, lines, 13)


def _report(c: Canvas) -> None:
    _bold(c, 72, 800, "1 Water", 16)
    text_at(c, 72, 775, _PROSE)
    _bold(c, 72, 690, "1.1 Level", 13)
    text_at(c, 72, 668, _PROSE[:3])
    _bold(c, 72, 610, "1.1.1 Gauge at the lock", 11)
    text_at(c, 72, 592, _PROSE[2:])
    _bold(c, 72, 530, "2 Fish", 16)
    text_at(c, 72, 505, _PROSE)


def _code(c: Canvas) -> None:
    text_at(c, 72, 790, ["Run the following commands to read the gauge:"])
    c.setFont("Courier", 9)
    text_at(
        c,
        90,
        760,
        ["def level(gauge):", "    if gauge is None:", "        return 0", "    return gauge * 2.5"],
        11,
    )
    c.setFont("Helvetica", 11)
    text_at(c, 72, 700, ["The level is then printed in metres."])


def _nested_list(c: Canvas) -> None:
    text_at(c, 72, 790, ["Before the tide turns, the keeper has to do this:"])
    y = 768.0
    for depth, mark, text in (
        (0, "1.", "open the north gate"),
        (1, "a)", "by hand if the motor fails"),
        (1, "b)", "never at night"),
        (0, "2.", "sound the horn"),
        (0, "3.", "shut the sluice of the mill"),
    ):
        c.drawString(90 + 22 * depth, y, mark)
        c.drawString(108 + 22 * depth, y, text)
        y -= 16


def _definition(c: Canvas) -> None:
    y = 790.0
    for term, lines in (
        ("Race", ("The channel that brings the water", "to the wheel of a mill.")),
        ("Sluice", ("A gate that slides up and down.",)),
        ("Weir", ("A low wall across a river, over", "which the water runs.")),
    ):
        _bold(c, 72, y, term)
        y = text_at(c, 160, y, lines) - 6


def _form_lines(c: Canvas) -> None:
    _bold(c, 72, 800, "Application for a berth", 14)
    y = 760.0
    for label, value in (
        ("Name", "Ann Weir"),
        ("Boat", "Marigold"),
        ("Length", "8.40 m"),
        ("Phone", "0123 4567"),
    ):
        c.drawString(72, y, label)
        c.line(140, y - 3, 400, y - 3)
        c.drawString(144, y, value)
        y -= 26
    text_at(c, 72, y, ["I have read the rules of the harbour and agree to them."])


def _equation(c: Canvas) -> None:
    text_at(c, 72, 790, _PROSE[:3])
    c.setFont("Times-Italic", 12)
    c.drawString(200, 730, "Q = v A")
    c.setFont("Helvetica", 11)
    c.drawRightString(523, 730, "(1)")
    text_at(c, 72, 700, ["where v is the speed of the water and A the area of the gate."])


def _figure_caption(c: Canvas) -> None:
    text_at(c, 72, 800, _PROSE)
    c.setStrokeColor(HexColor("#444444"))
    for n in range(6):
        c.circle(200 + 30 * n, 640, 12)
        c.line(200, 600, 350, 690 - 10 * n)
    c.setFont("Helvetica", 9)
    c.drawString(72, 560, "Figure 1. The wheels of the mill, seen from the race.")
    c.setFont("Helvetica", 11)
    text_at(c, 72, 530, _PROSE)


def _page(at: int) -> Callable[[Canvas], None]:
    def draw(c: Canvas) -> None:
        c.setFont("Helvetica", 8)
        c.drawString(72, 815, "Harbour rules, third edition")
        c.drawRightString(523, 815, "Council of Lowmoor")
        c.drawCentredString(297, 30, f"Page {at} of 4")
        c.setFont("Helvetica", 11)
        text_at(
            c,
            72,
            780,
            [f"Rule {at}.{n} says that a boat of class {n} keeps to the right." for n in range(1, 30)],
            22,
        )

    return draw


def _long_table(at: int) -> Callable[[Canvas], None]:
    def draw(c: Canvas) -> None:
        top = 780
        rows = [
            ("Day", "Level", "Rain"),
            *((f"{at}-{n:02}", f"{n * 0.1 + at:.1f}", str(n)) for n in range(1, 36)),
        ]
        c.grid([72, 200, 330, 460], [top - 20 * n for n in range(len(rows) + 1)])
        for n, row in enumerate(rows):
            for x, cell in zip((78, 206, 336), row, strict=True):
                c.drawString(x, top - 14 - 20 * n, cell)

    return draw


def _centred_columns(c: Canvas) -> None:
    text_at(c, 72, 800, LINES)
    y = 730.0
    for row in (
        ("Rank", "Boat", "Points"),
        ("1", "Marigold", "17"),
        ("2", "Brook", "9"),
        ("3", "Lady of the Weir", "8"),
    ):
        for x, cell in zip((120, 260, 400), row, strict=True):
            c.drawCentredString(x, y, cell)
        y -= 17


def _negative(c: Canvas) -> None:
    _bold(c, 72, 800, "Income statement")
    y = 775.0
    for label, a, b in (
        ("", "2024", "2023"),
        ("Fees", "12,340", "11,020"),
        ("  Berths", "9,120", "8,400"),
        ("  Water", "3,220", "2,620"),
        ("Wages", "(7,800)", "(7,100)"),
        ("Result", "4,540", "3,920"),
    ):
        c.drawString(72 + (12 if label.startswith(" ") else 0), y, label.strip())
        c.drawRightString(360, y, a)
        c.drawRightString(460, y, b)
        if label == "Wages":
            c.line(310, y - 4, 360, y - 4)
            c.line(410, y - 4, 460, y - 4)
        y -= 16


def _quote(c: Canvas) -> None:
    text_at(c, 72, 790, _PROSE[:3])
    text_at(
        c,
        108,
        735,
        ["“The water gives and the water takes,” the old keeper", "used to say when the gates were shut."],
    )
    text_at(c, 72, 690, _PROSE[3:])


def _banner(c: Canvas) -> None:
    c.setFillColor(HexColor("#103060"))
    c.rect(0, 760, 595, 82, stroke=0, fill=1)
    c.setFillColor(white)
    c.setFont("Helvetica-Bold", 22)
    c.drawString(72, 795, "Harbour news")
    c.setFont("Helvetica", 11)
    c.drawString(72, 772, "Issue 4, May 2024")
    c.setFillColor(HexColor("#000000"))
    text_at(c, 72, 720, _PROSE)


def _checklist(c: Canvas) -> None:
    _bold(c, 72, 800, "Before you leave", 14)
    y = 770.0
    for ticked, text in ((True, "The gas is off"), (False, "The lamp is filled"), (True, "The rope is dry")):
        c.rect(74, y - 1, 9, 9)
        c.setFillGray(1)  # a white ground is no tick
        c.rect(75, y, 7, 7, stroke=0, fill=1)
        c.setFillGray(0)
        if ticked:
            c.line(74, y - 1, 83, y + 8)
            c.line(83, y - 1, 74, y + 8)
        c.drawString(92, y, text)
        y -= 18


def _price_columns(c: Canvas) -> None:
    _bold(c, 72, 800, "Fees 2024", 14)
    for x, rows in (
        (72, (("Night", "8.00"), ("Week", "50.00"), ("Month", "180.00"))),
        (320, (("Water", "1.20"), ("Power", "3.75"), ("Crane", "40.00"))),
    ):
        y = 770.0
        for label, price in rows:
            c.drawString(x, y, label)
            c.drawRightString(x + 150, y, price)
            y -= 16


def _abstract(c: Canvas) -> None:
    c.setFont("Helvetica-Bold", 17)
    c.drawCentredString(297, 800, "On the age of weirs in the upper valley")
    c.setFont("Helvetica", 11)
    c.drawCentredString(297, 778, "Ann Weir and Bob Brook")
    c.setFont("Helvetica", 9)
    c.drawCentredString(297, 764, "University of Lowmoor")
    c.setFont("Helvetica-Bold", 10)
    c.drawCentredString(297, 740, "Abstract")
    c.setFont("Helvetica", 9)
    text_at(
        c,
        110,
        724,
        [
            "We date nine weirs of the upper valley by the rings of their oak. The oldest",
            "of them is from 1711, and none is younger than the great flood of 1846.",
        ],
        11,
    )
    for x, tag in ((72, "first"), (310, "second")):
        text_at(c, x, 680, [f"The {tag} column of the paper has line {n} here." for n in range(20)], 11)


def _italic_terms(c: Canvas) -> None:
    x = 72.0
    for font, part in (
        ("Helvetica", "The word "),
        ("Helvetica-Oblique", "race"),
        ("Helvetica", " means a channel, and "),
        ("Helvetica-Bold", "weir"),
        ("Helvetica", " means a wall."),
    ):
        c.setFont(font, 11)
        c.drawString(x, 780, part)
        x += c.stringWidth(part, font, 11)
    c.setFont("Helvetica", 11)
    text_at(c, 72, 740, _PROSE)


CASES = [
    Case("marker: a box beside the text", "a.pdf", pdf(_sidebar), order=["Line 0 of the main text", "Line 17 of the main text"], has=["The oldest gate of the river is made of oak and is three metres wide."], no_match=[r"gate.*Did you know", r"main text.*oldest gate of"]),
    Case("unstructured: a letter", "a.pdf", pdf(_letter), order=["Miller & Sons", "Weir Lane 12", "Ann Weir", "Westquay 3", "12 March 2024", "Repair of the north gate", "Dear Ms Weir,", "Yours sincerely", "A. Miller", "Enclosure"], no_match=[r"^\|"]),
    Case("docling 521: the minutes of a meeting", "a.pdf", pdf(_minutes), order=["Minutes of the council", "Date:", "4 May 2024", "Present:", "Carl Mill", "1. Opening", "The chair opens", "3. Fees", "rises to eight euros"], matches=[r"Date:.*4 May 2024", r"Place:.*Town hall, upper floor", r"^#+ 2\. Gates"]),
    Case("pymupdf4llm 396: a head over three columns", "a.pdf", pdf(_merged), rows=[["North", "17", "18", "21"], ["2022", "2023", "2024"]], count={"Turns in the year": 1}),
    Case("camelot: rows on grey in turns", "a.pdf", pdf(_zebra), rows=[["Part", "Price", "Stock"], ["Seal, 40 mm", "12.50", "8"], ["Lamp, oil", "44.00", "3"]]),
    Case("pymupdf4llm 262: a head in white on a dark band", "a.pdf", pdf(_dark_head), rows=[["Port", "Boats", "Berths"], ["Westquay", "41", "60"], ["Eastquay", "9", "12"]]),
    Case("camelot: times of a ferry without a head", "a.pdf", pdf(_timetable), rows=[["Westquay", "07:10", "08:10", "09:40", "12:15"], ["Mill bridge", "–", "08:45", "10:15", "–"]]),
    Case("tabula 580: cells of two lines", "a.pdf", pdf(_two_lines_in_cells), rows=[["Gate", "Open it by hand before the tide turns", "keeper"], ["Pump", "Grease both bearings once a month", "mate"]]),
    Case("docling: levels of headings by size and number", "a.pdf", pdf(_report), matches=[r"^# 1 Water$", r"^## 1\.1 Level$", r"^### 1\.1\.1 Gauge at the lock$", r"^# 2 Fish$"]),
    Case("docling: lines of code", "a.pdf", pdf(_code), matches=[r"```[\s\S]*def level\(gauge\):\n    if gauge is None:\n        return 0\n    return gauge \* 2\.5\n```"], has=["The level is then printed in metres."]),
    Case("opendataloader 584: a list in a list", "a.pdf", pdf(_nested_list), matches=[r"^1\. +open the north gate", r"^ +[-*]? *a\) +by hand|^ +- +a\) by hand", r"^2\. +sound the horn", r"^3\. +shut the sluice"]),
    Case("docling: words and what they mean", "a.pdf", pdf(_definition), matches=[r"Race.*The channel that brings the water to the wheel of a mill\.", r"Weir.*A low wall across a river, over which the water runs\."]),
    Case("unstructured: a form that was filled in", "a.pdf", pdf(_form_lines), matches=[r"Name[ |:*]*Ann Weir", r"Boat[ |:*]*Marigold", r"Phone[ |:*]*0123 4567"], has=["I have read the rules"]),
    Case("marker: an equation with its number", "a.pdf", pdf(_equation), order=["council of the town today", "Q = v A", "(1)", "where v is the speed"]),
    Case("docling: a drawing with a caption", "a.pdf", pdf(_figure_caption), has=["Figure 1. The wheels of the mill, seen from the race."], count={"Each spring the keeper": 2}),
    Case("pdf-inspector: heads and feet of four pages", "a.pdf", pdf(*(_page(n) for n in range(1, 5))), lacks=["Page 2 of 4", "Page 4 of 4"], count={"Harbour rules, third edition": 0, "Council of Lowmoor": 0}, has=["Rule 4.29"]),
    Case("docling 1470: a table over three pages", "a.pdf", pdf(*(_long_table(n) for n in (1, 2, 3))), rows=[["1-01", "1.1", "1"], ["3-35", "6.5", "35"]], count={"Level": 1}),
    Case("pymupdf 4170: columns that are centred", "a.pdf", pdf(_centred_columns), rows=[["Rank", "Boat", "Points"], ["1", "Marigold", "17"], ["3", "Lady of the Weir", "8"]]),
    Case("opendataloader 463: a statement with brackets", "a.pdf", pdf(_negative), rows=[["Fees", "12,340", "11,020"], ["Wages", "(7,800)", "(7,100)"], ["Result", "4,540", "3,920"]]),
    Case("pymupdf4llm: a quotation that is indented", "a.pdf", pdf(_quote), has=["the old keeper used to say when the gates were shut."]),
    Case("markitdown: a banner in white on blue", "a.pdf", pdf(_banner), has=["Harbour news", "Issue 4, May 2024", "The weir was built in the year 1711"]),
    Case("docling: boxes that are drawn and crossed", "a.pdf", pdf(_checklist), order=["The gas is off", "The lamp is filled", "The rope is dry"], matches=[r"☒ The gas is off", r"☐ The lamp is filled", r"☒ The rope is dry"], no_match=["off The lamp"]),
    Case("pdfminer 664: prices in two pairs of columns", "a.pdf", pdf(_price_columns), matches=[r"Night[ |]*8\.00", r"Month[ |]*180\.00", r"Water[ |]*1\.20", r"Crane[ |]*40\.00"]),
    Case("marker: the first page of a paper", "a.pdf", pdf(_abstract), order=["# On the age of weirs in the upper valley", "Ann Weir and Bob Brook", "Abstract", "We date nine weirs", "great flood of 1846.", "The first column of the paper has line 19", "The second column of the paper has line 0"]),
    Case("pymupdf4llm: words in italics and bold", "a.pdf", pdf(_italic_terms), matches=[r"The word [_*]*race[_*]* means a channel, and [_*]*weir[_*]* means a wall\."]),
]  # fmt: skip
