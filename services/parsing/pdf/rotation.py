"""Rotates pages with text that runs up or down, so that it runs from left to right, and collects the text
that runs otherwise than the page."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import median_high

from liteparse.types import ParsedPage, TextItem, WordBox

from services.parsing import markdown_writer as md
from services.parsing.page.geometry import Box, Boxed, Page, Stroke
from services.parsing.pdf.vectors import is_seen

#: Tolerance in degrees: slanted fonts are reported as rotated.
LEAN = 30.0
#: Within this share of the page's width from its edge are stamps of archives and printers.
STAMPED = 0.03
#: Fewest characters of a page that is written in columns, and their distance relative to that of the columns.
FEWEST, NARROWER = 8, 0.85


def quarter(rotation: float) -> int | None:
    """The nearest quarter turn (0, 90, 180, 270) of a text; None for diagonal text."""
    nearest = round(rotation / 90) * 90
    return nearest % 360 if abs(rotation - nearest) <= LEAN else None


def main_turn(items: Sequence[TextItem]) -> int:
    """The quarter turn of most letters of a page."""
    letters: Counter[int | None] = Counter()
    for item in items:
        letters[quarter(item.rotation)] += len(item.text)
    return max((0, 90, 180, 270), key=lambda turn: letters[turn])


def in_columns(items: Sequence[TextItem]) -> Sequence[TextItem]:
    """The items of a page; of one that is written in columns from top to bottom, each character as text that
    runs down. The reader does not tell this direction, and takes the rows across the columns for lines."""
    boxes = [(item, box) for item in items for box in item.words]
    wide = [(item, box) for item, box in boxes if len(box.text) == 1 and box.text > "\u2e7f"]
    if len(wide) < FEWEST or len(wide) < 0.8 * len(boxes) or any(item.rotation for item, _ in wide):
        return items
    right = [(box.x + box.width, box.y) for _, box in wide]
    across = _usual_step(sorted((round(y), x) for x, y in right))
    down = _usual_step(sorted((round(x), y) for x, y in right))
    if not 0 < down < NARROWER * across:
        return items
    ordered = sorted(wide, key=lambda one: (-round(one[1].x + one[1].width), one[1].y))
    return [_running_down(item, box) for item, box in ordered]


def _usual_step(places: Sequence[tuple[int, float]]) -> float:
    """The median distance within rows (or columns); infinite if all hold one character."""
    steps = [b - a for (row, a), (other, b) in itertools.pairwise(places) if row == other]
    return median_high(steps or [math.inf])


def _running_down(item: TextItem, box: WordBox) -> TextItem:
    x = box.x + box.width - box.height
    square = replace(box, x=x, width=box.height)
    return replace(
        item, text=box.text, words=[square], x=x, y=box.y, width=box.height, height=box.height, rotation=90.0
    )


def beside(raw: ParsedPage, turned: int) -> list[str]:
    """Texts (markdown) that run up, down or upside down on a page turned by `turned`: labels of axes, notes
    at the margin, heads of narrow columns. Stamps at the very edge, invisible and white text are left out."""
    found: dict[int | None, list[TextItem]] = {}
    slanted = all(quarter(item.rotation) is None for item in raw.text_items)  # the whole page
    for item in raw.text_items:
        turn = quarter(item.rotation)
        from_edge = min(item.x, raw.width - item.x - item.width) / raw.width
        kept = from_edge > STAMPED and is_seen(item.fill_color or "ff000000")
        if kept and turn != turned and (turn is not None or slanted):
            found.setdefault(turn, []).append(item)
    texts = (
        " ".join(item.text for item in sorted(group, key=_ORDERS[turn])) for turn, group in found.items()
    )
    return [md.escape_lines(md.escape(text)) for text in texts if sum(map(str.isalpha, text)) > 1]


#: The order of lines, and of words in them, of text that is turned.
_ORDERS: dict[int | None, Callable[[TextItem], tuple[float, float]]] = {
    None: lambda item: (0.0, 0.0),  # as in the file
    0: lambda item: (item.y, item.x),
    90: lambda item: (-item.x, item.y),
    180: lambda item: (-item.y, -item.x),
    270: lambda item: (item.x, -item.y),
}


def upright(page: Page, turned: int) -> Page:
    """Rotate a page so that text turned by 90 (running down), 180 or 270 degrees (running up) is upright."""
    for _ in range(turned // 90):
        width = page.width
        for word in page.words:
            word.x0, word.y0, word.x1, word.y1 = _turned(word, width)
        page.strokes = [Stroke(*_turned(stroke, width)) for stroke in page.strokes]
        page.pictures = [replace(one, **_turned(one, width)._asdict()) for one in page.pictures]
        page.drawn = [type(one)(*_turned(one, width)) for one in page.drawn]
        page.width, page.height = page.height, width
    return page


def _turned(thing: Boxed, width: float) -> Box:
    """The box of a thing on a page of some width that is rotated by a quarter turn to the left."""
    return Box(thing.y0, width - thing.x1, thing.y1, width - thing.x0)
