"""Leaves out the numbers that manuscripts, drafts of laws and pleadings print beside every line."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from services.parsing.page.geometry import Page, Word
from services.parsing.page.lines import rows_of

#: Lines in the fewest that are numbered, and numbers if not every line has one.
FEWEST_LINES, FEWEST_NUMBERS = 8, 4
#: Numbers in type that is smaller than that of the text by this factor are no marks of a list.
SMALLER = 0.9
#: How numbers go on from one to the next.
_STEPS = (1, 2, 5, 10)
#: A wider gap (relative to the font size) between words parts the cells of a table.
_CELL_GAP = 1.6


def leave_out_line_numbers(pages: Iterable[Page]) -> None:
    for page in pages:
        numbers = [word for word in page.words if word.text.isdecimal() and len(word.text) <= 4]
        for left in (True, False) if len(numbers) >= FEWEST_NUMBERS else ():
            edge = min(w.x0 for w in page.words) if left else max(w.x1 for w in page.words)
            # However many digits a number has, it is in the column at the edge of the text.
            column = [w for w in numbers if abs((w.x0 if left else w.x1) - edge) < 2.5 * w.style.size]
            others = [word for word in page.words if word not in set(column)]
            if _counts_lines(column, rows_of(others), left):
                page.words = others


def _counts_lines(column: list[Word], lines: list[list[Word]], left: bool) -> bool:
    """Whether numbers count up at equal steps, all of at least most lines, which hold text beside them."""
    values = [int(word.text) for word in sorted(column, key=lambda word: word.y0)]
    steps = {after - before for before, after in pairwise(values)}
    if len(column) < FEWEST_NUMBERS or len(steps) != 1 or not steps <= set(_STEPS):
        return False
    start, end = max(word.x1 for word in column), min(word.x0 for word in column)
    inner = sum(line[0].x0 > start if left else line[-1].x1 < end for line in lines)
    small = all(word.style.size < SMALLER * line[0].style.size for word in column for line in lines)
    enough = len(lines) >= (FEWEST_NUMBERS if small else FEWEST_LINES) and len(column) * max(
        steps
    ) >= 0.8 * len(lines)
    return enough and inner >= 0.9 * len(lines) and sum(map(_is_text, lines)) >= 0.7 * len(lines)


def _is_text(line: list[Word]) -> bool:
    gaps = [after.x0 - before.x1 for before, after in pairwise(line)]
    return len(line) > 3 and max(gaps, default=0) < _CELL_GAP * line[0].style.size
