"""A web page as a document."""

from __future__ import annotations

import contextlib
import re
from urllib.parse import urljoin

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from schemas.errors import CorruptDocument
from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.formats.html.frames import open_frames
from services.parsing.formats.html.hidden.unseen import leave_out_unseen
from services.parsing.formats.html.render import Renderer
from services.parsing.formats.html.tree import parse_tree


def parse_html(data: bytes, content_type: str | None = None, *, main_content: bool = False) -> ParsedDocument:
    """HTML or XHTML to markdown; with `main_content` without navigation, footers and adverts."""
    root, warnings = _tree(data, content_type)
    markdown = ""
    if main_content:
        from services.parsing.formats.html.article import main_part

        leave_out_unseen(root)
        markdown = main_part(root, title_of(root) or "")
        if not markdown.strip():  # a page of only teasers: index it rather than nothing
            root, warnings = _tree(data, content_type)
    if not main_content or not markdown.strip():
        markdown = render(root)
    return ParsedDocument(
        markdown=markdown,
        title=title_of(root),
        language=(root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or None),
        warnings=warnings,
    )


def _tree(data: bytes, content_type: str | None) -> tuple[HtmlElement, tuple[str, ...]]:
    """Parse the page, with inline frames and with addresses resolved against its `base`."""
    root, warnings = parse_tree(data, content_type)
    open_frames(root)
    base = root.find(".//base[@href]")
    if base is not None and re.match(r"https?://", base.get("href") or "", re.I):
        for el in root.iter("a", "img"):
            for name in ("href", "src"):
                value = (el.get(name) or "").strip()
                if value and not re.match(r"#|[a-z][a-z0-9+.-]*:", value, re.I):
                    with contextlib.suppress(ValueError):
                        el.set(name, urljoin(base.get("href"), value))
    return root, warnings


def render(root: HtmlElement, renderer: Renderer | None = None, paper: bool = False) -> str:
    """A whole tree as markdown; `paper` is white where it names no other ground. Raises CorruptDocument if it
    is nested too deeply."""
    leave_out_unseen(root, paper)
    body = root.find("body")
    writer = md.Writer()
    try:
        writer.extend((renderer or Renderer()).blocks(root if body is None else body))
    except RecursionError as error:
        raise CorruptDocument("HTML: elements are nested more than 300 deep") from error
    return writer.finish()[0]


def title_of(root: HtmlElement) -> str | None:
    found = root.find("head/title")
    found = root.find(".//title") if found is None else found  # a search through the whole page
    return " ".join("".join(found.itertext()).split()) or None if found is not None else None
