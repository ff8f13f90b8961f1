"""Excel workbooks (.xlsx, .xlsm, .xltx), streamed row by row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lxml import etree  # type: ignore[import-untyped]

from schemas.errors import CorruptDocument, DocumentTooLarge
from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.xlsx.comments import comment_blocks
from services.parsing.formats.xlsx.controls import control_blocks
from services.parsing.formats.xlsx.reader import Book, read_sheet, rows
from services.parsing.markdown_writer import MarkdownBlock, Writer
from services.parsing.office.archive import Archive, relations
from services.parsing.office.ooxml import FALLBACK, Graphics, core_properties, main_part
from services.parsing.office.sheets import sheet_blocks
from services.parsing.reading import warn, with_comments, with_hidden

__all__ = ["FORMAT", "parse_xlsx"]

R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_SHEETS = ("worksheet", "chartsheet", "dialogsheet", "xlMacrosheet")
#: Sheets with more bytes of XML (about a million cells) are written row by row as one table.
STREAMED_BYTES = 48 * 1024 * 1024
#: Maximum characters of a workbook's text; Python needs the same memory again to join them.
MAX_CHARACTERS = 300_000_000


def parse_xlsx(data: bytes) -> ParsedDocument:
    """Each visible sheet under its name: its tables, comments, charts and pictures."""
    archive = Archive(data)
    main = _main_part(archive)
    root = archive.xml_or_none(main)
    targets = relations(archive, main)
    if root is None or not any(target in archive for kind, target in targets.values() if kind in _SHEETS):
        root, targets = _lost_list(archive)
    book = Book(archive, root, targets)
    graphics = Graphics(archive)
    writer = Writer()
    for number, (name, part) in enumerate(_visible_sheets(root, targets), 1):
        writer.page(number, name)
        writer.heading(2, md.escape(name))
        if part in archive:
            writer.extend(_sheet(archive, part, book, graphics, name))
    markdown, pages = writer.finish()
    title, language = core_properties(archive)
    return ParsedDocument(markdown, pages, title, language, graphics.warnings)


def _main_part(archive: Archive) -> str:
    if named := main_part(archive):
        return named
    return "xl/workbook.xml"


def _lost_list(archive: Archive) -> tuple[etree._Element, dict[str, tuple[str, str]]]:
    """A list of the sheets of a damaged workbook, in the order of their numbers."""
    found = [name for name in archive.names() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name)]
    if not found:
        raise CorruptDocument("workbook without a sheet")
    warn("the list of the sheets is damaged; sheets stand in the order of their numbers")
    targets = {kind: (kind, f"xl/{kind}.xml") for kind in ("sharedStrings", "styles")}
    root = etree.Element("workbook")
    sheets = etree.SubElement(root, "sheets")
    for at, name in enumerate(sorted(found, key=lambda name: int(re.sub(r"\D", "", name)))):
        etree.SubElement(sheets, "sheet", {"name": name[14:-4].capitalize(), R + "id": f"{at}"})
        targets[f"{at}"] = ("worksheet", name)
    return root, targets


def _visible_sheets(root: etree._Element, targets: dict[str, tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for sheet in root.iterfind("{*}sheets/{*}sheet"):
        name = sheet.get("name", "")
        if sheet.get("state", "visible") == "visible" or with_hidden(f"sheet {name}"):
            yield name, targets.get(sheet.get(R + "id", ""), ("", ""))[1]


def _sheet(archive: Archive, part: str, book: Book, graphics: Graphics, name: str) -> Iterable[MarkdownBlock]:
    targets = relations(archive, part)
    margins: list[str] = []
    book.uncomputed = 0
    if archive.size(part) > STREAMED_BYTES:
        yield MarkdownBlock(_streamed(archive, part, book))
    else:
        links = {id: target for id, (kind, target) in targets.items() if kind == "hyperlink"}
        grid = read_sheet(archive, part, book, links)
        grid.leave_out_hidden(name)
        margins = grid.margins
        yield from sheet_blocks(grid.cells, grid.merges)
    if count := book.uncomputed:
        warn(f"{count} formula{'s' * (count > 1)} of sheet {name} without a saved result")
    if with_comments():
        yield from comment_blocks(archive, targets, book.people)
    yield from (MarkdownBlock(md.escape_lines(md.escape(text))) for text in margins)
    yield from control_blocks(archive, targets)
    for kind, target in targets.values():
        if kind == "drawing" and (drawing := archive.xml_or_none(target)) is not None:
            yield from _drawn(drawing, graphics, relations(archive, target))


def _streamed(archive: Archive, part: str, book: Book) -> str:
    """A large sheet as one pipe table, without keeping its cells in memory."""
    lines: list[str] = []
    size = 0
    for line in rows(archive, part, book):
        texts: list[str] = []
        for column, text in line:
            texts.extend([""] * (min(column, 16_384) - len(texts)))
            texts.append(text)
        lines.append(md.pipe_row(texts))
        size += len(lines[-1]) + 1
        if size > MAX_CHARACTERS:
            raise DocumentTooLarge(f"sheet {part} has more than {MAX_CHARACTERS} characters")
        if len(lines) == 1:
            lines.append("|" + " --- |" * len(texts))
    return "\n".join(lines)


def _drawn(
    drawing: etree._Element, graphics: Graphics, targets: dict[str, tuple[str, str]]
) -> Iterator[MarkdownBlock]:
    for anchor in drawing:
        if not isinstance(anchor.tag, str):
            continue
        text, blocks = graphics.describe(anchor, targets)
        words = [
            " ".join(t.text or "" for t in p.iter("{*}t"))
            for p in anchor.iter("{http://schemas.openxmlformats.org/drawingml/2006/main}p")
            if next(p.iterancestors(FALLBACK), None) is None
        ]
        for part in [text, *blocks, *(md.escape_lines(md.escape(w)) for w in words)]:
            if part.strip():
                yield MarkdownBlock(part)


FORMAT = Format(
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    from_bytes(parse_xlsx),
    zip_part="xl/",
)
