"""Joins the parts of tables that page breaks split."""

from __future__ import annotations

import re
from collections.abc import Sequence

from services.parsing.markdown_writer import Cell
from services.parsing.page.blocks import Block, Kind
from services.parsing.page.tables.values import is_figure, names_column

#: Most rows of a head that is repeated.
HEAD = 4

_AGAIN = re.compile(
    r"contin|cont[\u2019'.]?d?\b|fortsetzung|suite\b|segue|vervolg|\(\d+ (?:of|von|de|di) \d+\)", re.I
)


def continued(blocks: Sequence[Block]) -> list[Block]:
    """The blocks, with the rows of a table's next part in its first part. A repeated head stays once, as does
    its caption."""
    out: list[Block] = []
    rest: Block | None = None  # the table whose last row goes on at the top of this page
    for block in blocks:
        if block.kind is Kind.TEXT and out and (at := _column_above(out[-1], block)):
            rest, row = out[-1], out[-1].rows[-1]
            row[at] = Cell(f"{row[at].text} {block.text}".strip(), 1, row[at].rows)
            continue
        if rest is not None and rest is out[-1] and block.kind is Kind.TABLE:
            rest.pages = block.page - 1
        if block.kind is Kind.TABLE and (before := _first_part(out, block)) is not None:
            if out[-1] is not before:
                out.pop()  # "Table 2 (continued)"
            _append(before.rows, _widened(block, before))
            before.pages = block.page
            continue
        out.append(block)
    return out


def _column_above(table: Block, text: Block) -> int:
    """The column at the end of a page whose cell a text at the top of the next one continues: it begins where
    a column other than the first does, and ends before the next one; 0 if there is none."""
    if table.kind is not Kind.TABLE or max(table.page, table.pages) + 1 != text.page or not text.columns:
        return 0
    left, right = text.columns[0]
    ends = [*(start for start, _ in table.columns[1:]), float("inf")]
    for at, ((start, _), end) in enumerate(zip(table.columns, ends, strict=False)):
        if at and abs(left - start) <= 2 and right < end and len(table.rows[-1]) == len(table.columns):
            return at
    return 0


def _first_part(blocks: Sequence[Block], block: Block) -> Block | None:
    """The table at the end of the page (or, with the same head, the column) before that a table continues."""
    before = blocks[-1] if blocks else None
    if (
        before is not None
        and before.page == block.page
        and _AGAIN.search(before.plain)
        and len(before.plain) < 120
    ):
        before = blocks[-2] if len(blocks) > 1 else None
    if before is None or before.kind is not Kind.TABLE:
        return None
    last = max(before.page, before.pages)
    near = _places(block, before) is not None
    if _repeated(before.rows, block.rows):
        return before if last + 1 == block.page or (last == block.page and not near) else None
    return before if last + 1 == block.page and near else None


def _places(block: Block, before: Block) -> list[int] | None:
    """The column of a table that each column of its next part is below, if that is so for all of them. A part
    lacks a column whose cells are all empty."""
    if not block.columns or not before.columns:
        return list(range(_width(block.rows))) if _width(block.rows) == _width(before.rows) else None
    places: list[int] = []
    for left, right in block.columns:
        shared = [min(right, b) - max(left, a) for a, b in before.columns]
        place = max(range(len(shared)), key=shared.__getitem__)
        if shared[place] <= 0 or (places and place <= places[-1]):
            return None
        places.append(place)
    return places


def _widened(block: Block, before: Block) -> list[list[Cell]]:
    """The rows of a table's next part, with an empty cell for each column that it lacks."""
    places, width = _places(block, before), _width(before.rows)
    if places is None or len(places) == width or any(cell.rows > 1 for row in block.rows for cell in row):
        return block.rows
    out: list[list[Cell]] = []
    for row in block.rows:
        cells = [Cell("") for _ in range(width)]
        at = 0
        for cell in row:
            cells[places[at]] = Cell(cell.text)
            at += cell.columns
        out.append(cells)
    return out


def _width(rows: Sequence[Sequence[Cell]]) -> int:
    return sum(cell.columns for cell in rows[0])


def _repeated(rows: Sequence[Sequence[Cell]], more: Sequence[Sequence[Cell]]) -> int:
    """The number of rows of a head at the start of both parts: below the first, rows with figures are rows of
    the table, even if they are alike."""
    count = 0
    for a, b in zip(rows[:HEAD], more, strict=False):
        texts = [cell.text for cell in a]
        figures = any(is_figure(text) and not names_column(text) for text in texts[1:])
        if texts != [cell.text for cell in b] or (count and figures):
            break
        count += 1
    return count


def _append(rows: list[list[Cell]], more: Sequence[list[Cell]]) -> None:
    while rows and not any(cell.text for cell in rows[-1]):
        rows.pop()
    added = [row for row in more[_repeated(rows, more) :] if any(cell.text for cell in row)]
    if added and _is_rest(rows[-1], added[0]):
        rows[-1] = [
            Cell(f"{a.text} {b.text}".strip(), a.columns, a.rows)
            for a, b in zip(rows[-1], added[0], strict=True)
        ]
        added = added[1:]
    rows.extend(added)


def _is_rest(row: Sequence[Cell], more: Sequence[Cell]) -> bool:
    """Whether a row at the start of a page is the rest of a row that the page break splits: it has no label,
    or only the rest of one, and no figures."""
    if len(row) != len(more) or not row[0].text or any(cell.rows > 1 for cell in row):
        return False
    held = [cell.text for cell in more if cell.text]
    if more[0].text and not (len(held) == 1 and held[0][:1].islower()):
        return False
    return bool(held) and not any(is_figure(text) for text in held)
