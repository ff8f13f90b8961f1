"""Repairs containers: zip files without their directory, OLE files without their end."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

from services.parsing.reading import warn

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_SECTOR = 512
#: Most bytes that are unpacked to repair a file.
_MOST_UNPACKED = 400 * 1024 * 1024


def mended_zip(data: bytes) -> bytes:
    """A zip file that opens; unchanged if it does, or if nothing of it can be saved."""
    if _opens(data):
        return data
    end = data.rfind(_END)
    if end > 0 and _opens(kept := data[: end + 22] if len(data) > end + 22 else data):
        return kept  # something stands behind it
    held = io.BytesIO()
    found = 0
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as archive:
        for name, content in _entries(data):
            archive.writestr(name, content)
            found += 1
    if not found:
        return data
    warn("the file is damaged or its end is missing; what could be unpacked was read")
    return held.getvalue()


def _opens(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return bool(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error):
        return False


def _entries(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the entries, from the headers before them."""
    at, names, size = data.find(_LOCAL), set(), 0
    while 0 <= at < len(data) - 30 and size < _MOST_UNPACKED:
        flags, method, packed, name_size, more_size = struct.unpack_from("<6xHH8xI4xHH", data, at)
        start = at + 30 + name_size + more_size
        name = data[at + 30 : at + 30 + name_size].decode("utf-8" if flags & 0x800 else "cp437", "replace")
        content, end = _content(data, start, method, packed, flags)
        at = data.find(_LOCAL, max(end, at + 4))
        if content and name and not name.endswith("/") and name not in names and not flags & 1:
            names.add(name)
            size += len(content)
            yield name, content


def _content(data: bytes, start: int, method: int, packed: int, flags: int) -> tuple[bytes, int]:
    """An entry's bytes, at least its first ones, and where it ends."""
    if method == zipfile.ZIP_STORED:
        if flags & 8 and not packed:  # its size stands behind it
            ends = [at for sign in (_LOCAL, _CENTRAL, b"PK\x07\x08") if (at := data.find(sign, start)) > 0]
            packed = min(ends, default=len(data)) - start
        return data[start : start + packed], start + packed
    if method != zipfile.ZIP_DEFLATED:
        return b"", start
    return inflated(data[start:])


def inflated(data: bytes) -> tuple[bytes, int]:
    """What can be unpacked of raw deflate, and how many bytes that took."""
    stream = zlib.decompressobj(-15)
    parts: list[bytes] = []
    at = size = 0
    try:
        while at < len(data) and not stream.eof and size < _MOST_UNPACKED:
            parts.append(stream.decompress(data[at : at + _SECTOR]))
            size += len(parts[-1])
            at += _SECTOR
    except zlib.error:
        pass
    return b"".join(parts), min(at, len(data)) - len(stream.unused_data)


def mended_ole(data: bytes) -> bytes:
    """An OLE file with as many sectors as its allocation table lists; unchanged if that is impossible."""
    import olefile  # type: ignore[import-untyped]

    if len(data) < 3 * _SECTOR:
        return data
    try:
        olefile.OleFileIO(io.BytesIO(data)).close()
    except (OSError, ValueError, IndexError, TypeError, AttributeError):
        sectors = struct.unpack_from("<I", data, 0x2C)[0] * 128
        wanted = min(max(len(data), sectors * _SECTOR), 2 * len(data) + 128 * _SECTOR)
        padded = data.ljust(-(-wanted // _SECTOR) * _SECTOR, b"\0")
        try:
            with olefile.OleFileIO(io.BytesIO(padded)) as container:
                if not container.listdir():
                    return data
        except (OSError, ValueError, IndexError, TypeError, AttributeError):
            return data
        warn("the file is damaged or its end is missing; what is there was read")
        return padded
    return data
