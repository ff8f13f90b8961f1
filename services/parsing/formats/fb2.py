"""FictionBook (.fb2): an e-book as one XML file, whose elements are renamed to those of HTML."""

from __future__ import annotations

import base64
import binascii
import re

from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from schemas.errors import CorruptDocument
from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.html.inline import image_text
from services.parsing.formats.html.page import render
from services.parsing.formats.html.render import Renderer
from services.parsing.formats.html.tree import parse_tree
from services.parsing.images.pictures import Pictures
from services.parsing.office.archive import parse_xml

_NAMES = {
    "emphasis": "em",
    "strikethrough": "s",
    "image": "img",
    "subtitle": "h6",
    "empty-line": "hr",
    **dict.fromkeys(("cite", "epigraph"), "blockquote"),
    **dict.fromkeys(("v", "text-author"), "p"),
    **dict.fromkeys(("poem", "stanza", "section", "annotation"), "div"),
}
_KEPT = frozenset(("p", "strong", "a", "table", "tr", "td", "th", "sub", "sup", "code", "body"))
#: Sections may be nested deeper than there are levels of headings.
_DEEPEST = 6


def parse_fb2(data: bytes) -> ParsedDocument:
    """What a book says of itself and its bodies, its notes last. Raises CorruptDocument if it is no XML."""
    root = parse_xml(data)
    bodies = root.findall("{*}body")
    if not bodies:
        raise CorruptDocument("FictionBook without a body")
    about = root.find("{*}description/{*}title-info")
    title = " ".join((about.findtext("{*}book-title") or "").split()) if about is not None else ""
    language = (about.findtext("{*}lang") or "").strip() if about is not None else ""
    pictures = Pictures()
    contents = {binary.get("id", ""): binary.text or "" for binary in root.iterfind("{*}binary")}

    def shown(el: HtmlElement) -> str:
        try:
            content = base64.b64decode(contents.get((el.get("src") or "").lstrip("#"), ""))
        except (binascii.Error, ValueError):
            content = b""
        return pictures.describe(content, (el.get("alt") or "").strip())[0] if content else image_text(el)

    writer = md.Writer()
    for part in (*root.iterfind("{*}description/{*}title-info/{*}annotation"), *bodies):
        page = etree.tostring(_renamed(part, 1), encoding="unicode", method="html")
        tree, _ = parse_tree(page.encode(), "text/html; charset=utf-8")
        writer.add(render(tree, Renderer(shown)).strip("\n"))
    markdown, _ = writer.finish()
    return ParsedDocument(
        markdown, title=title or None, language=language or None, warnings=pictures.warnings
    )


def _renamed(element: etree._Element, depth: int) -> etree._Element:
    """An element of HTML with what is in an element of the book; `depth` is that of the section."""
    name = etree.QName(element).localname
    if name == "title":
        return _heading(element, depth)
    new = etree.Element(_NAMES.get(name) or (name if name in _KEPT else "span"))
    target = next((value for key, value in element.items() if key.endswith("}href")), "")
    if name == "image":
        new.set("src", target)
    elif name == "a" and not target.startswith("#"):
        new.set("href", target)
    for span in ("colspan", "rowspan", "alt"):
        if element.get(span):
            new.set(span, element.get(span))
    new.text, new.tail = element.text, element.tail
    for child in element:
        if isinstance(child.tag, str):
            new.append(_renamed(child, depth + (name == "section")))
    return new


def _heading(title: etree._Element, depth: int) -> etree._Element:
    """A title of several paragraphs as one line."""
    lines = (" ".join("".join(p.itertext()).split()) for p in title)
    new = etree.Element(f"h{min(depth, _DEEPEST)}")
    new.text = " ".join(filter(None, lines))
    return new


def _is_fb2(head: bytes, data: bytes) -> bool:
    return re.search(rb"<(?:\w+:)?FictionBook\b", head[:4096]) is not None


FORMAT = Format(
    "application/x-fictionbook+xml", from_bytes(parse_fb2), suffixes=(".fb2",), sniff=_is_fb2, xml=True
)
