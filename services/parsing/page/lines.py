"""Groups words into rows, splits rows into pieces, and converts pieces to text."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median_high
from typing import TypeVar

from services.parsing.page.geometry import Boxed, Piece, Style, Word, bounds, grouped, piece_of

T = TypeVar("T")

#: A gap wider than this (relative to the font size) separates pieces. Blanks are about 0.25; justified lines
#: may stretch them further, but then the pieces are joined again as one line of a paragraph.
GAP = 0.75
#: The same before a figure, which often stands in a narrow column.
FIGURE_GAP = 0.6
#: Blanks of a justified line differ by at most this (relative to the font size) from each other, are narrower
#: than that, and parts of words have so many.
EVEN, WIDEST_BLANK, FEWEST_EVEN = 0.06, 2.0, 4
#: A gap wider than this (relative to the font size) is a blank between words of two runs.
BLANK = 0.13
#: The same before clause-ending punctuation, because `word .` is rarely intended.
BLANK_BEFORE_SIGN = 0.3
#: A narrower gap within a figure is none, whatever the page calls it: `$13,005. 00`.
NARROWEST = 0.22
_CUT_FIGURE = re.compile(r"\d[.,]$")
_SIGN = re.compile(r"[.,;:!?)\]}%»”’]+")
#: What distinguishes a line of code from a word in a monospaced font.
_CODE = re.compile(r"[{};=<>]|\(.*\)|^[$#]")
#: Without the digits of Arabic and Persian and what stands within their numbers, which are read as all are.
_RTL = re.compile("[\u0590-\u065f\u066d-\u06ef\u06fa-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]+")
#: What keeps its own order among right-to-left words: Latin words with all between them, and each number.
_OTHERS = re.compile(f"[^{_RTL.pattern[1:-2]}]+")
_LATIN, _LATIN_RUN = re.compile(r"[A-Za-z\u00c0-\u024f]"), re.compile(r"\w(?:.*\w)?")
_NUMBER = re.compile(r"[%٪$€₪]?\d(?:[.,:/٫٬-]?\d)*[$€₪]?")  # read backwards
#: A blank before or behind brackets that the reader leaves out.
_LOST_BLANK = re.compile(r"(?<=[^\W_a-zA-Z])(?=[(\[])|(?<=[)\]])(?=[^\W_a-zA-Z])")
_BRACKETS = ("()", "[]", "{}")


@dataclass(slots=True)
class Line(Boxed):
    """One line of text within one column."""

    pieces: list[Piece]
    words: list[Word]
    x0: float
    y0: float
    x1: float
    y1: float


def line_of(pieces: Iterable[Piece]) -> Line:
    ordered = sorted(pieces, key=lambda p: p.x0)
    return Line(ordered, [word for piece in ordered for word in piece.words], *bounds(ordered))


def is_code(words: Iterable[Word]) -> bool:
    return bool(_CODE.search("".join(word.text for word in words)))


@dataclass(slots=True)
class _Row:
    words: list[Word]
    middle: float
    height: float


#: A word this many times higher than most is an initial or a sum sign, and does not define a row.
TALL = 1.7


def rows_of(words: Iterable[Word]) -> list[list[Word]]:
    """Words grouped by rows, rows from top to bottom, words from left to right.

    Words at the same height share a row. A small word (footnote mark, subscript) belongs to the row that it
    overlaps by half its height, a tall one (initial) to the topmost row beside it.
    """
    ordered = sorted(words, key=lambda w: w.y0 + w.y1)
    if not ordered:
        return []
    limit = TALL * median_high([w.y1 - w.y0 for w in ordered])
    rows: list[_Row] = []
    tall: list[Word] = []
    for word in ordered:
        height = word.y1 - word.y0
        if height > limit:
            tall.append(word)
            continue
        middle = (word.y0 + word.y1) / 2
        for row in reversed(rows[-6:]):
            if _beside(row, word, middle, height):
                row.words.append(word)
                if height > 1.05 * row.height:
                    row.middle, row.height = middle, height
                break
        else:
            rows.append(_Row([word], middle, height))
    out = [row.words for row in rows]
    for group in grouped(tall, lambda row, word: abs(row[0].middle - word.middle) < 0.3 * word.height):
        _place_tall(group, rows, out)
    for line in out:
        line.sort(key=lambda w: w.x0)
    out.sort(key=lambda line: sum([w.y0 + w.y1 for w in line]) / len(line))
    return out


def _beside(row: _Row, word: Word, middle: float, height: float) -> bool:
    apart = abs(row.middle - middle)
    low, high = (height, row.height) if height < row.height else (row.height, height)
    if apart <= 0.15 * low:
        return True
    if apart >= high:  # on another line, as most words are
        return False
    alike = low > 0.75 * high
    near = apart <= 0.45 * low if alike else (low + high) / 2 - apart >= 0.5 * low
    # Only words next to the text (marks, subscripts) may be off its line; others belong to another column.
    reach = 1.2 * row.height
    return (
        near
        and any(w.x0 - reach < word.x1 and word.x0 < w.x1 + reach for w in row.words)
        and not any(w.x0 < word.x1 - 1 and word.x0 < w.x1 - 1 for w in row.words)
    )


def _place_tall(group: list[Word], rows: Sequence[_Row], out: list[list[Word]]) -> None:
    """Place tall words in a row of their own; a single one directly before text begins that text's row."""
    first = group[0]
    if len(group) == 1:
        for row in rows:
            near = any(-1 <= w.x0 - first.x1 < row.height for w in row.words)
            if near and first.y0 - 0.3 * row.height <= row.middle <= first.y1:
                first.y0, first.y1 = row.middle - row.height / 2, row.middle + row.height / 2
                row.words.append(first)
                return
    out.append(group)


def pieces_of(words: Iterable[Word]) -> list[Piece]:
    """Pieces of a page, from top to bottom."""
    return [piece for row in rows_of(words) for piece in split_row(row, GAP)]


def split_row(row: Sequence[Word], gap: float) -> list[Piece]:
    """A row in pieces. Blanks of a justified line part none, however wide they are."""
    return [piece_of(words) for words in parted(row, gap, _even_blank(row))]


def parted(row: Sequence[Word], gap: float, even: float = -1e9) -> list[list[Word]]:
    """The words of a row, split at gaps wider than `gap` times their font size that are not as wide as an
    `even` blank."""
    groups = [[row[0]]]
    reach = row[0].x1
    for before, word in pairwise(row):
        space = word.x0 - reach
        size = min(before.style.size, word.style.size)  # a heading may stand beside another column
        least = min(gap, FIGURE_GAP) if word.text[0] in "0123456789$(" else gap
        if before.style.mono and word.style.mono:
            least = max(least, GAP)  # its blanks are 0.6 wide
        if space > least * size and abs(space - even) > EVEN * size:
            groups.append([word])
            reach = word.x1
        else:
            groups[-1].append(word)
            reach = max(reach, word.x1)
    return groups


def _even_blank(row: Sequence[Word]) -> float:
    """The blank of a justified line, where most blanks are equally wide; 0 if it is no wide one."""
    if len(row) < FEWEST_EVEN:
        return 0.0
    gaps = [b.x0 - a.x1 for a, b in pairwise(row)]
    usual, size = median_high(gaps), row[0].style.size
    if not GAP * size < usual + EVEN * size < WIDEST_BLANK * size:
        return 0.0
    even = sum(abs(gap - usual) <= EVEN * size for gap in gaps)
    letters = sum(word.text[0].isalpha() for word in row)
    most = even == len(gaps) or even >= max(FEWEST_EVEN, 0.75 * len(gaps))
    return usual if most and letters * 4 >= 3 * len(row) else 0.0


def joined(words: Sequence[Word]) -> str:
    """Join words with blanks where the page has one or the distance implies one. Right-to-left lines are put
    in reading order."""
    if right_to_left("".join([word.text for word in words])):
        return _right_to_left(words)
    parts: list[str] = []
    before: Word | None = None
    for word in words:
        if before is not None and blank_between(before, word):
            parts.append(" ")
        parts.append(word.text)
        before = word
    return "".join(parts)


def blank_between(before: Word, word: Word) -> bool:
    if not word.spaced and len(before.text) == 1 and before.style.size > TALL * word.style.size:
        return False  # an initial and the rest of its word
    narrow = word.x0 - before.x1 < NARROWEST * min(before.style.size, word.style.size)
    if narrow and word.text[0].isdecimal() and _CUT_FIGURE.search(before.text):
        return False
    least = BLANK_BEFORE_SIGN if _SIGN.fullmatch(word.text) else BLANK
    return word.spaced or word.x0 - before.x1 > least * min(before.style.size, word.style.size)


def _right_to_left(words: Sequence[Word]) -> str:
    """Words from right to left; Latin words and numbers keep their own order. The reader gives the letters of
    a word as they are read, all other signs as they stand, and some brackets turned round."""
    if not reads_left(words):
        return " ".join(word.text for word in words)
    seen, reach = "", words[0].x0
    for word in words:
        blank = " " if word.x0 - reach > BLANK * word.style.size else ""
        seen += blank + turned(word.text)
        reach = word.x1
    text = _OTHERS.sub(_with_own_order, seen[::-1])
    for pair in _BRACKETS:
        first, *rest = re.split(f"[{re.escape(pair)}]", text)
        text = first + "".join(pair[at % 2] + part for at, part in enumerate(rest))
    return _LOST_BLANK.sub(" ", text)


def _with_own_order(others: re.Match[str]) -> str:
    return (_LATIN_RUN if _LATIN.search(others[0]) else _NUMBER).sub(_backwards, others[0])


def _backwards(found: re.Match[str]) -> str:
    return found[0][::-1]


def turned(text: str) -> str:
    """The right-to-left letters of a text in the opposite order, all others as they are: from the order of
    reading to that of the page, and back."""
    return _RTL.sub(_backwards, text)


def right_to_left(text: str) -> bool:
    return not text.isascii() and _RTL.search(text) is not None


def reads_left(words: Sequence[Word]) -> bool:
    """Whether most words are Arabic or Hebrew, and so read from right to left."""
    if "".join([word.text for word in words]).isascii():
        return False
    spoken = [word.text for word in words if any(map(str.isalpha, word.text))]
    return sum(map(right_to_left, spoken)) * 2 > len(spoken)


def clean(text: str) -> str:
    """Shorten dot leaders, split ligatures, compose letters with their marks, normalise ideographs, blanks
    and doubled quotes, drop control characters."""
    if "''" in text or "``" in text:
        text = text.replace("''", '"').replace("``", '"')
    if "....." in text:
        text = _LEADER.sub(" .... ", text).strip()
    if text.isascii():
        return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
    text = _LIGATURES.sub(lambda m: unicodedata.normalize("NFKC", m[0]), text)
    text = _UNSEEN.sub("", _BLANKS.sub(" ", text))
    if _MARKS.search(text):
        return unicodedata.normalize("NFC", text)
    return text


# Ligatures; radicals and compatibility forms that fonts name instead of the ideographs.
_LIGATURES = re.compile("[\ufb00-\ufb06\u2e9f\u2ef3\u2f00-\u2fd5\uf900-\ufaff]")
# Marks behind their letters, as programs of Apple write them.
_MARKS = re.compile("[\u0300-\u036f]")
_LEADER = re.compile(r"\s*\.{5,}\s*")
# The blanks of symbol fonts are private characters.
_BLANKS = re.compile("[\u00a0\u2000-\u200a\u202f\u3000\uf020\uf0a0\x00-\x1f]")
# A soft hyphen at the end of a line is kept: the word continues on the next line.
_UNSEEN = re.compile("\u00ad(?!$)|[\u200b-\u200f\u202a-\u202e\u2060\ufeff\ufffe\uffff\x7f]")


def main_style(words: Iterable[Word]) -> Style:
    """The style that most characters have."""
    return usual(((word.style, len(word.text)) for word in words), Style(0.0))


def usual_size(words: Iterable[Word]) -> float:
    """The font size (points) of most characters; 0 if there are none."""
    return usual(((word.style.size, len(word.text)) for word in words), 0.0)


def usual(counted: Iterable[tuple[T, int]], default: T) -> T:
    """The value whose counts have the largest sum."""
    total: Counter[T] = Counter()
    for value, count in counted:
        total[value] += count
    return max(total, key=lambda value: total[value], default=default)
