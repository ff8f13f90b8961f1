"""Tells pages whose own text suffices from those that must be read from their picture."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from statistics import median_high

from liteparse.types import ParsedPage

from services.parsing.page.geometry import Picture, Word
from services.parsing.page.lines import is_code

#: What the reader says of a page whose text is invisible: an OCR program put it there.
OCR_LAYER = "invisible-text-layer"
#: This many curved shapes on a page without text may be letters drawn as outlines.
OUTLINES = 20
#: A page of pictures with fewer characters than this has its text in the pictures; the characters are a
#: caption, a stamp or a page number.
SPARSE = 300
#: Maximum share of characters without a meaning (control characters, private use) in a text that is one.
MEANINGLESS = 0.01
#: Minimum share of words with a vowel, in one case or capitalised. Texts whose letters stand for others (a
#: font without a map to Unicode) are below a half.
PLAUSIBLE = 0.75

#: Sizes of an OCR layer in this range (relative to the median) are the same.
SAME_SIZE = (0.7, 1.35)
#: A page with this share of its letters in a monospaced font is typewritten, unless at least this share of
#: its words has signs of code.
TYPEWRITTEN, CODE = 0.8, 0.08

_MEANINGLESS = re.compile("[\x00-\x08\x0e-\x1f\ufffd\ue000-\uf8ff]")
_RUN = re.compile(r"[^\W\d_]+|\d+")
#: A word in ASCII: one case, capitalised, or several words in one (`TextSpanEvent`).
_WORD = re.compile("(?=.*[aeiouyAEIOUY])(?:[A-Z]?[a-z]+|[A-Z]+)(?:[A-Z][a-z]{2,})*")
_EAST_ASIAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
#: Character sets that hold what is in use of Chinese, Japanese and Korean: a third of Unicode's ideographs.
_IN_USE = ("gb2312", "cp932", "euc-kr", "big5")


def needs_reading(raw: ParsedPage, words: Sequence[Word], pictures: Sequence[Picture]) -> tuple[bool, bool]:
    """Whether a page needs OCR, and whether its own text is useless."""
    seen = raw.complexity
    if seen is None:
        return False, False
    if seen.is_garbled and not is_plausible(" ".join(word.text for word in words)):
        return True, True
    shapes = raw.vector_graphics.shapes if raw.vector_graphics else []
    drawn = bool(pictures) or seen.full_page_image or sum(s.has_curve for s in shapes) >= OUTLINES
    if not words:
        return drawn, False
    covered = sum(p.width * p.height for p in pictures) / (raw.width * raw.height or 1.0)
    letters = sum(len(word.text) for word in words)
    if letters >= SPARSE or not (seen.full_page_image or covered > 0.5):
        return False, False
    # A sparse layer of invisible text below a picture comes from poor OCR.
    return True, all((item.fill_color or "ff").startswith("00") for item in raw.text_items)


def is_plausible(text: str) -> bool:
    """Whether a text consists of words, in any script, or of numbers with some words.

    The reader calls pages garbled whose fonts have no map to Unicode, even where the names of their glyphs or
    its own guesses are right, as in most papers with bitmap fonts and in many Chinese documents.
    """
    if len(_MEANINGLESS.findall(text)) > MEANINGLESS * len(text):
        return False
    found = [run for run in _RUN.findall(text) if len(run) > 2 or not run.isascii() or run.isdecimal()]
    words = [run for run in found if not run.isdecimal()]
    if not words or sum(map(len, found)) < 0.5 * sum(map(str.isalnum, text)):
        return False
    signs = set(_EAST_ASIAN.findall(text))
    used = max(({c for c in signs if len(c.encode(name, "ignore")) == 2} for name in _IN_USE), key=len)
    return sum(_is_word(word, used) for word in words) >= PLAUSIBLE * len(words)


def _is_word(word: str, used: set[str]) -> bool:
    """Whether letters may be a word: of one script, in one case or capitalised, with a vowel if in ASCII, and
    of characters in use if East Asian."""
    if word.isascii():
        return _WORD.fullmatch(word) is not None
    if _EAST_ASIAN.search(word):
        return used.issuperset(_EAST_ASIAN.findall(word))
    latin = sum(map(str.isascii, word))
    scripts = {unicodedata.name(letter, "?").split()[0] for letter in word}
    return len(scripts) == 1 and (scripts != {"LATIN"} or 2 * latin >= len(word)) and _is_cased(word)


def _is_cased(word: str) -> bool:
    return word.lower() == word.upper() or word[1:].islower() or word in (word.lower(), word.upper())


def even_sizes(words: Sequence[Word]) -> None:
    """Give the words of an OCR layer one size, unless it differs clearly: sizes are those of boxes around the
    ink, so that a line without tall letters has a smaller one."""
    usual = median_high(word.style.size for word in words)
    for word in words:
        if SAME_SIZE[0] * usual <= word.style.size <= SAME_SIZE[1] * usual:
            word.style = word.style._replace(size=usual)


def without_typewriter(words: Sequence[Word]) -> None:
    """Take the monospaced style from a page that has hardly another and is no code: typescripts, and the
    invisible text that OCR programs put below a scan."""
    mono = [word for word in words if word.style.mono]
    if sum(len(w.text) for w in mono) < TYPEWRITTEN * sum(len(w.text) for w in words):
        return
    if sum(is_code([word]) for word in mono) < CODE * len(mono):
        for word in mono:
            word.style = word.style._replace(mono=False)
