"""Files that belong to a document or a page (`/AF`, ISO 32000-2 §14.13) and that no list of files names."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from services.parsing.pdf.repair import packed_objects

_INSIDE = rb"(?:(?!\bobj\b|stream)[\s\S]){0,2000}?"
#: A file specification and the number of its stream.
_FILESPEC = re.compile(
    rb"\bobj\b(" + _INSIDE + rb"/EF\s*<<[^>]{0,200}?/U?F\s+(\d{1,10})\s+\d{1,5}\s+R" + _INSIDE + rb")endobj"
)
_NAME = re.compile(rb"/F\s*\(([^()]{1,255})\)")
_LENGTH = re.compile(rb"/Length\s+(\d{1,10})(?!\s+\d+\s+R)")
#: Most bytes of an unpacked file: the limit of a document.
_MOST = 200 * 1024 * 1024


def associated_files(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and contents of embedded files that are stored as they are or packed by Flate; none of an
    encrypted document."""
    texts = [data, *packed_objects(data)]
    if b"/Encrypt" in data or not any(b"/AF" in text for text in texts):
        return
    for spec in (spec for text in texts for spec in _FILESPEC.finditer(text)):
        stream = re.search(rb"(?<!\d)%s\s+\d{1,5}\s+obj\b(%s)stream\r?\n" % (spec[2], _INSIDE), data)
        content = _content(data, stream) if stream else b""
        if content:
            name = _NAME.search(spec[1])
            yield name[1].decode("latin-1") if name else "file", content


def _content(data: bytes, stream: re.Match[bytes]) -> bytes:
    if b"FlateDecode" in stream[1]:
        try:
            return zlib.decompressobj().decompress(memoryview(data)[stream.end() :], _MOST)
        except zlib.error:
            return b""
    length = _LENGTH.search(stream[1])
    if b"/Filter" in stream[1] or length is None:
        return b""
    return data[stream.end() : stream.end() + int(length[1])]
