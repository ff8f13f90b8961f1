"""Inlines frames with an available page (in `srcdoc`, or saved in the same archive)."""

from __future__ import annotations

from collections.abc import Callable

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from schemas.errors import CorruptDocument
from services.parsing.formats.html.tree import parse_tree

#: Maximum nesting depth of frames.
MAX_DEPTH = 3


def open_frames(
    root: HtmlElement, page: Callable[[str], HtmlElement | None] = lambda source: None, depth: int = 0
) -> None:
    """Replace frames with their content: `srcdoc`, or what `page` returns for their source."""
    for frame in list(root.iter("iframe", "frame")):
        inside = _inline(frame.get("srcdoc") or "") if frame.get("srcdoc") else page(frame.get("src") or "")
        body = inside.find("body") if inside is not None else None
        if body is None or depth >= MAX_DEPTH or frame.getparent() is None:
            continue
        open_frames(body, page, depth + 1)
        body.tag = "div"
        body.tail = frame.tail
        frame.getparent().replace(frame, body)
    frames = root.find(".//frameset") if root.find("body") is None else None
    if frames is not None:
        for inner in list(root.iter("frameset")):
            inner.tag = "div"
        frames.tag = "body"


def _inline(source: str) -> HtmlElement | None:
    try:
        return parse_tree(source.encode("utf-8", "replace"), "text/html; charset=utf-8")[0]
    except CorruptDocument:
        return None
