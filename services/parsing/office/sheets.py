"""Finds the separate tables of a sheet."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field

from services.parsing import markdown_writer as md
from services.parsing.markdown_writer import Cell, MarkdownBlock
from services.parsing.reading import with_hidden

#: Row and column of a cell, from 0.
Position = tuple[int, int]
#: First and last corner of merged cells, inclusive.
Merge = tuple[Position, Position]
#: Maximum cells of a merge or a table; a larger one is a formatted column, not content.
MAX_SPAN_CELLS = 10_000


def cell_name(place: Position) -> str:
    """`B2` of (1, 1)."""
    row, column = place
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"


@dataclass
class Grid:
    """The cells of a sheet, the rows, columns and cells that its author hid, and heads and feet."""

    cells: dict[Position, str] = field(default_factory=dict)
    merges: list[Merge] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    unseen: set[Position] = field(default_factory=set)  # white on white, or with a format that shows nothing
    comments: list[str] = field(default_factory=list)
    margins: list[str] = field(default_factory=list)  # heads and feet of the printed sheet

    def leave_out_hidden(self, name: str) -> None:
        """Empty hidden cells, close the gaps of hidden rows and columns; a warning says how many."""
        cells = self.unseen & self.cells.keys()
        if cells and not with_hidden(f"{len(cells)} cell{'s' * (len(cells) > 1)} of sheet {name}"):
            self.cells = {place: text for place, text in self.cells.items() if place not in cells}
        rows = sorted({r for r, _ in self.cells} & self.hidden_rows)
        columns = sorted({c for r, c in self.cells if r not in self.hidden_rows} & self.hidden_columns)
        found = ((len(rows), "row"), (len(columns), "column"))
        told = [f"{n} {what}{'s' * (n > 1)} of sheet {name}" for n, what in found if n]
        if not told or sum(map(with_hidden, told)):
            return

        def moved(place: Position) -> Position:
            return place[0] - bisect_left(rows, place[0]), place[1] - bisect_left(columns, place[1])

        gone_rows, gone_columns = set(rows), set(columns)
        self.cells = {
            moved(place): text
            for place, text in self.cells.items()
            if place[0] not in gone_rows and place[1] not in gone_columns
        }
        self.merges = [(moved(first), moved(last)) for first, last in self.merges]


def sheet_blocks(cells: dict[Position, str], merges: Iterable[Merge] = ()) -> list[MarkdownBlock]:
    """The tables of a sheet in reading order; single cells are paragraphs.

    Adjacent cells, horizontally or vertically, belong to one table. A merged cell counts for every position
    that it covers.
    """
    covered = _covered(cells, merges)
    blocks = []
    for region in _regions(set(covered)):
        if len({covered[place] for place in region}) == 1:
            text = cells.get(covered[region[0]], "")
            blocks.append(MarkdownBlock(md.escape_lines(text)))
        else:
            blocks.append(MarkdownBlock(md.table(_rows(region, cells, covered))))
    return [block for block in blocks if block.text.strip()]


def _covered(cells: dict[Position, str], merges: Iterable[Merge]) -> dict[Position, Position]:
    """Map every position with content to the position of the cell that contains it."""
    covered = {place: place for place in cells}
    for (top, left), (bottom, right) in merges:
        if (top, left) in cells and (bottom - top + 1) * (right - left + 1) <= MAX_SPAN_CELLS:
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    covered[row, column] = (top, left)
    return covered


def _regions(places: set[Position]) -> list[list[Position]]:
    """Groups of adjacent positions, ordered by their upper left corner."""
    regions = []
    while places:
        start = places.pop()
        region, edge = [start], [start]
        while edge:
            row, column = edge.pop()
            for near in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
                if near in places:
                    places.remove(near)
                    region.append(near)
                    edge.append(near)
        regions.append(region)
    return _whole(regions)


#: With more groups of cells, a sheet is a scatter of values rather than tables.
_MOST_REGIONS = 400


def _whole(regions: list[list[Position]]) -> list[list[Position]]:
    """Groups in order, joined where no empty row or column parts them: a table with empty cells is one."""
    boxed = [(_box(region), region) for region in regions]
    again = len(boxed) <= _MOST_REGIONS
    while again:
        again = False
        kept: list[tuple[tuple[int, int, int, int], list[Position]]] = []
        for box, region in boxed:
            near = next((at for at, (other, _) in enumerate(kept) if _are_one(box, other)), None)
            if near is None:
                kept.append((box, region))
                continue
            region = [*kept[near][1], *region]
            kept[near] = (_box(region), region)
            again = True
        boxed = kept
    return [region for _, region in sorted(boxed, key=lambda one: one[0][:2])]


def _box(region: list[Position]) -> tuple[int, int, int, int]:
    """Top, left, bottom and right."""
    rows, columns = [r for r, _ in region], [c for _, c in region]
    return min(rows), min(columns), max(rows), max(columns)


def _are_one(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    """Whether boxes overlap, or stand side by side or one on the other without a gap. An empty column does
    not part labels from their values: one column from a box with the same rows."""
    down, across = max(a[0], b[0]) - min(a[2], b[2]), max(a[1], b[1]) - min(a[3], b[3])
    high, wide = max(a[2], b[2]) - min(a[0], b[0]) + 1, max(a[3], b[3]) - min(a[1], b[1]) + 1
    if high * wide > MAX_SPAN_CELLS:  # mostly empty cells
        return False
    if across == 2 and (a[0], a[2]) == (b[0], b[2]) and (a[1] == a[3] or b[1] == b[3]):
        return True
    return (down <= 0 and across <= 1) or (across <= 0 and down <= 1)


def _rows(
    region: list[Position], cells: dict[Position, str], covered: dict[Position, Position]
) -> list[list[Cell]]:
    """The rows of one table; positions covered by a merged cell belong to that cell."""
    columns = sorted({c for _, c in region})
    inside = set(region)
    size: dict[Position, Position] = {}
    for place in region:
        source = covered[place]
        size[source] = max(size.get(source, source), place)
    rows = []
    for row in sorted({r for r, _ in region}):
        line = []
        for column in columns:
            here = (row, column)
            if here not in inside:
                line.append(Cell(""))
            elif covered[here] == here:
                bottom, edge = size[here]
                line.append(Cell(cells.get(here, ""), edge - column + 1, bottom - row + 1))
        rows.append(line)
    return rows
