"""E-books (.epub): chapters in the order of the spine."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote

from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from schemas.errors import CorruptDocument
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.html.inline import image_text
from services.parsing.formats.html.page import render
from services.parsing.formats.html.render import ImageText, Renderer
from services.parsing.formats.html.tree import parse_tree
from services.parsing.images.pictures import Pictures
from services.parsing.markdown_writer import Writer
from services.parsing.office.archive import Archive

_DC = "{http://purl.org/dc/elements/1.1/}"


def parse_epub(data: bytes) -> ParsedDocument:
    """Raises CorruptDocument if there is no package document or no chapter."""
    archive = Archive(data)
    package = _package(archive)
    root = archive.xml(package)
    pictures = Pictures()
    writer = Writer()
    warnings: list[str] = []
    title = (root.findtext(f".//{_DC}title") or "").strip()
    chapters: list[str] = []
    encrypted = _encrypted(archive)
    for part in _spine(root, posixpath.dirname(package)):
        if unquote(part) in encrypted:
            raise CorruptDocument("e-book is encrypted (DRM); only its reading program can open it")
        part = part if part in archive or unquote(part) not in archive else unquote(part)
        if part not in archive:
            warnings.append(f"chapter {part} is missing")
            continue
        try:
            tree, _ = parse_tree(archive.read(part), "text/html; charset=utf-8")
        except CorruptDocument:
            warnings.append(f"chapter {part} cannot be read")
            continue
        chapters.append(render(tree, Renderer(_images(archive, part, pictures)), paper=True).strip("\n"))
    for chapter in _titled_once(chapters):
        writer.add(chapter)
    markdown, _ = writer.finish()
    language = (root.findtext(f".//{_DC}language") or "").strip()
    return ParsedDocument(
        markdown, title=title or None, language=language or None, warnings=(*warnings, *pictures.warnings)
    )


def _titled_once(chapters: list[str]) -> list[str]:
    """Drop a title page that only repeats the first line of the next chapter."""
    shown = [chapter for chapter in chapters if chapter.strip()]
    heads = [chapter.split("\n", 1)[0].lstrip("# ").strip() for chapter in shown]
    if len(shown) > 1 and heads[0] == heads[1] == shown[0].lstrip("# ").strip():
        return shown[1:]
    return shown


def _package(archive: Archive) -> str:
    container = archive.xml_or_none("META-INF/container.xml")
    found = container.find(".//{*}rootfile") if container is not None else None
    path = found.get("full-path", "") if found is not None else ""
    if path in archive:
        return str(path)
    guesses = [name for name in archive.names() if name.endswith(".opf")]
    if not guesses:
        raise CorruptDocument("e-book without a package document")
    return guesses[0]


def _spine(root: etree._Element, folder: str) -> list[str]:
    """The part names of the chapters, in reading order."""
    manifest = {item.get("id"): item for item in root.iterfind(".//{*}manifest/{*}item")}
    parts = []
    for reference in root.iterfind(".//{*}spine/{*}itemref"):
        item = manifest.get(reference.get("idref"))
        if item is None or "nav" in (item.get("properties") or "").split():
            continue
        if item.get("media-type", "").endswith(("html", "html+xml", "xhtml+xml", "xml")):
            parts.append(posixpath.normpath(posixpath.join(folder, item.get("href", "").partition("#")[0])))
    return parts


def _encrypted(archive: Archive) -> set[str]:
    """The parts that only a key opens; of most books these are fonts at most."""
    root = archive.xml_or_none("META-INF/encryption.xml")
    return (
        {unquote(el.get("URI", "")) for el in root.iter("{*}CipherReference")} if root is not None else set()
    )


def _images(archive: Archive, chapter: str, pictures: Pictures) -> ImageText:
    def text(el: HtmlElement) -> str:
        source = unquote(el.get("src") or "")
        part = posixpath.normpath(posixpath.join(posixpath.dirname(chapter), source))
        if part in archive:
            inline, _ = pictures.describe(
                archive.read(part), (el.get("alt") or "").strip(), posixpath.basename(part)
            )
            return inline
        return image_text(el)

    return text


FORMAT = Format(
    "application/epub+zip", from_bytes(parse_epub), zip_mimetype=True, zip_part="meta-inf/container.xml"
)
