"""Rows of a table: which of its lines are wrapped cells of the row above."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.parsing.page.tables.columns import (
    HEAD,
    Entry,
    TableLine,
    blocks_below,
    extents,
    is_figure,
    names_column,
)

_BROKEN = re.compile(r"[^\W_]-$")
#: The lines of a cell are at most this far apart (in font sizes).
WIDEST_LEADING = 1.5
#: Lines of a cell begin at the same place within this (points).
FLUSH = 0.5
#: At most one gap in so many is narrow because a mark or a sign is off its line.
FEW_GAPS = 12
#: Rules between rows are borders of all rows if there are at least this many.
MOST_RULED = 2


@dataclass(slots=True)
class Bar:
    """The rules at one height: `parts` are their ends."""

    at: float
    parts: list[tuple[float, float]]

    def covers(self, x: float) -> bool:
        return any(start - 3 <= x <= end + 3 for start, end in self.parts)


class Rows:
    """Groups the lines of a table into rows.

    Two lines are parted, in this order, by a bar above all texts of the lower one; figures one above the
    other; if bars part most lines, or above the first bar, by nothing else; gaps that are clearly of two
    widths; room for the next word on the line above.
    """

    def __init__(self, lines: Sequence[TableLine], bars: Sequence[Bar], columns: int) -> None:
        self.lines = lines
        self.bars = bars
        self.barred = [any(_parts(a, b, bar) for bar in bars) for a, b in pairwise(lines)]
        self.head = self.barred.index(True) + 1 if any(self.barred[:HEAD]) else 0
        self.first = _first_values(lines)
        self.gaps = [b.y0 - a.y1 for a, b in pairwise(lines)]
        self.height = sorted(line.y1 - line.y0 for line in lines)[len(lines) // 2]
        apart = sorted(g for g, (a, b) in zip(self.gaps, pairwise(lines), strict=True) if stacked([a], b))
        self.row_gap = apart[len(apart) // 2] if apart else 0.0
        self.extents = extents(lines, columns)
        self.widths = _widths(lines, columns)
        self.ruled = self._is_ruled()
        self.part = None if self.ruled else self._parting()

    def grouped(self) -> list[list[TableLine]]:
        rows: list[list[TableLine]] = [[self.lines[0]]]
        for at, line in enumerate(self.lines[1:]):
            if self._begins(at, rows[-1], line):
                rows.append([line])
            else:
                rows[-1].append(line)
        return rows

    def _begins(self, at: int, row: Sequence[TableLine], line: TableLine) -> bool:
        above = row[-1]
        if self.barred[at] or at + 1 == self.first:
            return True
        if _breaks_word(above, line):
            return False
        if stacked(row, line) or _changes_weight(above, line) or self._spans(at, above, line):
            return True
        if self.ruled or at + 1 < self.head:
            return False
        if self.part is not None:
            return self.gaps[at] > self.part or (_completes(above, line) and self._fitted(above, line))
        if self._fitted(above, line) or self._apart(at, line):
            return True
        return self._differs(at, row, line)

    def _spans(self, at: int, above: TableLine, line: TableLine) -> bool:
        """Whether a line of the head holds labels of several columns of the next."""
        if at >= HEAD:
            return False
        for entry in above.entries:
            if sum(entry.first <= e.first and e.last <= entry.last for e in line.entries) > 1:
                return True
        if self.gaps[at] < self.row_gap - 0.15 * self.height:
            return False  # as close as the lines of a cell
        labels = [entry for entry in above.entries if entry.first > 0]
        if any(e.first in line.at and abs(line.at[e.first].x0 - e.x0) < FLUSH for e in labels):
            return False  # the first line of a label above one column
        return blocks_below(labels, line.entries, self.extents) is not None

    def _differs(self, at: int, row: Sequence[TableLine], line: TableLine) -> bool:
        """Whether a line that may continue a row does not, judged by the columns that it fills."""
        if self.gaps[at] > 1.2 * self.height:
            return True
        filled = {c for one in row for c in one.at}
        if 0 not in line.at:
            # The rest of wrapped cells; figures in new columns are the first of a row without a label.
            return bool(set(line.at) - filled) and 0 in filled
        if 0 not in filled:
            return len(line.entries) == 1
        first = line.at[0]
        if len(line.entries) > 1 and len(row) == 1 and len(row[0].entries) == 1:
            return not _goes_on(row[0].entries[0], first)
        return not _goes_on(row[-1].at.get(0), first)

    def _apart(self, at: int, line: TableLine) -> bool:
        """Whether a line is as far from the one above as rows are, and further than lines of a cell are."""
        pitch = self.gaps[at] + line.y1 - line.y0
        size = max(word.style.size for entry in line.entries for word in entry.words)
        return (
            self.row_gap > 0 and pitch > WIDEST_LEADING * size and self.gaps[at] > self.row_gap - 0.1 * size
        )

    def _fitted(self, above: TableLine, line: TableLine) -> bool:
        """Whether, in any column, the first word of a line had fitted on the line above."""
        for entry in line.entries:
            over = above.at.get(entry.first)
            if over is None or over.first != entry.first or over.last != entry.last:
                continue
            room = sum(self.widths[entry.first : entry.last + 1])
            word = entry.words[0]
            blank = 0.3 * word.style.size
            if over.x1 - over.x0 + blank + word.x1 - word.x0 < room - 0.25 * word.style.size:
                return True
        return False

    def _is_ruled(self) -> bool:
        """Whether rules separate all rows: most lines have one above, or more lines follow only in wrapped
        cells."""
        bands = [[self.lines[0]]]
        for barred, line in zip(self.barred, self.lines[1:], strict=True):
            if barred:
                bands.append([line])
            else:
                bands[-1].append(line)
        if len(bands) - 1 < MOST_RULED:
            return False
        body = bands[1:]
        several = sum(holds_rows(band) for band in body)
        return several * 2 < len(body) and len(body) * 8 >= len(self.lines) - len(bands[0])

    def _parting(self) -> float | None:
        """The threshold between gaps within a row and gaps between rows; None if all are alike, or if small
        gaps separate rows, too."""
        open_ = sorted(
            gap
            for gap, barred in zip(self.gaps, self.barred, strict=True)
            if not barred and -0.3 * self.height < gap < 3 * self.height
        )
        usual = open_[len(open_) // FEW_GAPS :]
        jump, part = max(((b - a, (a + b) / 2) for a, b in pairwise(usual)), default=(0.0, 0.0))
        if jump < 0.2 * self.height:
            return None
        close = [at for at, gap in enumerate(self.gaps) if gap <= part and not self.barred[at]]
        whole = [at for at in close if _completes(self.lines[at], self.lines[at + 1])]
        labels = sum(not self.lines[at + 1].at[0].text[:1].islower() for at in whole)
        if labels * 2 > len(close):
            return None
        pairs = [(self.lines[at], self.lines[at + 1]) for at in close]
        rows = sum(
            not _breaks_word(above, line) and (stacked([above], line) or self._fitted(above, line))
            for above, line in pairs
        )
        return part if rows * 4 < len(close) else None


def _parts(above: TableLine, below: TableLine, bar: Bar) -> bool:
    if not (above.y0 + above.y1) / 2 < bar.at < (below.y0 + below.y1) / 2:
        return False
    return all(bar.covers((entry.x0 + entry.x1) / 2) for entry in below.entries)


def holds_rows(band: Sequence[TableLine]) -> bool:
    """Whether lines between two bars are rows of their own: figures below figures, or mostly full lines."""
    pairs = list(pairwise(band))
    if any(stacked([a], b) for a, b in pairs):
        return True
    return len(pairs) > 2 and sum(_completes(a, b) for a, b in pairs) * 5 >= 3 * len(pairs)


def _completes(above: TableLine, line: TableLine) -> bool:
    """Whether a line fills all columns that the line above fills, as the first line of a row does."""
    return 0 in line.at and len(line.entries) > 1 and set(line.at) >= set(above.at)


def _widths(lines: Sequence[TableLine], count: int) -> list[float]:
    """The width of the widest text of each column."""
    widths = [0.0] * count
    for line in lines:
        for entry in line.entries:
            if entry.first == entry.last:
                widths[entry.first] = max(widths[entry.first], entry.x1 - entry.x0)
    return widths


def stacked(row: Sequence[TableLine], line: TableLine) -> bool:
    """Whether a line has a figure below a figure of the row."""
    for entry in line.entries:
        if entry.first and is_figure(entry.text):
            for above in row:
                over = above.at.get(entry.first)
                if over is not None and is_figure(over.text):
                    return True
    return False


def _breaks_word(above: TableLine, line: TableLine) -> bool:
    """Whether a line goes on with a word that the line above breaks, and is no whole row."""
    if _completes(above, line):
        return False
    ends = ((above.at.get(entry.first), entry) for entry in line.entries)
    return any(
        over is not None and _BROKEN.search(over.text) and rest.text[0].isalpha() for over, rest in ends
    )


def _first_values(lines: Sequence[TableLine]) -> int:
    """The first line with figures in several columns: it begins a row, whatever rules there are; 0 if none of
    the first lines below the top one has."""
    for at, line in enumerate(lines[1 : HEAD + 1], 1):
        if sum(e.first > 0 and is_figure(e.text) and not names_column(e.text) for e in line.entries) > 1:
            return at
    return 0


def _changes_weight(above: TableLine, line: TableLine) -> bool:
    """Whether a line in regular type follows one in bold in the same columns."""
    shared = [c for c in line.at if c in above.at]
    return len(shared) > 1 and all(_bold(above.at[c]) and not _bold(line.at[c]) for c in shared)


def _bold(entry: Entry) -> bool:
    return all(word.style.bold for word in entry.words)


def _goes_on(before: Entry | None, entry: Entry) -> bool:
    """Whether a label is the rest of the one above: it begins in lower case, or further right."""
    if before is None:
        return False
    text = entry.words[0].text
    if before.words[-1].text[-1:] == "-":
        return True
    if text[0] == "[":
        return True  # a citation
    ended = before.words[-1].text[-1:] in ":.;"
    if ended or is_figure(before.words[-1].text) or is_figure(text):
        return False
    return text[:1].islower() or before.words[-1].text[-1:] in ",&/" or before.words[-1].text in _OPEN


#: Words that no label ends with.
_OPEN = frozenset(("and", "or", "of", "the", "for", "to", "in", "on", "by", "with", "from", "at", "a", "an"))
