"""Excel 97 workbooks (.xls): xlrd reads formats, notes and hidden cells; calamine reads files it rejects.

And binary workbooks (.xlsb), which calamine reads.
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from schemas.errors import CorruptDocument
from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.xlsx.unseen import SHOWS_NOTHING
from services.parsing.markdown_writer import MarkdownBlock, Writer
from services.parsing.office.encryption import decrypted
from services.parsing.office.number_formats import shown_date, shown_number
from services.parsing.office.sheets import Grid, Merge, Position, cell_name, sheet_blocks
from services.parsing.reading import warn, with_comments, with_hidden


@dataclass
class _Sheet:
    name: str
    cells: dict[Position, str]
    merges: list[Merge] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)


def parse_xls(data: bytes) -> ParsedDocument:
    """Each visible sheet under its name. Raises CorruptDocument if the records are invalid."""
    try:
        sheets = list(_with_formats(data))
    except Exception as error:  # xlrd asserts much that other readers tolerate
        opened = decrypted(data) if "encrypted" in str(error) else None
        sheets = list(_with_formats(opened) if opened else _values(data))
    return _written(sheets)


def parse_xlsb(data: bytes) -> ParsedDocument:
    """Each visible sheet of a binary workbook: values without their formats, links and comments."""
    warn("binary workbook: numbers are read without their formats, and no comments")
    return _written(list(_values(data)))


def _written(sheets: list[_Sheet]) -> ParsedDocument:
    writer = Writer()
    for number, sheet in enumerate(sheets, 1):
        writer.page(number, sheet.name)
        writer.heading(2, md.escape(sheet.name))
        writer.extend(sheet_blocks(sheet.cells, sheet.merges))
        writer.extend([MarkdownBlock(md.escape_lines(md.escape(comment))) for comment in sheet.comments])
    markdown, pages = writer.finish()
    return ParsedDocument(markdown, pages)


def _with_formats(data: bytes) -> Iterator[_Sheet]:
    import xlrd  # type: ignore[import-untyped]

    book = xlrd.open_workbook(
        file_contents=data, formatting_info=True, logfile=io.StringIO(), ragged_rows=True, on_demand=True
    )
    for index, name in enumerate(book.sheet_names()):
        sheet = book.sheet_by_index(index)
        if sheet.visibility == 0 or with_hidden(f"sheet {name}"):
            yield _sheet(book, sheet, name)
        book.unload_sheet(index)


def _sheet(book: Any, sheet: Any, name: str) -> _Sheet:
    grid = Grid(
        {
            (row, column): text
            for row in range(sheet.nrows)
            for column, cell in enumerate(sheet.row(row))
            if (text := _shown_cell(book, cell))
        },
        [((top, left), (end - 1, right - 1)) for top, end, left, right in sheet.merged_cells],
        {at for at, row in sheet.rowinfo_map.items() if row.hidden and not row.outline_level},
        {at for at, column in sheet.colinfo_map.items() if column.hidden and not column.outline_level},
    )
    grid.unseen = {place for place in grid.cells if _is_unseen(book, sheet.cell(*place))}
    _links(sheet, grid.cells)
    grid.leave_out_hidden(name)
    return _Sheet(name, grid.cells, grid.merges, list(_comments(sheet)) if with_comments() else [])


def _shown_cell(book: Any, cell: Any) -> str:
    """Format a cell by its type: text, number or date, boolean, error."""
    if cell.ctype == 1:
        return md.escape(str(cell.value).strip())
    if cell.ctype in (2, 3):
        formats = _formats(book, cell)
        code = (formats and book.format_map[formats[0].format_key].format_str) or "General"
        code = "General" if SHOWS_NOTHING.fullmatch(code) else code
        return md.escape(shown_number(cell.value, code, bool(book.datemode)).strip())
    if cell.ctype == 4:
        return "TRUE" if cell.value else "FALSE"
    if cell.ctype == 5:
        from xlrd import error_text_from_code

        return str(error_text_from_code.get(cell.value, ""))
    return ""


def _formats(book: Any, cell: Any) -> Any:
    """The format of a cell, as a list: old files need not have any."""
    return book.xf_list[cell.xf_index : cell.xf_index + 1] if cell.xf_index is not None else []


def _is_unseen(book: Any, cell: Any) -> bool:
    """Whether a cell is white without a fill, or has a format that shows nothing."""
    formats = _formats(book, cell)
    if not formats:
        return False
    code = book.format_map[formats[0].format_key].format_str or ""
    fonts = book.font_list[formats[0].font_index : formats[0].font_index + 1]
    white = any(book.colour_map.get(font.colour_index) == (255, 255, 255) for font in fonts)
    return bool(SHOWS_NOTHING.fullmatch(code)) or (white and formats[0].background.fill_pattern == 0)


def _links(sheet: Any, cells: dict[Position, str]) -> None:
    for link in sheet.hyperlink_list:
        place = (link.frowx, link.fcolx)
        if link.url_or_path and link.type == "url" and place in cells:
            target = link.url_or_path
            target = target.decode("latin-1") if isinstance(target, bytes) else target
            cells[place] = md.link(cells[place], target)


def _comments(sheet: Any) -> Iterator[str]:
    for (row, column), note in sorted(sheet.cell_note_map.items()):
        by = f" by {note.author}" if note.author else ""
        text = " ".join(note.text.removeprefix(f"{note.author}:").split())
        if text:
            yield f"Comment on {cell_name((row, column))}{by}: {text}"


def _values(data: bytes) -> Iterator[_Sheet]:
    """The values alone. Raises CorruptDocument if the records are invalid."""
    import python_calamine as calamine

    try:
        workbook = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        for facts in workbook.sheets_metadata:
            if facts.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            if facts.visible != calamine.SheetVisibleEnum.Visible and not with_hidden(f"sheet {facts.name}"):
                continue
            sheet = workbook.get_sheet_by_name(facts.name)
            first_row, first_column = sheet.start or (0, 0)
            cells = {
                (first_row + row, first_column + column): text
                for row, line in enumerate(sheet.to_python(skip_empty_area=True))
                for column, value in enumerate(line)
                if (text := _shown(value))
            }
            yield _Sheet(facts.name, cells, list(sheet.merged_cell_ranges or ()))
    except calamine.CalamineError as error:
        raise CorruptDocument(f"workbook cannot be read: {error}") from error


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return shown_number(float(value))
    if isinstance(value, datetime.datetime):
        return shown_date(value)
    return md.escape(str(value).strip())


def _is_bare(data: bytes) -> bool:
    """A worksheet of Excel 2 to 4, which has no container: its first record says what it is."""
    return data[:4] in (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x10\x00")


FORMATS = (
    Format(
        "application/vnd.ms-excel.sheet.binary.macroenabled.12",
        from_bytes(parse_xlsb),
        zip_part="xl/workbook.bin",
    ),
    Format(
        "application/vnd.ms-excel",
        from_bytes(parse_xls),
        ole_streams=("Workbook", "Book"),
        signature=_is_bare,
    ),
)
