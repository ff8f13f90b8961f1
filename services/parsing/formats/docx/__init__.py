"""Word documents (.docx, .docm, .dotx) from their XML: the content that a printed page would show."""

from __future__ import annotations

import re

from lxml import etree  # type: ignore[import-untyped]

from schemas.errors import CorruptDocument
from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.docx.body import Body
from services.parsing.formats.docx.margins import Margins
from services.parsing.formats.docx.numbering import Numbering
from services.parsing.formats.docx.runs import Inline
from services.parsing.formats.docx.styles import Styles, W
from services.parsing.office.archive import Archive, relations
from services.parsing.office.ooxml import Graphics, core_properties, main_part
from services.parsing.reading import with_comments

__all__ = ["FORMAT", "parse_docx"]


def parse_docx(data: bytes) -> ParsedDocument:
    """Raises CorruptDocument without a main part, DocumentTooLarge beyond the limits of `archive`."""
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
    comments = _comments(part("comments"))
    inline = Inline(styles, targets, graphics, saved_breaks, comments)
    body = Body(styles, Numbering(part("numbering")), inline, titled=_has_title(root, styles))
    content = root.find(W + "body")
    if content is None:
        raise CorruptDocument(f"part {main} has no body")
    margins = Margins(archive, targets, content, styles, graphics)
    body.writer.extend(margins.heads)
    body.read(content)
    for comment in comments.values():  # those that nothing refers to
        body.writer.add(md.escape_lines(md.escape(comment)))
    body.writer.extend(margins.feet)
    body.notes({kind: part(kind + "s") for kind in ("footnote", "endnote")})
    markdown, pages = body.writer.finish()
    title, language = core_properties(archive)
    return ParsedDocument(markdown, pages if len(pages) > 1 else (), title, language, graphics.warnings)


def _comments(root: etree._Element | None) -> dict[str, str]:
    """The text and author of each comment, by id."""
    found = {}
    for comment in root.iterchildren(W + "comment") if root is not None and with_comments() else ():
        text = " ".join(" ".join(t.text or "" for t in p.iter(W + "t")) for p in comment.iter(W + "p"))
        author = comment.get(W + "author", "")
        by = f" by {author}" if author else ""
        if text.strip():
            found[comment.get(W + "id", "")] = f"Comment{by}: {' '.join(text.split())}"
    return found


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
