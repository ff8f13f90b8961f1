"""Finds running headers, footers and page numbers by comparing pages, and removes them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, takewhile

from services.parsing.page.captions import begins_as_caption
from services.parsing.page.geometry import Page, Word, bounds
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
#: A line that repeats on this share of the pages runs; one that does so less often must be set off from the
#: text by this share of its height.
OFTEN, SET_OFF = 0.4, 0.7
#: A small running head is below this share of the median font size of the text.
SMALLER = 0.93
#: A title is above this share of it.
LARGER = 1.25
#: Maximum distance (in points) of rows at the same height.
SAME_HEIGHT = 4.0

#: Facts that readers look for: an account, an order number, an address.
_FACTS = re.compile(r"(?:\d[ ./-]?){6}|@|www\.", re.I)
_DIGITS = re.compile(r"\d+")
_NOTE_MARK = re.compile(r"(?:\d{1,3}|[*†‡§¶]+)(?=[\s\w]|$)")
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
    apart: int  # the number at its left or right end that a gap sets apart, or else 0

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
            out: set[int] = set()
            numbered = (page.printed or 0) > 1 or any(_is_numbered(row, page, rows) for row in rows)
            for top in (True, False):
                side = [row for row in rows if row.top is top]
                notes = _margin_notes(page, side, numbered) if total == 1 else set()
                out |= notes
                inner = [row for row in side if id(row.words[0]) not in notes]
                outer: _Row | None = None
                for row in inner:
                    if not (
                        self._counts(row, page)
                        or (outer is None and _is_page_number(row, page))
                        or self._repeats(row, body, OFTEN * len(pages))
                        # The first line of the text may be the same on some pages, too.
                        or (self._repeats(row, body, 2) and _is_set_off(row, outer, page))
                    ):
                        break
                    outer = row
                    if not self._stays(row, body, total):
                        out.update(id(word) for word in row.words)
            left = [word for word in page.words if id(word) not in out]
            if out and (left or all(_NUMBER.fullmatch(row.text) for row in rows)):
                page.words = left
        if len(self.known) > 20_000:  # a long document with a different line on every page
            self.known = {key: ys[-3:] for key, ys in self.known.items() if len(ys) > 1}

    def _repeats(self, row: _Row, body: float, least: float) -> bool:
        """Whether a row has so many copies, two at least. Titles that count (`Chapter 3`) are larger than the
        text, and none."""
        known = self.known.get((row.key, row.top), []) if row.key else []
        large = _size(row) >= LARGER * body
        copies = (one for one in known if row.is_copy_of(one) and (row.text == one.text or not large))
        fewest = max(2, math.ceil(least))
        return len(list(islice(copies, fewest))) == fewest

    def _counts(self, row: _Row, page: Page) -> bool:
        """Whether numbers set apart at the same height of other pages, too, count the pages."""
        heights = self.numbered.get((row.apart - page.number, row.top), []) if row.apart else []
        level = (y for y in heights if abs(row.y0 - y) <= SAME_HEIGHT)
        return len(list(islice(level, FEWEST_NUMBERED))) == FEWEST_NUMBERED

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


def _is_page_number(row: _Row, page: Page) -> bool:
    return _NUMBER.fullmatch(row.text) is not None and _is_apart(row, page)


def _is_apart(row: _Row, page: Page) -> bool:
    """Whether an outermost row is at the very edge, or apart from all others by more than two lines."""
    return _from_edge(row, page) < EDGE or _gap_inside(row, page) > 2 * (row.y1 - row.y0)


def _gap_inside(row: _Row, page: Page) -> float:
    """How far the next text is, from the edge inwards; 0 if there is none."""
    if row.top:
        return min((w.y0 for w in page.words if w.y0 > row.y1), default=row.y1) - row.y1
    return row.y0 - max((w.y1 for w in page.words if w.y1 < row.y0), default=row.y0)


def _is_set_off(row: _Row, outer: _Row | None, page: Page) -> bool:
    """Whether a gap parts a row from the text, and no wider one from the running head further out."""
    gap = _gap_inside(row, page)
    apart = 0.0 if outer is None else row.y0 - outer.y1 if row.top else outer.y0 - row.y1
    return gap > SET_OFF * (row.y1 - row.y0) and apart <= gap


def _margins(page: Page) -> list[_Row]:
    """The outermost rows at the top and at the bottom, from the edge inwards."""
    rows: list[_Row] = []
    for top in (True, False):
        limit = page.height * (ZONE if top else 1 - ZONE)
        words = [w for w in page.words if (w.y1 < limit if top else w.y0 > limit)]
        grouped = _with_marks(rows_of(words))
        ordered = grouped if top else grouped[::-1]
        for place, row in enumerate(ordered[:DEEPEST]):
            box = bounds(row)
            text = clean(joined(row)).strip()
            key, number = _without_number(text.lower(), page.number)
            rows.append(_Row(row, box.y0, box.y1, text, key, number, place, top, _number_apart(row)))
    return rows


def _with_marks(rows: Sequence[list[Word]]) -> list[list[Word]]:
    """Rows, with raised marks of footnotes in the row of their text."""
    out: list[list[Word]] = []
    for row in rows:
        mark = out[-1][0] if out and len(out[-1]) == 1 else None
        if mark and len(mark.text) < 4 and mark.y1 - row[0].y0 > 0.3 * (mark.y1 - mark.y0):
            out[-1].extend(row)
        else:
            out.append(list(row))
    return out


def _without_number(text: str, page: int) -> tuple[str, int]:
    """A line without its page number, and the page minus that number."""
    found = _PLACE.search(text)
    if found is None:
        return text, 0
    return f"{text[: found.start()]}#{text[found.end() :]}", page - int(found[0])


def _is_numbered(row: _Row, page: Page, rows: Sequence[_Row]) -> bool:
    """Whether a row at the edge is a page number above 1, or begins or ends with one set apart: such a page
    is an excerpt of a longer document."""
    if row.place > 0:
        return False
    if _is_page_number(row, page):
        return (_DIGITS.search(row.text) or ["1"])[0] != "1"
    entries = any(other.apart and other.top == row.top and other.place for other in rows)  # of a table
    return len(row.words) > 1 < row.apart < 1_000 and _from_edge(row, page) < NUMBERED_EDGE and not entries


def _number_apart(words: Sequence[Word]) -> int:
    """The number at an end of a row that a gap sets apart from the rest; 0 if there is none."""
    if len(words) == 1:
        return int(words[0].text) if words[0].text.isdecimal() and len(words[0].text) < 6 else 0
    for word, gap in (
        (words[-1], words[-1].x0 - words[-2].x1),
        (words[0], words[1].x0 - words[0].x1),
    ):
        if word.text.isdecimal() and len(word.text) < 6 and gap > APART * word.style.size:
            return int(word.text)
    return 0


def _margin_notes(page: Page, rows: Sequence[_Row], excerpt: bool) -> set[int]:
    """Ids of the words in the running heads of a single page, found without other pages to compare: few short
    lines at the edge, no larger than the text, without facts, clearly set apart."""
    reach = ZONE if excerpt else STAMPED
    short = takewhile(
        lambda row: _from_edge(row, page) < reach and not _is_content(row),
        rows,
    )
    group, found = [], set[int]()
    for row in islice(short, MOST_NOTES):
        group.append(row)
        if _is_set_apart(group, page):
            found = {id(word) for row in group for word in row.words}
    return found


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
    look += [row.apart > 0 for row in group] == [True]
    return look + (far - near > WIDE * size) > 1 and look > 0


def _from_edge(row: _Row, page: Page) -> float:
    """How far the middle of a row is from the edge, as a share of the page's height."""
    middle = (row.y0 + row.y1) / 2 / page.height
    return middle if row.top else 1 - middle
