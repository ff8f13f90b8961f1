"""Documents inside documents: attachments of mails, workbooks in slides, chunks in Word files.

Formats that hold others call `parse_nested`; the parser of all formats registers itself here. So no format
depends on another one for what it may hold.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from services.parsing.document import ParsedDocument

#: Maximum nesting depth. What lies deeper is only named.
MAX_DEPTH = 3

Parse = Callable[[bytes, str | None, str | None], ParsedDocument]

_depth: ContextVar[int] = ContextVar("nested depth", default=0)
_parsers: list[Parse] = []


def register(parse: Parse) -> None:
    """Make `parse` the parser of nested documents."""
    _parsers[:] = [parse]


def is_too_deep() -> bool:
    return _depth.get() >= MAX_DEPTH


def parse_nested(data: bytes, name: str | None, content_type: str | None = None) -> ParsedDocument:
    """Parse a document that lies in another, one level deeper. Raises what `services.parsing.parse` does."""
    return one_level_deeper(lambda: _parsers[0](data, name, content_type))


def one_level_deeper(read: Callable[[], ParsedDocument]) -> ParsedDocument:
    """Call `read` for a part that is not a file of its own, such as a message within a message."""
    token = _depth.set(_depth.get() + 1)
    try:
        return read()
    finally:
        _depth.reset(token)
