"""Joins the letters of a form that stand in boxes of their own, or between the teeth of a comb."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from services.parsing.page.geometry import Stroke, Word

#: Minimum letters in a row of boxes; fewer may be the cells of a table.
FEWEST = 3
#: Widths of a box (points), and by what a box is wider than the narrowest of its row at most.
NARROWEST, WIDEST, EVEN = 5.0, 40.0, 1.15
#: The highest box (points); teeth of a grid touch those of the next row.
HIGHEST, TOUCH = 32.0, 3.0
#: Teeth of a row differ by at most this (points); the reader gives some twice.
LEVEL = 2.0
#: A page with more short strokes is a drawing.
MOST_TEETH = 1_000


def join_combs(words: list[Word], strokes: list[Stroke]) -> tuple[list[Word], list[Stroke]]:
    """The words with those joined that stand letter by letter in boxes, and the strokes without these boxes.

    An empty box parts two words. Boxes in several rows that touch are a table.
    """
    if sum(len(word.text) == 1 and word.text.isalnum() for word in words) < FEWEST:
        return words, strokes
    gone: set[Word] = set()
    teeth: set[Stroke] = set()
    rows = _rows(strokes)
    for row in rows:
        if any(_touches(row, other) for other in rows if other is not row):
            continue
        boxes = _boxes(row)
        level = [word for word in words if _is_level(word, row[0])]
        cells = [[word for word in level if a < word.center < b] for a, b in boxes]
        held = [cell for cell in cells if cell]
        if len(held) >= FEWEST and all(len(cell) == 1 == len(cell[0].text) for cell in held):
            gone |= _join(boxes, cells)
            teeth.update(row)
    return [word for word in words if word not in gone], [one for one in strokes if one not in teeth]


def _rows(strokes: Iterable[Stroke]) -> list[list[Stroke]]:
    """Short upright strokes at the same height of the page, from left to right."""
    rows: list[list[Stroke]] = []
    short = [s for s in strokes if s.x0 == s.x1 and s.height <= HIGHEST]
    if len(short) > MOST_TEETH:
        return []
    for stroke in sorted(short, key=lambda s: s.y0):
        for row in rows:
            if abs(row[0].y0 - stroke.y0) <= LEVEL and abs(row[0].y1 - stroke.y1) <= LEVEL:
                row.append(stroke)
                break
        else:
            rows.append([stroke])
    return [sorted(row, key=lambda s: s.x0) for row in rows if len(row) > FEWEST]


def _touches(row: Sequence[Stroke], other: Sequence[Stroke]) -> bool:
    """Whether teeth go on in a row above or below: at the same places, and without a gap."""
    a, b = row[0], other[0]
    if max(a.y0, b.y0) - min(a.y1, b.y1) > TOUCH:
        return False
    return sum(any(abs(s.x0 - o.x0) < LEVEL for o in other) for s in row) > 1


def _boxes(row: Sequence[Stroke]) -> list[tuple[float, float]]:
    """The boxes between teeth, without the gaps between groups of them."""
    gaps = [(a.x0, b.x0) for a, b in pairwise(row) if NARROWEST <= b.x0 - a.x0 <= WIDEST]
    least = min((b - a for a, b in gaps), default=0.0)
    return [(a, b) for a, b in gaps if b - a <= EVEN * least]


def _is_level(word: Word, tooth: Stroke) -> bool:
    return tooth.y0 - 0.5 * word.style.size < word.middle < tooth.y1 + 0.5 * word.style.size


def _join(boxes: Sequence[tuple[float, float]], cells: Sequence[Sequence[Word]]) -> set[Word]:
    """Put the letters of neighbouring boxes into the first of them; the other letters."""
    gone: set[Word] = set()
    head: Word | None = None
    edge = 0.0
    for (left, right), cell in zip(boxes, cells, strict=True):
        if not cell:
            head = None
        elif head is None or left - edge > LEVEL:
            head = cell[0]
            head.spaced = True
        else:
            head.text += cell[0].text
            head.x1 = cell[0].x1
            gone.add(cell[0])
        edge = right
    return gone
