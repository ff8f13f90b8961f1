"""Tables of a presentation: shapes of cells in a group, told apart by where they stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.parsing import markdown_writer as md
from services.parsing.markdown_writer import Cell

#: Left, top, right and bottom of a shape in its group.
Anchor = tuple[int, int, int, int]
#: Edges of neighbours that are this close, as a share of the table's size, are one.
NEAR = 0.005


def rows_of(cells: Sequence[tuple[Anchor, str]]) -> list[list[Cell]]:
    """The rows of a table; a cell spans the columns and rows that begin within it."""
    columns = _edges([(left, right) for (left, _, right, _), _ in cells])
    lines = _edges([(top, bottom) for (_, top, _, bottom), _ in cells])
    rows: list[list[Cell]] = [[] for _ in lines]
    for (left, top, right, bottom), text in sorted(cells, key=lambda cell: cell[0][0]):
        shown = "\n".join(md.tidy(md.escape(line)) for line in text.split("\n")).strip()
        at, wide = _covered(lines, top, bottom), _covered(columns, left, right)
        rows[at[0]].append(Cell(shown, len(wide), len(at)))
    return [row for row in rows if row]


def _edges(spans: Iterable[tuple[int, int]]) -> list[int]:
    """Where columns or rows begin."""
    spans = list(spans)
    size = max((end for _, end in spans), default=0) - min((begin for begin, _ in spans), default=0)
    edges: list[int] = []
    for begin in sorted({begin for begin, _ in spans}):
        if not edges or begin - edges[-1] > NEAR * size:
            edges.append(begin)
    return edges


def _covered(edges: Sequence[int], begin: int, end: int) -> list[int]:
    """The numbers of the columns or rows of a cell: the one that it begins in, and those that begin in it."""
    first = max((at for at, edge in enumerate(edges) if edge <= begin), default=0)
    middle = [(a + b) / 2 for a, b in zip(edges, [*edges[1:], end], strict=True)]
    return [first, *(at for at in range(first + 1, len(edges)) if middle[at] < end)]
