"""Adds characters beyond the first plane of Unicode, which the PDF reader leaves out: emoji, italic letters
of formulas, rare Chinese characters."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from services.parsing.page.geometry import Page, Style, Word
from services.parsing.pdf.sheets import Letters, Sheets

#: A map to Unicode begins within this many bytes; streams that begin otherwise are not unpacked further.
_HEAD = 400
_STREAM = re.compile(rb"stream\r?\n")
#: A surrogate pair in a map to Unicode.
_PAIR = re.compile(rb"<\s*(?:[0-9A-F]{4}\s*)*D[89AB][0-9A-F]{2}\s*D[C-F][0-9A-F]{2}", re.I)


def has_astral(data: bytes) -> bool:
    """Whether a font of a document maps to characters beyond the first plane."""
    for start in _STREAM.finditer(data):
        unpacking = zlib.decompressobj()
        try:
            head = unpacking.decompress(data[start.end() : start.end() + 4 * _HEAD], _HEAD)
        except zlib.error:
            head = data[start.end() : start.end() + _HEAD]
        if b"begincmap" in head and _PAIR.search(_whole(data, start.end())):
            return True
    return False


def _whole(data: bytes, start: int) -> bytes:
    content = data[start : data.find(b"endstream", start)]
    try:
        return zlib.decompressobj().decompress(content, 1 << 20)
    except zlib.error:
        return content


def add_astral(sheets: Sheets, page: Page) -> None:
    """Add the missing characters of a page that is not rotated."""
    if page.words and not page.scanned and (letters := sheets.letters(page)):
        page.words.extend(list(_missing(letters, page)))


def _missing(letters: Letters, page: Page) -> Iterator[Word]:
    high = 0
    for at in range(letters.text.count_chars()):
        unit = letters.unit(at)
        if 0xD800 <= unit < 0xDC00:
            high = unit
        elif 0xDC00 <= unit < 0xE000 and high:
            box, size = letters.box(at - 1, loose=True), round(letters.size(at - 1), 1) or 10.0
            letter = chr(0x10000 + ((high - 0xD800) << 10) + unit - 0xDC00)
            middle = (box.y0 + box.y1) / 2
            style = next((w.style for w in page.words if w.y0 < middle < w.y1), Style(size))
            yield Word(letter, box.x0, min(box.y0, box.y1 - 0.7 * size), box.x1, box.y1, style)
            high = 0
