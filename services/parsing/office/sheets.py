"""Sheets as tables: finds the separate tables on a grid, and formats numbers as displayed."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable

from services.parsing import markdown_writer as md
from services.parsing.markdown_writer import Cell, MarkdownBlock

#: Row and column of a cell, from 0.
Position = tuple[int, int]
#: First and last corner of merged cells, inclusive.
Merge = tuple[Position, Position]
#: Maximum cells of a merge or a table; more is a formatted column, not content.
MAX_SPAN_CELLS = 10_000

_EPOCHS = {False: datetime.datetime(1899, 12, 30), True: datetime.datetime(1904, 1, 1)}
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.')
_BUILT_IN_DATES = {
    **dict.fromkeys((9, 10), "percent"),
    **dict.fromkeys((14, 15, 16, 17), "date"),
    **dict.fromkeys((18, 19, 20, 21, 45, 46, 47), "time"),
    22: "datetime",
}


def kind_of_format(number: int, code: str | None) -> str:
    """What a number format shows: date, time, datetime, percent or number (ECMA-376 part 1 §18.8.30)."""
    if code is None:
        return _BUILT_IN_DATES.get(number, "number")
    bare = _QUOTED.sub("", code.split(";")[0]).lower()
    if "%" in bare:
        return "percent"
    day = "y" in bare or "d" in bare or re.search(r"mmm", bare) is not None
    clock = "h" in bare or "s" in bare
    if bare == "general" or not (day or clock):
        return "number"
    return "datetime" if day and clock else "date" if day else "time"


def shown_number(value: float, kind: str = "number", since_1904: bool = False) -> str:
    """A stored number as its format shows it; dates in ISO 8601."""
    if kind == "percent":
        return f"{value * 100:.10g}%"
    if kind in ("date", "time", "datetime") and 0 <= value < 2_958_466:  # the day after 9999-12-31
        moment = _EPOCHS[since_1904] + datetime.timedelta(days=value)
        moment = (moment + datetime.timedelta(microseconds=500_000)).replace(microsecond=0)
        return shown_date(moment, kind)
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value:.15g}"


def shown_date(moment: datetime.datetime, kind: str = "datetime") -> str:
    if kind == "time":
        return moment.strftime("%H:%M:%S")
    midnight = moment.time() == datetime.time()
    return (
        moment.date().isoformat()
        if kind == "date" or midnight
        else moment.isoformat(sep=" ", timespec="seconds")
    )


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
    """Every position with content, with the position of the cell that contains it."""
    covered = {place: place for place in cells}
    for (top, left), (bottom, right) in merges:
        if (top, left) in cells and (bottom - top + 1) * (right - left + 1) <= MAX_SPAN_CELLS:
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    covered[row, column] = (top, left)
    return covered


def _regions(places: set[Position]) -> list[list[Position]]:
    """Groups of adjacent positions, by their upper left corner."""
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
    return sorted(regions, key=lambda r: (min(p[0] for p in r), min(p[1] for p in r)))


def _rows(
    region: list[Position], cells: dict[Position, str], covered: dict[Position, Position]
) -> list[list[Cell]]:
    """The rows of one table; positions that a merged cell covers belong to that cell."""
    left, right = min(c for _, c in region), max(c for _, c in region)
    inside = set(region)
    size: dict[Position, Position] = {}
    for place in region:
        source = covered[place]
        size[source] = max(size.get(source, source), place)
    rows = []
    for row in sorted({r for r, _ in region}):
        line = []
        for column in range(left, right + 1):
            here = (row, column)
            if here not in inside:
                line.append(Cell(""))
            elif covered[here] == here:
                bottom, edge = size[here]
                line.append(Cell(cells.get(here, ""), edge - column + 1, bottom - row + 1))
        rows.append(line)
    return rows
