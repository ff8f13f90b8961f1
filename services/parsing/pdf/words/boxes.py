"""Boxes of a form that are drawn as shapes, with their ticks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from liteparse.types import VectorGraphics

from services.parsing.page.geometry import Box, Stroke, Word, sized
from services.parsing.pdf.vectors import shows

#: A page with more small shapes than this is a drawing.
MOST_SHAPES = 200
#: Sides of a box that is ticked (points), and by how much they differ (their share).
SMALLEST, LARGEST, SQUARE = 6.0, 16.0, 0.12
#: A tick reaches out of its box by this (points) at most; a label stands this far from it (font sizes).
OUT, NEAR = 2.0, 2.5


def boxes_of(vectors: VectorGraphics, words: Sequence[Word], strokes: Sequence[Stroke]) -> Iterator[Word]:
    """`☐` for each box beside a word, or in a row of them, `☒` if something is drawn into it."""
    small = [shape for shape in vectors.shapes if max(shape.bbox[2:]) <= LARGEST + 2 * OUT]
    if len(small) > MOST_SHAPES:
        return
    shown = [sized(*shape.bbox) for shape in small if shows(shape)]
    taken: list[Box] = []
    outlined = [sized(*shape.bbox) for shape in small if shape.stroke and not shape.has_curve]
    squares = [box for box in outlined if _is_square(box) and _is_framed(box, strokes)]
    for box in squares:
        if any(_within(box, other) for other in taken):
            continue
        row = [word for word in words if word.y0 < box.middle < word.y1]
        several = any(abs(o.middle - box.middle) < OUT and abs(o.x0 - box.x0) > LARGEST for o in squares)
        label = next((word for word in row if several or _is_beside(box, word)), None)
        if label is None or any(box.x0 < word.center < box.x1 for word in row):
            continue
        taken.append(box)
        sign = "☒" if any(other != box and _within(other, box) for other in shown) else "☐"
        yield Word(sign, box.x0, label.y0, box.x1, label.y1, label.style, True)


def _is_square(box: Box) -> bool:
    return SMALLEST <= box.width <= LARGEST and abs(box.width - box.height) <= SQUARE * box.width


def _is_framed(box: Box, strokes: Sequence[Stroke]) -> bool:
    """Whether a line runs along the top of a box, and one along its foot, and no further."""
    level = [s.y0 for s in strokes if s.horizontal and abs(s.x0 - box.x0) < OUT and abs(s.x1 - box.x1) < OUT]
    return all(any(abs(y - edge) < OUT for y in level) for edge in (box.y0, box.y1))


def _within(inner: Box, outer: Box) -> bool:
    level = outer.x0 - OUT <= inner.x0 and inner.x1 <= outer.x1 + OUT
    return level and outer.y0 - OUT <= inner.y0 and inner.y1 <= outer.y1 + OUT


def _is_beside(box: Box, word: Word) -> bool:
    return -OUT < max(word.x0 - box.x1, box.x0 - word.x1) < NEAR * word.style.size
