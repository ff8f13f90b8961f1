"""Puts marks back to their letters: vowel signs and accents without a width, and accents drawn as signs.

The PDF reader leaves out characters whose box has no width, as the marks of Thai, Indic and pointed scripts
have, and it takes an accent that TeX draws over a letter (`´`, then `e`) for a character of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from services.parsing.page.geometry import Box, Page, Word
from services.parsing.pdf.sheets import Letters, Sheets

#: Scripts whose words have marks: Hebrew and Arabic (points), Syriac, Thaana, Indic, Thai to Myanmar, Khmer.
_MARKED_SCRIPTS = re.compile("[\u0590-\u07bf\u0900-\u109f\u1780-\u17ff]")
#: Accents as signs, and the marks that they stand for.
_ACCENTS = {
    "`": "\u0300", "´": "\u0301", "ˆ": "\u0302", "^": "\u0302", "˜": "\u0303", "¯": "\u0304", "˘": "\u0306",
    "˙": "\u0307", "¨": "\u0308", "˚": "\u030a", "˝": "\u030b", "ˇ": "\u030c", "¸": "\u0327", "˛": "\u0328",
}  # fmt: skip
_ACCENT = re.compile(f"[{re.escape(''.join(_ACCENTS))}]")
#: An accent beside a letter.
_BESIDE = re.compile(rf"[^\W\d_]{_ACCENT.pattern}|{_ACCENT.pattern}[^\W\d_]")
_DOTTED = {"ı": "i", "ȷ": "j"}
#: An accent covers at least this share of its width of the letter that it belongs to.
_OVER = 0.6


def restore_marks(sheets: Sheets, page: Page) -> None:
    """Complete the words that may lack marks, or have accents beside their letters."""
    suspects = [word for word in page.words if _is_suspect(word)]
    if suspects and (letters := sheets.letters(page)):
        for word in suspects:
            _restore(letters, word)


def _is_suspect(word: Word) -> bool:
    text = word.text
    plain = text.isascii() and text.isalnum()
    return not plain and bool(_MARKED_SCRIPTS.search(text) or _BESIDE.search(text))


def _restore(letters: Letters, word: Word) -> None:
    at = letters.first_of(word)
    if at is None:
        return
    start = max(at - len(word.text) - 3, 0)  # the first letter, or the last one from right to left
    around = letters.between(start, start + 3 * len(word.text) + 6)
    if _MARKED_SCRIPTS.search(word.text):
        _add_marks(word, around)
    elif (found := re.search(r"(\s*)".join(map(re.escape, word.text)), around)) is not None:
        ends = [found.end(n) for n in range(1, len(word.text))]
        _set_accents(word, [letters.box(start + end) for end in (found.start(), *ends)])


def _add_marks(word: Word, around: str) -> None:
    """Add the marks that stand between a word's letters in the text around it."""
    marks = "".join({c for c in around if unicodedata.category(c) in ("Mn", "Mc", "Me")})
    if not marks:
        return
    between = f"[{re.escape(marks)}]*"
    found = re.search("".join(re.escape(letter) + between for letter in word.text), around)
    if found is not None:
        word.text = found[0]


def _set_accents(word: Word, boxes: Sequence[Box]) -> None:
    """Compose each accent with the letter that its box covers."""
    letters = list(word.text)
    for n, accent in enumerate(word.text):
        if accent not in _ACCENTS:
            continue
        left, right = boxes[n].x0, boxes[n].x1
        for beside in (n + 1, n - 1):
            if not 0 <= beside < len(letters) or not letters[beside].isalpha():
                continue
            over = min(right, boxes[beside].x1) - max(left, boxes[beside].x0)
            base = _DOTTED.get(letters[beside], letters[beside])
            whole = unicodedata.normalize("NFC", base + _ACCENTS[accent])
            if over >= _OVER * (right - left) and len(whole) == 1:
                letters[beside], letters[n] = whole, ""
                break
    word.text = "".join(letters)
