"""Word documents (.docx, .docm, .dotx) from their XML: what the printed page would show."""

from __future__ import annotations

import re

from lxml import etree  # type: ignore[import-untyped]

from schemas.errors import CorruptDocument
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.docx.body import Body
from services.parsing.formats.docx.runs import Inline
from services.parsing.formats.docx.styles import Numbering, Styles, W
from services.parsing.office.archive import Archive, relations
from services.parsing.office.ooxml import Graphics, core_properties, main_part

__all__ = ["FORMAT", "parse_docx"]


def parse_docx(data: bytes) -> ParsedDocument:
    """Raises CorruptDocument without a main part, DocumentTooLarge past the limits of `archive`."""
    archive = Archive(data)
    main = _main_part(archive)
    root = archive.xml(main)
    targets = relations(archive, main)

    def part(kind: str) -> etree._Element | None:
        found = next((target for k, target in targets.values() if k == kind), None)
        return archive.xml_or_none(found) if found else None

    saved_breaks = next(root.iter(W + "lastRenderedPageBreak"), None) is not None
    graphics = Graphics(archive)
    styles = Styles(part("styles"))
    inline = Inline(styles, targets, graphics, saved_breaks)
    body = Body(styles, Numbering(part("numbering")), inline, titled=_has_title(root, styles))
    content = root.find(W + "body")
    if content is None:
        raise CorruptDocument(f"part {main} has no body")
    body.read(content)
    body.notes({kind: part(kind + "s") for kind in ("footnote", "endnote")})
    markdown, pages = body.writer.finish()
    title, language = core_properties(archive)
    return ParsedDocument(markdown, pages if len(pages) > 1 else (), title, language, graphics.warnings)


def _main_part(archive: Archive) -> str:
    if named := main_part(archive):
        return named
    found = [name for name in archive.names() if re.fullmatch(r"word/document\d*\.xml", name)]
    if not found:
        raise CorruptDocument("no Word document part in the package")
    return found[0]


def _has_title(root: etree._Element, styles: Styles) -> bool:
    return any(styles.heading(p.get(W + "val")) == 0 for p in root.iter(W + "pStyle"))


FORMAT = Format(
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    from_bytes(parse_docx),
    zip_part="word/",
)
