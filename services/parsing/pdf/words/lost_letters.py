"""Puts back letters that the PDF reader loses before a ligature at the start of a large text.

Both letters of `ff` are at one place, which the reader takes for text that is drawn twice: `ficient` remains
of `Efficient`.
"""

from __future__ import annotations

import re

from services.parsing.page.geometry import Page, Word
from services.parsing.pdf.sheets import Letters, Sheets

#: The reader loses letters in larger type only (points).
LARGE = 11.5
_REST = re.compile(r"f[^\W\d_]")
_WHOLE = re.compile(r"[^\W\d_]f")


def restore_letters(sheets: Sheets, page: Page) -> None:
    """Complete large words that begin a run of text as the rest of a word does."""
    suspects = [w for w in page.words if not w.spaced and w.style.size >= LARGE and _REST.match(w.text)]
    if suspects and (letters := sheets.letters(page)):
        for word in suspects:
            _restore(letters, word, page)


def _restore(letters: Letters, word: Word, page: Page) -> None:
    at = letters.first_of(word)
    before = letters.between(at - 4, at + 1).split() if at is not None else []
    lost = _WHOLE.fullmatch(before[-1][:2]) if before else None
    if at is None or lost is None or len(before[-1]) > 3:
        return
    x0 = letters.box(at - len(before[-1]) + 1).x0
    beside = (w for w in page.words if w is not word and w.y0 < word.y1 and word.y0 < w.y1)
    if x0 < word.x0 and not any(w.x0 < word.x0 and x0 < w.x1 for w in beside):
        word.text, word.x0 = f"{lost[0]}{word.text}", x0
