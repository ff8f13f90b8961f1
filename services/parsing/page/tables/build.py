"""Builds a table from its words and rules: columns, then rows, then cells that span."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from services.parsing.markdown_writer import Cell, escape
from services.parsing.page.geometry import Gap, Word, bounds
from services.parsing.page.lines import is_code, reads_left
from services.parsing.page.lists import begins_item, is_bullet, is_marker
from services.parsing.page.tables.cells import Table
from services.parsing.page.tables.columns import (
    HEAD,
    TableLine,
    gutters,
    joined_signs,
    split_lines,
)
from services.parsing.page.tables.rows import Rows
from services.parsing.page.tables.rules import Rule
from services.parsing.page.tables.spans import Placed, beside_rows, placed
from services.parsing.page.tables.values import is_figure
from services.parsing.page.text import Vocabulary, plain

#: Most words of a cell on average in the column with the fewest; more are running text with a chance gap.
MOST_WORDS = 9
_LEADER = re.compile(r"\.{4,}|(?:\. ){3,}|…{2,}|_{4,}")


def build(
    lines: Sequence[list[Word]],
    rules: Sequence[Rule],
    vocabulary: Vocabulary,
    known: Sequence[float] = (),
) -> Table | None:
    """The table in lines of words, from top to bottom; None if they hold none.

    `rules` are the horizontal rules between them, `known` the places of vertical ones.
    """
    drawn = sum(bool(rule.breaks) for rule in rules) > 2  # cell by cell, so that the rules show all columns
    head = head_lines(lines, rules)
    gaps = [(x, x) for x in known] if known and drawn else gutters(lines, known, head)
    gaps = joined_signs(gaps, split_lines(lines, gaps))
    if not gaps:
        return None
    split = split_lines(lines, gaps)
    if _is_listing(split) or _is_program(lines) or _is_contents(lines):
        return None
    rows = Rows(split, rules, len(gaps) + 1)
    grouped = rows.grouped()
    spanning = _spanning(grouped, rows.between)
    sure = known or (rows.part is not None and _is_wordy(grouped))
    if len(grouped) < 2 or not (
        _is_table(grouped, spanning) or (sure and len(grouped) > 2) or _is_blank(grouped, len(gaps), head)
    ):
        return None
    cells = placed(grouped, rows.extents)
    cells.extend(spanning)
    beside_rows(cells, grouped)
    return _table(cells, len(grouped), rows.extents, [w for line in lines for w in line], vocabulary)


def head_lines(lines: Sequence[list[Word]], rules: Sequence[Rule]) -> int:
    """The number of lines that are set off as a head: by the first rule below, or because they stand right of
    all others."""
    boxes = [bounds(line) for line in lines]
    at = next((rule.at for rule in sorted(rules, key=lambda r: r.at) if rule.at > boxes[0].middle), 0.0)
    head = sum(box.middle < at for box in boxes)
    if 0 < head < len(lines):
        return head if head <= HEAD else 0
    right = (n for n in range(1, min(HEAD + 1, len(lines) - 1)) if boxes[n].x1 < boxes[0].x0)
    return next((n for n in right if bounds(boxes[n:]).x1 < bounds(boxes[:n]).x0), 0)


def _is_blank(rows: Sequence[Sequence[TableLine]], gaps: int, head: int) -> bool:
    """Whether rows below a head have a label each and hardly anything else, as those of a form."""
    labelled = all(0 in _filled(row) for row in rows[1:])
    return gaps > 1 and len(rows) > 2 and head > 0 and labelled and _words_by_column(rows)[0] <= MOST_WORDS


def _is_listing(lines: Sequence[TableLine]) -> bool:
    """Whether the first column contains only markers of items, texts after bullets, and texts that begin with
    a marker or the number of a clause and cross into the next column."""
    first = [(line.at[0].words[0].text, line.at[0]) for line in lines if 0 in line.at]
    return all(
        is_bullet(text) or (is_marker(text) and len(e.words) == 1) or (e.last > 0 and begins_item(text))
        for text, e in first
    )


def _is_program(lines: Sequence[Sequence[Word]]) -> bool:
    return sum(all(word.style.mono for word in line) and is_code(line) for line in lines) * 2 >= len(lines)


def _is_contents(lines: Sequence[Sequence[Word]]) -> bool:
    return sum(bool(_LEADER.search("".join(w.text for w in line))) for line in lines) * 2 > len(lines)


def _is_table(rows: Sequence[Sequence[TableLine]], spanning: Sequence[Placed]) -> bool:
    """Whether most rows have several cells, and the cells of a column are short."""
    over = Counter(at for cell in spanning for at in range(cell.row, cell.row + cell.rows))
    several = sum(len(_filled(row)) + over[at] > 1 for at, row in enumerate(rows))
    return several >= 2 and several * 2 >= len(rows) and min(_words_by_column(rows).values()) <= MOST_WORDS


def _words_by_column(rows: Sequence[Sequence[TableLine]]) -> dict[int, float]:
    """The words of a cell on average, by column."""
    words: Counter[int] = Counter()
    cells: Counter[int] = Counter()
    for row in rows:
        cells.update(_filled(row))
        for entry in (entry for line in row for entry in line.entries):
            words[entry.first] += len(entry.words)
    return {column: words[column] / count for column, count in cells.items()}


def _is_wordy(rows: Sequence[Sequence[TableLine]]) -> bool:
    """Whether rows that gaps part hold text in cells: each has several, and no text crosses a gap."""
    lines = [line for row in rows for line in row]
    full = sum(len(line.entries) > 1 for line in lines)
    crossed = any(entry.first < entry.last for line in lines for entry in line.entries)
    return full * 4 >= len(lines) and not crossed and all(len(_filled(row)) > 1 for row in rows)


def _filled(row: Sequence[TableLine]) -> set[int]:
    return {c for line in row for c in line.at}


def _spanning(rows: Sequence[Sequence[TableLine]], between: Sequence[TableLine]) -> list[Placed]:
    """The cells of lines between two rows, which span both, or between lines of one row."""
    tops = [min(line.y0 for line in row) for row in rows]
    feet = [max(line.y1 for line in row) for row in rows]
    out: list[Placed] = []
    for line in between:
        first = max(bisect_right(tops, line.y0) - 1, 0)
        last = min(first + (feet[first] < line.y1), len(rows) - 1)
        figures = any(is_figure(entry.text) for entry in line.entries)
        for entry in line.entries:
            label = next((cell for cell in out if cell.column == entry.first and _foot(cell) > first), None)
            if label and (not figures or _foot(label) > last):  # a label of several lines
                label.entries.append(entry)
                label.rows = max(label.rows, last - label.row + 1)
            else:
                row = _foot(label) if label else first
                out.append(Placed([entry], row, entry.first, entry.last - entry.first + 1, last - row + 1))
    return out


def _foot(cell: Placed) -> int:
    """The first row below a cell."""
    return cell.row + cell.rows


def _held(cells: Sequence[Placed]) -> dict[tuple[int, int], Placed]:
    """The cell at each position. One that begins within another is a part of it, so that no text is lost; one
    that reaches into another ends before it."""
    held: dict[tuple[int, int], Placed] = {}
    for cell in sorted(cells, key=lambda one: (one.row, one.column)):
        if around := held.get((cell.row, cell.column)):
            around.entries = sorted([*around.entries, *cell.entries], key=lambda entry: entry.words[0].y0)
            continue
        free = [(cell.row, cell.column + j) not in held for j in range(cell.columns)]
        cell.columns = [*free, False].index(False)
        for i in range(cell.rows):
            held.update({(cell.row + i, cell.column + j): cell for j in range(cell.columns)})
    return held


def _table(
    cells: Sequence[Placed], rows: int, columns: Sequence[Gap], words: Sequence[Word], vocabulary: Vocabulary
) -> Table:
    """Lay the cells out; positions that no cell covers are empty."""
    held = _held(cells)
    for cell in held.values():
        for a, b in pairwise(cell.entries):
            vocabulary.read_line(a.words[-1].text, b.words[0].text)
    grid: list[list[Cell]] = [[] for _ in range(rows)]
    for r in range(rows):
        for c in range(len(columns)):
            here = held.get((r, c))
            if here is None:
                grid[r].append(Cell(""))
            elif (here.row, here.column) == (r, c):
                text = escape(plain([entry.words for entry in here.entries], vocabulary))
                grid[r].append(Cell(text, here.columns, here.rows))
    if reads_left(words):
        grid = [row[::-1] for row in grid]
    return Table(grid, *bounds(words), tuple(columns))
