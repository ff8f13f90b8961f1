"""Finds running headers, footers and page numbers by comparing pages, and removes them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, takewhile

from services.parsing.page.captions import begins_as_caption
from services.parsing.page.geometry import Boxed, Page, Word, bounds, grouped
from services.parsing.page.lines import clean, joined, rows_of, usual_size

#: Running heads are within this share of the page's height from its edge.
ZONE = 0.18
#: Number of rows that are compared, from the edge inwards.
DEEPEST = 4
#: A document of at most this many pages keeps one copy of each repeated line.
FEW = 3
#: The very edge, as a share of the page's height: text there is more likely a running head.
EDGE = 0.08
#: Most running heads on one side of a page, and the share of its width that a rule below them has at least.
MOST_NOTES, RULE = 3, 0.3
#: A line with its page number set apart is within this share of the page's height from its edge.
NUMBERED_EDGE = 0.12
#: Pages that have a number set apart at the same height have a running head there, whatever else it says.
FEWEST_NUMBERED = 3
#: Within this distance are stamps of archives and printers, not the author's text.
STAMPED = 0.03
#: A gap this wide (in font sizes) sets a line apart from the text.
WIDE = 1.25
#: A page number is this far (in font sizes) from the rest of its line.
APART = 2.0
#: The number of a thing is no further (in font sizes) from its name.
ONE_BLANK = 0.5
#: A line that repeats on this share of the pages runs; one that does so less often must be set off from the
#: text by this share of its height.
OFTEN, SET_OFF = 0.4, 0.7
#: A small running head is below this share of the median font size of the text.
SMALLER = 0.93
#: A title is above this share of it.
LARGER = 1.25
#: Maximum distance (in points) of rows at the same height.
SAME_HEIGHT = 4.0

#: Facts that readers look for: an account, an order number (six digits with one kind of sign between them at
#: most), an address.
_FACTS = re.compile(r"(?:\d ?){6}|(?:\d\.?){6}|(?:\d/?){6}|(?:\d-?){6}|@|www\.", re.I)
_DIGITS = re.compile(r"\d+")
_NOTE_MARK = re.compile(r"(?:\d{1,3}|[*†‡§¶]+)(?=[\s\w]|$)")
#: A page number in a line: at its start, before "of 12" at its end, or at its end.
_PLACE = re.compile(r"^\d{1,5}\b|\b\d{1,5}(?=\s*(?:of|/|von|de|sur|di)\s*\d{1,5}$)|\b\d{1,5}$")
_PAGE_WORDS = ("page", "pg", "p", "seite", "blatt", "pagina", "página", "sheet", "slide")
_NUMBER = re.compile(
    r"(?:page|p\.|seite|pagina|página)?\s*+[-–—|\[(]?\s*+(?:\d{1,4}|[ivxlc]{1,7})\s*+"
    r"(?:(?:of|/|von|de|sur|di)\s*+\d{1,4})?\s*+[-–—|\])]?",
    re.I,
)


@dataclass(slots=True)
class _Row(Boxed):
    """A row of words at the top or the foot of a page."""

    words: list[Word]
    x0: float
    y0: float
    x1: float
    y1: float
    text: str
    key: str  # the text in lower case, without the page number
    page: int  # its page minus the page number in it, which all its copies share
    place: int  # counted from the edge; 0 is the outermost
    top: bool
    apart: int  # the number at its left or right end that a gap sets apart, or else 0
    edge: float  # how far its middle is from the edge, as a share of the page's height

    @property
    def size(self) -> float:
        return max(word.style.size for word in self.words)

    def gap(self, page: Page) -> float:
        """How far the next text is, from the edge inwards; 0 if there is none."""
        if self.top:
            return min((w.y0 for w in page.words if w.y0 > self.y1), default=self.y1) - self.y1
        return self.y0 - max((w.y1 for w in page.words if w.y1 < self.y0), default=self.y0)

    def is_page_number(self, page: Page) -> bool:
        """Whether it is a number at the very edge, or apart from all others by more than two lines."""
        number = _NUMBER.fullmatch(self.text) is not None
        return number and (self.edge < EDGE or self.gap(page) > 2 * self.height)

    def is_set_off(self, outer: _Row | None, page: Page) -> bool:
        """Whether a gap parts it from the text, and no wider one from the running head further out."""
        apart = 0.0 if outer is None else max(self.y0 - outer.y1, outer.y0 - self.y1)
        return apart <= self.gap(page) > SET_OFF * self.height

    def is_copy_of(self, other: _Row) -> bool:
        """Whether two rows are alike but for numbers that count their pages. A row is its own copy."""
        alike = self.text == other.text or self.page == other.page
        return alike and abs(self.y0 - other.y0) <= SAME_HEIGHT


@dataclass(slots=True)
class RunningHeads:
    """The lines at the edges of the pages read so far: (key, at the top?) → rows, and (number set apart minus
    that of the page, at the top?) → heights.

    A line at the same height of several pages is a running head, if a number that differs counts the pages.
    So are lines that differ (`Chapter 3`, `Index`) if a number set apart counts the pages.
    In large type, or in a short document, it may also be the title of each copy, so its first occurrence
    stays, unless it is in small type.
    """

    known: dict[tuple[str, bool], list[_Row]] = field(default_factory=dict)
    numbered: dict[tuple[int, bool], list[float]] = field(default_factory=dict)
    stayed: set[tuple[str, bool]] = field(default_factory=set)

    def strip(self, pages: Sequence[Page], total: int) -> None:
        """Remove the running heads of consecutive pages; the document has `total` pages."""
        margins = [_margins(page) for page in pages]
        body = usual_size(word for page in pages for word in page.words)
        for page, rows in zip(pages, margins, strict=True):
            for row in rows:
                self.known.setdefault((row.key, row.top), []).append(replace(row, words=[]))
                if row.apart:
                    self.numbered.setdefault((row.apart - page.number, row.top), []).append(row.y0)
        for page, rows in zip(pages, margins, strict=True):
            excerpt = (page.printed or 0) > 1 or any(_is_numbered(row, rows, page) for row in rows)
            out: set[Word] = set()
            for top in (True, False):
                side = [row for row in rows if row.top is top]
                notes = _margin_notes(page, side, excerpt) if total == 1 else 0
                out.update(word for row in side[:notes] for word in row.words)
                outer: _Row | None = None
                for row in side[notes:]:
                    if not (
                        self._counts(row, page)
                        or (outer is None and row.is_page_number(page))
                        or self._repeats(row, body, OFTEN * len(pages))
                        # The first line of the text may be the same on some pages, too.
                        or (self._repeats(row, body, 2) and row.is_set_off(outer, page))
                    ):
                        break
                    outer = row
                    if not self._stays(row, body, total):
                        out.update(row.words)
            left = [word for word in page.words if word not in out]
            if out and (left or all(_NUMBER.fullmatch(row.text) for row in rows)):
                page.words = left
        if len(self.known) > 20_000:  # a long document with a different line on every page
            self.known = {key: ys[-3:] for key, ys in self.known.items() if len(ys) > 1}

    def _repeats(self, row: _Row, body: float, least: float) -> bool:
        """Whether a row has so many copies, two at least. Titles that count (`Chapter 3`) are larger than the
        text, and none."""
        known = self.known.get((row.key, row.top), []) if row.key else []
        large = row.size >= LARGER * body
        copies = (one for one in known if row.is_copy_of(one) and (row.text == one.text or not large))
        return _holds(copies, max(2, math.ceil(least)))

    def _counts(self, row: _Row, page: Page) -> bool:
        """Whether numbers set apart at the same height of other pages, too, count the pages."""
        heights = self.numbered.get((row.apart - page.number, row.top), []) if row.apart else []
        return _holds((y for y in heights if abs(row.y0 - y) <= SAME_HEIGHT), FEWEST_NUMBERED)

    def _stays(self, row: _Row, body: float, total: int) -> bool:
        """Whether to keep a repeated line: this is its first occurrence, and it contains facts or only its
        repetition suggests a running head."""
        if (row.key, row.top) in self.stayed or _NUMBER.fullmatch(row.text):
            return False
        title = row.size >= LARGER * body or _FACTS.search(row.text) is not None
        if not title and (total > FEW or row.size < SMALLER * body):
            return False
        self.stayed.add((row.key, row.top))
        return True


def _holds(things: Iterable[object], least: int) -> bool:
    """Whether there are so many; the rest of a long document is not looked at."""
    return len(list(islice(things, least))) == least


def _margins(page: Page) -> list[_Row]:
    """The outermost rows at the top and at the bottom, from the edge inwards."""
    rows: list[_Row] = []
    for top in (True, False):
        limit = page.height * (ZONE if top else 1 - ZONE)
        lines = _with_marks(rows_of(w for w in page.words if (w.y1 < limit if top else w.y0 > limit)))
        for place, words in enumerate((lines if top else lines[::-1])[:DEEPEST]):
            box = bounds(words)
            text = clean(joined(words)).strip()
            found = _PLACE.search(text.lower())
            counted = page.number - int(found[0]) if found else 0
            if counted and _numbers_thing(words):
                found, counted = None, 0
            key = _PLACE.sub("#", text.lower(), count=1) if found else text.lower()
            middle = box.middle / page.height
            edge = middle if top else 1 - middle
            rows.append(_Row(words, *box, text, key, counted, place, top, _number_apart(words), edge))
    return rows


def _numbers_thing(words: Sequence[Word]) -> bool:
    """Whether a row ends with the number of a thing, one blank behind its name: `Invoice 1002`."""
    if len(words) < 2 or not words[-1].text.isdecimal():
        return False
    name = words[-2].text.lower().rstrip(".")
    near = words[-1].x0 - words[-2].x1 < ONE_BLANK * words[-1].style.size
    return near and name.isalpha() and name not in _PAGE_WORDS


def _with_marks(rows: Sequence[list[Word]]) -> list[list[Word]]:
    """Rows, with raised marks of footnotes in the row of their text."""
    return [[word for row in group for word in row] for group in grouped(rows, _is_mark_before)]


def _is_mark_before(rows: Sequence[Sequence[Word]], row: Sequence[Word]) -> bool:
    mark = rows[-1][0]
    alone = len(rows) == 1 and len(rows[0]) == 1 and len(mark.text) < 4
    return alone and mark.y1 - row[0].y0 > 0.3 * mark.height


def _is_numbered(row: _Row, rows: Sequence[_Row], page: Page) -> bool:
    """Whether a row at the edge is a page number above 1, or begins or ends with one set apart: such a page
    is an excerpt of a longer document."""
    if row.place > 0:
        return False
    if row.is_page_number(page):
        return (_DIGITS.search(row.text) or ["1"])[0] != "1"
    entries = any(other.apart and other.top == row.top and other.place for other in rows)  # of a table
    return len(row.words) > 1 < row.apart < 1_000 and row.edge < NUMBERED_EDGE and not entries


def _number_apart(words: Sequence[Word]) -> int:
    """The number at an end of a row that a gap sets apart from the rest; 0 if there is none."""
    ends = [(words[-1], words[-2], words[-1]), (words[0], words[0], words[1])] if len(words) > 1 else []
    apart = [end for end, a, b in ends if b.x0 - a.x1 > APART * end.style.size]
    numbers = (w.text for w in (apart if ends else words) if w.text.isdecimal() and len(w.text) < 6)
    return int(next(numbers, 0))


def _margin_notes(page: Page, rows: Sequence[_Row], excerpt: bool) -> int:
    """How many of the outermost rows of a single page are running heads, found without other pages to
    compare: few short lines at the edge, no larger than the text, without facts, clearly set apart."""
    reach = ZONE if excerpt else STAMPED
    short = list(takewhile(lambda row: row.edge < reach and not _is_content(row), rows[:MOST_NOTES]))
    return max((n for n in range(1, len(short) + 1) if _is_set_apart(short[:n], page)), default=0)


def _is_content(row: _Row) -> bool:
    """Whether a row is too long for a running head, or is code, facts, a caption or a footnote."""
    if len(row.text) > 120 or _FACTS.search(row.text) or begins_as_caption(row.text):
        return True
    if all(word.style.mono for word in row.words):
        return True
    return not row.top and len(row.words) > 1 and not row.apart and _NOTE_MARK.match(row.text) is not None


def _is_set_apart(group: Sequence[_Row], page: Page) -> bool:
    """Whether a gap and the look of the outermost rows tell them from the text: smaller or slanted type, a
    rule below them, a place at the very edge."""
    inner, words = group[-1], [word for row in group for word in row.words]
    held = set(words)
    others = [word for word in page.words if word not in held]
    if not others:
        return False
    text = bounds(others)
    near, far = sorted((inner.y1, text.y0) if inner.top else (inner.y0, text.y1))
    body, size = usual_size(others), max(row.size for row in group)
    bold = all(word.style.bold for word in words)
    if size >= 1.15 * body or far - near < 0.5 * size or (bold and inner.edge > EDGE):
        return False
    between = (s for s in page.strokes if s.horizontal and near - 2 < s.y0 < far + 2)
    look = sum(
        (
            size < SMALLER * body,
            all(word.style.italic for word in words),
            any(stroke.width > RULE * page.width for stroke in between),
            inner.edge < EDGE,
            [row.apart > 0 for row in group] == [True],
        )
    )
    return look + (far - near > WIDE * size) > 1 and look > 0
