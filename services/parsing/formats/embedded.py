"""Documents inside office documents: embedded workbooks, imported chunks."""

from __future__ import annotations

from schemas.errors import DocumentError
from services.parsing.nested import is_too_deep, parse_nested

#: What an office document may hold; pictures have their own way, and of the rest only names are known.
_HELD = ("text/html", "text/plain", "text/rtf", "application/rtf", "multipart/related")
_OFFICE = ("application/vnd.", "application/msword")


def embedded_text(data: bytes, name: str) -> str:
    """The markdown of an embedded document; empty if its format is not supported here."""
    if is_too_deep():
        return ""
    try:
        document = parse_nested(data, name)
    except DocumentError:
        return ""
    held = document.media_type in _HELD or document.media_type.startswith(_OFFICE)
    return document.markdown.strip("\n") if held else ""
