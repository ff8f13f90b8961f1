"""Assigns words to the cells of a table with known columns."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from services.parsing.markdown_writer import Cell, escape
from services.parsing.page.geometry import Boxed, Word
from services.parsing.page.lines import reads_left, rows_of
from services.parsing.page.tables.rules import Grid
from services.parsing.page.text import Vocabulary, plain


@dataclass(slots=True)
class Table(Boxed):
    """A table and its position on the page. `columns` are the ends of their texts."""

    rows: list[list[Cell]]
    x0: float
    y0: float
    x1: float
    y1: float
    columns: tuple[tuple[float, float], ...] = ()


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
