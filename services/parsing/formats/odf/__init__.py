"""OpenDocument texts, sheets and presentations (.odt, .ods, .odp and their templates)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]

from schemas.errors import CorruptDocument
from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.odf.body import Body, table_rows
from services.parsing.formats.odf.frames import Frames
from services.parsing.formats.odf.styles import DRAW, OFFICE, PRESENTATION, TABLE, TEXT, Styles
from services.parsing.markdown_writer import MarkdownBlock, Writer
from services.parsing.office.archive import Archive
from services.parsing.office.sheets import Merge, Position, sheet_blocks

__all__ = ["FORMATS", "parse_odf"]

_DC = "{http://purl.org/dc/elements/1.1/}"
#: A row or cell repeated more often than this is formatting to the edge of the sheet.
MAX_REPEATS = 1000


def parse_odf(data: bytes) -> ParsedDocument:
    """Raises CorruptDocument if the content is missing, or encrypted and so no XML."""
    archive = Archive(data)
    root = archive.xml("content.xml")
    styles = Styles()
    styles.read(archive.xml_or_none("styles.xml"))
    styles.read(root)
    frames = Frames(archive)
    body = root.find(OFFICE + "body")
    content = next((c for c in body if isinstance(c.tag, str)), None) if body is not None else None
    if content is None:
        raise CorruptDocument("content.xml has no body (an encrypted document has none that can be read)")
    writer = _written(content, styles, frames)
    markdown, pages = writer.finish()
    meta = archive.xml_or_none("meta.xml")
    title = (meta.findtext(f".//{_DC}title") or "").strip() if meta is not None else ""
    language = (meta.findtext(f".//{_DC}language") or "").strip() if meta is not None else ""
    return ParsedDocument(markdown, pages, title or None, language or None, frames.warnings)


def _written(content: etree._Element, styles: Styles, frames: Frames) -> Writer:
    if content.tag == OFFICE + "spreadsheet":
        return _sheets(content, styles, frames)
    if content.tag == OFFICE + "presentation":
        return _slides(content, styles, frames)
    titled = any(
        styles.named(p.get(TEXT + "style-name"), "title") for p in content.iter(TEXT + "p", TEXT + "h")
    )
    body = Body(styles, frames, titled)
    body.read(content)
    body.end_notes()
    return body.writer


def _slides(content: etree._Element, styles: Styles, frames: Frames) -> Writer:
    writer = Writer()
    for number, page in enumerate(content.iterchildren(DRAW + "page"), 1):
        if any(style.hidden for style in styles.chain(page.get(DRAW + "style-name"))):
            continue
        body = Body(styles, frames)
        shapes = [shape for shape in page if isinstance(shape.tag, str) and shape.tag.startswith(DRAW)]
        head = _title_shape(shapes)
        title = " ".join(md.plain(b.text) for b in frames.blocks(head, body)) if head is not None else ""
        writer.page(number, title or None)
        writer.heading(1, title)
        for shape in shapes:
            if shape is not head:
                writer.extend(frames.blocks(shape, body))
        notes = page.find(PRESENTATION + "notes")
        spoken = [b for shape in notes for b in frames.blocks(shape, body)] if notes is not None else []
        if spoken:
            writer.extend([MarkdownBlock("**Notes:**"), *spoken])
    return writer


def _title_shape(shapes: list[etree._Element]) -> etree._Element | None:
    """The slide's title: the placeholder, otherwise a first shape with one short paragraph."""
    for shape in shapes:
        if shape.get(PRESENTATION + "class") == "title":
            return shape
    if any(shape.get(PRESENTATION + "class") for shape in shapes) or len(shapes) < 2:
        return None
    texts = [t for p in shapes[0].iter(TEXT + "p") if (t := "".join(p.itertext()).strip())]
    return shapes[0] if len(texts) == 1 and len(texts[0]) < 100 else None


def _sheets(content: etree._Element, styles: Styles, frames: Frames) -> Writer:
    writer = Writer()
    shown = [
        table
        for table in content.iterchildren(TABLE + "table")
        if not any(style.hidden for style in styles.chain(table.get(TABLE + "style-name")))
    ]
    for number, table in enumerate(shown, 1):
        name = table.get(TABLE + "name", "")
        writer.page(number, name)
        writer.heading(2, md.escape(name))
        body = Body(styles, frames)
        cells, merges = _grid(table, body)
        writer.extend(sheet_blocks(cells, merges))
        for shape in table.iterfind(f"{TABLE}shapes/*"):
            writer.extend(frames.blocks(shape, body))
    return writer


def _grid(table: etree._Element, body: Body) -> tuple[dict[Position, str], list[Merge]]:
    """The filled cells of a sheet and the merged ones."""
    cells: dict[Position, str] = {}
    merges: list[Merge] = []
    row = 0
    for element in table_rows(table):
        repeats = _number(element, "number-rows-repeated")
        line = list(_line(element, body))
        for again in range(min(repeats, MAX_REPEATS) if line else 0):
            for column, text, wide, high in line:
                cells[row + again, column] = text
                if wide > 1 or high > 1:
                    merges.append(((row + again, column), (row + again + high - 1, column + wide - 1)))
        row += repeats
    return cells, merges


def _line(row: etree._Element, body: Body) -> Iterator[tuple[int, str, int, int]]:
    """Column, text and span of the filled cells of a row."""
    column = 0
    for cell in row:
        if cell.tag not in (TABLE + "table-cell", TABLE + "covered-table-cell"):
            continue
        repeats = _number(cell, "number-columns-repeated")
        if cell.tag == TABLE + "table-cell" and len(cell):
            text = "\n".join(block.text for block in body.blocks_of(cell))
            spans = _number(cell, "number-columns-spanned"), _number(cell, "number-rows-spanned")
            for again in range(min(repeats, MAX_REPEATS) if text else 0):
                yield column + again, text, *spans
        column += repeats


def _number(element: etree._Element, name: str) -> int:
    value = element.get(TABLE + name) or "1"
    return int(value) if value.isdigit() and int(value) > 0 else 1


FORMATS = tuple(
    Format(f"application/vnd.oasis.opendocument.{kind}", from_bytes(parse_odf), zip_mimetype=True)
    for kind in ("text", "spreadsheet", "presentation")
)
