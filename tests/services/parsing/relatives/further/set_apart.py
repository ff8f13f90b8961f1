# ruff: noqa: E501 (a page reads best on one line)
"""What stands beside or within a text: cards, boxes, notes in the margin, raised marks, lines from right to left."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.neighbours.drawing import (
    SENTENCES,
    Mark,
    bold,
    box,
    cells,
    page,
    text,
)
from tests.services.parsing.relatives.rebuilt.fonts import to_unicode
from tests.services.parsing.relatives.rebuilt.prints import raw

_BESIDE = (
    "The station keeps a record of every turn of",
    "the gates, and the record is read once a year",
    "by the council. Nobody has found a mistake in",
    "it so far, though the ink of the oldest pages",
    "has begun to fade away.",
)
_BELOW = (
    "gates, and the record is read once a year by the council. Nobody has found a mistake",
    "in it so far, though the ink of the oldest pages has begun to fade away.",
)
_HINT = ("Bring boots and bread, and do", "not forget that the last boat", "leaves at seven.")
_CARD = (
    "Built in {} of oak and stone by",
    "the monks, who kept it well until",
    "the flood of that year came.",
)


def pieces(x: float, y: float, *parts: tuple[str, float, float], font: str = "Times-Roman") -> Mark:
    """A line of pieces, each with its size and how far it is raised."""

    def draw(c: Canvas) -> None:
        at = x
        for part, size, rise in parts:
            c.setFont(font, size)
            c.drawString(at, y + rise, part)
            at += c.stringWidth(part, font, size)

    return draw


def card(x: float, y: float, number: int, framed: bool) -> list[Mark]:
    drawn = [
        bold(x, y, f"Gate {number}", size=14),
        text(x, y - 26, *(one.format(1700 + number) for one in _CARD), size=12, step=14),
    ]
    return [*drawn, box(x - 6, y - 66, 215, 86)] if framed else drawn


def cards(framed: bool) -> bytes:
    return page(
        *(mark for n in range(4) for mark in card(72 + 237 * (n % 2), 780 - 110 * (n // 2), n + 1, framed))
    )


def placed(*runs: tuple[float, float, str], size: int = 12) -> bytes:
    """Runs of signs as a page shows them, each at its place, half the size of the type wide."""
    letters = list(dict.fromkeys("".join(line for _, _, line in runs)))
    at = {letter: n for n, letter in enumerate(letters, 1)}
    drawn = "".join(
        f"BT /U {size} Tf {x} {y} Td <{''.join(f'{at[c]:04x}' for c in line)}> Tj ET " for x, y, line in runs
    )
    return raw(
        drawn,
        "/Font<</U 5 0 R>>",
        objects=[
            "<</Type/Font/Subtype/Type0/BaseFont/None/Encoding/Identity-H/DescendantFonts[6 0 R]/ToUnicode 7 0 R>>",
            "<</Type/Font/Subtype/CIDFontType2/BaseFont/None/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor 8 0 R/DW 500>>",
            to_unicode(letters),
            "<</Type/FontDescriptor/FontName/None/Flags 4/FontBBox[0 -200 1000 900]/Ascent 900/Descent -200/ItalicAngle 0/CapHeight 700/StemV 80>>",
        ],
    )


def shown(line: str) -> str:
    """A line from right to left as a page shows it, with the numbers in their own order."""
    return " ".join(word if word.isascii() else word[::-1] for word in line.split()[::-1])


def column(x: float, y: float, *parts: tuple[str, Sequence[str]]) -> list[Mark]:
    marks = []
    for head, lines in parts:
        marks += [bold(x, y, head, size=15), text(x, y - 24, *lines, size=10)]
        y -= 24 + 12.5 * len(lines) + 14
    return marks


def linked() -> bytes:
    """Links whose boxes end before the comma, and within the brackets."""
    parts = (("See ", ""), ("the record", "a"), (", and read it (", ""), ("that one", "b"), (").", ""))

    def draw(c: Canvas) -> None:
        c.setFont("Helvetica", 11)
        c.drawString(72, 780, "".join(part for part, _ in parts))
        x = 72.0
        for part, name in parts:
            wide = c.stringWidth(part, "Helvetica", 11)
            if name:
                c.linkURL(f"https://example.org/{name}", (x, 777, x + wide, 790))
            x += wide

    return page(draw)


_RIGHTS = (
    "The keeper opens the gate each morning",
    "at seven and closes it at night, when the",
    "last boat of the town has come home.",
)
_OTHERS = (
    "Nobody may swim in the basin while the",
    "gate moves. The council says when boats",
    "may pass, and what they pay for it.",
)

CASES = [
    Case("MinerU 3917: cards in frames, each with a title", "a.pdf", cards(framed=True), matches=[r"^#+ Gate 1$", r"^#+ Gate 4$"], order=["Gate 1", "Built in 1701 of oak and stone by the monks, who kept it well until the flood of that year came.", "Gate 2", "Built in 1702 of oak and stone by the monks, who kept it well", "Gate 3", "Built in 1703", "Gate 4", "Built in 1704"]),
    Case("MinerU 3917: the same without frames", "a.pdf", cards(framed=False), matches=[r"^#+ Gate 1$", r"^#+ Gate 4$"], order=["Gate 1", "Built in 1701", "Gate 2", "Built in 1702", "Gate 3", "Built in 1703", "Gate 4", "Built in 1704"]),
    Case("marker: a text that runs around a box of advice", "a.pdf", page(bold(72, 800, "Trip", size=20), text(72, 770, *_BESIDE, "The station keeps a record of every turn of the", step=14), box(365, 690, 158, 96, 0.9), bold(372, 768, "Hint", size=13), text(372, 748, *_HINT, size=10), text(72, 686, *_BELOW)), count={"though the ink of the oldest pages has begun to fade away.": 2, "every turn of the gates, and the record is read once a year by the council.": 2}, has=["Bring boots and bread, and do not forget that the last boat leaves at seven."]),
    Case("docling 3643: notes in small type beside paragraphs of three lines", "a.pdf", page(text(72, 780, "Built by the", "monks", size=9), text(165, 778, *SENTENCES, size=10), text(72, 722, "Rebuilt in 1784", size=9), text(165, 720, *SENTENCES, size=10)), has=["Built by the monks", "Rebuilt in 1784"], count={"The weir was built in the year 1711 by the monks of the abbey, who needed its water for the mill below. It was rebuilt": 2}),
    Case("opendataloader 384: headings at one height in two columns", "a.pdf", page(*column(72, 780, ("Gates", _RIGHTS), ("Locks", _OTHERS), ("Fees", _RIGHTS)), *column(310, 780, ("Boats", _OTHERS), ("Lamps", _RIGHTS), ("Ropes", _OTHERS))), matches=[rf"^#+ {name}$" for name in ("Gates", "Locks", "Fees", "Boats", "Lamps", "Ropes")]),
    Case("pypdf 2045: marks that are little smaller than their text", "a.pdf", page(pieces(72, 780, ("The gate", 12, 0), ("1", 10.7, 4), (" is open, and so is the lock.", 12, 0), ("2", 10.7, 4)), pieces(72, 760, ("It holds 10", 12, 0), ("6", 10.7, 4), (" litres.", 12, 0))), matches=[r"The gate\[1\] is open, and so is the lock\.\[2\]", r"10\^6 litres"]),
    Case("grobid: a mark behind a year and its full stop", "a.pdf", page(pieces(72, 780, ("The gate was built in 1711.", 12, 0), ("1", 8, 4), (" It was rebuilt in 1784.", 12, 0), ("2", 8, 4))), no_match=[r"1711\.1", r"1784\.2\b"], has=["The gate was built in 1711."]),
    Case("tabula: a table of single words in small letters", "a.pdf", page(text(72, 800, *SENTENCES), cells((72, 130, 190), 740, ("part", "stuff", "who"), ("sill", "oak", "keeper"), ("frame", "iron", "smith"), ("chain", "steel", "keeper"), size=11, step=17)), rows=[["part", "stuff", "who"], ["sill", "oak", "keeper"], ["chain", "steel", "keeper"]]),
    Case("pdf-inspector 498: a year that a letter is joined to, in brackets", "a.pdf", placed((72, 700, shown("הסכר נבנה ב 1711 על ידי נזירים").replace("1711 ב", "1711-ב"))), has=["הסכר נבנה ב-1711 על ידי נזירים"]),
    Case("pdf.js: a name in Latin letters within a line of Hebrew", "a.pdf", placed((72, 700, f".15:30 {'לפני'[::-1]} PDF Reader 2.0 {'את'[::-1]} {'התקן'[::-1]}")), has=["התקן את PDF Reader 2.0 לפני 15:30."]),
    Case("pdfmake: arrows and crosses as bullets", "a.pdf", placed(*((72, 700 - 16 * n, line) for n, line in enumerate(("Bring these things:", "→ boots of leather", "→ bread for the day", "→ a rope of ten metres")))), matches=[r"^[-*] boots of leather", r"^[-*] bread for the day", r"^[-*] a rope"]),
    Case("docling 1448: numbers close below a dot that is set in", "a.pdf", page(text(92, 780, "•", "•", size=12, step=14.4), text(103, 780, "boots", "bread", size=12, step=14.4), text(115, 740, "-", size=12), text(133, 740, "rye", size=12), text(89, 725, "1.", "2.", size=12, step=14.4), text(103, 725, "Open", "Close", size=12, step=14.4)), matches=[r"^[-*] bread", r"^ +[-*] rye$", r"^1\. +Open", r"^2\. +Close"]),
    Case("pdf_oxide 1453: signs behind the words of links", "a.pdf", linked(), matches=[r"\[the record\]\(https://example\.org/a\), ", r"\(\[that one\]\(https://example\.org/b\)\)\."]),
]  # fmt: skip
