"""Words to rows, rows to pieces, pieces to text."""

from __future__ import annotations

import itertools
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.parsing.pdf.geometry import Box, Piece, Style, Word, bounds, piece_of

#: A gap wider than this (of the font size) separates pieces. Blanks are about 0.25; justified lines may
#: stretch them past this, but then the pieces meet again as one line of a paragraph.
GAP = 0.75
#: A gap wider than this (of the font size) is a blank where words of two runs meet.
BLANK = 0.13
_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")


@dataclass(slots=True)
class Line:
    """One line of text within one column."""

    pieces: list[Piece]
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def words(self) -> list[Word]:
        return [word for piece in self.pieces for word in piece.words]


def line_of(pieces: Iterable[Piece]) -> Line:
    ordered = sorted(pieces, key=lambda p: p.x0)
    box = bounds(ordered)
    return Line(ordered, *box)


def rows_of(words: Iterable[Word]) -> list[list[Word]]:
    """Words grouped by the row they stand in, rows from top to bottom, words from left to right.

    A raised or lowered word (footnote mark, index) belongs to the row that it overlaps by half its height.
    """
    rows: list[list[Word]] = []
    spans: list[tuple[float, float]] = []
    for word in sorted(words, key=lambda w: w.y0 + w.y1):
        best, share = -1, 0.5
        for at in range(len(rows) - 1, max(len(rows) - 5, -1), -1):
            top, bottom = spans[at]
            overlap = min(bottom, word.y1) - max(top, word.y0)
            least = min(bottom - top, word.y1 - word.y0) or 1.0
            if overlap / least > share:
                best, share = at, overlap / least
        if best < 0:
            rows.append([word])
            spans.append((word.y0, word.y1))
        else:
            rows[best].append(word)
            top, bottom = spans[best]
            if word.y1 - word.y0 > (bottom - top) * 1.05 and word.y1 - word.y0 < (bottom - top) * 2:
                spans[best] = (word.y0, word.y1)
    for row in rows:
        row.sort(key=lambda w: w.x0)
    rows.sort(key=lambda row: sum(w.y0 + w.y1 for w in row) / len(row))
    return rows


def pieces_of(words: Iterable[Word], cuts: Sequence[tuple[float, float, float]] = ()) -> list[Piece]:
    """Pieces of a page, top to bottom. `cuts` are vertical strokes (x, y0, y1) that no piece crosses."""
    return [piece for row in rows_of(words) for piece in split_row(row, GAP, cuts)]


def split_row(
    row: Sequence[Word], gap: float, cuts: Sequence[tuple[float, float, float]] = ()
) -> list[Piece]:
    """A row cut where the gap between two words is wider than `gap` times their font size."""
    groups: list[list[Word]] = [[row[0]]]
    reach = row[0].x1
    for before, word in itertools.pairwise(row):
        wide = gap * max(before.style.size, word.style.size)
        middle = (word.y0 + word.y1) / 2
        cut = any(reach - 1 <= x <= word.x0 + 1 and top <= middle <= bottom for x, top, bottom in cuts)
        if word.x0 - reach > wide or cut:
            groups.append([])
        groups[-1].append(word)
        reach = max(reach, word.x1) if len(groups[-1]) > 1 else word.x1
    return [piece_of(group) for group in groups]


def joined(words: Sequence[Word]) -> str:
    """The words as text; a blank where there is one or the distance tells of one. Right-to-left lines are
    put in reading order."""
    if _RTL.search("".join(word.text for word in words)):
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
    return word.spaced or word.x0 - before.x1 > BLANK * min(before.style.size, word.style.size)


def _right_to_left(words: Sequence[Word]) -> str:
    """Words from right to left; runs of numbers and Latin words keep their own order."""
    if sum(bool(_RTL.search(w.text)) for w in words) * 2 < len(words):
        return " ".join(word.text for word in words)
    out: list[str] = []
    run: list[str] = []
    for word in reversed(words):
        if _RTL.search(word.text) or not any(c.isalnum() for c in word.text):
            out.extend(reversed(run))
            run = []
            out.append(word.text)
        else:
            run.append(word.text)
    return " ".join([*out, *reversed(run)])


def clean(text: str) -> str:
    """Ligatures as letters, odd blanks as blanks, no control characters and no soft hyphens."""
    if text.isascii():
        return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
    text = _LIGATURES.sub(lambda m: unicodedata.normalize("NFKC", m[0]), text)
    return _UNSEEN.sub("", _BLANKS.sub(" ", text))


_LIGATURES = re.compile("[\ufb00-\ufb06]")
_BLANKS = re.compile("[\u00a0\u2000-\u200a\u202f\u3000\x00-\x1f]")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff\ufffe\uffff\x7f]")


def main_style(words: Sequence[Word]) -> Style:
    """The style that most characters have."""
    weight: dict[Style, int] = {}
    for word in words:
        weight[word.style] = weight.get(word.style, 0) + len(word.text)
    return max(weight, key=lambda s: weight[s])


def height_of(pieces: Sequence[Piece]) -> float:
    """The usual font size of pieces, by characters."""
    sizes = sorted((w.style.size, len(w.text)) for p in pieces for w in p.words)
    total = [0]
    for _, count in sizes:
        total.append(total[-1] + count)
    return sizes[max(bisect_left(total, total[-1] / 2) - 1, 0)][0] if sizes else 10.0


def box_of(lines: Sequence[Line]) -> Box:
    return bounds(lines)
