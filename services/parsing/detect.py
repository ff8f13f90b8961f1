"""Detect the format of a file: by its content, then its name, then its declared type."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import PurePosixPath

from schemas.errors import CorruptDocument, UnsupportedFormat
from services.parsing.foreign import kind_of
from services.parsing.format import Format
from services.parsing.languages import PLAIN, TEXT_TYPES, language_of

_SHEETS, _DELIMITED = (".xls", ".xlsx", ".xlsm", ".xlsb"), "text/csv"
_TABLE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*+(?:<(?:meta|style|script)\b[^<]*+(?:</\w+>\s*+)?)*+<(?:table|div|tr)\b", re.I
)
_HTML_TYPES = ("text/html", "application/xhtml+xml")
#: Parts of every office package.
_PACKAGES = {"[content_types].xml", "_rels/.rels"}
#: Bytes of a text that are examined to detect its format.
_HEAD_BYTES = 65536


def detect(
    data: bytes, filename: str | None = None, content_type: str | None = None, *, formats: Sequence[Format]
) -> str:
    """Return the media type of the bytes: one of `formats`, or that of a text that stays unchanged.

    Raises UnsupportedFormat for a file that is known to be no document, CorruptDocument for a container that
    cannot be opened or is encrypted.
    """
    name = filename or ""
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    declared = (content_type or "").split(";")[0].strip().lower()
    return _binary(data, formats) or _text(data, name, suffix, declared, formats)


def _binary(data: bytes, formats: Sequence[Format]) -> str | None:
    for one in formats:
        if one.signature and one.signature(data):
            return one.media_type
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_type(data, formats)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole_type(data, formats)
    if (kind := kind_of(data)) is not None:
        raise UnsupportedFormat(f"not a document, but a file of another kind: {kind}")
    return None


def _zip_type(data: bytes, formats: Sequence[Format]) -> str:
    declared = ""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [name.replace("\\", "/").lstrip("/") for name in archive.namelist()]
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                declared = archive.read("mimetype").decode("ascii", "replace").strip()
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise CorruptDocument(f"zip container cannot be opened: {error}") from error
    for one in formats:
        if one.zip_mimetype and one.media_type == declared.removesuffix("-template"):
            return one.media_type
    lower = {name.lower() for name in names}
    for one in formats:
        inside = [name for name in lower if one.zip_part and name.startswith(one.zip_part)]
        sure = lower & _PACKAGES or one.zip_part in lower
        if inside and (sure or any(name.endswith((".xml", ".rels")) for name in inside)):
            return one.media_type
    return "application/zip"


def _ole_type(data: bytes, formats: Sequence[Format]) -> str:
    import olefile  # type: ignore[import-untyped]

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as container:
            if container.exists("EncryptedPackage"):
                raise CorruptDocument("office document is encrypted with a password")
            for one in formats:
                if any(container.exists(stream) for stream in one.ole_streams):
                    return one.media_type
            if container.exists("BodyText/Section0"):
                raise UnsupportedFormat("HWP 5 document; save it as HWPX or PDF")
    except (OSError, ValueError, IndexError, TypeError, AttributeError) as error:
        raise CorruptDocument(f"OLE container cannot be opened: {error}") from error
    raise UnsupportedFormat("OLE container without a Word, Excel, PowerPoint or Outlook stream")


def _text(data: bytes, filename: str, suffix: str, declared: str, formats: Sequence[Format]) -> str:
    if suffix in ("", ".txt") and declared in _HTML_TYPES:
        suffix = ".html"
    if claimed := [one for one in formats if suffix in one.suffixes]:
        return _among(claimed, data)
    if suffix in _SHEETS:  # programs name pages, mail and delimited text so, because Excel opens them
        return _sniffed(data, formats) or ("text/html" if _TABLE.match(data) else _DELIMITED)
    if suffix == ".xml" and (found := _sniffed(data, [one for one in formats if one.xml])):
        return found
    known = TEXT_TYPES.get(suffix)
    # A file named as code or markup stays code, even if it begins like a page (templates do).
    if known in (None, PLAIN) and language_of(filename) is None and (sniffed := _sniffed(data, formats)):
        return sniffed
    if known:
        return known
    if suffix in ("", ".txt", ".bin") and declared in _named_types(formats):
        return declared
    return PLAIN


def _among(claimed: Sequence[Format], data: bytes) -> str:
    """Distinguish formats with a common suffix by content; the last one is the default."""
    return (_sniffed(data, claimed[:-1]) if len(claimed) > 1 else None) or claimed[-1].media_type


def _sniffed(data: bytes, formats: Sequence[Format]) -> str | None:
    head = data[:_HEAD_BYTES]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "replace").encode("utf-8", "replace")
    return next((one.media_type for one in formats if one.sniff and one.sniff(head, data)), None)


def _named_types(formats: Sequence[Format]) -> set[str]:
    """Text types that a sender may declare for a file with an unknown name."""
    return {*TEXT_TYPES.values(), *(one.media_type for one in formats if one.suffixes)}
