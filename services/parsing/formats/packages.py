"""Packages of other programs: Visio, XPS, Hancom (.hwpx), and Apple (.pages, .numbers, .key)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]

from schemas.errors import CorruptDocument, UnsupportedFormat
from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.markdown_writer import Cell, Writer
from services.parsing.nested import is_too_deep, parse_nested
from services.parsing.office.archive import Archive
from services.parsing.office.ooxml import core_properties
from services.parsing.reading import warn


def parse_visio(data: bytes) -> ParsedDocument:
    """The texts of the shapes, page by page."""
    archive = Archive(data)
    writer = Writer()
    for number, part in enumerate(_numbered(archive, r"visio/pages/page(\d+)\.xml"), 1):
        writer.page(number)
        for text in archive.xml(part).iter("{*}Text"):
            _add(writer, "".join(text.itertext()))
    return _document(archive, writer)


def parse_xps(data: bytes) -> ParsedDocument:
    """The glyph runs of each page in lines, from top to bottom."""
    archive = Archive(data)
    writer = Writer()
    for number, part in enumerate(_numbered(archive, r"(?:.*/)?(\d+)\.fpage"), 1):
        writer.page(number)
        lines: dict[float, list[tuple[float, str]]] = {}
        for run in archive.xml(part).iter("{*}Glyphs"):
            text = (run.get("UnicodeString") or "").removeprefix("{}")
            lines.setdefault(round(_float(run.get("OriginY"))), []).append((_float(run.get("OriginX")), text))
        for y in sorted(lines):
            _add(writer, " ".join(text for _, text in sorted(lines[y])))
    return _document(archive, writer)


def parse_hwpx(data: bytes) -> ParsedDocument:
    """Paragraphs and tables of all sections."""
    archive = Archive(data)
    writer = Writer()
    for part in _numbered(archive, r"Contents/section(\d+)\.xml"):
        for paragraph in archive.xml(part).iterchildren("{*}p"):
            _hangul(paragraph, writer)
    return _document(archive, writer)


def _hangul(paragraph: etree._Element, writer: Writer) -> None:
    tables = list(paragraph.iterfind("{*}run/{*}tbl"))
    own = (t for t in paragraph.iterfind("{*}run/{*}t"))
    _add(writer, "".join("".join(t.itertext()) for t in own))
    for table in tables:
        rows = [
            [
                Cell(" ".join("".join(t.itertext()) for t in cell.iter("{*}t")))
                for cell in row.iterchildren("{*}tc")
            ]
            for row in table.iterchildren("{*}tr")
        ]
        writer.add(md.table(rows))


def parse_iwork(data: bytes) -> ParsedDocument:
    """The text of iWork '09; of newer files their preview, if it is a PDF.

    Raises UnsupportedFormat if there is neither.
    """
    archive = Archive(data)
    for name in ("index.xml", "index.apxl"):
        if name in archive:
            writer = Writer()
            for paragraph in archive.xml(name).iter("{*}p"):
                _add(writer, "".join(paragraph.itertext()))
            return _document(archive, writer)
    preview = next((name for name in archive.names() if name.lower().endswith("preview.pdf")), None)
    if preview is None or is_too_deep():
        raise UnsupportedFormat(
            "Pages, Numbers or Keynote document without a preview in it; export it as PDF"
        )
    warn("Pages, Numbers or Keynote document: its preview was read, which may lack pages")
    return parse_nested(archive.read(preview), preview)


def parse_formula(data: bytes) -> ParsedDocument:
    """An OpenDocument formula as TeX."""
    from services.parsing.formats.html.formulas import math_text

    root = Archive(data).xml("content.xml")
    math = root if root.tag.endswith("}math") else root.find(".//{*}math")
    if math is None:
        raise CorruptDocument("formula without its content")
    return ParsedDocument(math_text(math).strip() + "\n")


def _numbered(archive: Archive, pattern: str) -> list[str]:
    """Part names in the order of their numbers."""
    found = [(int(match[1]), name) for name in archive.names() if (match := re.fullmatch(pattern, name))]
    return [name for _, name in sorted(found)]


def _add(writer: Writer, text: str) -> None:
    for line in text.splitlines():
        writer.add(md.escape_lines(md.tidy(md.escape(line))))


def _document(archive: Archive, writer: Writer) -> ParsedDocument:
    markdown, pages = writer.finish()
    title, language = core_properties(archive)
    return ParsedDocument(markdown, pages if len(pages) > 1 else (), title, language)


def _float(value: str | None) -> float:
    try:
        return float(value or 0)
    except ValueError:
        return 0.0


def _formats() -> Iterator[Format]:
    yield Format(
        "application/vnd.ms-visio.drawing.main+xml", from_bytes(parse_visio), zip_part="visio/document.xml"
    )
    yield Format("application/vnd.ms-xpsdocument", from_bytes(parse_xps), zip_part="fixeddocseq.fdseq")
    yield Format("application/oxps", from_bytes(parse_xps), zip_part="fixeddocumentsequence.fdseq")
    yield Format(
        "application/hwp+zip", from_bytes(parse_hwpx), zip_mimetype=True, zip_part="contents/section0.xml"
    )
    yield Format("application/x-iwork", from_bytes(parse_iwork), zip_part="index/document.iwa")
    yield Format("application/x-iwork-2009", from_bytes(parse_iwork), zip_part="buildversionhistory.plist")
    yield Format("application/vnd.oasis.opendocument.formula", from_bytes(parse_formula), zip_mimetype=True)


FORMATS = tuple(_formats())
