"""Tables in a terminal. They fit its width: ids are short, and what has no room is below its row."""

import re
from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

#: Ids of all kinds. Commands take the first characters of each, which a table shows.
_ID = re.compile("(msg_)?[0-9a-f]{8}[0-9a-f-]{24,28}")
_SHORT = 8
#: Columns between two cells of a table, and beside the first and the last one together.
_GAP, _EDGES = 3, 2
#: Columns in which a text can be read that is broken into several lines.
_READABLE = 30
_DEFAULT = {"default_database"}
_HEAD = "bold cyan"


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str | int | float]]) -> None:
    """Print rows, of which there is at least one, below the names of their columns. That all are in the
    default database is not said."""
    out = Console(highlight=False)
    told = [i for i, name in enumerate(columns) if name != "database" or {row[i] for row in rows} != _DEFAULT]
    columns, rows = [columns[i] for i in told], [[row[i] for i in told] for row in rows]
    numbers = [all(isinstance(cell, int | float) for cell in column) for column in zip(*rows, strict=True)]
    texts = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    cells = [_short_ids(column) for column in zip(*texts, strict=True)]
    widths = [max(map(cell_len, (name, *column))) for name, column in zip(columns, cells, strict=True)]
    widest = widths.index(max(widths))
    room = out.width - _EDGES - _GAP * (len(widths) - 1) - sum(widths) + widths[widest]
    lines = [list(line) for line in zip(*cells, strict=True)]
    if room >= min(_READABLE, widths[widest]):
        _print_aligned(out, columns, lines, numbers, widest)
    else:
        _print_below(out, columns, lines, numbers, widths)


def _short_ids(column: Sequence[str]) -> list[str]:
    """A column of ids with their first characters, as many as tell them apart; another one as it is."""
    ids = {cell for cell in column if cell}
    if not ids or not all(map(_ID.fullmatch, ids)):
        return list(column)
    size = _SHORT + max(len(id_) - len(id_.removeprefix("msg_")) for id_ in ids)
    while len({id_[:size] for id_ in ids}) < len(ids):
        size += 1
    return [cell[:size] for cell in column]


def _print_aligned(
    out: Console,
    columns: Sequence[str],
    lines: Sequence[Sequence[str]],
    numbers: Sequence[bool],
    widest: int,
) -> None:
    table = Table(box=box.SIMPLE_HEAD, header_style=_HEAD, pad_edge=False)
    for index, name in enumerate(columns):
        table.add_column(
            name,
            justify="right" if numbers[index] else "left",
            overflow="fold",
            no_wrap=index != widest,
        )
    for line in lines:
        table.add_row(*map(Text, line))
    out.print(table)


def _print_below(
    out: Console,
    columns: Sequence[str],
    lines: Sequence[Sequence[str]],
    numbers: Sequence[bool],
    widths: Sequence[int],
) -> None:
    """The widest cells stand below their row, as many of them as leave room for the others."""
    beside = list(range(len(columns)))
    while len(beside) > 1 and sum(widths[i] for i in beside) + _GAP * (len(beside) - 1) > out.width:
        beside.remove(max(beside, key=lambda index: widths[index]))
    below = [index for index in range(len(columns)) if index not in beside]
    label = max(len(columns[index]) for index in below)

    def aligned(cells: Sequence[str]) -> Text:
        padded = []
        for index in beside:
            space = " " * (widths[index] - cell_len(cells[index]))
            padded.append(space + cells[index] if numbers[index] else cells[index] + space)
        return Text((" " * _GAP).join(padded).rstrip())

    out.print(aligned(columns), style=_HEAD, soft_wrap=True)
    for line in lines:
        out.print(aligned(line), soft_wrap=True)
        for index in below:
            if line[index]:
                name = f"  {columns[index]:<{label}}  "
                out.print(Text.assemble((name, "cyan"), line[index]), soft_wrap=True)
