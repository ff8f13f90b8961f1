"""Picture files that are scans or photos of pages: told from other pictures, and bound as a PDF.

The reader of PDFs then treats them as any scan: upright, straight, in columns, with tables and headings,
within its limit of time, and by a vision model where pages are to be read by one.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

from services.parsing import questions
from services.parsing.images.pictures import upright

if TYPE_CHECKING:
    from PIL.Image import Image

#: A page has at least this many lines, and this much text, in heights of its lines (twice as many letters):
#: more than the labels of a diagram or the words of a poster.
FEWEST_LINES, LEAST_TEXT = 8, 100.0
#: Points of a page's longer side: as on letter paper.
_LONGER_SIDE = 792
#: Quality of the JPEGs in the PDF: letters stay as they are.
_QUALITY = 92


def is_page(picture: Image) -> bool:
    """Whether a picture is full of lines of text. Where a vision model describes pictures and reads no pages,
    none is."""
    from services.parsing.images import ocr

    asked = questions.current()
    if asked and asked.pages == "never":
        return False
    lengths = ocr.line_lengths(upright(picture))
    return len(lengths) >= FEWEST_LINES and sum(lengths) >= LEAST_TEXT


def bound(pages: Iterable[Image]) -> bytes:
    """A PDF with a picture on each page."""
    first, *others = (upright(page) for page in pages)
    held = io.BytesIO()
    first.save(
        held,
        "PDF",
        save_all=True,
        append_images=others,
        resolution=max(first.size) * 72 / _LONGER_SIDE,
        quality=_QUALITY,
    )
    return held.getvalue()
