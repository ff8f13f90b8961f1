"""Finds lines of text in a picture, and which way is up.

The detector (PP-OCR) finds lines of any script, skewed and turned, as quadrangles. Each is cut out of the
picture as a straight strip of pixels. How most of the lines run tells how the picture is turned and skewed;
places are given in the upright picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

#: A quadrangle this many times as high as wide holds a line that runs up or down; the detector's own limit.
_TALL = 1.5
#: A tall quadrangle shorter than this, in usual line heights, is a single character (`1`), not a line.
_CHARACTER = 2.0
#: Degrees of skew that do not matter.
_STRAIGHT = 0.15


@dataclass(slots=True)
class Strip:
    """A line: its pixels (BGR) with the text upright, and its box in the upright picture."""

    pixels: Pixels
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def length(self) -> float:
        """Its width in heights: about half as many characters of Latin, as many of Chinese."""
        return float(self.pixels.shape[1] / max(self.pixels.shape[0], 1))


@dataclass(slots=True)
class Strips:
    """The lines of a picture. `turn`: how they run in the picture as it is: 0, 90 (down), 180, 270 (up).
    `width` and `height` are those of the upright picture."""

    lines: list[Strip]
    width: float
    height: float
    turn: int = 0

    def over(self) -> Strips:
        """The lines, if the picture is the other way up."""
        lines = [
            Strip(
                np.ascontiguousarray(np.rot90(line.pixels, 2)),
                *(self.width - line.x1, self.height - line.y1),
                *(self.width - line.x0, self.height - line.y0),
            )
            for line in self.lines
        ]
        return Strips(lines, self.width, self.height, (self.turn + 180) % 360)


def detect(engine: Any, pixels: Pixels) -> Strips:
    """The lines in a picture (BGR). Lines that run across most others are left out: stamps and side notes.

    Args:
        engine: a `rapidocr.RapidOCR`, of which the detector and the classifier of upside-down lines are used.
    """
    from rapidocr.main import RapidOCRError
    from rapidocr.utils.process_img import map_boxes_to_original

    height, width = pixels.shape[:2]
    picture, steps = engine.preprocess_img(pixels)
    try:
        crops, found = engine.detect_and_crop(picture, steps)
    except RapidOCRError:  # nothing was detected
        return Strips([], width, height)
    quads = np.asarray(map_boxes_to_original(found.boxes, steps, height, width), dtype=float)
    crops, quads, vertical = _main(crops, quads)
    flipped = _are_flipped(engine, crops)
    turn = (270 if flipped else 90) if vertical else (180 if flipped else 0)
    if flipped:
        crops = [np.ascontiguousarray(np.rot90(crop, 2)) for crop in crops]
    points, width, height = _turned(quads, width, height, turn)
    points = straightened(points, width, height)
    lows, highs = points.min(axis=1), points.max(axis=1)
    lines = [
        Strip(crop, float(low[0]), float(low[1]), float(high[0]), float(high[1]))
        for crop, low, high in zip(crops, lows, highs, strict=True)
    ]
    return Strips(lines, float(width), float(height), turn)


def _main(crops: list[Pixels], quads: NDArray[Any]) -> tuple[list[Pixels], NDArray[Any], bool]:
    """The lines that run as most do, and whether they run up or down."""
    wide = np.maximum(_distance(quads, 0, 1), _distance(quads, 3, 2))
    high = np.maximum(_distance(quads, 0, 3), _distance(quads, 1, 2))
    tall = high >= _TALL * wide
    vertical = bool(high[tall].sum() > wide[~tall].sum())
    keep = tall == vertical
    out = list(crops)
    if not vertical and keep.any():
        characters = tall & (high <= _CHARACTER * np.median(high[keep]))
        keep = keep | characters
        for at in np.flatnonzero(characters):  # the detector has laid it on its side
            out[at] = np.ascontiguousarray(np.rot90(out[at], -1))
    elif vertical:  # short words of a turned page are wide enough to be upright
        characters = ~tall & (wide <= _CHARACTER * np.median(wide[tall]))
        keep = keep | characters
        for at in np.flatnonzero(characters):
            out[at] = np.ascontiguousarray(np.rot90(out[at]))
    chosen = np.flatnonzero(keep)
    return [out[at] for at in chosen], quads[chosen], vertical


def _distance(quads: NDArray[Any], a: int, b: int) -> NDArray[Any]:
    distances: NDArray[Any] = np.linalg.norm(quads[:, a] - quads[:, b], axis=1)
    return distances


def _are_flipped(engine: Any, crops: list[Pixels]) -> bool:
    """Whether most of the text is upside down, counted by its length: single lines are often misjudged."""
    _, found = engine.cls_and_rotate([np.ascontiguousarray(crop) for crop in crops])
    lengths = [crop.shape[1] for crop in crops]
    flipped = sum(n for n, (label, _) in zip(lengths, found.cls_res, strict=True) if "180" in label)
    return bool(flipped * 2 > sum(lengths))


def _turned(quads: NDArray[Any], width: int, height: int, turn: int) -> tuple[NDArray[Any], int, int]:
    """Points in the upright picture, and its size."""
    x, y = quads[..., 0], quads[..., 1]
    if turn == 90:
        return np.stack([y, width - x], axis=-1), height, width
    if turn == 180:
        return np.stack([width - x, height - y], axis=-1), width, height
    if turn == 270:
        return np.stack([height - y, x], axis=-1), height, width
    return quads, width, height


def straightened(points: NDArray[Any], width: float, height: float) -> NDArray[Any]:
    """Points with the skew of most of the text taken out, by a rotation about the middle."""
    sides = points[:, [1, 2, 3, 0]] - points
    lengths = np.linalg.norm(sides, axis=2)
    longest = sides[np.arange(len(points)), lengths.argmax(axis=1)]
    angles = np.degrees(np.arctan2(longest[:, 1], longest[:, 0]))
    angles = (angles + 90) % 180 - 90  # a line has no beginning
    skew = _weighted_median(angles, lengths.max(axis=1))
    if abs(skew) < _STRAIGHT or abs(skew) > 45:
        return points
    c, s = np.cos(np.radians(-skew)), np.sin(np.radians(-skew))
    middle = np.array([width / 2, height / 2])
    straight: NDArray[Any] = (points - middle) @ np.array([[c, s], [-s, c]]) + middle
    return straight


def _weighted_median(values: NDArray[Any], weights: NDArray[Any]) -> float:
    order = values.argsort()
    total = weights[order].cumsum()
    return float(values[order][np.searchsorted(total, total[-1] / 2)])
