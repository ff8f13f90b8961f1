"""Files that a document or an annotation holds, or that belong to one of them (`/AF`, ISO 32000-2 §14.13)."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from typing import Any

from liteparse.types import ParsedPage

from services.parsing.formats.mail.attachments import Attached, Attachment, attached
from services.parsing.pdf.repair import packed_objects
from services.parsing.pdf.sheets import Sheets

#: Attachments are named in the file itself or in a compressed object stream.
_MAY_HOLD = re.compile(rb"/EmbeddedFiles?\b|/ObjStm\b")
_INSIDE = rb"(?:(?!\bobj\b|stream)[\s\S]){0,2000}?"
#: A file specification and the number of its stream.
_FILESPEC = re.compile(
    rb"\bobj\b(" + _INSIDE + rb"/EF\s*<<[^>]{0,200}?/U?F\s+(\d{1,10})\s+\d{1,5}\s+R" + _INSIDE + rb")endobj"
)
_NAME = re.compile(rb"/F\s*\(([^()]{1,255})\)")
_LENGTH = re.compile(rb"/Length\s+(\d{1,10})(?!\s+\d+\s+R)")
#: A stream that an object holds.
_STREAM = re.compile(rb"(?<!\d)(\d{1,10})\s+\d{1,5}\s+obj\b(" + _INSIDE + rb")stream\r?\n")
#: Most bytes of the unpacked files together: the limit of a document.
_MOST = 200 * 1024 * 1024


def attachments_of(sheets: Sheets, pages: Iterable[int] = ()) -> Attached:
    """The attached files as blocks, and warnings for those that could not be read. `pages`: numbers of pages
    with annotations that hold a file."""
    found: dict[bytes, Attachment] = {}
    if _MAY_HOLD.search(sheets.content):
        with suppress(RuntimeError):  # an attachment without data ends the list
            for file in _files_of(sheets, pages):
                content = bytes(file.get_data())
                found.setdefault(content, Attachment(file.get_name(), content))
    for name, content in _associated(sheets.content):
        found.setdefault(content, Attachment(name, content))
    return attached([one for content, one in found.items() if content])


def _files_of(sheets: Sheets, pages: Iterable[int]) -> Iterator[Any]:
    """The attachments of a document, then those of annotations."""
    import pypdfium2  # type: ignore[import-untyped]
    import pypdfium2.raw  # type: ignore[import-untyped]

    document = sheets.document()
    yield from (document.get_attachment(at) for at in range(document.count_attachments()))
    for number in pages:
        sheet = sheets.sheet(number)
        for at in range(pypdfium2.raw.FPDFPage_GetAnnotCount(sheet)):
            note = pypdfium2.raw.FPDFPage_GetAnnot(sheet, at)
            if file := pypdfium2.raw.FPDFAnnot_GetFileAttachment(note):
                yield pypdfium2.PdfAttachment(file, document)
            pypdfium2.raw.FPDFPage_CloseAnnot(note)


def holds_files(raw: ParsedPage) -> bool:
    """Whether annotations of a page may hold files."""
    return any(note.subtype == "fileattachment" for note in raw.annotations or ())


def _associated(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and contents of embedded files that are stored as they are or packed by Flate; none of an
    encrypted document."""
    if b"/Encrypt" in data:
        return
    belongs = False
    specs: dict[int, bytes] = {}
    for text in chain([data], packed_objects(data)):  # one after the other: together they may be large
        belongs = belongs or b"/AF" in text
        if b"/EF" in text:
            specs.update((int(spec[2]), spec[1]) for spec in _FILESPEC.finditer(text))
    left = _MOST
    for stream in _STREAM.finditer(data) if belongs and specs else ():
        spec = specs.pop(int(stream[1]), None)
        content = _content(data, stream, left) if spec and left else b""
        left -= len(content)
        if spec and content:
            name = _NAME.search(spec)
            yield name[1].decode("latin-1") if name else "file", content


def _content(data: bytes, stream: re.Match[bytes], most: int) -> bytes:
    if b"FlateDecode" in stream[2]:
        try:
            return zlib.decompressobj().decompress(memoryview(data)[stream.end() :], most)
        except zlib.error:
            return b""
    length = _LENGTH.search(stream[2])
    if b"/Filter" in stream[2] or length is None:
        return b""
    return data[stream.end() : stream.end() + min(int(length[1]), most)]
