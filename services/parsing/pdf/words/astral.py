"""Adds characters beyond the first plane of Unicode, which the PDF reader leaves out: emoji, italic letters
of formulas, rare Chinese characters."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

from services.parsing.page.geometry import Page, Style, Word
from services.parsing.pdf.sheets import visit_sheets

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


def add_astral(data: bytes, pages: Iterable[Page]) -> None:
    """Add the missing characters of pages that are not rotated."""
    visit_sheets(data, [(page.number, page) for page in pages if page.words and not page.scanned], _complete)


def _complete(sheet: Any, page: Page) -> None:
    with closing(sheet.get_textpage()) as text:
        page.words.extend(_missing(text, sheet, page))


def _missing(text: Any, sheet: Any, page: Page) -> Iterator[Word]:
    import pypdfium2.raw  # type: ignore[import-untyped]

    left, _, _, top = sheet.get_bbox()
    high = 0
    for at in range(text.count_chars()):
        unit = pypdfium2.raw.FPDFText_GetUnicode(text, at)
        if 0xD800 <= unit < 0xDC00:
            high = unit
        elif 0xDC00 <= unit < 0xE000 and high:
            x0, y0, x1, y1 = text.get_charbox(at - 1, loose=True)
            letter = chr(0x10000 + ((high - 0xD800) << 10) + unit - 0xDC00)
            size = round(pypdfium2.raw.FPDFText_GetFontSize(text, at - 1), 1) or 10.0
            box = (x0 - left, top - max(y1, y0 + 0.7 * size), x1 - left, top - y0)
            yield Word(letter, *box, _style_at(page, box, size))
            high = 0


def _style_at(page: Page, box: tuple[float, float, float, float], size: float) -> Style:
    """The style of a word on the same line."""
    middle = (box[1] + box[3]) / 2
    return next((w.style for w in page.words if w.y0 < middle < w.y1), Style(size))
