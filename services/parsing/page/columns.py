"""Reading order: splits a page into flows, each of which is read from top to bottom."""

from __future__ import annotations

import re
from bisect import bisect, bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median_low

from services.parsing.page.captions import is_caption
from services.parsing.page.geometry import Box, Boxed, Piece, bounds, grouped
from services.parsing.page.lines import Line, line_of, reads_left
from services.parsing.page.lists import is_bullet, is_marker
from services.parsing.page.sections import sections

#: Minimum gap between two columns of text, relative to the font size.
GUTTER = 0.75
#: A vertical gap larger than this (relative to the font size) ends columns, unless columns continue below it.
APART = 3.0
#: Maximum nesting depth of columns.
MAX_DEPTH = 3
#: This many lines of text in a row are a paragraph, not a cell.
PARAGRAPH = 5
#: The same if the lines beside it are not at the same heights.
SHORT_PARAGRAPH = 3
#: Notes in the margin are in type that is smaller than that of the text by this factor.
NOTES = 1.1
#: Most words of a text in the first line of a table without rules; more are running text with a chance gap.
MOST_WORDS = 5
#: Most lines of running text fill this share of their column.
FILLED = 0.6
#: Items that make a list, and the share of its lines that make an index.
FEWEST_ITEMS, MOSTLY = 3, 0.8
_ENTRY = re.compile(r"[^\W\d_], \d[\d, –-]*$")

#: The left and right end of white space.
_Span = tuple[float, float]


def flows(items: Sequence[Boxed], size: float, depth: int = 0) -> list[list[Boxed]]:
    """Split pieces, tables and pictures into flows in reading order. A flow is a column of a page section."""
    out: list[list[Boxed]] = []
    single: list[Boxed] = []
    for band, free in _Strips(items, size).bands() if items else ():
        columns = _columns(band, free) if depth < MAX_DEPTH else []
        if not columns:
            single.extend(band)
            continue
        if single:
            out.append(single)
            single = []
        lines = [lines_of([item for item in column if isinstance(item, Piece)]) for column in columns]
        for part in sections(band, lines, _Strips(band, size).boxes) or columns:
            out.extend(flows(part, size, depth + 1))
    return [*out, single] if single else out


class _Strips:
    """Items, split at horizontal white space. A strip's items overlap vertically, if only through others.

    `size` is the font size, `gaps` are the white spans of each strip from the very left to the very right.
    """

    def __init__(self, items: Sequence[Boxed], size: float) -> None:
        self.least, self.apart = GUTTER * size, APART * size
        self.strips: list[list[Boxed]] = []
        reach = -1e9
        for item in sorted(items, key=lambda i: i.y0):
            # Font boxes are higher than their ink, so neighbouring lines may overlap slightly.
            slack = 0.2 * min(item.height, 12.0)
            if self.strips and item.y0 + slack < reach:
                self.strips[-1].append(item)
            else:
                self.strips.append([item])
            reach = max(reach, item.y1 - slack)
        self.gaps = [_gaps(strip) for strip in self.strips]
        self.boxes = [bounds(strip) for strip in self.strips]
        self.parted = [_inner(free, box) for free, box in zip(self.gaps, self.boxes, strict=True)]

    def bands(self) -> list[tuple[list[Boxed], list[_Span]]]:
        """Neighbouring strips that share vertical gaps, and these gaps.

        Of groups that overlap, the one with the most strips on both sides of a gap wins: a centred title has
        chance gaps in common with the line below it, too.
        """
        bands: list[tuple[int, int, list[_Span]]] = []
        parts = [(0, len(self.strips))]
        while parts:
            first, end = parts.pop()
            start, stop, kept = max(
                self._runs(first, end), key=lambda run: (sum(self.parted[run[0] : run[1]]), run[1] - run[0])
            )
            if stop - start < 2:
                bands.extend((at, at + 1, self.gaps[at]) for at in range(first, end))
                continue
            while stop - start > 2 and not self.parted[start]:
                after, wider = self._shared(start + 1, stop)
                if after < stop or len(wider) <= len(kept):
                    break
                start, kept = start + 1, wider  # a title that stands across some of the columns
            bands.append((start, stop, kept))
            parts.extend((a, b) for a, b in ((first, start), (stop, end)) if a < b)
        return [([i for strip in self.strips[a:b] for i in strip], kept) for a, b, kept in sorted(bands)]

    def _runs(self, first: int, end: int) -> Iterator[tuple[int, int, list[_Span]]]:
        """The longest runs of strips that share gaps: each holds a strip that no other does."""
        start = first
        while start < end:
            stop, kept = self._shared(start, end)
            yield start, stop, kept
            start = self._reaching(start, stop) if stop < end else end

    def _reaching(self, start: int, stop: int) -> int:
        """The first strip after `start` whose run reaches beyond `stop`."""
        later = range(start + 1, stop)
        return start + 1 + bisect_left(later, True, key=lambda at: self._shared(at, stop + 1)[0] > stop)

    def _shared(self, start: int, end: int) -> tuple[int, list[_Span]]:
        """Where the strips end that share gaps with the one at `start`, and these gaps."""
        free, whole = self.gaps[start], self.boxes[start]
        for at in range(start + 1, end):
            box = self.boxes[at]
            kept, both = _meet(free, self.gaps[at], self.least), bounds((whole, box))
            if not (_inner(kept, both) and (box.y0 - whole.y1 < self.apart or _inner(kept, box))):
                return at, free
            free, whole = kept, both
        return end, free


def _gaps(items: Sequence[Boxed]) -> list[_Span]:
    spans: list[_Span] = []
    reach = -1e9
    for x0, x1 in sorted((i.x0, i.x1) for i in items):
        if x0 > reach:
            spans.append((reach, x0))
        reach = max(reach, x1)
    return [*spans, (reach, 1e9)]


def _meet(a: Sequence[_Span], b: Sequence[_Span], least: float) -> list[_Span]:
    met = [(max(p[0], q[0]), min(p[1], q[1])) for p in a for q in b]
    return [span for span in met if span[1] - span[0] >= least]


def _inner(free: Sequence[_Span], box: Box) -> bool:
    """Whether there is a gap other than the outer margin."""
    return any(a >= box.x0 and b <= box.x1 for a, b in free)


def _columns(band: Sequence[Boxed], free: Sequence[_Span]) -> list[list[Boxed]]:
    """The columns of a band; none if it is a single column or a table."""
    left, _, right, _ = bounds(band)
    cuts = sorted((a + b) / 2 for a, b in free if a >= left and b <= right)
    groups = [[item for item in band if bisect(cuts, item.center) == at] for at in range(len(cuts) + 1)]
    columns = _joined([group for group in groups if group]) if cuts else []
    words = [word for item in band if isinstance(item, Piece) for word in item.words]
    return [] if len(columns) < 2 else columns[::-1] if reads_left(words) else columns


def _joined(groups: Sequence[list[Boxed]]) -> list[list[Boxed]]:
    """Neighbouring parts of a band, with those joined that are columns of one table."""
    parts = [lines_of([i for i in group if isinstance(i, Piece)]) for group in groups]
    others = [any(not isinstance(i, Piece) for i in group) for group in groups]
    prose = all(other or _is_prose(lines) for lines, other in zip(parts, others, strict=True))
    out = [groups[0]]
    for at, group in enumerate(groups[1:]):
        high = all(len(parts[i]) >= 3 or others[i] for i in (at, at + 1))
        sentences = len(groups) == 2 and all(map(_is_sentence, parts))
        if sentences or (high and _are_columns([lines for lines in parts[at : at + 2] if lines], prose)):
            out.append(group)
        else:
            out[-1] = [*out[-1], *group]
    return out


def _are_columns(parts: Sequence[Sequence[Line]], prose: bool) -> bool:
    """Whether neighbouring parts are columns of text or tables with captions, rather than columns of one
    table. `prose`: whether all parts of the band look like running text."""
    texts = [[word.text for line in lines for word in line.words] for lines in parts]
    if any(all(is_marker(t) or (t.isdecimal() and len(t) < 4) for t in held) for held in texts):
        return False  # a list
    if len(parts) > 1 and (all(map(_is_bulleted, parts)) or all(map(_is_index, parts))):
        return True
    if len(parts) > 1 and all(any(is_caption(line.words) for line in lines) for lines in parts):
        return True
    titled = any(_headings(lines) > 1 for lines in parts) or all(map(_holds_titles, parts))
    if _in_bands(parts) and not titled:
        return False
    if len(parts) > 1 and all(map(_headings, parts)) and _in_rows(parts) < 0.5:
        return True
    longest = max(_longest_text(lines) for lines in parts) if parts else 0
    sizes = [median_low(line.words[0].style.size for line in lines) for lines in parts]
    if longest >= SHORT_PARAGRAPH and max(sizes) > NOTES * min(sizes):
        return True
    if prose or longest >= PARAGRAPH:
        return True
    return (_are_blocks(parts) or longest >= SHORT_PARAGRAPH) and _in_rows(parts) < 0.5


def _is_sentence(lines: Sequence[Line]) -> bool:
    """Whether two lines are one sentence, or a part of one."""
    if len(lines) != 2 or _words(lines[0]) < 4:
        return False
    end, after = lines[0].words[-1].text, lines[1].words[0].text
    return end[-1] not in ".:;!?" and after[0].islower()


def _are_blocks(parts: Sequence[Sequence[Line]]) -> bool:
    """Whether parts are blocks of short lines far from each other, as two addresses are."""
    if len(parts) < 2 or not all(map(_is_block, parts)):
        return False
    left, right = map(bounds, parts)
    return right.x0 - left.x1 > APART * left.height / len(parts[0])


def _is_block(lines: Sequence[Line]) -> bool:
    """Whether texts stand close below each other at one edge."""
    close = all(b.y0 - a.y1 < 0.7 * a.height for a, b in pairwise(lines))
    level = all(len(line.pieces) == 1 and abs(line.x0 - lines[0].x0) < 1 for line in lines)
    return close and level and not any(is_marker(line.words[0].text) for line in lines)


def _is_bulleted(lines: Sequence[Line]) -> bool:
    """Whether most lines are items after bullets."""
    items = sum(is_bullet(line.words[0].text) and len(line.words) > 1 for line in lines)
    return items >= FEWEST_ITEMS and items >= 0.5 * len(lines)


def _is_index(lines: Sequence[Line]) -> bool:
    """Whether most lines are words with numbers of pages: `weir, 12, 17`."""
    entries = sum(_ENTRY.search(" ".join(word.text for word in line.words)) is not None for line in lines)
    return entries >= PARAGRAPH and entries >= MOSTLY * len(lines)


def _is_prose(lines: Sequence[Line]) -> bool:
    width = max(bounds(lines).width, 1.0)
    filled = sum(line.width / width >= FILLED for line in lines)
    return filled >= 0.5 * len(lines) and sum(map(_words, lines)) >= 3 * len(lines) and width > 60


def _words(line: Line) -> int:
    return sum(any(map(str.isalpha, word.text)) for word in line.words)


def _longest_text(lines: Sequence[Line]) -> int:
    """The most lines of text that follow each other without a gap and fill their column."""
    width = bounds(lines).width
    longest = count = 0
    for before, line in zip([lines[0], *lines], lines, strict=False):
        close = line.y0 - before.y1 < 0.5 * line.height
        full = line.width > 0.8 * width and _words(line) >= 4
        count = (count if close else 0) + 1 if full else 0
        longest = max(longest, count)
    return longest


def _headings(lines: Sequence[Line]) -> int:
    """The lines after the first that are in larger or bolder type than most of their column."""
    looks = [(line.words[0].style.size, line.words[0].style.bold) for line in lines]
    size, bold = sorted(looks)[len(looks) // 2]
    return sum(one[0] > 1.05 * size or one[1] > bold for one in looks[1:])


def _holds_titles(lines: Sequence[Line]) -> bool:
    """Whether more than one line is in larger type than most of its column, as the titles of cards are."""
    sizes = [line.words[0].style.size for line in lines]
    return sum(size > 1.05 * median_low(sizes) for size in sizes) > 1


def _in_bands(columns: Sequence[Sequence[Line]]) -> bool:
    """Whether the same gaps part the lines of all columns, as they part the rows of a table."""
    parted = []
    for lines in (column for column in columns if len(column) > 1):
        least = min(b.y0 - a.y1 for a, b in pairwise(lines)) + 0.25 * lines[0].height
        parted.append([(a.y1, b.y0) for a, b in pairwise(lines) if b.y0 - a.y1 > least])
    if len(parted) < max(len(columns), 2):
        return False
    fewest = min(parted, key=len)
    shared = sum(all(any(a < d and c < b for c, d in other) for other in parted) for a, b in fewest)
    return shared >= 3 and shared * 4 >= 3 * max(map(len, parted))


def _in_rows(columns: Sequence[Sequence[Line]]) -> float:
    """The share of lines of the shortest column that have a line at the same height beside them."""
    shortest = min(columns, key=len)
    middles = [line.middle for column in columns if column is not shortest for line in column]
    return sum(any(abs(line.middle - y) < 2 for y in middles) for line in shortest) / len(shortest)


def lines_of(pieces: Sequence[Piece]) -> list[Line]:
    """The lines of one column, from top to bottom."""
    ordered = sorted(pieces, key=lambda piece: piece.middle)
    return [line_of(row) for row in grouped(ordered, lambda row, piece: _overlap(row[0], piece))]


def _overlap(piece: Piece, other: Piece) -> bool:
    """Whether two pieces are side by side for half the height of the lower one."""
    shared = min(piece.y1, other.y1) - max(piece.y0, other.y0)
    return shared > 0.5 * min(piece.height, other.height)
