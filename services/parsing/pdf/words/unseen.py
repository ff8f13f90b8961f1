"""Text that a reader of the page does not see: in the colour of its ground, covered, transparent, too small,
drawn with neither fill nor stroke.

A page is rendered only if some of its text may be unseen; then its pixels decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from liteparse.types import ParsedPage, TextItem

from services.parsing.page.geometry import Box, Page, Picture, Style, Word, inside, sized
from services.parsing.pdf.annotations import box_of
from services.parsing.pdf.repair import packed_objects, streams
from services.parsing.pdf.sheets import Sheets
from services.parsing.reading import with_hidden

#: The layers that a file switches off when it is opened (ISO 32000-1 §8.11.4.3).
_LAYERS_OFF = re.compile(rb"/OFF\s*\[\s*\d|/BaseState\s*/OFF\b")
#: How the content of a page or a form begins: it keeps or changes the state, shows text or marks content.
_CONTENT = re.compile(rb"\b(?:BT|q|cm|B[DM]C)\b")
_CATALOG = re.compile(rb"/Type\s*/Catalog\b")
#: A colour whose parts are all above this is white.
WHITE = 0xF2
#: Text of fewer points cannot be read.
SMALLEST = 1.0
#: Grey levels by which a text differs at least from its ground.
CONTRAST = 12
#: Lower shapes are rules; pages with more shapes are drawings, whose shapes are not compared with the text.
LOWEST, MOST_SHAPES = 4.0, 1_000
#: What covers text takes less than this share of a page: a larger picture is a scan, a larger shape paper.
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
    shapes = [(sized(*s.bbox), _color(s.fill_color)) for s in drawn if s.fill and min(s.bbox[2:]) >= LOWEST]
    shapes = shapes if len(shapes) <= MOST_SHAPES else []
    most = MOST_COVERED * raw.width * raw.height
    found = []
    for item in raw.text_items:
        box, color = box_of(item), _color(item.fill_color)
        around = [(shape, ground) for shape, ground in shapes if inside(box, shape, slack=0)]
        grounds = [ground for _, ground in around]
        upon = [picture for picture in pictures if inside(box, picture, slack=0)]
        if color[:2] == "00":
            suspect = not upon  # on a picture it is what OCR has read
        elif _is_white(color):
            suspect = not upon and all(map(_is_white, grounds))
        else:
            covers: list[Box | Picture] = [*upon, *(shape for shape, ground in around if _is_white(ground))]
            covered = any(c.width * c.height < most for c in covers)
            suspect = _is_tiny(item) or color in grounds or covered
        if (suspect or layered) and item.text.strip() and item.width:
            found.append(box)
    return found


def _color(color: str | None) -> str:
    """A colour as `aarrggbb`; text and shapes without one are black."""
    return (color or "ff000000").lower()


def _is_white(color: str) -> bool:
    return all(int(color[at : at + 2], 16) >= WHITE for at in (2, 4, 6))


def _is_tiny(item: TextItem) -> bool:
    return (item.font_height or item.height) < SMALLEST and item.height < 1.5 * SMALLEST


def has_invisible_text(data: bytes) -> bool:
    """Whether a content stream of a file says that text is drawn with neither fill nor stroke."""
    return any(b"3 Tr" in content for content in streams(data, _CONTENT))


def add_invisible(sheets: Sheets, page: Page) -> None:
    """Add the words drawn with neither fill nor stroke, which the other reader leaves out, if hidden text is
    wanted; otherwise a warning names their page."""
    letters = sheets.letters(page)
    found = [one for one in letters.invisible() if one[0].strip()] if letters else []
    if found and with_hidden(f"text on page {page.number}"):
        page.words.extend(Word(text.strip(), *box, Style(box.y1 - box.y0)) for text, box in found)


def leave_out_unseen(sheets: Sheets, page: Page) -> None:
    """Remove the words that cannot be seen, unless hidden text is wanted; a warning names their page."""
    unseen = list(_unseen(sheets, page)) if page.suspects else []
    words = [word for word in page.words if not any(inside(word, box, slack=0) for box in unseen)]
    if len(words) < len(page.words) and not with_hidden(f"text on page {page.number}"):
        page.words = words


def _unseen(sheets: Sheets, page: Page) -> Iterator[Box]:
    import numpy as np

    pixels = np.asarray(sheets.draw(page, max(page.width, page.height)).convert("L"))
    for box in page.suspects:
        rows = slice(max(int(box.y0), 0), int(box.y1) + 1)
        seen = pixels[rows, max(int(box.x0), 0) : int(box.x1) + 1]
        tiny = box.height < 1.5 * SMALLEST
        if tiny or not seen.size or int(seen.max()) - int(seen.min()) < CONTRAST:
            yield box
