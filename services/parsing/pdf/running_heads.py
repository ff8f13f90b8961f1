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
#: A document of at most so many pages keeps one of each line that repeats.
FEW = 3
#: A running head is smaller than most words of its page by this.
SMALLER = 0.93
#: Rows that are this close (in points) have the same height.
SAME_HEIGHT = 4.0

#: An account, a number of an order, an address: what a reader looks for.
_FACTS = re.compile(r"(?:\d[ ./-]?){6}|@|www\.", re.I)
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
    """The lines at the edges of the pages read so far: (key, at the top?) → heights.

    A line that stands at the same height of several pages runs. In a document of a few pages that may be the
    title of each copy, so a line that is not set small stays where it stands first.
    """

    known: dict[tuple[str, bool], list[float]] = field(default_factory=dict)
    stayed: set[tuple[str, bool]] = field(default_factory=set)

    def strip(self, pages: Sequence[Page], total: int) -> None:
        """Remove the running heads of consecutive pages of a document that has `total`."""
        margins = [_margins(page) for page in pages]
        for rows in margins:
            for row in rows:
                self.known.setdefault((row.key, row.top), []).append(row.y0)
        for page, rows in zip(pages, margins, strict=True):
            out: set[int] = set()
            for top in (True, False):
                for row in (row for row in rows if row.top is top):
                    if not self._runs(row, page):
                        break
                    if not self._stays(row, page, total):
                        out.update(id(word) for word in row.words)
            left = [word for word in page.words if id(word) not in out]
            if out and (left or all(_NUMBER.fullmatch(row.text) for row in rows)):
                page.words = left
        if len(self.known) > 20_000:  # a long document with a different line on every page
            self.known = {key: ys[-3:] for key, ys in self.known.items() if len(ys) > 1}

    def _runs(self, row: _Row, page: Page) -> bool:
        heights = self.known.get((row.key, row.top), [])
        if row.key and sum(abs(y - row.y0) <= SAME_HEIGHT for y in heights) >= 2:
            return True
        return row.place == 0 and _NUMBER.fullmatch(row.text) is not None and _is_apart(row, page)

    def _stays(self, row: _Row, page: Page, total: int) -> bool:
        """Whether a line that repeats is kept, because it stands here for the first time and is content: it
        holds facts, or nothing but its repetition speaks for a running head."""
        if (row.key, row.top) in self.stayed or _NUMBER.fullmatch(row.text):
            return False
        if not _FACTS.search(row.text) and (total > FEW or _is_small(row, page)):
            return False
        self.stayed.add((row.key, row.top))
        return True


def _is_small(row: _Row, page: Page) -> bool:
    """Whether a row is set smaller than the text, as running heads are."""
    sizes = sorted(word.style.size for word in page.words)
    return max(word.style.size for word in row.words) < SMALLER * sizes[len(sizes) // 2]


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
