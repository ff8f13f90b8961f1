"""Puts back what the PDF reader leaves out.

- Letters before a ligature at the start of a large text: both letters of `ff` are at one place, which the
  reader takes for text that is drawn twice. `ficient` remains of `Efficient`.
- Characters beyond the first plane of Unicode: emoji, italic letters of formulas, rare Chinese characters.
- Numbers alone in the middle of a first or last line, which the reader takes for page numbers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from services.parsing.page.geometry import Page, Style, Word, inside
from services.parsing.pdf.repair import streams
from services.parsing.pdf.sheets import Letters, Sheets

#: The reader loses letters in larger type only (points).
LARGE = 11.5
_REST = re.compile(r"f[^\W\d_]")
_WHOLE = re.compile(r"[^\W\d_]f")
_MAP = re.compile(rb"begincmap")
#: A surrogate pair in a map to Unicode.
_PAIR = re.compile(rb"<\s*(?:[0-9A-F]{4}\s*)*D[89AB][0-9A-F]{2}\s*D[C-F][0-9A-F]{2}", re.I)
#: Page numbers are within this share of the page's height from its edge.
MARGIN = 0.12


def restore_letters(sheets: Sheets, page: Page) -> None:
    """Complete large words that begin a run of text as the rest of a word does."""
    suspects = [w for w in page.words if not w.spaced and w.style.size >= LARGE and _REST.match(w.text)]
    if suspects and (letters := sheets.letters(page)):
        for word in suspects:
            _complete(word, letters, page)


def _complete(word: Word, letters: Letters, page: Page) -> None:
    at = letters.first_of(word)
    before = letters.between(at - 4, at + 1).split() if at is not None else []
    lost = _WHOLE.fullmatch(before[-1][:2]) if before else None
    if at is None or lost is None or len(before[-1]) > 3:
        return
    x0 = letters.box(at - len(before[-1]) + 1).x0
    beside = (w for w in page.words if w is not word and w.y0 < word.y1 and word.y0 < w.y1)
    if x0 < word.x0 and not any(w.x0 < word.x0 and x0 < w.x1 for w in beside):
        word.text, word.x0 = f"{lost[0]}{word.text}", x0


def has_astral(data: bytes) -> bool:
    """Whether a font of a document maps to characters beyond the first plane."""
    return any(_PAIR.search(content) for content in streams(data, _MAP))


def add_astral(sheets: Sheets, page: Page) -> None:
    """Add the characters beyond the first plane to a page that is not rotated."""
    if page.words and not page.scanned and (letters := sheets.letters(page)):
        page.words.extend(list(_astral(letters, page)))


def _astral(letters: Letters, page: Page) -> Iterator[Word]:
    high = 0
    for at in range(letters.text.count_chars()):
        unit = letters.unit(at)
        if 0xD800 <= unit < 0xDC00:
            high = unit
        elif 0xDC00 <= unit < 0xE000 and high:
            box, size = letters.box(at - 1, loose=True), round(letters.size(at - 1), 1) or 10.0
            letter = chr(0x10000 + ((high - 0xD800) << 10) + unit - 0xDC00)
            middle = (box.y0 + box.y1) / 2
            style = next((w.style for w in page.words if w.y0 < middle < w.y1), Style(size))
            yield Word(letter, box.x0, min(box.y0, box.y1 - 0.7 * size), box.x1, box.y1, style)
            high = 0


def restore_numbers(sheets: Sheets, pages: Sequence[Page]) -> None:
    """Add the numbers of pages that are not rotated, unless they count pages or stand in the margin."""
    counted = Counter(page.printed - page.number for page in pages if page.printed is not None)
    for page in pages:
        once = page.printed is not None and counted[page.printed - page.number] == 1
        if once and (letters := sheets.letters(page)):
            _add_number(letters, page)


def _add_number(letters: Letters, page: Page) -> None:
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
