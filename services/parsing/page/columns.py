"""Reading order: splits a page into flows, each of which is read from top to bottom."""

from __future__ import annotations

from bisect import bisect, bisect_left
from collections.abc import Iterator, Sequence

from services.parsing.page.column_text import are_columns, counts_up, is_prose_column, is_sentence
from services.parsing.page.geometry import Box, Boxed, Gap, Piece, bounds, grouped
from services.parsing.page.lines import Line, line_of, reads_left
from services.parsing.page.lists import is_number
from services.parsing.page.sections import sections

#: Minimum gap between two columns of text, relative to the font size.
GUTTER = 0.75
#: A vertical gap larger than this (relative to the font size) ends columns, unless columns continue below it.
APART = 3.0
#: Maximum nesting depth of columns.
MAX_DEPTH = 3
#: Most words of a text in the first line of a table without rules; more are running text with a chance gap.
MOST_WORDS = 5


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

    def bands(self) -> list[tuple[list[Boxed], list[Gap]]]:
        """Neighbouring strips that share vertical gaps, and these gaps.

        Of groups that overlap, the one with the most strips on both sides of a gap wins: a centred title has
        chance gaps in common with the line below it, too.
        """
        bands: list[tuple[int, int, list[Gap]]] = []
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

    def _runs(self, first: int, end: int) -> Iterator[tuple[int, int, list[Gap]]]:
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

    def _shared(self, start: int, end: int) -> tuple[int, list[Gap]]:
        """Where the strips end that share gaps with the one at `start`, and these gaps."""
        free, whole = self.gaps[start], self.boxes[start]
        for at in range(start + 1, end):
            box = self.boxes[at]
            kept, both = meet(free, self.gaps[at], self.least), bounds((whole, box))
            if not (_inner(kept, both) and (box.y0 - whole.y1 < self.apart or _inner(kept, box))):
                return at, free
            free, whole = kept, both
        return end, free


def _gaps(items: Sequence[Boxed]) -> list[Gap]:
    spans: list[Gap] = []
    reach = -1e9
    for x0, x1 in sorted((i.x0, i.x1) for i in items):
        if x0 > reach:
            spans.append((reach, x0))
        reach = max(reach, x1)
    return [*spans, (reach, 1e9)]


def meet(a: Sequence[Gap], b: Sequence[Gap], least: float) -> list[Gap]:
    """What two lists of white spans share, where it is wide enough."""
    met = [(max(p[0], q[0]), min(p[1], q[1])) for p in a for q in b]
    return [span for span in met if span[1] - span[0] >= least]


def _inner(free: Sequence[Gap], box: Box) -> bool:
    """Whether there is a gap other than the outer margin."""
    return any(a >= box.x0 and b <= box.x1 for a, b in free)


def _columns(band: Sequence[Boxed], free: Sequence[Gap]) -> list[list[Boxed]]:
    """The columns of a band; none if it is a single column or a table."""
    left, _, right, _ = bounds(band)
    cuts = sorted((a + b) / 2 for a, b in free if a >= left and b <= right)
    groups = [[item for item in band if bisect(cuts, item.center) == at] for at in range(len(cuts) + 1)]
    groups = [group for group in groups if group]
    columns = (_numbered(groups) or _joined(groups)) if cuts else []
    words = [word for item in band if isinstance(item, Piece) for word in item.words]
    return [] if len(columns) < 2 else columns[::-1] if reads_left(words) else columns


def _numbered(groups: Sequence[list[Boxed]]) -> list[list[Boxed]]:
    """The columns of a band if all of them are lists of numbered texts; their numbers may stand apart."""
    out: list[list[Boxed]] = []
    apart = False
    for group in groups:
        if apart:
            out[-1] = [*out[-1], *group]
        else:
            out.append(group)
        apart = all(isinstance(item, Piece) and is_number(item.words[0].text) for item in group)
    lists = len(out) > 1 and all(counts_up(lines_of([i for i in g if isinstance(i, Piece)])) for g in out)
    return out if lists else []


def _joined(groups: Sequence[list[Boxed]]) -> list[list[Boxed]]:
    """Neighbouring parts of a band, with those joined that are columns of one table."""
    parts = [lines_of([i for i in group if isinstance(i, Piece)]) for group in groups]
    others = [any(not isinstance(i, Piece) for i in group) for group in groups]
    prose = all(other or is_prose_column(lines) for lines, other in zip(parts, others, strict=True))
    out = [groups[0]]
    for at, group in enumerate(groups[1:]):
        high = all(len(parts[i]) >= 3 or others[i] for i in (at, at + 1))
        sentences = len(groups) == 2 and all(map(is_sentence, parts))
        pair = [lines for lines in parts[at : at + 2] if lines]
        if sentences or (high and are_columns(pair, parts, prose)):
            out.append(group)
        else:
            out[-1] = [*out[-1], *group]
    return out


def lines_of(pieces: Sequence[Piece]) -> list[Line]:
    """The lines of one column, from top to bottom."""
    ordered = sorted(pieces, key=lambda piece: piece.middle)
    return [line_of(row) for row in grouped(ordered, lambda row, piece: _overlap(row[0], piece))]


def _overlap(piece: Piece, other: Piece) -> bool:
    """Whether two pieces are side by side for half the height of the lower one."""
    shared = min(piece.y1, other.y1) - max(piece.y0, other.y0)
    return shared > 0.5 * min(piece.height, other.height)
