# ruff: noqa: E501 (a page reads best on one line)
"""Pages that other tools take apart: code in boxes, titles above facts, answers and sources."""

from __future__ import annotations

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.neighbours.drawing import (
    SENTENCES,
    Mark,
    bold,
    box,
    cells,
    page,
    pages,
    rules,
    text,
)

_GATE = (
    "def opened(gate):",
    "    if gate.locked:",
    "        return False",
    "",
    "    for bolt in gate.bolts:",
    "        bolt.turn(17)",
    "    return True",
)
_LISTING = "```\n" + "\n".join(_GATE) + "\n```"


def mono(x: float, y: float, *lines: str, font: str = "Courier") -> Mark:
    return text(x, y, *lines, size=9, font=font, step=12)


_SOURCES = (
    (
        "[1]",
        "A. Weir and B. Brook. How the weirs of the upper river were built, and what the floods of three",
        "hundred years have left of them. Journal of Mills, 4, 1911.",
    ),
    ("[2]", "C. Lake. On gates. Lowmoor: Harbour Press, 1924."),
    (
        "[3]",
        "D. Quay and E. Sluice. A model of the flow through gates that are half open, with tables for",
        "keepers. Proceedings of the Congress on Water, 1936.",
    ),
)

CASES = [
    Case("pdf2md 68: code between two rules, with a comment in italics", "a.pdf", page(text(72, 780, "The keeper wrote this:"), rules((72, 768, 520, 768), (72, 670, 520, 670)), box(72, 670, 448, 98, 0.93), mono(80, 755, *_GATE), mono(204, 695, "# turns it", font="Courier-Oblique"), text(72, 650, "It opens the gate.")), matches=[r"^def opened\(gate\):\n    if gate\.locked:\n        return False\n\n    for bolt in gate\.bolts:\n        bolt\.turn\(17\) +# turns it\n    return True$"]),
    Case("docling 2164: blank lines of code stay", "a.pdf", page(text(72, 780, "The keeper wrote this:"), mono(80, 755, *_GATE), text(72, 640, "It opens the gate.")), has=["It opens the gate."], matches=[_LISTING.replace("(", r"\(").replace(")", r"\)")]),
    Case("docling 2164: listings far below each other stay two", "a.pdf", page(mono(80, 780, *_GATE[:3]), mono(80, 700, "gate = open(17)", "gate.close(0)")), matches=[r"return False\n```\n\n```\ngate = open"]),
    Case("xberg: a table in a typescript between two rules", "a.pdf", page(rules((72, 768, 520, 768), (72, 700, 520, 700)), mono(80, 755, f"{'Gate':<12}{'Keeper':<14}Turns", f"{'North':<12}{'Ann':<14}17", f"{'South':<12}{'Bob':<14}9", f"{'West':<12}{'Carla':<14}42")), rows=[["North", "Ann", "17"], ["West", "Carla", "42"]]),
    Case("docling 1225: a title in the middle above facts in columns", "a.pdf", page(text(297, 790, "MINUTES OF THE MEETING", size=16, font="Helvetica-Bold", align="c"), cells((72, 157), 766, ("Date:", "12 March 2024"), ("Place:", "Hall of the mill"), ("Present:", "Ann Weir (chair), Bob Brook, Carla Lake"), size=11, step=20), bold(72, 690, "1. Opening", size=12), text(72, 670, "The chair opens the meeting at seven.")), matches=["^# MINUTES OF THE MEETING$", r"^## 1\. Opening$"], rows=[["Date:", "12 March 2024"], ["Place:", "Hall of the mill"]]),
    Case("MinerU: answers behind capitals, one below the other", "a.pdf", page(text(72, 780, "1. Who opens the gate?"), text(100, 764, "A. the keeper", "B. the miller", "C. nobody"), text(72, 710, "2. When is it closed?"), text(100, 694, "A. at noon", "B. at nine", "C. never")), matches=[r"^A\. the keeper$", r"^B\. the miller$", r"^C\. never$", r"^2\. When is it closed\?$"]),
    Case("grobid: sources whose second lines hang", "a.pdf", page(bold(72, 790, "References", size=14), *(mark for n, (label, *lines) in enumerate(_SOURCES) for mark in (text(72, 765 - 32 * n, label, size=10), text(90, 765 - 32 * n, *lines, size=10)))), has=["floods of three hundred years have left", "with tables for keepers."], matches=[r"^\\?\[2\\?\] C\. Lake\. On gates\."]),
    Case("pymupdf4llm 190: numbers of invoices at the top of pages", "a.pdf", pages(*([text(72, 800, f"Invoice {1001 + n}", size=10), text(72, 760, f"To customer {'ABCDE'[n]}.", *SENTENCES, size=10)] for n in range(5))), has=[f"Invoice {1001 + n}" for n in range(5)]),
    Case("docling 1272: numbers of pages of an excerpt still go", "a.pdf", pages(*([text(72, 800, f"The river. Page {117 + n}", size=10), text(72, 760, f"Chapter {'ABCDE'[n]}.", *SENTENCES, size=10)] for n in range(5))), lacks=[f"Page {117 + n}" for n in range(5)]),
]  # fmt: skip
