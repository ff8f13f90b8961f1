"""Rows of an RTF table: their definitions, and cells that are merged."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.parsing.markdown_writer import Cell


@dataclass
class RowCells:
    """The definition of a row: which cells are merged with the one before them or above them."""

    across: list[bool] = field(default_factory=list)
    down: list[bool] = field(default_factory=list)
    _flags: tuple[bool, bool] = (False, False)

    def word(self, word: str) -> None:
        if word == "clmrg":
            self._flags = (True, self._flags[1])
        elif word == "clvmrg":
            self._flags = (self._flags[0], True)
        elif word == "cellx":
            self.across.append(self._flags[0])
            self.down.append(self._flags[1])
            self._flags = (False, False)


def merged(rows: list[tuple[list[str], RowCells]]) -> list[list[Cell]]:
    """The cells of a table with their spans."""
    grid: list[list[Cell]] = []
    above: dict[int, tuple[int, int]] = {}  # column -> row and index of the cell that may reach down
    for at, (texts, row) in enumerate(rows):
        line: list[Cell] = []
        for column, text in enumerate(texts):
            across = column < len(row.across) and row.across[column]
            down = column < len(row.down) and row.down[column]
            if across and line and not text:
                line[-1] = Cell(line[-1].text, line[-1].columns + 1, line[-1].rows)
            elif down and column in above and not text:
                r, i = above[column]
                grid[r][i] = Cell(grid[r][i].text, grid[r][i].columns, at - r + 1)
            else:
                line.append(Cell(text))
                above[column] = (at, len(line) - 1)
        grid.append(line)
    return grid
