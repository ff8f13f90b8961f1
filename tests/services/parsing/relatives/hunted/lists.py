# ruff: noqa: E501 (a page reads best on one line)
"""What stands below lists and in them."""

from __future__ import annotations

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.neighbours.drawing import bold, page, text

_ROLES = (("Acme Weirs", "2019-2021"), ("River Works", "2016-2018"), ("Mill and Sons", "2013-2015"))

CASES = [
    Case("OfflineCV 60: a heading close below an item that fills its line", "a.pdf", page(bold(72, 800, "Experience", size=14), *(mark for n, (firm, years) in enumerate(_ROLES) for mark in (bold(72, 776 - 58 * n, f"Engineer at {firm}"), text(72, 762 - 58 * n, years, size=10), text(76, 748 - 58 * n, "•", "•", size=10, step=13), text(86, 748 - 58 * n, f"Built the gate of {firm} with five others.", f"Cut the cost of all gates of {firm} by more than ten per cent within a single year.", size=10, step=13)))), matches=[rf"^## Engineer at {firm}$" for firm, _ in _ROLES]),
]  # fmt: skip
