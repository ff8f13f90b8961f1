"""Rows of a table: which of its lines are wrapped cells of the row above."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from services.parsing.page.geometry import grouped
from services.parsing.page.tables.columns import HEAD, TableLine, blocks_below, extents
from services.parsing.page.tables.pairs import (
    breaks_word,
    changes_weight,
    completes,
    goes_on,
    is_above_several,
    leading,
    stacked,
)
from services.parsing.page.tables.rules import Rule
from services.parsing.page.tables.values import first_figures, is_figure

#: Rules this close (points) are one with gaps.
SAME_HEIGHT = 3
#: The lines of a cell are at most this far apart (in font sizes).
WIDEST_LEADING = 1.5
#: Lines in the fewest that are rows because they fill all columns, and the most columns: more are a sentence.
FEWEST_FILLED, MOST_FILLED = 3, 5
#: Lines of a cell begin at the same place within this (points).
FLUSH = 0.5
#: At most one gap in so many is narrow because a mark or a sign is off its line.
FEW_GAPS = 12
#: Rules between rows are borders of all rows if there are at least this many.
MOST_RULED = 2


class Rows:
    """Groups the lines of a table into rows.

    Two lines are parted, in this order, by a bar above all texts of the lower one; figures one above the
    other; if bars part most lines, or above the first bar, by nothing else; gaps that are clearly of two
    widths; room for the next word on the line above.
    """

    def __init__(self, lines: Sequence[TableLine], rules: Sequence[Rule], columns: int) -> None:
        by_height = sorted(rules, key=lambda rule: rule.at)
        bars = grouped(by_height, lambda bar, rule: rule.at - bar[0].at <= SAME_HEIGHT)
        self.height = sorted(line.y1 - line.y0 for line in lines)[len(lines) // 2]
        self.extents = extents(lines, columns)
        self.widths = _widths(lines, columns)
        beside = sorted(b.y0 - a.y1 for a, b in pairwise(lines) if a.at.keys() & b.at.keys())
        self.leading = beside[len(beside) // FEW_GAPS] if beside else 0.0
        self.between: list[TableLine] = []
        self.lines = lines = self._level(lines)
        bare = [self._fitted(a, b) for a, b in pairwise(lines) if _is_bare(a, b)]
        self.hangs = len(bare) > 1 and sum(bare) * 5 <= 2 * len(bare)
        self.barred = [any(_parts(a, b, bar) for bar in bars) for a, b in pairwise(lines)]
        self.head = self.barred.index(True) + 1 if any(self.barred[:HEAD]) else 0
        texts = ([entry.text for entry in line.entries if entry.first > 0] for line in lines[1 : HEAD + 1])
        self.first = first_figures(texts, share=0, least=2)  # of the lines below: it begins a row
        self.labelled = sum(0 in line.at for line in lines) / len(lines)
        self.gaps = [b.y0 - a.y1 for a, b in pairwise(lines)]
        apart = sorted(
            g for g, (a, b) in zip(self.gaps, pairwise(lines), strict=True) if self._evidence(a, b) > 0
        )
        self.row_gap = apart[len(apart) // 2] if apart else 0.0
        self.ruled = self._is_ruled()
        shorter = [self._fitted(a, b) for a, b in pairwise(lines) if _is_shorter(a, b) and _is_close(a, b)]
        labels = [b.at[0].words for b in lines[1:] if 0 in b.at]
        self.bare = all(len(words) == 1 for words in labels)
        self.wraps = sum(shorter) * 5 <= len(shorter) > 1 and not self.bare
        lower = sum(words[0].text[0].islower() for words in labels)  # in three lines: text
        self.lower = len(labels) > (2 if self.bare else 3) and lower * 5 > 4 * len(labels)
        self.part = None if self.ruled else self._parting()
        self.filled = _is_filled(lines, columns)

    def _level(self, lines: Sequence[TableLine]) -> list[TableLine]:
        """The lines, with those joined that are at half the height between others, as in cells whose middles
        are at one height. Left out are texts between two rows: cells that span both."""
        out: list[TableLine] = []
        last = lines[0]
        for line, below in zip(lines, [*lines[1:], None], strict=True):
            if out and line.y0 < out[-1].y1 - 0.15 * self.height and not line.at.keys() & last.at.keys():
                if below is not None and self._spans_rows(last, line, below, len(out) < HEAD):
                    self.between.append(line)
                    continue
                out[-1] = TableLine([*out[-1].entries, *line.entries], out[-1].y0, max(out[-1].y1, line.y1))
            else:
                out.append(line)
            last = line
        return out

    def _spans_rows(self, above: TableLine, line: TableLine, below: TableLine, head: bool) -> bool:
        """Whether a line is between two rows. A rule may be below labels that span columns."""
        labels = head and self._holds_labels(above, below)
        if below.y0 > line.y1 + (0.3 if labels else -0.15) * self.height or below.at.keys() & line.at.keys():
            return False
        if labels or stacked([above], below) or self._fitted(above, below):
            return True
        return below.y0 - above.y1 > self.leading + 0.2 * self.height

    def _holds_labels(self, above: TableLine, line: TableLine) -> bool:
        """Whether a line holds labels of several columns of the next."""
        labels = [entry for entry in above.entries if entry.first > 0]
        return is_above_several(above, line) or blocks_below(labels, line.entries, self.extents) is not None

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
        if self.barred[at] or (self.filled and at + 1 >= self.head):
            return True
        if self.part is None and at == self.first:
            return True
        if breaks_word(above, line):
            return False
        if stacked(row, line) or changes_weight(above, line) or self._spans(at, above, line):
            return True
        if self.ruled or at + 1 < self.head:
            return False
        if self.part is not None:
            return self.gaps[at] > self.part or (completes(above, line) and self._fitted(above, line))
        if (self._fitted(above, line) and not self._hangs(above, line)) or self._apart(at, line):
            return True
        return self._differs(at, row, line)

    def _spans(self, at: int, above: TableLine, line: TableLine) -> bool:
        """Whether a line of the head holds labels of several columns of the next."""
        if at >= HEAD:
            return False
        if is_above_several(above, line):
            return True
        if self.gaps[at] < self.row_gap - 0.15 * self.height:
            return False  # as close as the lines of a cell
        labels = [entry for entry in above.entries if entry.first > 0]
        if any(e.first in line.at and abs(line.at[e.first].x0 - e.x0) < FLUSH for e in labels):
            return False  # the first line of a label above one column
        return self._holds_labels(above, line)

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
        if self.wraps and _is_shorter(row[0], line) and _is_close(row[-1], line):
            return False
        if self.lower and (self.bare or completes(row[0], line)):
            return True
        if len(line.entries) > 1 and len(row) == 1 and len(row[0].entries) == 1:
            return not goes_on(row[0].entries[0], first)
        return not goes_on(row[-1].at.get(0), first)

    def _apart(self, at: int, line: TableLine) -> bool:
        """Whether a line is as far from the one above as rows are, and further than lines of a cell are."""
        pitch = self.gaps[at] + line.y1 - line.y0
        size = max(word.style.size for entry in line.entries for word in entry.words)
        near = abs(self.gaps[at] - self.row_gap) < 0.1 * size
        return self.row_gap > 0 and pitch > WIDEST_LEADING * size and near

    def _fitted(self, above: TableLine, line: TableLine) -> bool:
        """Whether, in any column, the first word of a line had fitted on the line above."""
        for entry in leading(line):
            over = above.at.get(entry.first)
            if over is None or over.first != entry.first or over.last != entry.last:
                continue
            room = sum(self.widths[entry.first : entry.last + 1])
            word = entry.words[0]
            blank = 0.3 * word.style.size
            if over.x1 - over.x0 + blank + word.x1 - word.x0 < room - 0.25 * word.style.size:
                return True
        return False

    def _hangs(self, above: TableLine, line: TableLine) -> bool:
        """Whether a line without a label goes on with cells of the line above, as most such lines do."""
        near = line.y0 - above.y1 < self.leading + 0.1 * self.height
        return self.hangs and near and _is_bare(above, line)

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
        """The threshold between gaps within a row and gaps between rows: of all jumps in the widths of the
        gaps the one with which what the lines hold agrees most; None if it agrees with none."""
        pairs = [
            (gap, self._evidence(above, line))
            for gap, barred, (above, line) in zip(self.gaps, self.barred, pairwise(self.lines), strict=True)
            if not barred and -0.3 * self.height < gap < 3 * self.height
        ]
        pairs.sort(key=lambda pair: pair[0])
        usual = pairs[len(pairs) // FEW_GAPS :]
        best, part = 0.0, None
        for (a, _), (b, _) in pairwise(usual):
            jump = (b - a) / self.height
            if jump >= 0.15 and a < self.height:  # lines of a cell are no further from each other
                agreed = sum(e if gap > (a + b) / 2 else -e for gap, e in pairs) / len(pairs)
                if 2 * agreed + min(jump, 1.0) > best:
                    best, part = 2 * agreed + min(jump, 1.0), (a + b) / 2
        return part

    def _evidence(self, above: TableLine, line: TableLine) -> float:
        """How much the texts of two lines speak for two rows, from -1 (one row) to 1."""
        if breaks_word(above, line):
            return -1.0
        if stacked([above], line) or (self._fitted(above, line) and not self._hangs(above, line)):
            return 1.0
        return 0.0 if 0 in line.at else -self.labelled


def _is_filled(lines: Sequence[TableLine], columns: int) -> bool:
    """Whether all lines hold a word or two in every column, and no figures: wrapped cells would be uneven."""
    entries = [entry for line in lines for entry in line.entries]
    if columns > MOST_FILLED or len(lines) < FEWEST_FILLED or any(len(line.at) < columns for line in lines):
        return False
    return all(len(entry.words) < 3 and not is_figure(entry.text) for entry in entries)


def _is_bare(above: TableLine, line: TableLine) -> bool:
    """Whether a line close below another has no label, and fills only columns that the other fills."""
    return 0 not in line.at and line.at.keys() <= above.at.keys() and _is_close(above, line)


def _is_shorter(above: TableLine, line: TableLine) -> bool:
    """Whether a line has a label, and fills at most half of the columns that a line above fills."""
    return 0 in line.at and 2 * len(line.at) <= len(above.at) and line.at.keys() <= above.at.keys()


def _is_close(above: TableLine, line: TableLine) -> bool:
    """Whether a line is as close below another as lines of a cell are."""
    word = line.entries[0].words[0]
    return line.y0 - above.y1 + word.y1 - word.y0 < WIDEST_LEADING * word.style.size


def _parts(above: TableLine, below: TableLine, bar: Sequence[Rule]) -> bool:
    """Whether rules at one height are between two lines, above all texts of the lower one."""
    if not (above.y0 + above.y1) / 2 < bar[0].at < (below.y0 + below.y1) / 2:
        return False
    middles = [(entry.x0 + entry.x1) / 2 for entry in below.entries]
    return all(any(rule.start - 3 <= x <= rule.end + 3 for rule in bar) for x in middles)


def holds_rows(band: Sequence[TableLine]) -> bool:
    """Whether lines between two bars are rows of their own: figures below figures, or mostly full lines."""
    pairs = list(pairwise(band))
    if any(stacked([a], b) for a, b in pairs):
        return True
    return len(pairs) > 2 and sum(completes(a, b) for a, b in pairs) * 5 >= 3 * len(pairs)


def _widths(lines: Sequence[TableLine], count: int) -> list[float]:
    """The width of the widest text of each column."""
    widths = [0.0] * count
    for line in lines:
        for entry in line.entries:
            if entry.first == entry.last:
                widths[entry.first] = max(widths[entry.first], entry.x1 - entry.x0)
    return widths
