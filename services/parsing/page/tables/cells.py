"""Assigns words to the cells of a table with known columns."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from services.parsing.markdown_writer import Cell, escape
from services.parsing.page.geometry import Word
from services.parsing.page.lines import reads_left, rows_of
from services.parsing.page.tables.rules import Grid, Slot
from services.parsing.page.text import Vocabulary, plain


@dataclass(slots=True)
class Table:
    """A table and its position on the page. `edges` are the places between its columns."""

    rows: list[list[Cell]]
    x0: float
    y0: float
    x1: float
    y1: float
    edges: tuple[float, ...] = ()


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
