"""Puts back numbers alone in the middle of a first or last line, which the reader takes for page numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from services.parsing.page.geometry import Page, Style, Word, inside
from services.parsing.pdf.sheets import Letters, Sheets

#: Page numbers are within this share of the page's height from its edge.
MARGIN = 0.12


def restore_numbers(sheets: Sheets, pages: Sequence[Page]) -> None:
    """Add the numbers of pages that are not rotated, unless they count pages or stand in the margin."""
    counted = Counter(page.printed - page.number for page in pages if page.printed is not None)
    for page in pages:
        once = page.printed is not None and counted[page.printed - page.number] == 1
        if once and (letters := sheets.letters(page)):
            _restore(letters, page)


def _restore(letters: Letters, page: Page) -> None:
    number = str(page.printed)
    search = letters.text.search(number, match_whole_word=True)
    while (found := search.get_next()) is not None:
        first, last = (letters.box(at, loose=True) for at in (found[0], found[0] + found[1] - 1))
        size = next((w.style.size for w in page.words), 10.0)
        word = Word(number, first.x0, first.y0, last.x1, first.y1, Style(size))
        known = any(inside(word, other, slack=0) for other in page.words)
        if not known and MARGIN < word.y1 / page.height < 1 - MARGIN:
            page.words.append(word)
            page.printed = None
            return
