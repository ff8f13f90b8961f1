"""Ruling lines, parts of drawings, and bullets among the shapes of a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from liteparse.types import VectorGraphics, VectorLine, VectorShape

from services.parsing.page.geometry import Box, Curve, Stroke, Style, Word, sized

#: A path up to this width (in points) is a line, whatever its drawing operator; a straight one is narrower.
THIN, STRAIGHT = 2.5, 1.0
#: A shorter line (in points) is no rule, nor is one at the edge of the page, or from edge to edge.
SHORTEST, EDGE = 4.0, 2.0
#: A page with more small shapes than this has a dotted drawing, not bullets.
MOST_BULLETS = 200


def strokes_of(vectors: VectorGraphics, width: float, height: float) -> Iterator[Stroke]:
    """Ruling lines and the edges of filled boxes on a page. Thin boxes come unmerged, too:
    `lines` merges neighbours, which hides where the borders of cells meet."""
    straight = [(_ends(line), STRAIGHT) for line in vectors.lines if shows(line)]
    boxes = [(sized(*one.bbox), THIN) for one in vectors.shapes if shows(one) and not one.has_curve]
    for (x0, y0, x1, y1), thin in straight + boxes:
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        if y1 - y0 <= thin and _rules(x0, x1, width) and EDGE < y < height - EDGE:
            yield Stroke(x0, y, x1, y)
        elif x1 - x0 <= thin and _rules(y0, y1, height) and EDGE < x < width - EDGE:
            yield Stroke(x, y0, x, y1)


def drawn_of(vectors: VectorGraphics, area: float) -> Iterator[Box]:
    """Curves, slanted lines and filled boxes, as drawings have them, except backgrounds."""
    for shape in vectors.shapes:
        wide, high = shape.bbox[2:]
        solid = shape.has_curve or (shape.fill and min(wide, high) > THIN)
        if solid and wide * high <= 0.4 * area and shows(shape):
            yield (Curve if shape.has_curve else Box)(*sized(*shape.bbox))
    ends = map(_ends, vectors.lines)
    yield from (Curve(*box) for box in ends if min(box.width, box.height) > THIN)


def _rules(start: float, end: float, size: float) -> bool:
    """Whether a line is longer than a dash and does not run from edge to edge of the page."""
    return end - start > SHORTEST and (start > EDGE or end < size - EDGE)


def _ends(line: VectorLine) -> Box:
    return Box(min(line.x1, line.x2), min(line.y1, line.y2), max(line.x1, line.x2), max(line.y1, line.y2))


def shows(shape: VectorShape | VectorLine) -> bool:
    """Whether a shape is neither white nor transparent."""
    return is_seen((shape.fill_color if shape.fill else shape.stroke_color) or "00")


def is_seen(color: str) -> bool:
    """Whether a colour (`aarrggbb`) is neither white nor transparent."""
    return color[:2] != "00" and color[2:].lower() != "ffffff"


def bullets_of(vectors: VectorGraphics, words: Sequence[Word]) -> Iterator[Word]:
    """Bullets that some programs draw as small round or square shapes left of a line."""
    small = [shape for shape in vectors.shapes if 1.5 <= shape.bbox[2] <= 7]
    shapes = [shape for shape in small if abs(shape.bbox[2] - shape.bbox[3]) <= 0.25 * shape.bbox[2]]
    if len(shapes) > MOST_BULLETS:
        return  # a dotted drawing
    for shape in shapes:
        x, y, width, height = shape.bbox
        middle = y + height / 2
        row = [w for w in words if w.y0 < middle < w.y1]
        begins = any(0 < w.x0 - x - width < 2.5 * w.style.size for w in row)
        free = not any(w.x0 - 1 < x + width and x < w.x1 + 1 for w in row)
        if begins and free and shows(shape):
            text = "•" if shape.fill else "◦"
            # A character's box is higher than its ink, so make this one as high as the words beside it.
            yield Word(text, x, y - height, x + width, y + 2 * height, Style(round(3 * height, 1)), True)
