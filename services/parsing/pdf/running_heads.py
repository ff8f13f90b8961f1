"""Finds running headers, footers and page numbers by comparing pages, and removes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, takewhile

from services.parsing.page.geometry import Page, Word, bounds
from services.parsing.page.lines import clean, joined, rows_of

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
#: Within this distance are stamps of archives and printers, not the author's text.
STAMPED = 0.03
#: A page number is this far (in font sizes) from the rest of its line.
APART = 2.0
#: A small running head is below this share of the median font size of the text.
SMALLER = 0.93
#: A title is above this share of it.
LARGER = 1.25
#: Maximum distance (in points) of rows at the same height.
SAME_HEIGHT = 4.0

#: Facts that readers look for: an account, an order number, an address.
_FACTS = re.compile(r"(?:\d[ ./-]?){6}|@|www\.", re.I)
_DIGITS = re.compile(r"\d+")
#: A page number in a line: at its start, before "of 12" at its end, or at its end.
_PLACE = re.compile(r"^\d{1,5}\b|\b\d{1,5}(?=\s*(?:of|/|von|de|sur|di)\s*\d{1,5}$)|\b\d{1,5}$")
_NUMBER = re.compile(
    r"(?:page|p\.|seite|pagina|página)?\s*+[-–—|\[(]?\s*+(?:\d{1,4}|[ivxlc]{1,7})\s*+"
    r"(?:(?:of|/|von|de|sur|di)\s*+\d{1,4})?\s*+[-–—|\])]?",
    re.I,
)


@dataclass(slots=True)
class _Row:
    words: list[Word]
    y0: float
    y1: float
    text: str
    key: str  # the text in lower case, without the page number
    page: int  # its page minus the page number in it, which all its copies share
    place: int  # counted from the edge; 0 is the outermost
    top: bool

    def is_copy_of(self, other: _Row) -> bool:
        """Whether two rows are alike but for numbers that count their pages. A row is its own copy."""
        alike = self.text == other.text or self.page == other.page
        return alike and abs(self.y0 - other.y0) <= SAME_HEIGHT


@dataclass(slots=True)
class RunningHeads:
    """The lines at the edges of the pages read so far: (key, at the top?) → rows.

    A line at the same height of several pages is a running head, if a number that differs counts the pages.
    In large type, or in a short document, it may also be the title of each copy, so its first occurrence
    stays, unless it is in small type.
    """

    known: dict[tuple[str, bool], list[_Row]] = field(default_factory=dict)
    stayed: set[tuple[str, bool]] = field(default_factory=set)

    def strip(self, pages: Sequence[Page], total: int) -> None:
        """Remove the running heads of consecutive pages; the document has `total` pages."""
        margins = [_margins(page) for page in pages]
        body = usual_size(word for page in pages for word in page.words)
        for rows in margins:
            for row in rows:
                self.known.setdefault((row.key, row.top), []).append(replace(row, words=[]))
        for page, rows in zip(pages, margins, strict=True):
            out: set[int] = set()
            excerpt = total == 1 and ((page.printed or 0) > 1 or any(_is_numbered(row, page) for row in rows))
            for top in (True, False):
                side = [row for row in rows if row.top is top]
                notes = _margin_notes(page, side, excerpt) if total == 1 else set()
                out |= notes
                inner = [row for row in side if id(row.words[0]) not in notes]
                for row in inner:
                    if not (self._repeats(row, body) or (row is inner[0] and _is_page_number(row, page))):
                        break
                    if not self._stays(row, body, total):
                        out.update(id(word) for word in row.words)
            left = [word for word in page.words if id(word) not in out]
            if out and (left or all(_NUMBER.fullmatch(row.text) for row in rows)):
                page.words = left
        if len(self.known) > 20_000:  # a long document with a different line on every page
            self.known = {key: ys[-3:] for key, ys in self.known.items() if len(ys) > 1}

    def _repeats(self, row: _Row, body: float) -> bool:
        """Whether a row has copies. Titles that count (`Chapter 3`) are larger than the text, and none."""
        known = self.known.get((row.key, row.top), [])
        copies = (
            other
            for other in known
            if row.is_copy_of(other) and (row.text == other.text or _size(row) < LARGER * body)
        )
        return row.key != "" and len(list(islice(copies, 2))) == 2

    def _stays(self, row: _Row, body: float, total: int) -> bool:
        """Whether to keep a repeated line: this is its first occurrence, and it contains facts or only its
        repetition suggests a running head."""
        if (row.key, row.top) in self.stayed or _NUMBER.fullmatch(row.text):
            return False
        title = _size(row) >= LARGER * body or _FACTS.search(row.text) is not None
        if not title and (total > FEW or _size(row) < SMALLER * body):
            return False
        self.stayed.add((row.key, row.top))
        return True


def _size(row: _Row) -> float:
    return max(word.style.size for word in row.words)


def usual_size(words: Iterable[Word]) -> float:
    """The median font size of words; 0 if there are none."""
    sizes = sorted(word.style.size for word in words)
    return sizes[len(sizes) // 2] if sizes else 0.0


def _is_page_number(row: _Row, page: Page) -> bool:
    return _NUMBER.fullmatch(row.text) is not None and _is_apart(row, page)


def _is_apart(row: _Row, page: Page) -> bool:
    """Whether an outermost row is at the very edge, or apart from all others by more than two lines."""
    if _from_edge(row, page) < EDGE:
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
            key, number = _without_number(text.lower(), page.number)
            rows.append(_Row(row, box.y0, box.y1, text, key, number, place, top))
    return rows


def _without_number(text: str, page: int) -> tuple[str, int]:
    """A line without its page number, and the page minus that number."""
    found = _PLACE.search(text)
    if found is None:
        return text, 0
    return f"{text[: found.start()]}#{text[found.end() :]}", page - int(found[0])


def _is_numbered(row: _Row, page: Page) -> bool:
    """Whether a row at the edge is a page number above 1, or begins or ends with one set apart: such a page
    is an excerpt of a longer document."""
    if row.place > 0:
        return False
    if _is_page_number(row, page):
        return (_DIGITS.search(row.text) or ["1"])[0] != "1"
    if _from_edge(row, page) > EDGE or len(row.words) < 2:
        return False
    first, second, before, last = row.words[0], row.words[1], row.words[-2], row.words[-1]
    apart = APART * last.style.size
    left = first.text if second.x0 - first.x1 > apart else ""
    right = last.text if last.x0 - before.x1 > apart else ""
    return any(text.isdigit() and 1 < int(text) < 10_000 for text in (left, right))


def _margin_notes(page: Page, rows: Sequence[_Row], excerpt: bool) -> set[int]:
    """Ids of the words in the running heads of a single page, found without other pages to compare: few short
    lines at the edge, no larger than the text, without facts, clearly set apart."""
    reach = ZONE if excerpt else STAMPED
    short = takewhile(
        lambda row: len(row.text) <= 120 and not _FACTS.search(row.text) and _from_edge(row, page) < reach,
        rows,
    )
    group, found = [], set[int]()
    for row in islice(short, MOST_NOTES):
        group.append(row)
        if _is_set_apart(group, page):
            found = {id(word) for row in group for word in row.words}
    return found


def _is_set_apart(group: Sequence[_Row], page: Page) -> bool:
    """Whether a gap and the look of the outermost rows tell them from the text: smaller or slanted type, a
    rule below them, a place at the very edge."""
    inner, top = group[-1], group[0].top
    ids = {id(word) for row in group for word in row.words}
    others = [w for w in page.words if id(w) not in ids]
    if not others:
        return False
    foot = min(w.y0 for w in others) if top else max(w.y1 for w in others)
    near, far = sorted((inner.y1 if top else inner.y0, foot))
    body, size = usual_size(others), max(map(_size, group))
    bold = all(w.style.bold for row in group for w in row.words)
    if size >= 1.15 * body or far - near < 0.5 * size or (bold and _from_edge(inner, page) > EDGE):
        return False
    ruled = any(
        s.horizontal and near - 2 < s.y0 < far + 2 and s.x1 - s.x0 > RULE * page.width for s in page.strokes
    )
    slanted = all(w.style.italic for row in group for w in row.words)
    look = (size < SMALLER * body) + slanted + ruled + (_from_edge(inner, page) < EDGE)
    return look + (far - near > 1.5 * size) > 1 and look > 0


def _from_edge(row: _Row, page: Page) -> float:
    """How far the middle of a row is from the edge, as a share of the page's height."""
    middle = (row.y0 + row.y1) / 2 / page.height
    return middle if row.top else 1 - middle
