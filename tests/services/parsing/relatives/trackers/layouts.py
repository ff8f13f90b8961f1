# ruff: noqa: E501 (content streams read best on one line)
"""PDFs whose pages are laid out so that other tools mix, break or lose what stands on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.rebuilt.fonts import show
from tests.services.parsing.relatives.rebuilt.prints import LINES, pdf, raw, text_at

_PLANS = (
    ("Age", "Plan A", "Plan F"),
    ("65", "1,599", "1,971"),
    ("66", "1,603", "1,980"),
    ("67", "1,624", "2,003"),
)
_OTHERS = (("Gate", "Turns"), ("North", "17"), ("South", "9"))


def _cells(
    c: Canvas, xs: Sequence[float], y: float, rows: Sequence[Sequence[str]], step: float = 16
) -> float:
    for row in rows:
        for x, cell in zip(xs, row, strict=False):
            c.drawString(x, y, cell)
        y -= step
    return y


def _side_by_side(c: Canvas) -> None:
    text_at(c, 72, 780, LINES)
    _cells(c, (72, 120, 180), 700, _PLANS)
    _cells(c, (330, 420), 692, _OTHERS)


def _matrix_table(c: Canvas) -> None:
    c.setFont("Helvetica", 8)
    c.drawString(72, 810, "Owner's guide")
    c.setFont("Helvetica", 11)
    c.saveState()
    c.translate(180, 700)
    c.rotate(-90)
    c.drawString(0, 40, "Table 4. Capacities")
    _cells(
        c,
        (0, 160, 300),
        10,
        (
            ("Fluid", "Capacity", "Part"),
            ("Engine oil", "6.0 quarts", "Motor oil 5W-20"),
            ("Engine coolant", "18.6 quarts", "Gold coolant"),
            ("Washer fluid", "fill as needed", "Premium washer"),
        ),
    )
    c.restoreState()


def _comb(c: Canvas) -> None:
    text_at(c, 72, 780, LINES)
    for label, letters, y in (("Surname", "MUELLER", 700), ("Tax number", "471123456", 670)):
        c.drawString(72, y, label)
        for n, letter in enumerate(letters):
            c.rect(170 + 18 * n, y - 5, 18, 18)
            c.drawCentredString(179 + 18 * n, y, letter)


def _comb_of_ticks(c: Canvas) -> None:
    """Boxes that share a base line with short strokes between the letters."""
    text_at(c, 72, 780, LINES)
    for label, letters, y in (("Name of the boat", "MARIGOLD", 700), ("Port", "LOWMOOR", 670)):
        c.drawString(72, y, label)
        c.line(200, y - 4, 200 + 16 * len(letters), y - 4)
        for n in range(len(letters) + 1):
            c.line(200 + 16 * n, y - 4, 200 + 16 * n, y + 4)
        for n, letter in enumerate(letters):
            c.drawCentredString(208 + 16 * n, y, letter)


def _dash_and_dot(c: Canvas) -> None:
    y = text_at(c, 72, 780, ["What to bring to the weir:"])
    for word in ("boots", "bread and cheese", "a rope of ten metres"):
        c.drawString(90, y, "-")
        c.drawString(100, y, "•")
        c.drawString(112, y, word)
        y -= 16


def _dot_twice(c: Canvas) -> None:
    y = text_at(c, 72, 780, ["What to bring to the weir:"])
    for word in ("boots", "bread and cheese", "a rope of ten metres"):
        c.circle(95, y + 3, 2, fill=1)
        c.drawString(93, y, "•")
        c.drawString(108, y, word)
        y -= 16


def _narrow(c: Canvas) -> None:
    text_at(c, 72, 780, LINES)
    c.grid([72, 142, 262, 382], [600, 640, 680, 700])
    c.setFont("Helvetica", 10)
    for x, cells in ((76, ("Name", "Jane Miller", "Bob Brook")), (266, ("Port", "Lowmoor", "Westquay"))):
        for cell, y in zip(cells, (686, 666, 626), strict=True):
            c.drawString(x, y, cell)
    c.drawString(146, 686, "Mail")
    for lines, y in (
        (("jane.miller-harbour@h", "arbour.example.org"), 666),
        (("bob.brook-harbour@ha", "rbour.example.org"), 626),
    ):
        text_at(c, 146, y, lines, 12)


def _struck(c: Canvas) -> None:
    y = 780.0
    for line in (
        "The tenant pays the rent at the start of each month.",
        "The tenant may keep a dog in the house if it is small.",
        "The landlord mends the roof, the gutters and the doors.",
        "The keys are handed over at noon of the first day.",
    ):
        c.drawString(72, y, line)
        if "dog" in line or "keys" in line:
            c.line(72, y + 3.5, 72 + c.stringWidth(line, "Helvetica", 11), y + 3.5)
        y -= 22


def _bullets_in_cells(c: Canvas) -> None:
    text_at(c, 72, 800, LINES)
    xs, ys = [72, 200, 360, 523], [560, 620, 680, 720, 740]
    c.grid(xs, ys)
    c.setFont("Helvetica", 9)
    for y, *cells in (
        (728, ("Field",), ("Uses",), ("Watched by",)),
        (708, ("Education",), ("• access to schools", "• marks of exams"), ("• council",)),
        (668, ("Employment",), ("• hiring", "• tasks by behaviour", "• dismissal"), ("• union", "• court")),
        (608, ("Migration",), ("• visas", "• asylum"), ("• border guard",)),
    ):
        for x, lines in zip(xs, cells, strict=False):
            text_at(c, x + 4, y, lines, 12)


def _hanging(c: Canvas) -> None:
    y = 780.0
    for number, lines in (
        (
            "1.3.1",
            (
                "The contractor shall submit the latest records of calibration, and",
                "work may only proceed after they are approved.",
            ),
        ),
        (
            "1.3.2",
            ("The keeper signs each of the records, on paper and by hand, before", "the gate is moved."),
        ),
        ("1.3.3", ("Copies are kept for ten years.",)),
    ):
        c.drawString(72, y, number)
        y = text_at(c, 150, y, lines) - 8


def _tight_bullets(c: Canvas) -> None:
    text_at(
        c,
        72,
        780,
        [
            "Humidity",
            "•10% minimum (non-condensing)",
            "•95% maximum (non-condensing)",
            "•3 m of cable in the box",
        ],
        16,
    )


def _raised_it(c: Canvas) -> None:
    y = text_at(c, 72, 780, LINES)
    for word, rest in (
        ("It", "was 54 years ago, in Prague in August 1934, that I first came to a"),
        ("It", "is uninspiring to read the minutes of a congress so many years later"),
    ):
        c.drawString(72, y + 1.6, word)
        c.drawString(84, y, rest)
        y -= 14
    text_at(c, 72, y, ["and to find that nothing was said there."])


def _jitter(c: Canvas) -> None:
    text_at(c, 72, 780, LINES)
    y = 700.0
    for n, row in enumerate(
        (
            ("Cell", "Lower", "Upper", "Unit"),
            ("Red", "4.3", "5.8", "10^12/L"),
            ("White", "3.5", "9.5", "10^9/L"),
            ("Plate", "125", "350", "10^9/L"),
        )
    ):
        for k, cell in enumerate(row):
            c.drawString(72 + 110 * k, y + ((k * 7 + n * 3) % 4 - 1.5), cell)
        y -= 17


def _footer(at: int) -> Callable[[Canvas], None]:
    def draw(c: Canvas) -> None:
        text_at(
            c,
            72,
            780,
            [f"Line {n} of page {at} tells how part {n * at} of the boat is kept." for n in range(36)],
            18,
        )
        c.setFont("Helvetica", 8)
        text_at(c, 72, 60, ["2011 Crown Victoria (cro)", "Owners Guide, 3rd Printing", "USA (fus)"], 10)

    return draw


def _cell_over_pages(first: bool) -> Callable[[Canvas], None]:
    def draw(c: Canvas) -> None:
        if first:
            c.grid([72, 180, 523], [60, 100, 130, 150])
            c.drawString(76, 136, "Duty")
            c.drawString(186, 136, "Meaning")
            c.drawString(76, 112, "Watch")
            c.drawString(186, 112, "The keeper watches the gate by day.")
            c.drawString(76, 84, "Record")
            text_at(
                c,
                186,
                84,
                ["The keeper writes the level of the water into", "the book each morning, and"],
                13,
            )
            text_at(
                c,
                72,
                790,
                [f"Line {n} of the page before the table tells of the weir and its gate." for n in range(34)],
                18,
            )
        else:
            c.grid([72, 180, 523], [720, 750, 790])
            text_at(c, 186, 776, ["signs below the last line, so that nobody", "adds a word."], 13)
            c.drawString(76, 732, "Report")
            c.drawString(186, 732, "The keeper reports once a year.")

    return draw


def _empty_column(first: bool) -> Callable[[Canvas], None]:
    def draw(c: Canvas) -> None:
        rows = [(f"Part {n}", str(n * 3), "seen" if n == 2 else "") for n in range(1, 9)]
        y0 = 780 if not first else 200
        count = 9
        c.grid([72, 220, 360, 523], [y0 - 20 * n for n in range(count + 1)])
        body = [
            ("Part", "Count", "Remark"),
            *(rows if first else [(f"Part {n}", str(n * 3), "") for n in range(9, 17)]),
        ]
        _cells(c, (78, 226, 366), y0 - 14, body, 20)
        if first:
            text_at(
                c,
                72,
                790,
                [f"Line {n} before the table tells of parts of the boat and of the gate." for n in range(31)],
                18,
            )

    return draw


def _receipt(c: Canvas) -> None:
    c.setFont("Courier", 8)
    lines = (
        "      MILL SHOP",
        "   Weir Lane 12, Lowmoor",
        "------------------------------",
        "Flour, fine  2 x 1.20     2.40",
        "Bran                     12.50",
        "Oats         3 x 0.95     2.85",
        "------------------------------",
        "TOTAL                    17.75",
        "CASH                     20.00",
        "CHANGE                    2.25",
        "",
        "   Thank you for your visit",
    )
    text_at(c, 10, 280, lines, 11)


def _leaders(c: Canvas) -> None:
    text_at(c, 72, 780, ["Fees of the harbour from the first of May on, for boats of all kinds:"])
    y = 750.0
    for name, price in (
        ("Gate fee", "12.50"),
        ("Night on the quay", "8.00"),
        ("Water, per ton", "1.20"),
        ("Power, per day", "3.75"),
    ):
        c.drawString(72, y, name + " " + "." * (70 - len(name)))
        c.drawRightString(420, y, price)
        y -= 18


def _small_caps(c: Canvas) -> None:
    x = 72.0
    for word in ("The", "Weir", "Of", "Lowmoor"):
        for part, size in ((word[0], 16), (word[1:].upper(), 12)):
            c.setFont("Helvetica-Bold", size)
            c.drawString(x, 780, part)
            x += c.stringWidth(part, "Helvetica-Bold", size)
        x += 5
    c.setFont("Helvetica", 11)
    text_at(c, 72, 740, LINES)


def _raised_ordinals(c: Canvas) -> None:
    text_at(c, 72, 780, LINES)
    x, y = 72.0, 720.0
    for part, size, lift in (
        ("On the 21", 11, 0),
        ("st", 7, 4),
        (" of March the water held 3 mg of CO", 11, 0),
        ("2", 7, -2),
        (" per litre.", 11, 0),
    ):
        c.setFont("Helvetica", size)
        c.drawString(x, y + lift, part)
        x += c.stringWidth(part, "Helvetica", size)


def _close_runs(c: Canvas) -> None:
    """Addresses whose parts are set by themselves, a third of a letter apart."""
    text_at(c, 72, 780, LINES)
    for y, parts in (
        (700, ("2018", "MME CORINNE BERTHIER", "4 RUE DU TEST", "75013 PARIS")),
        (680, ("2019", "M PAUL MARTIN", "12 QUAI DU PORT", "69043 LYON")),
    ):
        x = 72.0
        for part in parts:
            c.drawString(x, y, part)
            x += c.stringWidth(part, "Helvetica", 11) + 3.5


def _link(c: Canvas) -> None:
    x = 72.0
    text_at(c, 72, 780, LINES)
    for part in ("The land belongs to the ", "Mill Trust", " after the flood of that year."):
        width = c.stringWidth(part, "Helvetica", 11)
        if "Trust" in part:
            c.linkURL("https://example.org/mill", (x, 697, x + width, 711))
        c.drawString(x, 700, part)
        x += width


def _up_from_below(c: Canvas) -> None:
    for n, line in reversed(list(enumerate(LINES))):
        for word, x in reversed([(w, 72 + 48 * k) for k, w in enumerate(line.split()[:8])]):
            c.drawString(x, 780 - 14 * n, word)


def _footnotes(c: Canvas) -> None:
    text_at(
        c,
        72,
        780,
        [
            "The weir was built in the year 1711 by the monks of the abbey, who",
            "needed its water for the mill below. It was rebuilt twice.",
        ],
    )
    c.setFont("Helvetica", 7)
    c.drawString(343, 770, "1")
    c.line(72, 120, 200, 120)
    c.drawString(72, 110, "1")
    c.setFont("Helvetica", 8)
    text_at(
        c,
        78,
        107,
        [
            "The dates are those of the survey of 1911, which calls the second of the floods",
            "the greater one, and gives no year for the first.",
        ],
        10,
    )


CASES = [
    Case("pdfminer.six 664: two tables beside each other whose lines are not level", "a.pdf", pdf(_side_by_side), rows=[["Age", "Plan A", "Plan F"], ["67", "1,624", "2,003"], ["Gate", "Turns"], ["North", "17"], ["South", "9"]]),
    Case("pdf_oxide 981: a table without rules that stands sideways by its matrix", "a.pdf", pdf(_matrix_table), rows=[["Engine oil", "6.0 quarts", "Motor oil 5W-20"], ["Washer fluid", "fill as needed", "Premium washer"]], has=["Owner's guide"]),
    Case("PyPDFForm 270: letters in boxes of their own", "a.pdf", pdf(_comb), matches=["MUELLER", "471123456"]),
    Case("KillerPDF 158: letters above a comb", "a.pdf", pdf(_comb_of_ticks), matches=["MARIGOLD", "LOWMOOR"]),
    Case("opendataloader 584: a dash and a dot before an item", "a.pdf", pdf(_dash_and_dot), matches=[r"^[-*] +boots", r"^[-*] +a rope"], no_match=[r"- +[•-]"]),
    Case("opendataloader 584: a dot that is drawn and typed", "a.pdf", pdf(_dot_twice), matches=[r"^[-*] +boots", r"^[-*] +a rope"], no_match=[r"- +[•-]"]),
    Case("pdfme 29: addresses of mail that a narrow cell breaks", "a.pdf", pdf(_narrow), rows=[["Jane Miller", "jane.miller-harbour@harbour.example.org", "Lowmoor"], ["Bob Brook", "bob.brook-harbour@harbour.example.org", "Westquay"]]),
    Case("opendataloader 417: lines that are struck out are no table", "a.pdf", pdf(_struck), order=["The tenant pays", "keep a dog", "mends the roof", "The keys are"], no_match=[r"^\|"]),
    Case("anydoc 173: bulleted lists in the cells of a table", "a.pdf", pdf(_bullets_in_cells), order=["Education", "access to schools", "marks of exams", "council", "Employment", "hiring", "tasks by behaviour", "dismissal", "union", "court", "Migration", "visas", "asylum", "border guard"], matches=[r"^\| Employment \|.*hiring.*dismissal.*\|.*union.*court"]),
    Case("docling 3198: numbers far before their paragraphs", "a.pdf", pdf(_hanging), matches=[r"1\.3\.1 +The contractor shall submit the latest records of calibration, and work may only proceed", r"1\.3\.3 +Copies"], no_match=[r"^\|"]),
    Case("pymupdf4llm 224: bullets without a blank before figures", "a.pdf", pdf(_tight_bullets), matches=[r"^- 10% minimum", r"^- 95% maximum", r"^- 3 m of cable"]),
    Case("pymupdf4llm 185: the first word of a line stands a little higher", "a.pdf", pdf(_raised_it), has=["It was 54 years ago", "It is uninspiring"]),
    Case("pdf_oxide 316: cells whose heights differ by a point or two", "a.pdf", pdf(_jitter), rows=[["Red", "4.3", "5.8"], ["White", "3.5", "9.5"], ["Plate", "125", "350"]]),
    Case("xberg 1220: a foot of three lines on each page", "a.pdf", pdf(*(_footer(n) for n in range(1, 7))), has=["Line 35 of page 6"], lacks=["Owners Guide, 3rd Printing", "USA (fus)"], no_match=[r"^\|"]),
    Case("docling 1611: a cell that goes on on the next page", "a.pdf", pdf(_cell_over_pages(True), _cell_over_pages(False)), matches=[r"^\| Record \|.*each morning, and signs below the last line, so that nobody adds a word"], rows=[["Report", "The keeper reports once a year."]]),
    Case("docling 1470: a column that is empty on the next page", "a.pdf", pdf(_empty_column(True), _empty_column(False)), rows=[["Part 2", "6", "seen"], ["Part 16", "48", ""]], count={"Remark": 1}),
    Case("docling: a receipt of a till", "a.pdf", pdf(_receipt, size=(226, 300)), order=["MILL SHOP", "Flour, fine", "2.40", "Bran", "12.50", "TOTAL", "17.75", "Thank you"], matches=[r"Bran.*12\.50", r"CHANGE.*2\.25"]),
    Case("pdfminer.six 869: prices behind leaders", "a.pdf", pdf(_leaders), matches=[r"Gate fee.{0,8}12\.50", r"Power, per day.{0,8}3\.75"], lacks=["....."]),
    Case("pdf_oxide 646: a title in small capitals", "a.pdf", pdf(_small_caps), has=["THE WEIR OF LOWMOOR"]),
    Case("pypdf 2045: raised letters of an ordinal and a lowered figure", "a.pdf", pdf(_raised_ordinals), matches=[r"21(st|\^\{?st\}?\^?|<sup>st</sup>) of March", r"CO(2|_\{?2\}?|~2~|₂|<sub>2</sub>) per litre"]),
    Case("pdfminer.six 565: parts of an address that stand close", "a.pdf", pdf(_close_runs), has=["2018 MME CORINNE BERTHIER 4 RUE DU TEST 75013 PARIS"]),
    Case("pdf_oxide 1453: a link on words within a line", "a.pdf", pdf(_link), has=["[Mill Trust](https://example.org/mill) after"]),
    Case("pdf_oxide 211: words that are drawn from the last to the first", "a.pdf", pdf(_up_from_below), order=["The weir was built in the year 1711", "needed its water for the mill below.", "floods, and is kept as a monument"]),
    Case("pdf_oxide 1302: a footnote of two lines", "a.pdf", pdf(_footnotes), order=["for the mill below", "rebuilt twice", "The dates are those of the survey of 1911, which calls the second of the floods the greater one"]),
    Case("docling-parse 74: a page that is turned and cropped", "a.pdf", raw("q 0 1 -1 0 595 0 cm " + show(*LINES, y=400) + " Q", page="/Rotate 90/CropBox[20 20 575 822]"), order=["The weir was built", "needed its water", "floods, and is kept"]),
]  # fmt: skip
