"""Superscript digits: `10^6` instead of 106, `word[12]` for a note mark.

The PDF reader joins them to the preceding text. Single characters are examined only in words that are likely
to contain superscripts, because that takes longer than reading the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from statistics import median_high

from liteparse.types import TextItem

from services.parsing.page.geometry import Page, Style, Word
from services.parsing.pdf.sheets import Letters, Sheets

#: A run with raised characters may be higher than others of its font and size by this factor.
HIGHER = 1.015
#: A raised character is below this share of its line's size; its bottom is higher than the line's by this (in
#: font sizes).
SMALLER, ABOVE = 0.92, 0.15
#: A run is too high for its font size if it is higher than usual ones by this factor.
TOO_HIGH = 1.3
_MARKS = frozenset("0123456789*†‡§abcdef")
_DIGITS = re.compile(r"\w[+−-]?\d|[.,;:!?)”\"']\d")
#: Words that are likely to contain superscripts: a word with a note mark, a unit, a power of ten.
_MARKED = re.compile(
    r"[^\W\d_]{3}[.,;:!?)”\"']?\d{1,3}[.,;:]?$|^\d{1,2}[^\W\d_]{3}|^(?:\d[\d.,]*)?[kcmµ]?m[23][.,;:)]?$|^10[+−-]?\d{1,2}\b|^[12]\d{3}[.,;:]\d{1,2}$"
)
_UNIT = re.compile(r"(?:^|[^A-Za-z])(?:[kcmµnd]?m|s|[kM]?W|[kcm]?g|[A-Za-z])$")


def correct_sizes(items: Sequence[TextItem]) -> None:
    """Set the font size of each run (`font_height`, in points). The reader reports that of its
    first character; if that is a raised mark, the run is too high for it, and its size follows from its
    height."""
    sizes = [item.font_height or item.height for item in items]
    heights = [(item.height / size if size > 0 else 0.0) for item, size in zip(items, sizes, strict=True)]
    usual = median_high([height for height, size in zip(heights, sizes, strict=True) if size > 0] or [1.0])
    known = {round(size, 1) for size in sizes}
    for item, size, height in zip(items, sizes, heights, strict=True):
        if height > TOO_HIGH * usual and item.text[:1] in _MARKS:
            size = min(known, key=lambda one: abs(one - 0.94 * item.height / usual))
        item.font_height = size


def mark_raised(sheets: Sheets, page: Page) -> None:
    """Mark the superscript digits of a page that is not rotated."""
    suspects = _suspects(page)
    if suspects and (letters := sheets.letters(page)):
        for word in suspects:
            word.text = _marked(word.text, list(_letters_of(word, letters)))


def _suspects(page: Page) -> list[Word]:
    usual: dict[Style, float] = {}
    for word in page.words:
        height = word.y1 - word.y0
        usual[word.style] = min(usual.get(word.style, height), height)
    found = []
    for word in page.words:
        tall = word.y1 - word.y0 > HIGHER * usual[word.style] and _DIGITS.search(word.text)
        if tall or _MARKED.search(word.text):
            found.append(word)
    return found


def _letters_of(word: Word, letters: Letters) -> Iterator[tuple[str, float, float]]:
    """The characters of a word: text, font size and foot."""
    first = letters.first_of(word)
    if first is None:
        return
    for at in range(first, min(first + 60, letters.text.count_chars())):
        box, char = letters.box(at), chr(letters.unit(at))
        if box.x1 > word.x1 + 2 or box.y0 > word.y1 + 1 or box.y1 < word.y0 - 1:
            return
        if box.x1 > box.x0 and not char.isspace():
            yield char, letters.size(at), box.y1


def _marked(word: str, chars: Sequence[tuple[str, float, float]]) -> str:
    if "".join(char for char, _, _ in chars) != word:
        return word
    size = max(high for _, high, _ in chars)
    standing = [foot for char, high, foot in chars if high > SMALLER * size and char not in ",;gjpqy"]
    line = max(standing or [foot for _, _, foot in chars])
    out, at = "", 0
    for raised, group in groupby(chars, lambda c: c[1] < SMALLER * size and c[2] < line - ABOVE * size):
        run = "".join(char for char, _, _ in group)
        at += len(run)
        if raised and not out and run.isdigit() and re.match(r"[^\W\d_]{2}", word[at:]):
            out = f"[{run}] "  # the note itself
        elif raised and out and re.fullmatch(r"[+−-]?\d{1,3}", run):
            out += f"^{run}" if out[-1].isdigit() or run[0] in "+−-" or _UNIT.search(out) else f"[{run}]"
        else:
            out += run
    return out
