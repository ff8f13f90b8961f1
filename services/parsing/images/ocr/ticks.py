"""Boxes of a form in a picture: empty, or with something drawn into them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Sides of a box in heights of its line, and by how much they differ (their share).
SMALLEST, LARGEST, SQUARE = 0.4, 1.8, 0.2
#: Share of its rectangle that an outline fills at least: a letter (`D`, `O`) fills less at its corners.
FILLED = 0.93
#: Share of dark pixels within its frame from which a box is ticked.
TICKED = 0.05
#: Share of dark pixels from which a box is a black spot.
BLACK = 0.9
#: The frame is this share of its side.
FRAME = 0.22


#: What a reader takes a box for, where it stands before a text.
_MISREAD = re.compile(r"^[口囗回□■☐☑☒×OoXxVvDd0]\s+")


def squares_of(pixels: NDArray[np.uint8], usual: float) -> Iterator[tuple[str, float, float, float, float]]:
    """`☐` or `☒` and the left, top, right and bottom edge of each box; lines are `usual` pixels high."""
    import cv2

    grey: Any = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    _, ink = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    outlines, _ = cv2.findContours(ink, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    for outline in outlines:
        x, y, wide, high = cv2.boundingRect(outline)
        if not SMALLEST * usual <= wide <= LARGEST * usual or abs(wide - high) > SQUARE * wide:
            continue
        if cv2.contourArea(outline) < FILLED * (wide - 1) * (high - 1):
            continue
        frame = max(round(FRAME * wide), 2)
        inside = ink[y + frame : y + high - frame, x + frame : x + wide - frame]
        dark = float((inside > 0).mean()) if inside.size else 1.0
        if dark < BLACK:
            yield "☒" if dark >= TICKED else "☐", x, y, x + wide, y + high


def without_box(text: str) -> str:
    """A line without the sign that a reader has made of a box before it."""
    return _MISREAD.sub("", text)
