"""Tables with ruling lines: strokes to grids of cells.

There are two kinds. In a lattice, strokes separate both columns and rows, and a cell spans where a stroke is
missing. A ladder has only horizontal strokes; if they were drawn cell by cell, their ends define the columns.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from services.parsing.page.geometry import Boxed, Stroke, Word, grouped

#: Strokes closer than this (points) are one: both edges of a thick line, neighbouring cells' borders.
NEAR = 2.6
#: Strokes on one line with a smaller gap than this are one line.
TOUCH = 3.5
#: Most height (points) of a row between two filled ones: five lines.
STRIPE = 80.0


@dataclass(slots=True)
class Rule:
    """Merged strokes of one line: `at` is its y (or x), `breaks` are the ends of strokes inside it."""

    at: float
    start: float
    end: float
    breaks: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Slot:
    """A cell of a grid: its first row and column, and its spans."""

    row: int
    column: int
    rows: int = 1
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Grid:
    """Column edges, row edges (both ascending) and the cells between them."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    slots: tuple[Slot, ...]

    @property
    def columns(self) -> int:
        return len(self.xs) - 1

    @property
    def rows(self) -> int:
        return len(self.ys) - 1


def rules_of(strokes: Iterable[Stroke]) -> tuple[list[Rule], list[Rule]]:
    """Horizontal and vertical rules, merged from strokes."""
    across = sorted((s.y0, s.x0, s.x1) for s in strokes if s.horizontal)
    down = sorted((s.x0, s.y0, s.y1) for s in strokes if not s.horizontal)
    return _merge(across), _merge(down)


def _merge(strokes: Sequence[tuple[float, float, float]]) -> list[Rule]:
    rules: list[Rule] = []
    for cluster in grouped(strokes, lambda near, stroke: stroke[0] - near[0][0] <= NEAR):
        at = sum(s[0] for s in cluster) / len(cluster)
        current: Rule | None = None
        ends: list[float] = []
        for _, start, end in sorted(cluster, key=lambda s: (s[1], s[2])):
            if current is None or start > current.end + TOUCH:
                current = Rule(at, start, end)
                rules.append(current)
                ends = [end]
                continue
            if any(abs(start - x) <= TOUCH for x in ends):
                current.breaks.append(start)
            current.end = max(current.end, end)
            ends = [*(x for x in ends if x > start - TOUCH), end]
    for rule in rules:
        rule.breaks = [x for x in merged(rule.breaks) if rule.start + TOUCH < x < rule.end - TOUCH]
    return rules


def merged(values: Iterable[float], near: float = TOUCH) -> list[float]:
    """Values in ascending order; values close to each other are replaced by their mean."""
    groups = grouped(sorted(values), lambda group, value: value - group[-1] <= near)
    return [sum(group) / len(group) for group in groups]


def without_underlines(rules: Sequence[Rule], words: Iterable[Word]) -> list[Rule]:
    """Horizontal rules, from top to bottom, without those that run below the letters of words, as those of
    links do: they begin and end with words whose boxes hold them."""
    heights = [rule.at for rule in rules]
    begun: set[int] = set()
    ended: set[int] = set()
    for word in words:
        for at in range(bisect_right(heights, word.middle), bisect_left(heights, word.y1)):
            if abs(rules[at].start - word.x0) < TOUCH:
                begun.add(at)
            if abs(rules[at].end - word.x1) < TOUCH:
                ended.add(at)
    return [rule for at, rule in enumerate(rules) if at not in begun & ended]


def rules_in(rules: Iterable[Rule], box: Boxed, slack: float = 0.0) -> list[Rule]:
    """The horizontal rules that are in a box, or cross it."""
    level = (rule for rule in rules if box.y0 - slack < rule.at < box.y1 + slack)
    return [rule for rule in level if rule.start < box.x1 and rule.end > box.x0]


def lattices(across: Sequence[Rule], down: Sequence[Rule]) -> tuple[list[Grid], list[Rule]]:
    """Grids of crossing rules, and the horizontal rules that belong to no grid."""
    groups = [([rule], list[Rule]()) for rule in across]  # that cross each other
    for upright in down:
        first, *rest = [one for one in groups if any(_cross(r, upright) for r in one[0])] or [([], [])]
        first[1].append(upright)
        for horizontal, vertical in rest:
            first[0].extend(horizontal)
            first[1].extend(vertical)
            horizontal.clear()
            vertical.clear()
    found: list[tuple[Grid, list[Rule]]] = []
    free: list[Rule] = []
    for horizontal, vertical in groups:
        grid = _lattice(horizontal, vertical) if vertical else None
        if grid is not None and grid.columns > 1:
            found.append((grid, horizontal))
        else:
            free.extend(horizontal)  # rules, the edges of a filled row or a frame
    grids: list[Grid] = []
    for grid, horizontal in found:
        if _striped(grid, [other for other, _ in found]):
            free.extend(Rule(rule.at, rule.start, rule.end, list(grid.xs[1:-1])) for rule in horizontal)
        elif grid.rows > 1:
            grids.append(grid)
        else:
            free.extend(horizontal)
    return grids, free


def _cross(across: Rule, down: Rule) -> bool:
    level = down.start - NEAR <= across.at <= down.end + NEAR
    return level and across.start - NEAR <= down.at <= across.end + NEAR


def _striped(grid: Grid, others: Iterable[Grid]) -> bool:
    """Whether a grid is the head or a filled row of a table whose other rows are not filled."""
    for other in others:
        apart = max(other.ys[0] - grid.ys[-1], grid.ys[0] - other.ys[-1])
        near = 0 < apart < STRIPE and len(grid.xs) == len(other.xs) and min(grid.rows, other.rows) == 1
        if near and all(abs(a - b) <= NEAR for a, b in zip(grid.xs, other.xs, strict=True)):
            return True
    return False


def _lattice(across: list[Rule], down: list[Rule]) -> Grid | None:
    xs = merged([v.at for v in down] + [min(h.start for h in across), max(h.end for h in across)])
    ys = merged([h.at for h in across] + [min(v.start for v in down), max(v.end for v in down)])
    columns, rows = list(pairwise(xs)), list(pairwise(ys))
    if not 1 < len(columns) * len(rows) <= 20_000:
        return None
    right = [[_covers(down, right, (top + foot) / 2) for _, right in columns] for top, foot in rows]
    below = [[_covers(across, foot, (left + right) / 2) for left, right in columns] for _, foot in rows]
    return Grid(tuple(xs), tuple(ys), tuple(slots_of(right, below)))


def _covers(rules: Sequence[Rule], at: float, where: float) -> bool:
    return any(abs(rule.at - at) <= TOUCH and rule.start - NEAR <= where <= rule.end + NEAR for rule in rules)


def slots_of(right: Sequence[Sequence[bool]], below: Sequence[Sequence[bool]]) -> list[Slot]:
    """Derive cells from the edges right of and below each grid position. Each position is in one cell."""
    rows, columns = len(right), len(right[0])
    taken: set[tuple[int, int]] = set()
    slots: list[Slot] = []
    for r in range(rows):
        for c in range(columns):
            if (r, c) in taken:
                continue
            wide = 1
            while c + wide < columns and not right[r][c + wide - 1] and (r, c + wide) not in taken:
                wide += 1
            high = 1
            while r + high < rows and _open(right, below, r + high, range(c, c + wide), taken):
                high += 1
            taken.update((i, j) for i in range(r, r + high) for j in range(c, c + wide))
            slots.append(Slot(r, c, high, wide))
    return slots


def _open(
    right: Sequence[Sequence[bool]],
    below: Sequence[Sequence[bool]],
    row: int,
    places: range,
    taken: set[tuple[int, int]],
) -> bool:
    """Whether a cell extends into a row: there is no edge above the row and none between its columns."""
    edges = any(below[row - 1][c] or (row, c) in taken for c in places)
    return not edges and not any(right[row][c] for c in places[:-1])


def ladders(across: Sequence[Rule]) -> list[list[Rule]]:
    """Group horizontal rules by possible table: rules with the same ends, one below the other."""
    groups: list[list[Rule]] = []
    for rule in sorted(across, key=lambda r: r.at):
        if rule.end - rule.start < 40:
            continue
        for group in reversed(groups):
            left, right = min(r.start for r in group), max(r.end for r in group)
            if abs(rule.start - left) <= 6 and abs(rule.end - right) <= 6:
                group.append(rule)
                break
            if group[0].at < rule.at and rule.start >= left - 6 and rule.end <= right + 6:
                group.append(rule)  # a rule below part of the columns
                break
            if rule.start <= left + 6 and rule.end >= right - 6 and rule.at - group[-1].at < 60:
                group.append(rule)
                break
        else:
            groups.append([rule])
    return groups


def column_edges(rules: Sequence[Rule]) -> list[float]:
    """Places between columns where most rules that are drawn cell by cell break."""
    broken = [rule for rule in rules if rule.breaks]
    places = merged(x for rule in broken for x in rule.breaks)
    return [
        x
        for x in places
        if sum(any(abs(x - b) <= TOUCH for b in rule.breaks) for rule in broken) * 2 > len(broken)
    ]
