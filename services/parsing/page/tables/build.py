"""Builds a table from its words and rules: columns, then rows, then cells that span."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from services.parsing.markdown_writer import Cell, escape
from services.parsing.page.geometry import Word, bounds
from services.parsing.page.lines import is_code, reads_left
from services.parsing.page.tables.cells import Table
from services.parsing.page.tables.columns import (
    HEAD,
    Gap,
    TableLine,
    gutters,
    is_listing,
    joined_signs,
    split_lines,
)
from services.parsing.page.tables.rows import Bar, Rows
from services.parsing.page.tables.rules import Rule
from services.parsing.page.tables.spans import Placed, beside_rows, placed
from services.parsing.page.text import Vocabulary, plain

#: Most words of a cell on average; more are running text with a chance gap.
MOST_WORDS, MOST_WORDS_UNRULED = 9, 6
#: A line of a cell with more words is long; few are, where no rule shows a table.
LONG_TEXT = 9
#: Most texts (as a share) that span columns where no rule shows a table.
MOST_SPANS = 0.15
_LEADER = re.compile(r"\.{4,}|(?:\. ){3,}|…{2,}|_{4,}")


def build(
    lines: Sequence[list[Word]],
    rules: Sequence[Rule],
    vocabulary: Vocabulary,
    known: Sequence[float] = (),
    ruled: bool = True,
) -> Table | None:
    """The table in lines of words, from top to bottom; None if they hold none.

    `rules` are the horizontal rules between them, `known` the places of vertical ones. Without rules around
    the lines (`ruled`), more must speak for a table.
    """
    drawn = sum(bool(rule.breaks) for rule in rules) > 2  # cell by cell, so that the rules show all columns
    gaps = [(x, x) for x in known] if known and drawn else gutters(lines, known)
    gaps = joined_signs(gaps, split_lines(lines, gaps))
    if not gaps:
        return None
    split = split_lines(lines, gaps)
    if is_listing(split) or _is_program(lines) or _is_contents(lines, 0.5 if ruled else 0.25):
        return None
    steady, between = _raised(split)
    rows = Rows(steady, _bars(rules), len(gaps) + 1)
    grouped = rows.grouped()
    spanning = _spanning(grouped, split, between)
    sure = known or (rows.part is not None and _is_wordy(grouped))
    if len(grouped) < 2 or not (_is_table(grouped, ruled) or (sure and len(grouped) > 2)):
        return None
    cells = placed(grouped, rows.extents, rules)
    cells.extend(spanning)
    beside_rows(cells, grouped)
    return _table(cells, len(grouped), gaps, [w for line in lines for w in line], vocabulary)


def _is_program(lines: Sequence[Sequence[Word]]) -> bool:
    return sum(all(word.style.mono for word in line) and is_code(line) for line in lines) * 2 >= len(lines)


def _is_contents(lines: Sequence[Sequence[Word]], share: float) -> bool:
    return sum(bool(_LEADER.search("".join(w.text for w in line))) for line in lines) > share * len(lines)


def _is_table(rows: Sequence[Sequence[TableLine]], ruled: bool) -> bool:
    """Whether most rows have several cells, and the cells are short."""
    entries = [entry for row in rows for line in row for entry in line.entries]
    filled = [_filled(row) for row in rows]
    several = sum(len(columns) > 1 for columns in filled)
    words = sum(len(entry.words) for entry in entries)
    if several < (2 if ruled else 3) or several * 2 < len(rows):
        return False
    if not ruled:
        lines = [line for row in rows for line in row]
        full = sum(len(line.entries) > 1 for line in lines)
        if full < (0.5 if max(map(max, filled)) == 1 else 0.25) * len(lines):
            return False
        if sum(entry.first < entry.last for entry in entries) > MOST_SPANS * len(entries):
            return False
        if sum(len(entry.words) > LONG_TEXT for entry in entries) * 4 > len(entries):
            return False
    if ruled:
        return min(_words_by_column(rows).values()) <= MOST_WORDS
    return words <= MOST_WORDS_UNRULED * sum(map(len, filled))


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


def _raised(lines: Sequence[TableLine]) -> tuple[list[TableLine], list[TableLine]]:
    """The lines, without those at half the height between two others (a cell that spans two rows)."""
    out: list[TableLine] = []
    between: list[TableLine] = []
    for at, line in enumerate(lines):
        if 0 < at < len(lines) - 1:
            a, b = lines[at - 1], lines[at + 1]
            columns = set(a.at) | set(b.at)
            height = line.y1 - line.y0
            slack = 0.3 * height if at < HEAD else -0.15 * height  # a rule below labels that span columns
            inside = line.y0 < a.y1 - 0.15 * height and line.y1 > b.y0 - slack
            if inside and a in out[-1:] and not columns & set(line.at):
                between.append(line)
                continue
        out.append(line)
    return out, between


def _spanning(
    rows: Sequence[list[TableLine]], lines: Sequence[TableLine], between: Sequence[TableLine]
) -> list[Placed]:
    """Add lines between two others to the row of both, or return them as cells that span the rows of both."""
    row_of = {id(line): at for at, row in enumerate(rows) for line in row}
    out: list[Placed] = []
    for line in between:
        at = next(i for i, one in enumerate(lines) if one is line)
        first, last = row_of[id(lines[at - 1])], row_of[id(lines[at + 1])]
        if first == last:
            rows[first].append(line)
            continue
        out.extend(
            Placed([entry], first, entry.first, entry.last - entry.first + 1, last - first + 1)
            for entry in line.entries
        )
    return out


def _bars(rules: Sequence[Rule]) -> list[Bar]:
    """Rules by height: those at the same height are one bar with gaps."""
    bars: list[Bar] = []
    for rule in sorted(rules, key=lambda r: r.at):
        if bars and rule.at - bars[-1].at <= 3:
            bars[-1].parts.append((rule.start, rule.end))
        else:
            bars.append(Bar(rule.at, [(rule.start, rule.end)]))
    return bars


def _table(
    cells: Sequence[Placed], rows: int, gaps: Sequence[Gap], words: Sequence[Word], vocabulary: Vocabulary
) -> Table:
    """Lay the cells out; positions that no cell covers are empty."""
    covered: set[tuple[int, int]] = set()
    grid: list[list[Cell]] = [[] for _ in range(rows)]
    starts = {(cell.row, cell.column): cell for cell in cells}
    for cell in cells:
        for a, b in pairwise(cell.entries):
            vocabulary.read_line(a.words[-1].text, b.words[0].text)
    for r in range(rows):
        for c in range(len(gaps) + 1):
            if (r, c) in covered:
                continue
            here = starts.get((r, c))
            if here is None:
                grid[r].append(Cell(""))
                continue
            text = escape(plain([entry.words for entry in here.entries], vocabulary))
            grid[r].append(Cell(text, here.columns, here.rows))
            covered |= {(r + i, c + j) for i in range(here.rows) for j in range(here.columns)}
    if reads_left(words):
        grid = [row[::-1] for row in grid]
    return Table(grid, *bounds(words), tuple((a + b) / 2 for a, b in gaps))
