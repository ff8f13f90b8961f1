"""Cells of a head that span columns or rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.parsing.page.geometry import Gap
from services.parsing.page.tables.columns import (
    CENTRED,
    Entry,
    TableLine,
    blocks_below,
)
from services.parsing.page.tables.values import first_figures

#: A label is aligned with an end of its columns within this (in font sizes).
FLUSH = 0.3


@dataclass(slots=True)
class Placed:
    """The lines of a cell, and the columns and rows that it spans."""

    entries: list[Entry]
    row: int
    column: int
    columns: int = 1
    rows: int = 1


def placed(rows: Sequence[Sequence[TableLine]], extent: Sequence[Gap]) -> list[Placed]:
    """The cells of rows. Cells above the first row of figures may span columns."""
    head = _head(rows)
    cells = [_cells(row, at) for at, row in enumerate(rows)]
    for at in range(head - 2, -1, -1):
        _widen(cells[at], cells[at + 1], extent)
    for cell in (cell for row in cells[head:] for cell in row):
        cell.columns = 1
    return [cell for row in cells for cell in row]


def _head(rows: Sequence[Sequence[TableLine]]) -> int:
    """The number of rows above the first one with figures: at most three."""
    texts = ([e.text for line in row for e in line.entries if e.first > 0] for row in rows[:4])
    at = first_figures(texts, share=1 / 2)
    return 1 if at is None else at


def _cells(row: Sequence[TableLine], at: int) -> list[Placed]:
    cells: list[Placed] = []
    for line in row:
        for entry in line.entries:
            for cell in cells:
                if cell.column <= entry.last and entry.first < cell.column + cell.columns:
                    end = max(cell.column + cell.columns, entry.last + 1)
                    cell.column = min(cell.column, entry.first)
                    cell.columns = end - cell.column
                    cell.entries.append(entry)
                    break
            else:
                cells.append(Placed([entry], at, entry.first, entry.last - entry.first + 1))
    return sorted(cells, key=lambda cell: cell.column)


def _widen(cells: Sequence[Placed], below: Sequence[Placed], extents: Sequence[Gap]) -> None:
    """Extend the labels of a head over the columns of the row below that they belong to."""
    labels = [cell for cell in cells if cell.column > 0]
    blocks = blocks_below([_label(cell) for cell in labels], [_label(cell) for cell in below], extents)
    for cell, (first, last) in zip(labels, blocks or (), strict=False):
        cell.column, cell.columns = first, last - first + 1
    if blocks is not None:
        return
    filled = {c for cell in below for c in range(cell.column, cell.column + cell.columns)}
    taken = {c for cell in cells for c in range(cell.column, cell.column + cell.columns)}
    for cell in cells:
        free = {c for c in filled - taken if c > 0}
        left, right = cell.column, cell.column + cell.columns - 1
        while left - 1 in free:
            left -= 1
        while right + 1 in free:
            right += 1
        first, last = _by_place(cell, left, right, extents)
        cell.column, cell.columns = first, last - first + 1
        taken |= set(range(first, last + 1))


def _label(cell: Placed) -> Entry:
    words = [word for entry in cell.entries for word in entry.words]
    return Entry(words, cell.column, cell.column + cell.columns - 1)


def _by_place(cell: Placed, left: int, right: int, extents: Sequence[Gap]) -> tuple[int, int]:
    """The most columns from `left` to `right` on which a label is centred, or with an end of which it is
    aligned."""
    x0 = min(entry.x0 for entry in cell.entries)
    x1 = max(entry.x1 for entry in cell.entries)
    size = cell.entries[0].words[0].style.size
    first, last = cell.column, cell.column + cell.columns - 1
    best = (first, last)
    for a in range(left, first + 1):
        for b in range(last, right + 1):
            start, end = extents[a][0], extents[b][1]
            centred = abs(x0 + x1 - start - end) / 2 <= CENTRED * size
            flush = (a == first and abs(x0 - start) <= FLUSH * size) or (
                b == last and abs(x1 - end) <= FLUSH * size
            )
            if (centred or flush) and b - a > best[1] - best[0]:
                best = (a, b)
    return best


def beside_rows(cells: Sequence[Placed], rows: Sequence[Sequence[TableLine]]) -> None:
    """Let labels in the first column span rows, if all rows are parted into groups on which the labels are
    centred."""
    head = _head(rows)
    labels = sorted((c for c in cells if c.column == 0 and c.row >= head), key=_middle)
    if not labels or len(labels) == len(rows) - head or any(label.columns > 1 for label in labels):
        return
    tops = [min(line.y0 for line in row) for row in rows]
    feet = [max(line.y1 for line in row) for row in rows]
    first = head
    spans: list[tuple[int, int]] = []
    for label in labels:
        near = 0.35 * (label.entries[0].words[0].y1 - label.entries[0].words[0].y0)
        ends = (
            e for e in range(first, len(rows)) if abs((tops[first] + feet[e]) / 2 - _middle(label)) <= near
        )
        last = next(ends, None)
        if last is None:
            return
        spans.append((first, last))
        first = last + 1
    if first == len(rows):
        for label, (start, last) in zip(labels, spans, strict=True):
            label.row, label.rows = start, last - start + 1


def _middle(cell: Placed) -> float:
    words = [word for entry in cell.entries for word in entry.words]
    return (min(word.y0 for word in words) + max(word.y1 for word in words)) / 2
