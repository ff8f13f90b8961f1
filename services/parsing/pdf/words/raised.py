"""Superscript digits: `10^6` instead of 106, `word[12]` for a note mark.

The PDF reader joins them to the preceding text. Single characters are examined only in words that are likely
to contain superscripts, because that takes longer than reading the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Any

from liteparse.types import TextItem

from services.parsing.page.geometry import Page, Style, Word
from services.parsing.pdf.sheets import visit_sheets

#: A run with raised characters may be higher than others of its font and size by this factor.
HIGHER = 1.04
#: A raised character is below this share of its line's size; its bottom is higher than the line's by this (in
#: font sizes).
SMALLER, ABOVE = 0.85, 0.15
#: A run is too high for its font size if it is higher than usual ones by this factor.
TOO_HIGH = 1.3
_MARKS = frozenset("0123456789*†‡§abcdef")
_DIGITS = re.compile(r"\w[+−-]?\d|[.,;:!?)”\"']\d")
#: Words that are likely to contain superscripts: a word with a note mark, a unit, a power of ten.
_MARKED = re.compile(
    r"[^\W\d_]{3}[.,;:!?)”\"']?\d{1,3}[.,;:]?$|^\d{1,2}[^\W\d_]{3}|^(?:\d[\d.,]*)?[kcmµ]?m[23][.,;:)]?$|^10[+−-]\d{1,2}\b"
)
_POWER = re.compile(r"10\d{1,2}\b")
_TIMES = frozenset("x×·⋅*∙")
_UNIT = re.compile(r"(?:^|[^A-Za-z])(?:[kcmµnd]?m|s|[kM]?W|[kcm]?g|[A-Za-z])$")


def run_sizes(items: Sequence[TextItem]) -> list[float]:
    """The font size of each run. The reader reports that of its first character; if that is a raised mark,
    the run is too high for it, and its size follows from its height."""
    sizes = [item.font_height or item.height for item in items]
    shares = sorted(item.height / size for item, size in zip(items, sizes, strict=True) if size > 0)
    usual = shares[len(shares) // 2] if shares else 1.0
    known = {round(size, 1) for size in sizes}
    out = []
    for item, size in zip(items, sizes, strict=True):
        if size > 0 and item.height / size > TOO_HIGH * usual and item.text[:1] in _MARKS:
            size = min(known, key=lambda one: abs(one - 0.94 * item.height / usual))
        out.append(round(size, 1))
    return out


def mark_raised(data: bytes, pages: Iterable[Page]) -> None:
    """Mark the superscript digits of unrotated pages."""
    visit_sheets(data, [(page.number, words) for page in pages if (words := _suspects(page))], _mark)


def _suspects(page: Page) -> list[Word]:
    usual: dict[Style, float] = {}
    for word in page.words:
        height = word.y1 - word.y0
        usual[word.style] = min(usual.get(word.style, height), height)
    found = []
    before = ""
    for word in page.words:
        tall = word.y1 - word.y0 > HIGHER * usual[word.style] and _DIGITS.search(word.text)
        power = _POWER.match(word.text) if before in _TIMES else None
        if tall or power or _MARKED.search(word.text):
            found.append(word)
        before = word.text[-1:]
    return found


def _mark(sheet: Any, words: list[Word]) -> None:
    import pypdfium2.raw as raw  # type: ignore[import-untyped]

    left, _, _, top = sheet.get_bbox()
    with closing(sheet.get_textpage()) as text:
        for word in words:
            x0, x1 = word.x0 + left - 1, word.x1 + left + 1
            middle = top - (word.y0 + word.y1) / 2
            chars = []
            for at in _chars(text, x0, x1, top - word.y1 - 1, top - word.y0 + 1, middle):
                char = chr(raw.FPDFText_GetUnicode(text, at))
                if not char.isspace():
                    chars.append((char, raw.FPDFText_GetFontSize(text, at), text.get_charbox(at)[1]))
            word.text = _marked(word.text, chars)


def _chars(text: object, x0: float, x1: float, y0: float, y1: float, middle: float) -> list[int]:
    """Indices of the characters of a box, starting at its left edge."""
    start = text.get_index(x0 + 3, middle, 4, (y1 - y0) / 2)  # type: ignore[attr-defined]
    if start is None:
        return []
    found = []
    for at in range(start, min(start + 60, text.count_chars())):  # type: ignore[attr-defined]
        left, bottom, right, top = text.get_charbox(at)  # type: ignore[attr-defined]
        if right > x1 + 1 or top < y0 or bottom > y1:
            break
        if right > left:
            found.append(at)
    return found


def _marked(word: str, chars: list[tuple[str, float, float]]) -> str:
    if "".join(c for c, _, _ in chars) != word:
        return word
    size = max(s for _, s, _ in chars)
    standing = [y for c, s, y in chars if s > SMALLER * size and c not in ",;gjpqy"]
    foot = min(standing or [y for _, _, y in chars])
    raised = [s < SMALLER * size and y > foot + ABOVE * size for _, s, y in chars]
    out, at = "", 0
    while at < len(chars):
        end = at
        while end < len(chars) and raised[end]:
            end += 1
        run = word[at:end]
        if not out and run.isdigit() and re.match(r"[^\W\d_]{2}", word[end:]):
            out = f"[{run}] "  # the note itself
        elif run and re.fullmatch(r"[+−-]?\d{1,3}", run) and out:
            out += f"^{run}" if out[-1].isdigit() or run[0] in "+−-" or _UNIT.search(out) else f"[{run}]"
        else:
            end = max(end, at + 1)
            out += word[at:end]
        at = end
    return out
