"""Drawings (charts, diagrams) and the labels in them, found above or below their captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.parsing.page.captions import is_figure_caption
from services.parsing.page.geometry import Box, Boxed, Curve, Page, Piece, Word, bounds, inside
from services.parsing.page.lines import pieces_of

#: Parts of a drawing are at most this far (in points) from each other, and from its caption; there may be the
#: labels of an axis between.
NEAR, BELOW_AXIS = 28.0, 45.0
#: A horizontal line further from the other parts (and from the caption) is none of them.
TOUCHING = 6.0
#: Parts beside others are at most this far from them (points).
ASIDE = 20.0
#: A part is compared with those found so far at most this many times.
PASSES = 8
#: A drawing is at least this high and wide (points).
SMALLEST = 24.0
#: Most words of a label, and of all labels on average; more are running text, in a box or beside the drawing.
LONGEST_LABEL, USUAL_LABEL = 6, 2.5
#: Lines with more strokes than this are drawings, too, but take too long.
MOST_PARTS = 3_000


@dataclass(slots=True)
class Figure(Boxed):
    """A drawing: its box on the page and its labels."""

    labels: list[str]
    x0: float
    y0: float
    x1: float
    y1: float


def figures_of(page: Page) -> tuple[list[Figure], list[Word]]:
    """The drawings with captions, and the words outside of them."""
    if not page.drawn or len(page.drawn) + len(page.strokes) > MOST_PARTS:
        return [], page.words
    pieces = pieces_of(page.words)
    found: list[Figure] = []
    for caption in pieces:
        if is_figure_caption(caption.words):
            others = [piece for piece in pieces if piece is not caption]
            box = _region(caption, page, others, above=True) or _region(caption, page, others, above=False)
            labels = [piece for piece in pieces if box and inside(piece, box)]
            if box and sum(len(label.words) for label in labels) <= USUAL_LABEL * len(labels):
                found.append(Figure([" ".join(w.text for w in label.words) for label in labels], *box))
    return found, [word for word in page.words if not any(inside(word, figure) for figure in found)]


def _region(caption: Piece, page: Page, pieces: Sequence[Piece], above: bool) -> Box | None:
    """The box of the parts next to a caption, one after the other, with the labels at their edges; None if it
    holds running text, is too small for a drawing, or holds nothing but rules and shaded cells."""
    texts = [piece for piece in pieces if len(piece.words) > LONGEST_LABEL]
    parts: Sequence[Box] = [*page.drawn, *page.strokes]
    if above:
        left = sorted((p for p in parts if p.y1 <= caption.y0 + 2), key=lambda part: -part.y1)
    else:
        left = sorted((p for p in parts if p.y0 >= caption.y1 - 2), key=lambda part: part.y0)
    box: Box | None = None
    for _ in range(PASSES):
        parts, left = left, []
        for part in parts:
            if not _belongs(part, box, caption):
                left.append(part)
            elif not any(inside(text, bounds((box or part, part))) for text in texts):
                box = bounds((box or part, part))
    if box is None or min(box.width, box.height) < SMALLEST:
        return None
    beside = [p for p in pieces if (p.y1 <= caption.y1 if above else p.y0 >= caption.y0) and _touches(p, box)]
    whole = bounds((box, *(piece for piece in beside if len(piece.words) <= LONGEST_LABEL)))
    held = (part for part in page.drawn if inside(part, whole))
    drawn = any(isinstance(part, Curve) or not any(inside(w, part) for w in page.words) for part in held)
    return whole if drawn and not any(inside(text, whole) for text in texts) else None


def _belongs(part: Box, box: Box | None, caption: Piece) -> bool:
    """Whether a part is next to the parts found so far, or else to the caption. A horizontal line must touch
    them: it is more likely a rule of a table."""
    beside = box or caption
    if part.x1 < beside.x0 - ASIDE or part.x0 > beside.x1 + ASIDE:
        return False
    gap = max(beside.y0 - part.y1, part.y0 - beside.y1)
    if part.height >= 1:
        return gap <= (NEAR if box else BELOW_AXIS)
    shared = min(part.x1, beside.x1) - max(part.x0, beside.x0)
    return gap <= TOUCHING and shared >= 0.5 * part.width


def _touches(piece: Piece, box: Box) -> bool:
    """Whether a label is in a drawing or directly at its edge, as those of axes are."""
    reach = 1.6 * piece.size
    across = box.x0 - 2 <= piece.center <= box.x1 + 2 and box.y0 - reach <= piece.middle <= box.y1 + reach
    level = box.y0 - 2 <= piece.middle <= box.y1 + 2
    return across or (level and piece.x1 > box.x0 - reach and piece.x0 < box.x1 + 0.3 * reach)
