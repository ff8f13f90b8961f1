"""Joins the letters of letterspaced words (`S P A C E D`), and tells dashes by their width."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median_high

from services.parsing.page.geometry import Word, grouped

#: Minimum letters of a letterspaced word; fewer may be initials or names of quantities.
FEWEST = 4
#: A gap separates two words if it is wider than the gaps between letters by this factor.
WIDER = 1.6
#: Range of ordinary blanks, relative to the font size: single letters at this distance are separate words.
BLANK = (0.24, 0.29)
#: Letters further apart (in font sizes) are in different columns.
WIDEST = 1.0


def close_up(words: Sequence[Word]) -> list[Word]:
    """The words of a page in file order, with letterspaced words joined."""
    return [word for run in grouped(words, _goes_on) for word in _closed(run)]


def _goes_on(run: Sequence[Word], word: Word) -> bool:
    """Whether a word is the next letter of a run of letters."""
    before = run[-1]
    letters = len(word.text) == 1 == len(before.text) and (before.text + word.text).isalpha()
    alike = letters and before.style == word.style and before.y0 == word.y0
    return alike and 0 <= word.x0 - before.x1 <= 1.5 * WIDEST * word.style.size


def _closed(run: list[Word]) -> list[Word]:
    if len(run) < FEWEST:
        return run
    gaps = [after.x0 - before.x1 for before, after in pairwise(run)]
    usual, size = median_high(gaps), run[0].style.size
    even = [gap for gap in gaps if gap <= WIDER * usual]
    blank = BLANK[0] * size <= usual <= BLANK[1] * size
    if max(even) - min(even) > 0.15 * size or usual > WIDEST * size or (blank and len(even) == len(gaps)):
        return run
    out = [run[0]]
    for gap, word in zip(gaps, run[1:], strict=True):
        if gap > WIDER * usual:
            word.spaced = True
            out.append(word)
        else:
            out[-1].text += word.text
            out[-1].x1 = word.x1
    return out


def dash_of(width: float) -> str:
    """A dash of a width in font sizes. (The reader replaces all dashes with hyphens.)"""
    return "–" if 0.45 < width < 0.68 else "—" if 0.7 < width < 0.8 or 0.9 < width < 1.2 else "-"
