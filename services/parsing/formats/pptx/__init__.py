"""PowerPoint presentations (.pptx, .ppsx, .potx): slides with titles as headings, tables, charts, notes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]

from schemas.errors import CorruptDocument
from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.docx.margins import is_page_number
from services.parsing.formats.pptx.slide import Slide
from services.parsing.formats.pptx.text import Bullets
from services.parsing.formats.pptx.unseen import leave_out_unseen
from services.parsing.markdown_writer import Writer
from services.parsing.office.archive import Archive, relations
from services.parsing.office.ooxml import Graphics, core_properties, main_part
from services.parsing.reading import warn, with_comments, with_hidden

__all__ = ["FORMAT", "parse_pptx"]

P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


def parse_pptx(data: bytes) -> ParsedDocument:
    """Each visible slide: title, text in reading order, notes. Hidden slides are skipped."""
    archive = Archive(data)
    main = main_part(archive) or "ppt/presentation.xml"
    root = archive.xml_or_none(main)
    graphics = Graphics(archive)
    writer = Writer()
    feet: set[str] = set()  # each is told once
    authors = _authors(archive, relations(archive, main))
    listed = _slides(root, relations(archive, main)) if root is not None else _numbered_slides(archive)
    for number, part in enumerate(listed, 1):
        tree = archive.xml_or_none(part)
        if tree is None or (tree.get("show") in ("0", "false") and not with_hidden(f"slide {number}")):
            continue
        targets = relations(archive, part)
        layout, master = _layouts(archive, targets)
        leave_out_unseen(tree, [one for one in (layout, master) if one is not None], _size(root))
        slide = Slide(tree, targets, graphics, Bullets(layout, master))
        writer.page(number, slide.title or None)
        slide.write(writer, _part(archive, targets, "notesSlide"), _comments(archive, targets, authors))
        for text in slide.feet:
            if text not in feet and any(map(str.isalpha, text)) and not is_page_number(text):
                feet.add(text)
                writer.add(md.escape_lines(text))
    markdown, pages = writer.finish()
    title, language = core_properties(archive)
    return ParsedDocument(markdown, pages, title, language, graphics.warnings)


def _size(root: etree._Element | None) -> tuple[int, int]:
    """Width and height of the slides in EMU; zeros if they are not known."""
    size = root.find(P + "sldSz") if root is not None else None
    width, height = (size.get(name) or "" for name in ("cx", "cy")) if size is not None else ("", "")
    return (int(width), int(height)) if width.isdigit() and height.isdigit() else (0, 0)


def _authors(archive: Archive, targets: dict[str, tuple[str, str]]) -> dict[str, str]:
    """Names of comment authors by id; old and new file versions use different parts."""
    found = {}
    for kind in ("commentAuthors", "authors"):
        root = _part(archive, targets, kind)
        for author in root.iter("{*}cmAuthor", "{*}author") if root is not None else ():
            found[author.get("id", "")] = author.get("name", "")
    return found


def _comments(archive: Archive, targets: dict[str, tuple[str, str]], authors: dict[str, str]) -> list[str]:
    """The comments on a slide, with their replies."""
    found = []
    for kind, target in targets.values():
        root = archive.xml_or_none(target) if kind == "comments" and with_comments() else None
        for comment in root.iter("{*}cm", "{*}reply") if root is not None else ():
            own = [child for child in comment if not str(child.tag).endswith("}replyLst")]
            parts = [t.text or "" for child in own for t in child.iter("{*}text", "{*}t")]
            text = " ".join(" ".join(parts).split())
            author = authors.get(comment.get("authorId", ""), "")
            if text:
                found.append(f"Comment by {author}: {text}" if author else f"Comment: {text}")
    return found


def _slides(root: etree._Element, targets: dict[str, tuple[str, str]]) -> Iterator[str]:
    listed = root.find(P + "sldIdLst")
    if listed is None:
        return
    for slide in listed:
        target = targets.get(slide.get(R + "id", ""))
        if target:
            yield target[1]


def _numbered_slides(archive: Archive) -> list[str]:
    """The slides of a damaged deck, whose list is lost, in the order of their numbers."""
    found = [name for name in archive.names() if re.fullmatch(r"ppt/slides/slide\d+\.xml", name)]
    if not found:
        raise CorruptDocument("deck without a slide")
    warn("the list of the slides is damaged; slides stand in the order of their numbers")
    return sorted(found, key=lambda name: int(re.sub(r"\D", "", name)))


def _layouts(
    archive: Archive, targets: dict[str, tuple[str, str]]
) -> tuple[etree._Element | None, etree._Element | None]:
    """The slide's layout and its master."""
    name = next((t for k, t in targets.values() if k == "slideLayout"), "")
    try:
        behind = relations(archive, name) if name else {}
    except CorruptDocument:
        behind = {}
    return archive.xml_or_none(name), _part(archive, behind, "slideMaster")


def _part(archive: Archive, targets: dict[str, tuple[str, str]], kind: str) -> etree._Element | None:
    return archive.xml_or_none(next((t for k, t in targets.values() if k == kind), ""))


FORMAT = Format(
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    from_bytes(parse_pptx),
    zip_part="ppt/",
)
