"""Rotates pages with text that runs up or down, so that it runs from left to right."""

from __future__ import annotations

from services.parsing.page.geometry import Box, Drawn, Page, Picture, Stroke, box_turned

#: Tolerance in degrees: slanted fonts are reported as rotated.
LEAN = 30.0


def quarter(rotation: float) -> int | None:
    """The nearest quarter turn (0, 90, 180, 270) of a text; None for diagonal text."""
    nearest = round(rotation / 90) * 90
    return nearest % 360 if abs(rotation - nearest) <= LEAN else None


def upright(page: Page, turned: int) -> Page:
    """Rotate a page so that text turned by 90 (running down), 180 or 270 degrees (running up) is upright."""
    if turned == 0:
        return page

    def moved(box: Box) -> Box:
        return box_turned(box, turned, page.width, page.height)

    for word in page.words:
        word.x0, word.y0, word.x1, word.y1 = moved(Box(word.x0, word.y0, word.x1, word.y1))
    page.strokes = [Stroke(*moved(Box(s.x0, s.y0, s.x1, s.y1))) for s in page.strokes]
    page.pictures = [
        Picture(*moved(Box(p.x0, p.y0, p.x1, p.y1)), p.width, p.height, p.content) for p in page.pictures
    ]
    page.drawn = [Drawn(*moved(Box(*one[:4])), one.curved) for one in page.drawn]
    if turned != 180:
        page.width, page.height = page.height, page.width
    return page
