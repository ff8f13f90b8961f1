"""Web archives (.mhtml): the page with its saved frames and pictures."""

from __future__ import annotations

import contextlib
import re
from email.message import Message
from urllib.parse import urljoin

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from schemas.errors import CorruptDocument
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.html.frames import open_frames
from services.parsing.formats.html.page import render, title_of
from services.parsing.formats.html.render import Renderer
from services.parsing.formats.html.tree import parse_tree
from services.parsing.formats.mail.eml import header, payload, read_message, text_of
from services.parsing.formats.mail.message import with_pictures

_PAGES = ("text/html", "application/xhtml+xml")


def parse_mhtml(data: bytes) -> ParsedDocument:
    """Raises CorruptDocument if there is no page."""
    message = read_message(data)
    parts: dict[str, Message] = {}
    pages = []
    for part in message.walk():
        location = str(part.get("Content-Location") or "").strip()
        for name in (location, str(part.get("Content-ID") or "").strip().strip("<>")):
            if name:
                parts.setdefault(name, part)
        if part.get_content_type() in _PAGES:
            pages.append(part)
    if not pages:
        raise CorruptDocument("web archive without an HTML part")

    def picture(source: str) -> bytes | None:
        found = parts.get(source)
        return payload(found) if found is not None and found.get_content_maintype() == "image" else None

    base = str(pages[0].get("Content-Location") or "").strip()

    def frame(source: str) -> HtmlElement | None:
        found = parts.get(source.removeprefix("cid:")) or parts.get(_resolved(base, source))
        return _tree(found)[0] if found is not None and found.get_content_type() in _PAGES else None

    root, warnings = _tree(pages[0])
    open_frames(root, frame)
    markdown = render(root, Renderer(with_pictures(picture)))
    return ParsedDocument(
        markdown, title=title_of(root) or header(message, "Subject") or None, warnings=warnings
    )


def _resolved(base: str, source: str) -> str:
    with contextlib.suppress(ValueError):
        return urljoin(base, source)
    return source


def _tree(page: Message) -> tuple[HtmlElement, tuple[str, ...]]:
    return parse_tree(text_of(page).encode("utf-8", "replace"), "text/html; charset=utf-8")


def _is_web_archive(head: bytes, data: bytes) -> bool:
    head = data[:4096].lower()
    return (
        b"multipart/related" in head
        and b"mime-version:" in head
        and b"text/html" in data[:65536].lower()
        and not re.search(rb"^(to|received):", head, re.M)
    )


FORMAT = Format(
    "multipart/related",
    from_bytes(parse_mhtml),
    suffixes=(".html", ".htm", ".xhtml", ".shtml", ".mhtml", ".mht"),
    sniff=_is_web_archive,
)
