"""Puts back letters that the PDF reader loses before a ligature at the start of a large text.

Both letters of `ff` are at one place, which the reader takes for text that is drawn twice: `ficient` remains
of `Efficient`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Any

from services.parsing.page.geometry import Page, Word
from services.parsing.pdf.sheets import visit_sheets

#: The reader loses letters in larger type only (points).
LARGE = 11.5
_REST = re.compile(r"f[^\W\d_]")
_WHOLE = re.compile(r"[^\W\d_]f")


def restore_letters(data: bytes, pages: Iterable[Page]) -> None:
    """Complete the words of unrotated pages that may lack letters."""
    suspects = [(page.number, (page, words)) for page in pages if (words := _suspects(page.words))]
    visit_sheets(data, suspects, _restore)


def _suspects(words: Sequence[Word]) -> list[Word]:
    """Large words that begin a run of text as the rest of a word does."""
    return [w for w in words if not w.spaced and w.style.size >= LARGE and _REST.match(w.text)]


def _restore(sheet: Any, suspects: tuple[Page, Sequence[Word]]) -> None:
    page, words = suspects
    left, _, _, top = sheet.get_bbox()
    with closing(sheet.get_textpage()) as text:
        for word in words:
            height = word.y1 - word.y0
            at = text.get_index(word.x0 + left + 1, top - (word.y0 + word.y1) / 2, 2, height / 2)
            if at is None:
                continue
            start = max(at - 4, 0)
            before = text.get_text_range(start, at - start + 1).split()
            lost = _WHOLE.fullmatch(before[-1][:2]) if before else None
            if lost is None or len(before[-1]) > 3:
                continue
            x0 = text.get_charbox(at - len(before[-1]) + 1)[0] - left
            beside = (w for w in page.words if w is not word and w.y0 < word.y1 and word.y0 < w.y1)
            if x0 < word.x0 and not any(w.x0 < word.x0 and x0 < w.x1 for w in beside):
                word.text, word.x0 = f"{lost[0]}{word.text}", x0
