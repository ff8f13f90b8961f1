"""Text that a reader of the page does not see: in the colour of its ground, covered, transparent, too small.

A page is rendered only if some of its text may be unseen; then its pixels decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from liteparse.types import ParsedPage, TextItem

from services.parsing.page.geometry import Box, Page, Picture, Word
from services.parsing.pdf.repair import packed_objects
from services.parsing.pdf.sheets import visit_sheets
from services.parsing.reading import with_hidden

#: The layers that a file switches off when it is opened (ISO 32000-1 §8.11.4.3).
_LAYERS_OFF = re.compile(rb"/OFF\s*\[\s*\d|/BaseState\s*/OFF\b")
_CATALOG = re.compile(rb"/Type\s*/Catalog\b")
#: A colour whose parts are all above this is white.
WHITE = 0xF2
#: Text of fewer points cannot be read.
SMALLEST = 1.0
#: Grey levels by which a text differs at least from its ground.
CONTRAST = 12
#: Lower shapes are rules; pages with more shapes are drawings, whose shapes are not compared with the text.
LOWEST, MOST_SHAPES = 4.0, 1_000
#: Most share of a page that lies upon text: a larger picture is a scan, a larger shape is paper.
MOST_COVERED = 0.5


def has_hidden_layers(data: bytes) -> bool:
    """Whether a file switches layers off. Its catalog, which says so, may be packed."""
    if _LAYERS_OFF.search(data) or _CATALOG.search(data):
        return _LAYERS_OFF.search(data) is not None
    return any(_LAYERS_OFF.search(one) for one in packed_objects(data))


def suspects_of(raw: ParsedPage, pictures: Sequence[Picture], layered: bool) -> list[Box]:
    """Boxes of text that may be unseen: white with nothing behind it, transparent, tiny, where a picture or a
    white shape is, or in the colour of a shape around it; all text if some layers of the file are off
    (`layered`)."""
    drawn = raw.vector_graphics.shapes if raw.vector_graphics else []
    shapes = [s for s in drawn if s.fill and min(s.bbox[2:]) >= LOWEST]
    shapes = shapes if len(shapes) <= MOST_SHAPES else []
    most = MOST_COVERED * raw.width * raw.height
    found = []
    for item in raw.text_items:
        color = (item.fill_color or "ff000000").lower()
        box = Box(item.x, item.y, item.x + item.width, item.y + item.height)
        if not item.text.strip() or not item.width:
            continue
        around = [s for s in shapes if _within(box, s.bbox)]
        grounds = [(s.fill_color or "ff000000").lower() for s in around]
        upon = [p for p in pictures if _holds(Box(p.x0, p.y0, p.x1, p.y1), *box)]
        if color[:2] == "00":
            suspect = not upon  # on a picture it is what OCR has read
        elif _is_white(color):
            suspect = not upon and all(map(_is_white, grounds))
        else:
            small = any(s.bbox[2] * s.bbox[3] < most for s in around if _is_white(s.fill_color or "ff000000"))
            covered = any((p.x1 - p.x0) * (p.y1 - p.y0) < most for p in upon)
            suspect = _is_tiny(item) or color in grounds or small or covered
        if suspect or layered:
            found.append(box)
    return found


def leave_out_unseen(data: bytes, pages: Iterable[Page]) -> None:
    """Remove the words that cannot be seen, unless hidden text is wanted; a warning names their pages."""
    visit_sheets(data, [(page.number, page) for page in pages if page.suspects], _leave_out, upright=False)


def _leave_out(sheet: Any, page: Page) -> None:
    unseen = list(_unseen(sheet, page))
    words = [word for word in page.words if not _is_in(unseen, word)]
    if len(words) < len(page.words) and not with_hidden(f"text on page {page.number}"):
        page.words = words


def _unseen(sheet: Any, page: Page) -> Iterator[Box]:
    import numpy as np

    pixels = np.asarray(sheet.render(scale=1, may_draw_forms=False, grayscale=True).to_pil())
    for box in page.suspects:
        rows = slice(max(int(box.y0), 0), int(box.y1) + 1)
        seen = pixels[rows, max(int(box.x0), 0) : int(box.x1) + 1]
        tiny = box.y1 - box.y0 < 1.5 * SMALLEST
        if tiny or not seen.size or int(seen.max()) - int(seen.min()) < CONTRAST:
            yield box


def _is_in(boxes: Iterable[Box], word: Word) -> bool:
    return any(_holds(box, word.x0, word.y0, word.x1, word.y1) for box in boxes)


def _is_white(color: str) -> bool:
    return all(int(color[at : at + 2], 16) >= WHITE for at in (2, 4, 6))


def _is_tiny(item: TextItem) -> bool:
    return (item.font_height or item.height) < SMALLEST and item.height < 1.5 * SMALLEST


def _within(box: Box, around: tuple[float, float, float, float]) -> bool:
    x, y, width, height = around
    return _holds(Box(x, y, x + width, y + height), *box)


def _holds(box: Box, x0: float, y0: float, x1: float, y1: float) -> bool:
    """Whether the middle of something lies in a box."""
    return box.x0 <= (x0 + x1) / 2 <= box.x1 and box.y0 <= (y0 + y1) / 2 <= box.y1
