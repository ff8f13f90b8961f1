"""What stands around a document: compression of a single file, bytes before it, damage of its container."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Protocol

from schemas.errors import CorruptDocument, DocumentTooLarge
from schemas.limits import MAX_FILE_BYTES
from services.parsing.format import Input
from services.parsing.office.encryption import decrypted
from services.parsing.office.mending import mended_ole, mended_zip
from services.parsing.reading import warn

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: The name of the stream that holds an encrypted document.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_ZIP = b"PK\x03\x04"
#: Bytes that servers and mail programs leave before a file: blank lines, a byte order mark, headers.
_LEAD = 1024
_MOST_LAYERS = 3
#: Names of formats that no file without content can have.
_NEVER_EMPTY = frozenset(
    (
        *(".pdf", ".docx", ".docm", ".doc", ".odt", ".ods", ".odp", ".xlsx", ".xlsm", ".xlsb", ".xls"),
        *(".pptx", ".pptm", ".ppt", ".epub", ".msg", ".rtf", ".zip", ".gz"),
        *(".png", ".jpg", ".jpeg", ".gif", ".webp", ".tif", ".tiff", ".bmp", ".heic"),
    )
)


class _Decompressor(Protocol):
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...


_COMPRESSED: tuple[tuple[bytes, str, Callable[[], _Decompressor]], ...] = (
    (b"\x1f\x8b\x08", ".gz .tgz .svgz .emz .z", lambda: zlib.decompressobj(31)),
    (b"BZh", ".bz2 .tbz2", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\0", ".xz .txz", lzma.LZMADecompressor),
)


def unpacked(source: Input) -> Input:
    """The document itself, with its own name. A damaged container is repaired if possible, with a warning.

    Raises CorruptDocument for a file without content, DocumentTooLarge if it unpacks to too many bytes.
    """
    for _ in range(_MOST_LAYERS):
        inner = _decompressed(source)
        if inner is source:
            break
        source = inner
    suffix = PurePosixPath(source.filename or "").suffix.lower()
    if not source.data.strip(b"\0") and (source.data or suffix in _NEVER_EMPTY):
        what = "holds nothing but zero bytes, as an interrupted copy leaves" if source.data else "is empty"
        raise CorruptDocument(f"the file {what} ({len(source.data)} bytes)")
    data = _whole(_without_lead(source.data))
    if data.startswith(OLE) and _ENCRYPTED in data:
        data = decrypted(data) or data
    return replace(source, data=data)


def _decompressed(source: Input) -> Input:
    for magic, suffixes, decompressor in _COMPRESSED:
        if source.data.startswith(magic):
            name = PurePosixPath(source.filename or "")
            known = name.suffix.lower() in suffixes.split()
            data = _contents(source.data, decompressor)
            return Input(
                data, str(name.with_suffix("")) if known else source.filename, None, source.main_content
            )
    return source


def _contents(data: bytes, decompressor: Callable[[], _Decompressor]) -> bytes:
    """The bytes of all streams in a compressed file."""
    parts: list[bytes] = []
    size = 0
    while data:
        stream = decompressor()
        try:
            part = stream.decompress(data, MAX_FILE_BYTES + 1 - size)
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
            if parts:
                break  # padding after the last stream
            raise CorruptDocument(f"the compressed file cannot be unpacked: {error}") from error
        parts.append(part)
        size += len(part)
        if size > MAX_FILE_BYTES:
            raise DocumentTooLarge(f"the file unpacks to more than {MAX_FILE_BYTES} bytes")
        if not stream.eof:
            warn("the end of the compressed file is missing; what is there was read")
            break
        data = stream.unused_data
    return b"".join(parts)


def _without_lead(data: bytes) -> bytes:
    """The bytes without what was put before a zip or OLE container, or a mark before RTF."""
    if data.startswith(b"\xef\xbb\xbf{\\rtf"):
        return data[3:]
    for magic in (_ZIP, OLE):
        at = data.find(magic, 0, _LEAD)
        if at > 0 and _is_blank(data[:at]):
            return data[at:]
    return data


def _is_blank(lead: bytes) -> bool:
    return not lead.strip(b"\xef\xbb\xbf \t\r\n") or lead.lstrip()[:5] in (b"HTTP/", b"Conte")


def _whole(data: bytes) -> bytes:
    if data.startswith(_ZIP):
        return mended_zip(data)
    if data.startswith(OLE):
        return mended_ole(data)
    return data
