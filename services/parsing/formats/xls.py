"""Excel 97 workbooks (.xls), read by calamine."""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterator
from typing import Any

import python_calamine as calamine

from schemas.errors import CorruptDocument
from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.markdown_writer import Writer
from services.parsing.office.sheets import Merge, Position, sheet_blocks, shown_date, shown_number


def parse_xls(data: bytes) -> ParsedDocument:
    """Each visible sheet under its name. Raises CorruptDocument if the records are invalid."""
    writer = Writer()
    try:
        for number, (name, cells, merges) in enumerate(_sheets(data), 1):
            writer.page(number, name)
            writer.heading(2, md.escape(name))
            writer.extend(sheet_blocks(cells, merges))
    except calamine.CalamineError as error:
        raise CorruptDocument(f"workbook cannot be read: {error}") from error
    markdown, pages = writer.finish()
    return ParsedDocument(markdown, pages)


def _sheets(data: bytes) -> Iterator[tuple[str, dict[Position, str], list[Merge]]]:
    workbook = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    for facts in workbook.sheets_metadata:
        if (
            facts.visible != calamine.SheetVisibleEnum.Visible
            or facts.typ != calamine.SheetTypeEnum.WorkSheet
        ):
            continue
        sheet = workbook.get_sheet_by_name(facts.name)
        first_row, first_column = sheet.start or (0, 0)
        cells = {
            (first_row + row, first_column + column): text
            for row, line in enumerate(sheet.to_python(skip_empty_area=True))
            for column, value in enumerate(line)
            if (text := _shown(value))
        }
        yield facts.name, cells, list(sheet.merged_cell_ranges or ())


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return shown_number(float(value))
    if isinstance(value, datetime.datetime):
        return shown_date(value)
    return md.escape(str(value).strip())


FORMAT = Format("application/vnd.ms-excel", from_bytes(parse_xls), ole_streams=("Workbook", "Book"))
