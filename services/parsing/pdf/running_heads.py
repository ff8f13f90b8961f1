"""Finds running headers, footers and page numbers by comparing pages, and removes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.parsing.page.geometry import Page, Word, bounds
from services.parsing.page.lines import clean, joined, rows_of

#: Running heads are within this share of the page's height from its edge.
ZONE = 0.18
#: Number of rows that are compared, from the edge inwards.
DEEPEST = 4
#: In a document of one page they are this close (share of its height) to the edge.
EDGE = 0.08
#: Rows that are this close (in points) have the same height.
SAME_HEIGHT = 4.0

_DIGITS = re.compile(r"\d+")
_NUMBER = re.compile(
    r"(?:page|p\.|seite|pagina|página)?\s*[-–—|\[(]?\s*(?:\d{1,4}|[ivxlc]{1,7})\s*(?:(?:of|/|von|de|sur|di)\s*\d{1,4})?\s*[-–—|\])]?",
    re.I,
)


@dataclass(slots=True)
class _Row:
    words: list[Word]
    y0: float
    y1: float
    text: str
    key: str
    place: int  # from the edge, 0 is the outermost
    top: bool


@dataclass(slots=True)
class RunningHeads:
    """The lines at the edges of the pages read so far: (key, at the top?) → heights."""

    known: dict[tuple[str, bool], list[float]] = field(default_factory=dict)

    def strip(self, pages: Sequence[Page], alone: bool) -> None:
        """Remove the running heads of consecutive pages. `alone`: the document has one page."""
        margins = [_margins(page) for page in pages]
        for rows in margins:
            for row in rows:
                self.known.setdefault((row.key, row.top), []).append(row.y0)
        for page, rows in zip(pages, margins, strict=True):
            out: set[int] = set()
            for top in (True, False):
                side = [row for row in rows if row.top is top]
                for row in side:
                    if not self._runs(row, page):
                        break
                    out.update(id(word) for word in row.words)
                if alone:
                    out |= _margin_notes(page, side)
            if out:
                page.words = [word for word in page.words if id(word) not in out]
        if len(self.known) > 20_000:  # a long document with a different line on every page
            self.known = {key: ys[-3:] for key, ys in self.known.items() if len(ys) > 1}

    def _runs(self, row: _Row, page: Page) -> bool:
        heights = self.known.get((row.key, row.top), [])
        if row.key and sum(abs(y - row.y0) <= SAME_HEIGHT for y in heights) >= 2:
            return True
        return row.place == 0 and _NUMBER.fullmatch(row.text) is not None and _is_apart(row, page)


def _is_apart(row: _Row, page: Page) -> bool:
    """Whether an outermost row is at the very edge, or apart from all others by more than two lines."""
    middle = (row.y0 + row.y1) / 2
    if middle < 0.08 * page.height or middle > 0.92 * page.height:
        return True
    others = [w for w in page.words if (w.y0 > row.y1 if row.top else w.y1 < row.y0)]
    if not others:
        return False
    gap = min(w.y0 for w in others) - row.y1 if row.top else row.y0 - max(w.y1 for w in others)
    return gap > 2 * (row.y1 - row.y0)


def _margins(page: Page) -> list[_Row]:
    """The outermost rows at the top and at the bottom, from the edge inwards."""
    rows: list[_Row] = []
    for top in (True, False):
        limit = page.height * (ZONE if top else 1 - ZONE)
        words = [w for w in page.words if (w.y1 < limit if top else w.y0 > limit)]
        grouped = rows_of(words)
        ordered = grouped if top else grouped[::-1]
        for place, row in enumerate(ordered[:DEEPEST]):
            box = bounds(row)
            text = clean(joined(row)).strip()
            rows.append(_Row(row, box.y0, box.y1, text, _DIGITS.sub("#", text.lower()), place, top))
    return rows


def _margin_notes(page: Page, rows: Sequence[_Row]) -> set[int]:
    """Running heads of a single page, without other pages to compare: few short lines at the very edge, no
    larger than the text and clearly separated from it. Returns the ids of their words."""
    group: list[_Row] = []
    for row in rows:
        middle = (row.y0 + row.y1) / 2 / page.height
        if EDGE < middle < 1 - EDGE or len(row.text) > 120 or row.place != len(group):
            break
        group.append(row)
    if not group or len(group) > 3:
        return set()
    inner, top = group[-1], group[0].top
    ids = {id(word) for row in group for word in row.words}
    others = [w for w in page.words if id(w) not in ids]
    if not others:
        return set()
    gap = min(w.y0 for w in others) - inner.y1 if top else inner.y0 - max(w.y1 for w in others)
    sizes = sorted(w.style.size for w in others)
    body, size = sizes[len(sizes) // 2], max(w.style.size for row in group for w in row.words)
    return ids if gap > 1.5 * size and size < 1.15 * body else set()
