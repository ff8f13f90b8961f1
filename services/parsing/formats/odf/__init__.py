"""OpenDocument texts, sheets, presentations and drawings, their templates, and those of OpenOffice 1."""

from __future__ import annotations

import re

from lxml import etree  # type: ignore[import-untyped]

from schemas.errors import CorruptDocument
from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.odf.body import Body
from services.parsing.formats.odf.frames import Frames
from services.parsing.formats.odf.margins import margins
from services.parsing.formats.odf.sheets import write_sheets
from services.parsing.formats.odf.styles import DRAW, OFFICE, PRESENTATION, TEXT, Styles
from services.parsing.markdown_writer import MarkdownBlock, Writer
from services.parsing.office.archive import Archive, parse_xml
from services.parsing.reading import with_hidden

__all__ = ["FORMATS", "parse_odf"]

_OLD_NAMESPACE = re.compile(rb"http://openoffice\.org/2000/(\w+)")
_OLD_LIST = re.compile(rb"<(/?)text:(?:un)?ordered-list(?=[\s>/])")
_DC = "{http://purl.org/dc/elements/1.1/}"


def parse_odf(data: bytes) -> ParsedDocument:
    """Raises CorruptDocument if the content is missing, or encrypted and therefore not XML."""
    archive = Archive(data)
    manifest = archive.xml_or_none("META-INF/manifest.xml")
    if manifest is not None and next(manifest.iter("{*}encryption-data"), None) is not None:
        raise CorruptDocument("OpenDocument file is encrypted with a password; store it without one")
    root = _modern(archive.read("content.xml"))
    styles = Styles()
    if "styles.xml" in archive:
        styles.read(_modern(archive.read("styles.xml")))
    styles.read(root)
    frames = Frames(archive)
    body = root.find(OFFICE + "body")
    content = next((c for c in body if isinstance(c.tag, str)), None) if body is not None else None
    if root.get(OFFICE + "class"):  # OpenOffice 1: nothing between the body and its content
        content = body
    if content is None or content.tag == OFFICE + "database":
        raise CorruptDocument("content.xml has no text, sheets, slides or drawing in it")
    writer = _written(content, styles, frames)
    markdown, pages = writer.finish()
    meta = archive.xml_or_none("meta.xml")
    title = (meta.findtext(f".//{_DC}title") or "").strip() if meta is not None else ""
    language = (meta.findtext(f".//{_DC}language") or "").strip() if meta is not None else ""
    return ParsedDocument(markdown, pages, title or None, language or None, frames.warnings)


def _modern(content: bytes) -> etree._Element:
    """The root of a part, also of OpenOffice 1, which has other namespaces and names of lists and levels."""
    if b"http://openoffice.org/2000/" in content[:4096]:
        content = _OLD_NAMESPACE.sub(rb"urn:oasis:names:tc:opendocument:xmlns:\1:1.0", content)
        content = _OLD_LIST.sub(rb"<\1text:list", content).replace(b" text:level=", b" text:outline-level=")
    return parse_xml(content)


def _written(content: etree._Element, styles: Styles, frames: Frames) -> Writer:
    kind = content.getroottree().getroot().get(OFFICE + "class")
    if content.tag == OFFICE + "spreadsheet" or kind == "spreadsheet":
        return write_sheets(content, styles, frames)
    if content.tag in (OFFICE + "presentation", OFFICE + "drawing") or kind in ("presentation", "drawing"):
        return _slides(content, styles, frames)
    titled = any(
        styles.named(p.get(TEXT + "style-name"), "title") for p in content.iter(TEXT + "p", TEXT + "h")
    )
    body = Body(styles, frames, titled)
    body.read(content)
    head, foot = margins(styles.pages, body)
    body.writer.prepend(head)
    body.writer.extend(foot)
    body.end_notes()
    return body.writer


def _slides(content: etree._Element, styles: Styles, frames: Frames) -> Writer:
    writer = Writer()
    for number, page in enumerate(content.iterchildren(DRAW + "page"), 1):
        hidden = any(style.hidden for style in styles.chain(page.get(DRAW + "style-name")))
        if hidden and not with_hidden(f"slide {number}"):
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
    """The slide's title: the title placeholder, otherwise a first shape with one short paragraph."""
    for shape in shapes:
        if shape.get(PRESENTATION + "class") == "title":
            return shape
    if any(shape.get(PRESENTATION + "class") for shape in shapes) or len(shapes) < 2:
        return None
    texts = [t for p in shapes[0].iter(TEXT + "p") if (t := "".join(p.itertext()).strip())]
    return shapes[0] if len(texts) == 1 and len(texts[0]) < 100 else None


_KINDS = (
    *(
        "application/vnd.oasis.opendocument." + kind
        for kind in ("text", "spreadsheet", "presentation", "graphics")
    ),
    *("application/vnd.oasis.opendocument." + kind for kind in ("text-master", "text-web")),
    *("application/vnd.sun.xml." + kind for kind in ("writer", "calc", "impress", "draw")),  # OpenOffice 1
)
FORMATS = tuple(
    Format(kind, from_bytes(parse_odf), zip_mimetype=True, zip_part="content.xml" if not at else None)
    for at, kind in enumerate(_KINDS)
)
