"""Sheets of OpenDocument workbooks: cells as shown, comments, and what is hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]

from services.parsing import markdown_writer as md
from services.parsing.formats.odf.body import Body
from services.parsing.formats.odf.frames import Frames
from services.parsing.formats.odf.styles import OFFICE, TABLE, Styles
from services.parsing.formats.odf.texts import table_rows
from services.parsing.markdown_writer import MarkdownBlock, Writer
from services.parsing.office.sheets import Grid, cell_name, sheet_blocks
from services.parsing.reading import with_hidden

#: A row or cell repeated more often is formatting up to the edge of the sheet.
MAX_REPEATS = 1000


def write_sheets(content: etree._Element, styles: Styles, frames: Frames) -> Writer:
    """Write each visible sheet under its name."""
    writer = Writer()
    shown = [
        table
        for table in content.iterchildren(TABLE + "table")
        if not any(style.hidden for style in styles.chain(table.get(TABLE + "style-name")))
        or with_hidden(f"sheet {table.get(TABLE + 'name', '')}")
    ]
    for number, table in enumerate(shown, 1):
        name = table.get(TABLE + "name", "")
        writer.page(number, name)
        writer.heading(2, md.escape(name))
        body = Body(styles, frames)
        grid, comments = _grid(table, body, styles)
        grid.leave_out_hidden(name)
        writer.extend(sheet_blocks(grid.cells, grid.merges))
        writer.extend([MarkdownBlock(md.escape_lines(md.escape(text))) for text in comments])
        for shape in table.iterfind(f"{TABLE}shapes/*"):
            writer.extend(frames.blocks(shape, body))
    return writer


def _grid(table: etree._Element, body: Body, styles: Styles) -> tuple[Grid, list[str]]:
    """The filled cells, and the comments on them."""
    grid = Grid(hidden_columns=_hidden_columns(table))
    comments: list[str] = []
    row = 0
    for element in table_rows(table):
        repeats = _number(element, "number-rows-repeated")
        line = list(_line(element, body, row, comments))
        unseen = {column for column, _, _, _, style in line if styles.unseen(style)}
        for at in range(row, row + min(repeats, MAX_REPEATS) if line else row):
            if element.get(TABLE + "visibility") == "collapse":
                grid.hidden_rows.add(at)
            grid.unseen.update((at, column) for column in unseen)
            for column, text, wide, high, _ in line:
                grid.cells[at, column] = text
                if wide > 1 or high > 1:
                    grid.merges.append(((at, column), (at + high - 1, column + wide - 1)))
        row += repeats
    return grid, comments


def _hidden_columns(table: etree._Element) -> set[int]:
    found: set[int] = set()
    at = 0
    for column in table.iter(TABLE + "table-column"):
        repeats = _number(column, "number-columns-repeated")
        if column.get(TABLE + "visibility") == "collapse":
            found.update(range(at, at + min(repeats, 16_384)))
        at += repeats
    return found


def _line(
    row: etree._Element, body: Body, at: int, comments: list[str]
) -> Iterator[tuple[int, str, int, int, str | None]]:
    """Column, text, span and style of the filled cells of a row."""
    column = 0
    for cell in row:
        if cell.tag not in (TABLE + "table-cell", TABLE + "covered-table-cell"):
            continue
        repeats = _number(cell, "number-columns-repeated")
        if cell.tag == TABLE + "table-cell":
            text = _text(cell, body)
            for author, comment in body.comments:
                by = f" by {author}" if author else ""
                comments.append(f"Comment on {cell_name((at, column))}{by}: {comment}")
            body.comments.clear()
            spans = _number(cell, "number-columns-spanned"), _number(cell, "number-rows-spanned")
            for again in range(min(repeats, MAX_REPEATS) if text else 0):
                yield column + again, text, *spans, cell.get(TABLE + "style-name")
        column += repeats


def _text(cell: etree._Element, body: Body) -> str:
    """The text of a cell, or its value if the file leaves the formatting to the reader."""
    if len(cell):
        return "\n".join(block.text for block in body.blocks_of(cell))
    if truth := cell.get(OFFICE + "boolean-value"):
        return str(truth).upper()
    if span := re.fullmatch(r"PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S", cell.get(OFFICE + "time-value") or ""):
        return ":".join(part.rjust(2, "0") for part in span.groups())
    values = (cell.get(OFFICE + name) for name in ("string-value", "date-value", "value"))
    return md.escape(next((value for value in values if value), ""))


def _number(element: etree._Element, name: str) -> int:
    value = element.get(TABLE + name) or "1"
    return int(value) if value.isdigit() and int(value) > 0 else 1
