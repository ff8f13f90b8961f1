"""Tells whether a PDF can be opened, and gives a truncated one a new trailer that names the catalog; from it,
a reader rebuilds the rest. Unpacks what a file holds."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from contextlib import closing

_CATALOG = re.compile(
    rb"(?<!\d)(\d{1,10})\s+(\d{1,5})\s+obj\b(?:(?!\bobj\b)[\s\S]){0,2000}?/Type\s*/Catalog\b"
)
_OBJECT_STREAM = re.compile(
    rb"\d\s+obj\b(?:(?!\bobj\b|stream)[\s\S]){0,500}?/Type\s*/ObjStm\b(?:(?!stream)[\s\S]){0,500}?stream\r?\n"
)
#: Most bytes of one stream of objects; a writer puts some hundred objects into each.
_MOST_UNPACKED = 16 * 1024 * 1024
_STREAM = re.compile(rb"stream\r?\n")
#: A stream is known by this many bytes at its start, and read up to the second limit.
_HEAD, _MOST_READ = 400, 1 << 20
_ROOT = re.compile(rb"/Root\s+(\d{1,10})\s+(\d{1,5})\s+R")
_PAGES = re.compile(rb"(?<!\d)(\d{1,10})\s+(\d{1,5})\s+obj\b(?:(?!\bobj\b)[\s\S]){0,2000}?/Type\s*/Pages\b")
_PASSWORD = re.compile("password", re.I)


def without_lead(data: bytes) -> bytes:
    """Remove bytes before the header (blank lines, the rest of a mail). They are allowed, but the reader
    detects the file type from the first bytes and passes other types to other programs."""
    return data[max(data.find(b"%PDF-", 0, 1024), 0) :]


def openable(data: bytes) -> tuple[bytes, list[str]]:
    """The file, with a new end and a warning if its own is missing."""
    if b"%%EOF" in data[-2048:] or reason_of(data) is None:
        return data, []
    rebuilt = _with_end(data)
    if rebuilt is None or reason_of(rebuilt) is not None:
        return data, []
    return rebuilt, ["PDF: its end is missing; what is there was read"]


def reason_of(data: bytes) -> str | None:
    """Why a document cannot be opened; None if it can. The reader itself does not always say why."""
    import pypdfium2  # type: ignore[import-untyped]

    try:
        with closing(pypdfium2.PdfDocument(data)):
            return None
    except pypdfium2.PdfiumError as error:
        if _PASSWORD.search(str(error)):
            return "PDF: it is encrypted and opens only with a password; store it without one"
        return f"PDF: it cannot be opened ({str(error).rstrip('.')})"


def _with_end(data: bytes) -> bytes | None:
    """The file with a trailer; None if neither its catalog nor its pages can be found."""
    data += b"".join(packed_objects(data))
    end = data.rfind(b"endobj") + len(b"endobj")
    # Close a truncated object; drop the rest of a cross-reference table or trailer, which would mislead.
    kept = data + b"\nendstream\nendobj" if re.search(rb"\d\s+obj\b", data[end:]) else data[:end]
    for pattern in (_ROOT, _CATALOG):
        if found := list(pattern.finditer(data)):
            return kept + _trailer(found[-1][1], found[-1][2])
    pages = _PAGES.search(data)
    if pages is None:
        return None
    number = max(int(n) for n in re.findall(rb"(?<!\d)(\d{1,10})\s+\d{1,5}\s+obj\b", data)) + 1
    catalog = b"\n%d 0 obj\n<</Type/Catalog/Pages %s %s R>>\nendobj\n" % (number, pages[1], pages[2])
    return kept + catalog + _trailer(b"%d" % number, b"0")


def packed_objects(data: bytes) -> Iterator[bytes]:
    """The objects in compressed streams, each as it would stand in the file itself."""
    for found in _OBJECT_STREAM.finditer(data):
        count, first = (re.search(rb"/%s\s+(\d{1,6})" % key, found[0]) for key in (b"N", b"First"))
        if count is None or first is None:
            continue
        try:
            content = zlib.decompressobj().decompress(memoryview(data)[found.end() :], _MOST_UNPACKED)
        except zlib.error:
            continue
        start = int(first[1])
        numbers = [int(n) for n in content[:start].split() if n.isdigit()][: 2 * int(count[1])]
        offsets = [*numbers[1::2], len(content) - start]
        for number, at, end in zip(numbers[::2], offsets, offsets[1:], strict=False):
            yield b"\n%d 0 obj\n%s\nendobj" % (number, content[start + at : start + end])


def streams(data: bytes, beginning: re.Pattern[bytes]) -> Iterator[bytes]:
    """The streams, compressed or not, that a pattern finds something in the first bytes of."""
    for found in _STREAM.finditer(data):
        start = found.end()
        if beginning.search(_unpacked(data[start : start + 4 * _HEAD], _HEAD)):
            yield _unpacked(data[start : data.find(b"endstream", start)], _MOST_READ)


def _unpacked(data: bytes, most: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, most)
    except zlib.error:
        return data[:most]


def _trailer(number: bytes, generation: bytes) -> bytes:
    return b"\ntrailer\n<</Root %s %s R>>\nstartxref\n0\n%%%%EOF\n" % (number, generation)
