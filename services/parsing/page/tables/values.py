"""What texts of cells are: figures, values, signs before and after them, names of columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from services.parsing.page.geometry import Word

#: A gap before values may be this narrow, whatever is above: few blanks are narrower.
NARROW = 0.15

_FIGURE = re.compile(
    r"[-+−–±~≈<>≤≥(\[]*+(?:[$€£¥₹]|USD|EUR|GBP)?\s?[-+−–(]*+\d[\d.,:/\s'’%‰)\]×xkKmMbB°*†‡±-]*+(?:[$€£¥%‰])?[)\]*†‡]*+"
)
_VALUE = re.compile(r"\d[.,:]\d|[$€£¥%‰()]")
_THOUSANDS = re.compile(r"[-+−(]?\d{1,3} \d{3}(?!\d)")
_BLANK = re.compile(r"[-−–—.…/]+|n\.?/?a\.?", re.I)
_NAME = re.compile(r"(?:18|19|20)\d\d|\(\d\)")
_BEFORE = re.compile(r"[$€£¥₹(]+|[A-Z]{1,3}\$|USD|EUR|GBP|CHF")
_AFTER = re.compile(r"[%‰)€]+|\)\s?%")
_BETWEEN = re.compile(r"[±×]")

DASHES = "-−–—."


def is_figure(text: str) -> bool:
    """Whether a text is a number, an amount, a time or a dash in their place."""
    return _FIGURE.fullmatch(text) is not None or _BLANK.fullmatch(text) is not None


def is_value(text: str) -> bool:
    """Whether a text is a figure with decimals, groups of digits, a unit or brackets, as is rare in texts."""
    return is_figure(text) and _VALUE.search(text) is not None


def are_apart(before: Word, word: Word) -> bool:
    """Whether a word is the value of another column than the figure before it."""
    if word.x0 - before.x1 < NARROW * word.style.size or not (
        is_figure(before.text) and is_figure(word.text)
    ):
        return False
    digits = before.text[-1:] not in DASHES and word.text[-1:] not in DASHES
    return (
        digits
        and (is_value(before.text) or is_value(word.text))
        and not _THOUSANDS.match(f"{before.text} {word.text}")
    )


def are_one(before: str, text: str) -> bool:
    """Whether two words are parts of one figure: `$ 5`, `1 ± 0.2`, `1 250,00`."""
    return is_between(before) or is_sign(before) or _THOUSANDS.match(f"{before} {text}") is not None


def is_sign(text: str) -> bool:
    """Whether a text is a sign in front of a figure: `$`, `(`."""
    return _BEFORE.fullmatch(text) is not None


def is_after(text: str) -> bool:
    """Whether a text is a sign behind a figure: `%`, `)`."""
    return _AFTER.fullmatch(text) is not None


def is_between(text: str) -> bool:
    """Whether a text joins two figures to one: `±`."""
    return _BETWEEN.fullmatch(text) is not None


def first_figures(rows: Iterable[Sequence[str]], share: float, least: int = 1) -> int | None:
    """The first row of which a share, and at least so many texts, are figures that name no column."""
    for at, texts in enumerate(rows):
        figures = sum(is_figure(text) and not names_column(text) for text in texts)
        if figures >= max(share * len(texts), least):
            return at
    return None


def names_column(text: str) -> bool:
    """Whether a figure is likely to name its column: a year, or `(1)`."""
    return _NAME.fullmatch(text) is not None
