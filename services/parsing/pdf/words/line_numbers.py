"""Leaves out the numbers that manuscripts, drafts of laws and pleadings print beside every line."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from services.parsing.page.geometry import Page, Word
from services.parsing.page.lines import rows_of

#: Lines in the fewest that are numbered, and numbers if not every line has one.
FEWEST_LINES, FEWEST_NUMBERS = 8, 4
#: How numbers go on from one to the next.
_STEPS = (1, 2, 5, 10)
#: A wider gap (relative to the font size) between words parts the cells of a table.
_CELL_GAP = 1.6


def leave_out_line_numbers(pages: Iterable[Page]) -> None:
    for page in pages:
        numbers = [word for word in page.words if word.text.isdecimal() and len(word.text) <= 4]
        if len(numbers) < FEWEST_NUMBERS:
            continue
        for left in (True, False):
            edge = min((w.x0 for w in page.words), default=0) if left else max(w.x1 for w in page.words)
            column = [w for w in numbers if _is_at(w, edge, left)]
            if _counts_lines(column, page.words, left):
                gone = set(map(id, column))
                page.words[:] = [word for word in page.words if id(word) not in gone]


def _is_at(word: Word, edge: float, left: bool) -> bool:
    """Whether a number is in the column at the edge of the text, however many digits others have."""
    return abs((word.x0 if left else word.x1) - edge) < 2.5 * word.style.size


def _counts_lines(column: list[Word], words: list[Word], left: bool) -> bool:
    column.sort(key=lambda word: word.y0)
    values = [int(word.text) for word in column]
    steps = {after - before for before, after in pairwise(values)}
    if len(column) < FEWEST_NUMBERS or len(steps) != 1 or not steps <= set(_STEPS):
        return False
    lines = rows_of(word for word in words if word not in column)
    inner = [line for line in lines if _overlap(line, column, left)]
    if (
        len(lines) < FEWEST_LINES
        or len(inner) < 0.9 * len(lines)
        or len(column) * max(steps) < 0.8 * len(lines)
    ):
        return False
    return sum(map(_is_text, lines)) >= 0.7 * len(lines)


def _overlap(line: list[Word], column: list[Word], left: bool) -> bool:
    """Whether a line stands beside the column, not in it."""
    return line[0].x0 > max(w.x1 for w in column) if left else line[-1].x1 < min(w.x0 for w in column)


def _is_text(line: list[Word]) -> bool:
    gaps = [after.x0 - before.x1 for before, after in pairwise(line)]
    return len(line) > 3 and max(gaps, default=0) < _CELL_GAP * line[0].style.size
