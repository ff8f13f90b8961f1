"""Assigns words to the cells of a table with known columns."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from services.parsing.markdown_writer import Cell, escape
from services.parsing.page.geometry import Word, bounds
from services.parsing.page.lines import reads_left, rows_of
from services.parsing.page.ruled import Grid, Slot
from services.parsing.page.text import Vocabulary, plain


@dataclass(slots=True)
class Table:
    """A table and its position on the page."""

    rows: list[list[Cell]]
    x0: float
    y0: float
    x1: float
    y1: float


def fill(grid: Grid, words: Sequence[Word], vocabulary: Vocabulary) -> list[list[Cell]]:
    """The grid's cells with their words, row by row."""
    at: dict[tuple[int, int], int] = {}
    for number, slot in enumerate(grid.slots):
        for r in range(slot.row, slot.row + slot.rows):
            for c in range(slot.column, slot.column + slot.columns):
                at[r, c] = number
    held: list[list[Word]] = [[] for _ in grid.slots]
    for word in words:
        r = _place(grid.ys, (word.y0 + word.y1) / 2)
        c = _place(grid.xs, (word.x0 + word.x1) / 2)
        held[at[r, c]].append(word)
    rows: list[list[Cell]] = [[] for _ in range(grid.rows)]
    for slot, inside in zip(grid.slots, held, strict=True):
        text = escape(plain(rows_of(inside), vocabulary))
        rows[slot.row].append(Cell(text, slot.columns, slot.rows))
    if reads_left(words):
        return [row[::-1] for row in rows]
    return rows


def _place(edges: Sequence[float], value: float) -> int:
    return min(max(bisect_right(edges, value) - 1, 0), len(edges) - 2)


def trimmed(grid: Grid, words: Sequence[Word]) -> Grid:
    """The grid without empty columns and rows between double lines."""
    xs = _kept(grid.xs, [(w.x0 + w.x1) / 2 for w in words])
    ys = _kept(grid.ys, [(w.y0 + w.y1) / 2 for w in words])
    if len(xs) == len(grid.xs) and len(ys) == len(grid.ys):
        return grid
    slots = []
    for slot in grid.slots:
        column, columns = _mapped(grid.xs, xs, slot.column, slot.columns)
        row, rows = _mapped(grid.ys, ys, slot.row, slot.rows)
        if columns and rows:
            slots.append(Slot(row, column, rows, columns))
    return Grid(tuple(xs), tuple(ys), tuple(slots))


#: An empty column or row narrower than this (points) is the gap of a double line.
SLIT = 7.0


def _kept(edges: Sequence[float], places: Sequence[float]) -> list[float]:
    kept = [edges[0]]
    for left, right in itertools.pairwise(edges):
        if right - left < SLIT and not any(left <= p <= right for p in places):
            if len(kept) == 1 and kept[0] == left:
                kept[0] = right
            continue
        kept.append(right)
    return kept if len(kept) > 1 else [edges[0], edges[-1]]


def _mapped(old: Sequence[float], new: Sequence[float], first: int, count: int) -> tuple[int, int]:
    start = bisect_right(new, old[first] + 0.01) - 1
    end = bisect_right(new, old[first + count] + 0.01) - 1
    start, end = max(start, 0), min(max(end, 0), len(new) - 1)
    return start, end - start


def text_rows(words: Sequence[Word], xs: Sequence[float]) -> list[list[Word]]:
    """Rows of a table without lines between them; a row has several lines if a cell wraps.

    If some gaps between lines are clearly wider than others, they separate rows. Otherwise every line with a
    word in the first column, or in at least two columns, begins a row.
    """
    lines = rows_of(words)
    if len(lines) < 2:
        return lines
    spans = [bounds(line) for line in lines]
    gaps = [max(b.y0 - a.y1, 0.0) for a, b in itertools.pairwise(spans)]
    height = sorted(s.y1 - s.y0 for s in spans)[len(spans) // 2]
    places = [{_place(xs, (w.x0 + w.x1) / 2) for w in line} for line in lines]
    part = _parting(gaps, height)
    if part is not None:
        begun = 1 + sum(gap > part for gap in gaps)
        if sum(0 in filled and len(filled) > 1 for filled in places) > 2 * begun:
            part = None  # the wide gaps separate groups of rows
    rows = [list(lines[0])]
    for gap, line, filled in zip(gaps, lines[1:], places[1:], strict=True):
        begins = gap > part if part is not None else 0 in filled or len(filled) * 2 > len(xs) - 1
        if begins:
            rows.append(list(line))
        else:
            rows[-1].extend(line)
    return rows


def _parting(gaps: Sequence[float], height: float) -> float | None:
    """The threshold between gaps within a row and gaps between rows; None if all are alike."""
    ordered = sorted(gaps)
    jump, at = max(((b - a, (a + b) / 2) for a, b in itertools.pairwise(ordered)), default=(0.0, 0.0))
    return at if jump > 0.25 * height and ordered[0] < 0.45 * height else None
