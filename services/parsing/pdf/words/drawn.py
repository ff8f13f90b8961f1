"""Signs that are drawn as shapes: bullets, and boxes of a form with their ticks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from liteparse.types import VectorGraphics

from services.parsing.page.geometry import Box, Stroke, Style, Word

#: A page with more small shapes than this has a dotted drawing, not bullets or boxes.
MOST_SHAPES = 200
#: Sides of a box that is ticked (points), and by how much they differ (their share).
SMALLEST, LARGEST, SQUARE = 6.0, 16.0, 0.12
#: A tick reaches out of its box by this (points) at most; a label stands this far from it (font sizes).
OUT, NEAR = 2.0, 2.5


def drawn_bullets(vectors: VectorGraphics, words: Sequence[Word]) -> Iterator[Word]:
    """Bullets that some programs draw as small round or square shapes left of a line."""
    small = [shape for shape in vectors.shapes if 1.5 <= shape.bbox[2] <= 7]
    shapes = [shape for shape in small if abs(shape.bbox[2] - shape.bbox[3]) <= 0.25 * shape.bbox[2]]
    if len(shapes) > MOST_SHAPES:
        return  # a dotted drawing
    for shape in shapes:
        x, y, width, height = shape.bbox
        middle = y + height / 2
        row = [w for w in words if w.y0 < middle < w.y1]
        begins = any(0 < w.x0 - x - width < 2.5 * w.style.size for w in row)
        free = not any(w.x0 - 1 < x + width and x < w.x1 + 1 for w in row)
        if begins and free and (shape.fill or shape.stroke):
            text = "•" if shape.fill else "◦"
            # A character's box is higher than its ink, so make this one as high as the words beside it.
            yield Word(text, x, y - height, x + width, y + 2 * height, Style(round(3 * height, 1)), True)


def drawn_boxes(vectors: VectorGraphics, words: Sequence[Word], strokes: Sequence[Stroke]) -> Iterator[Word]:
    """Boxes of a form beside a word, empty or with something drawn into them."""
    small = [shape for shape in vectors.shapes if shape.stroke and max(shape.bbox[2:]) <= LARGEST + 2 * OUT]
    if not small or len(small) > MOST_SHAPES:
        return
    taken: list[Box] = []
    for shape in small:
        x, y, wide, high = shape.bbox
        box = Box(x, y, x + wide, y + high)
        if shape.has_curve or not SMALLEST <= wide <= LARGEST or abs(wide - high) > SQUARE * wide:
            continue
        if any(_inside(box, other) for other in taken) or not _is_framed(box, strokes):
            continue
        row = [w for w in words if w.y0 < (box.y0 + box.y1) / 2 < w.y1]
        if not any(_is_beside(box, word) for word in row) or any(
            box.x0 < (w.x0 + w.x1) / 2 < box.x1 for w in row
        ):
            continue
        taken.append(box)
        others = [
            Box(a, b, a + c, b + d)
            for a, b, c, d in (s.bbox for s in vectors.shapes)
            if max(c, d) <= LARGEST + 2 * OUT
        ]
        ticked = any(other != box and _inside(other, box) for other in others)
        like = next(word for word in row if _is_beside(box, word))
        yield Word("☒" if ticked else "☐", box.x0, like.y0, box.x1, like.y1, like.style, True)


def _is_framed(box: Box, strokes: Sequence[Stroke]) -> bool:
    """Whether a line runs along the top of a box, and one along its foot, and no further."""
    level = [s for s in strokes if s.y0 == s.y1 and abs(s.x0 - box.x0) < OUT and abs(s.x1 - box.x1) < OUT]
    return any(abs(s.y0 - box.y0) < OUT for s in level) and any(abs(s.y0 - box.y1) < OUT for s in level)


def _inside(inner: Box, outer: Box) -> bool:
    return (
        outer.x0 - OUT <= inner.x0
        and inner.x1 <= outer.x1 + OUT
        and outer.y0 - OUT <= inner.y0
        and inner.y1 <= outer.y1 + OUT
    )


def _is_beside(box: Box, word: Word) -> bool:
    return -OUT < max(word.x0 - box.x1, box.x0 - word.x1) < NEAR * word.style.size
