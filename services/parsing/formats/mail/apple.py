"""Files of Apple's programs: messages of Mail (.emlx), pages that Safari saved (.webarchive)."""

from __future__ import annotations

import plistlib
import re
from typing import Any
from xml.parsers.expat import ExpatError

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from schemas.errors import CorruptDocument
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.html.frames import open_frames
from services.parsing.formats.html.page import render, title_of
from services.parsing.formats.html.render import Renderer
from services.parsing.formats.html.tree import parse_tree
from services.parsing.formats.mail.eml import is_mail, parse_eml
from services.parsing.formats.mail.message import with_pictures

_COUNT = re.compile(rb"\A(\d{1,12})[ \t]*\r?\n")


def parse_emlx(data: bytes) -> ParsedDocument:
    """The message, without its length before it and the properties behind it."""
    count = _COUNT.match(data)
    if count is None:
        return parse_eml(data)
    return parse_eml(data[count.end() : count.end() + int(count[1])])


def parse_webarchive(data: bytes) -> ParsedDocument:
    """The page with its frames. Raises CorruptDocument if there is none."""
    try:
        archive = plistlib.loads(data)
        page = archive["WebMainResource"]
        root, warnings = _tree(page)
    except (
        plistlib.InvalidFileException,
        ExpatError,
        ValueError,
        KeyError,
        TypeError,
        OverflowError,
    ) as error:
        raise CorruptDocument(f"web archive without a page: {error}") from error
    parts = {
        str(p.get("WebResourceURL")): p for p in archive.get("WebSubresources") or [] if isinstance(p, dict)
    }
    inner = (frame.get("WebMainResource") for frame in archive.get("WebSubframeArchives") or [])
    frames = {str(p.get("WebResourceURL")): p for p in inner if isinstance(p, dict)}

    def picture(source: str) -> bytes | None:
        return next(
            (p["WebResourceData"] for url, p in parts.items() if url.endswith(source.lstrip("./"))), None
        )

    def frame(source: str) -> HtmlElement | None:
        found = next((p for url, p in frames.items() if url.endswith(source.lstrip("./"))), None)
        return _tree(found)[0] if found is not None else None

    open_frames(root, frame)
    return ParsedDocument(
        render(root, Renderer(with_pictures(picture))), title=title_of(root), warnings=warnings
    )


def _tree(resource: dict[str, Any]) -> tuple[HtmlElement, tuple[str, ...]]:
    charset = resource.get("WebResourceTextEncodingName") or ""
    return parse_tree(
        bytes(resource["WebResourceData"]), f"text/html; charset={charset}" if charset else None
    )


def _is_emlx(head: bytes, data: bytes) -> bool:
    count = _COUNT.match(head)
    return count is not None and is_mail(head[count.end() :], data)


FORMATS = (
    Format("message/x-emlx", from_bytes(parse_emlx), suffixes=(".emlx",), sniff=_is_emlx),
    Format(
        "application/x-webarchive",
        from_bytes(parse_webarchive),
        signature=lambda data: data[:8] == b"bplist00" and b"WebMainResource" in data,
    ),
)
