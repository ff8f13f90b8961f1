# ruff: noqa: E501 (a page reads best on one line)
"""Lists on pages, and what stands below them."""

from __future__ import annotations

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.neighbours.drawing import Mark, bold, page, text


def terms(x: float, title: str, who: str, *, gap: float = 20) -> list[Mark]:
    """Three paragraphs whose numbers hang at their left."""
    texts = (
        (f"{who} may use the gate of the harbour to", "the extent that the office offers it."),
        (f"{who} and his agents are called the", "party in what follows, his boats the fleet."),
        (f"{who} has agreed with the office on the", "limits that hold for the use of the gate."),
    )
    marks = [bold(x, 780, title, size=10)]
    for n, lines in enumerate(texts):
        y = 762 - 29 * n
        marks += [text(x, y, f"({n + 1})", size=9), text(x + gap, y, *lines, size=9, step=11.5)]
    return marks


_ROLES = (("Acme Weirs", "2019-2021"), ("River Works", "2016-2018"), ("Mill and Sons", "2013-2015"))

CASES = [
    Case("OfflineCV 60: a heading close below an item that fills its line", "a.pdf", page(bold(72, 800, "Experience", size=14), *(mark for n, (firm, years) in enumerate(_ROLES) for mark in (bold(72, 776 - 58 * n, f"Engineer at {firm}"), text(72, 762 - 58 * n, years, size=10), text(76, 748 - 58 * n, "•", "•", size=10, step=13), text(86, 748 - 58 * n, f"Built the gate of {firm} with five others.", f"Cut the cost of all gates of {firm} by more than ten per cent within a single year.", size=10, step=13)))), matches=[rf"^## Engineer at {firm}$" for firm, _ in _ROLES]),
    Case("unstructured 3619: paragraphs in two columns behind numbers that hang", "a.pdf", page(*terms(60, "1. Scope", "The guest"), *terms(310, "4. Blocking", "Each owner")), matches=[r"^1\. The guest may use the gate of the harbour to the extent that the office offers it\.$", r"^3\. Each owner has agreed"], order=["4. Blocking", "Each owner may use"], no_match=[r"\||<table"]),
    Case("unstructured 3619: numbers of rows stay in their table", "a.pdf", page(*(text(x, 780 - 30 * n, *lines, size=9, step=11) for n, row in enumerate((("1.", ["Gate and all that", "belongs to it"], ["is opened by the", "keeper at seven"]), ("2.", ["Lock with its two", "chambers"], ["is opened by the", "guard at eight"]), ("3.", ["Weir of the mill", "on the river"], ["is never opened", "but for a flood"]))) for x, lines in ((72, [row[0]]), (100, row[1]), (300, row[2])))), order=["Gate and all that belongs to it", "is opened by the keeper at seven", "Lock with its two"]),
]  # fmt: skip
