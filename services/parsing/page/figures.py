"""Drawings (charts, diagrams) and the labels in them, found above or below their captions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.parsing.page.captions import is_figure_caption
from services.parsing.page.geometry import Box, Page, Piece, Word, bounds, inside
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
class Figure:
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
    parts = [*(Box(*one[:4]) for one in page.drawn), *(Box(s.x0, s.y0, s.x1, s.y1) for s in page.strokes)]
    found: list[Figure] = []
    for caption in pieces:
        if is_figure_caption(caption.words):
            box = _region(caption, parts, pieces, above=True) or _region(caption, parts, pieces, above=False)
            if box and _is_drawn(box, page):
                labels = [piece for piece in pieces if inside(piece, box)]
                if sum(len(p.words) for p in labels) > USUAL_LABEL * len(labels):
                    continue
                found.append(Figure([_text(piece) for piece in labels], *box))
    words = [word for word in page.words if not any(inside(word, figure) for figure in found)]
    return found, words


def _region(caption: Piece, parts: Sequence[Box], pieces: Iterable[Piece], above: bool) -> Box | None:
    """The box of the parts next to a caption, one after the other, with the labels at their edges; None if it
    holds running text or is too small for a drawing."""
    labels = [p for p in pieces if p is not caption and len(p.words) <= LONGEST_LABEL]
    texts = [p for p in pieces if p is not caption and len(p.words) > LONGEST_LABEL]
    side = [part for part in parts if (part.y1 <= caption.y0 + 2 if above else part.y0 >= caption.y1 - 2)]
    side.sort(key=lambda part: -part.y1 if above else part.y0)
    box: Box | None = None
    for _ in range(PASSES):
        left = []
        for part in side:
            if not _belongs(part, box, caption):
                left.append(part)
            elif not any(inside(text, bounds((box or part, part))) for text in texts):
                box = bounds((box or part, part))
        if len(left) == len(side):
            break
        side = left
    if box is None or min(box.x1 - box.x0, box.y1 - box.y0) < SMALLEST:
        return None
    at_edge = [p for p in labels if _touches(p, box) and not _is_beyond(p, caption, above)]
    whole = bounds((box, *at_edge))
    return None if any(inside(text, whole) for text in texts) else whole


def _belongs(part: Box, box: Box | None, caption: Piece) -> bool:
    """Whether a part is next to the parts found so far, or else to the caption. A horizontal line must touch
    them: it is more likely a rule of a table."""
    beside = box or caption
    if part.x1 < beside.x0 - ASIDE or part.x0 > beside.x1 + ASIDE:
        return False
    gap = max(beside.y0 - part.y1, part.y0 - beside.y1)
    if part.y1 - part.y0 >= 1:
        return gap <= (NEAR if box else BELOW_AXIS)
    shared = min(part.x1, beside.x1) - max(part.x0, beside.x0)
    return gap <= TOUCHING and shared >= 0.5 * (part.x1 - part.x0)


def _touches(piece: Piece, box: Box) -> bool:
    """Whether a label is in a drawing or directly at its edge, as those of axes are."""
    reach = 1.6 * piece.size
    x, y = (piece.x0 + piece.x1) / 2, piece.middle
    across = box.x0 - 2 <= x <= box.x1 + 2 and box.y0 - reach <= y <= box.y1 + reach
    down = box.y0 - 2 <= y <= box.y1 + 2 and piece.x1 > box.x0 - reach and piece.x0 < box.x1 + 0.3 * reach
    return across or down


def _is_beyond(piece: Piece, caption: Piece, above: bool) -> bool:
    return piece.y1 > caption.y1 if above else piece.y0 < caption.y0


def _is_drawn(box: Box, page: Page) -> bool:
    """Whether curves, slanted lines or bars are in a box: rules and shaded cells make tables and frames."""
    parts = [part for part in page.drawn if inside(part, box)]
    return any(part.curved or not any(inside(word, part) for word in page.words) for part in parts)


def _text(piece: Piece) -> str:
    return " ".join(word.text for word in piece.words)
