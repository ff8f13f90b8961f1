"""A document format: how it is recognised, and its parser.

    FORMAT = Format("application/x-subrip", from_bytes(parse_subtitles), suffixes=(".srt",))

A format module declares its `FORMAT` (or `FORMATS`); `services.parsing.registry` lists the modules. No
other code depends on a format.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.parsing.document import ParsedDocument


@dataclass(frozen=True)
class Input:
    """The input of a parser. `filename` and `content_type` come from the sender; both may be wrong."""

    data: bytes
    filename: str | None = None
    content_type: str | None = None
    main_content: bool = False


Parser = Callable[[Input], ParsedDocument]


@dataclass(frozen=True)
class Format:
    """One format. Content decides first, then the name, then the declared type.

    Attributes:
        media_type: identifies the format.
        parse: raises DocumentError for unreadable documents; any other error counts as a corrupt document.
        signature: whether the bytes of a binary file have this format.
        zip_mimetype: the zip member `mimetype` names `media_type` (OpenDocument, EPUB).
        zip_part: name prefix of zip members that only this kind of package has (lower case).
        ole_streams: streams of an OLE container that only this format has.
        suffixes: suffixes of file names, lower case with the dot. Only for text formats.
        sniff: whether a text with an unknown name has this format. Gets the first 64 KiB (converted to UTF-8
            if a byte order mark says UTF-16) and all bytes.
        xml: whether `sniff` also applies to files named `.xml`, which otherwise stay unchanged.
    """

    media_type: str
    parse: Parser
    signature: Callable[[bytes], bool] | None = None
    zip_mimetype: bool = False
    zip_part: str | None = None
    ole_streams: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    sniff: Callable[[bytes, bytes], bool] | None = None
    xml: bool = False


def from_bytes(parse: Callable[[bytes], ParsedDocument]) -> Parser:
    """A parser that needs only the bytes."""
    return lambda source: parse(source.data)


def starts_with(*magic: bytes) -> Callable[[bytes], bool]:
    """A signature: the bytes begin with one of these."""
    return lambda data: data.startswith(magic)
