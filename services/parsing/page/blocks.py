"""Lines to blocks: paragraphs, list items, code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise
from statistics import median_low

from services.parsing.markdown_writer import Cell
from services.parsing.page.captions import is_ended_caption
from services.parsing.page.geometry import Picture, Style, Word, bounds, grouped
from services.parsing.page.lines import Line, clean, is_code, joined, main_style, reads_left
from services.parsing.page.lists import is_bullet, is_marker, is_number, kept_label, marker, without_outer
from services.parsing.page.text import Vocabulary, inline

#: The end of an entry of a table of contents.
_LEADER_END = re.compile(r"(?:\.{4,}|(?:\. ?){4,}|…{2,})\d{1,4}$")
#: What begins a text that may hang: the number of a section, or of a source.
_LABEL = re.compile(r"(?:\d{1,2}|[A-Z])(?:\.\d{1,2})*\.?|\[\w{1,12}\]")
_CAPITAL = re.compile(r"\(?[A-Z][.)]")
_ENDED = re.compile(r"[.!?:;。！？؟][\"'”’)\]]*$")

#: A full line reaches over this share of its paragraph's width.
FULL = 0.75
#: Code goes on below a gap of up to two lines (in heights of a line).
BLANK_LINES = 2.75
UNSET = Style(0.0)


class Kind(Enum):
    TEXT = "text"
    ITEM = "item"
    CODE = "code"
    TABLE = "table"
    PICTURE = "picture"
    MARKDOWN = "markdown"
    HEADING = "heading"


@dataclass(slots=True, eq=False)
class Block:
    """A block of the document; it equals only itself.

    The text is inline markdown (plain for code). The style is kept for detecting headings, which needs all
    pages. `x0` is relative to the left edge of the column, as is `hang`, where the text of an item begins.
    `full` tells whether the last of several lines is as long as the others, so that the paragraph may go on
    elsewhere. `depth` is that of the heading (from 0) if the file says that the block is one.
    """

    kind: Kind
    text: str
    page: int
    style: Style = UNSET
    x0: float = 0.0
    hang: float = 0.0
    lines: int = 1
    full: bool = False
    marker: str = ""
    level: int = 0
    depth: int | None = None
    rows: list[list[Cell]] = field(default_factory=list)
    columns: tuple[tuple[float, float], ...] = ()  # the left and right ends of a text, or of a table's
    pages: int = 0  # the last page of a table that goes on
    plain: str = ""
    picture: Picture | None = None


def blocks_of(lines: Sequence[Line], page: int, body: float, vocabulary: Vocabulary) -> list[Block]:
    """The blocks of a run of lines of one column."""
    if not lines:
        return []
    run = _Run(lines, body)
    for before, line in pairwise(run.lines):
        vocabulary.read_line(before.words[-1].text, line.words[0].text)
    out: list[Block] = []
    lettered: list[tuple[Block, bool]] = []  # items with letters, and whether their lines hang
    for group in grouped(range(len(run.lines)), lambda group, at: not run.breaks(group[0], at)):
        held = run.lines[group[0] : group[-1] + 1]
        block = _block(held, all(run.styles[at].mono for at in group), page, vocabulary)
        block.x0 -= run.left
        block.hang -= run.left
        if block.text:
            out.append(block)
        if block.kind is Kind.ITEM and kept_label(held[0].words[0].text):
            hang = held[0].words[1].x0
            lettered.append((block, len(held) > 1 and abs(held[1].x0 - hang) < 0.4 * body))
    if len(lettered) == 1 and not lettered[0][1]:
        lettered[0][0].kind, lettered[0][0].marker = Kind.TEXT, ""
    return out


class _Run:
    """Lines of one column and how they are set: their styles, the ends of the column (`left`, `right`) and
    the usual distance between two lines of a paragraph (`gap`)."""

    def __init__(self, lines: Sequence[Line], size: float) -> None:
        self.lines = without_outer(lines)
        self.styles = _styles(self.lines)
        self.size = size
        self.left, _, self.right, _ = bounds(self.lines)
        self.width = self.right - self.left
        # After lines that fill their column: the next line most likely continues them.
        full = sorted(
            b.y0 - a.y1
            for a, b in pairwise(self.lines)
            if a.x1 > self.right - 0.1 * self.width and -0.5 * size < b.y0 - a.y1 < 1.6 * size
        )
        self.gap = full[len(full) // 3] if len(full) >= 3 else 0.25 * size

    def breaks(self, start: int, at: int) -> bool:
        """Whether a line begins a new block, rather than continue the one that began at `start`."""
        before, line = self.lines[at - 1], self.lines[at]
        a, b = self.styles[at - 1], self.styles[at]
        size = max(a.size, b.size, 1.0)
        if abs(a.size - b.size) > 0.12 * size or before.words[-1].depth != line.words[0].depth:
            return True
        gap = line.y0 - _foot(before)
        if gap > self.gap * size / max(self.size, 1.0) + 0.35 * size:
            return not (a.mono and b.mono and gap < BLANK_LINES * line.height)
        if size > 1.1 * self.size and self._leaves_the_middle(before, line):
            return True  # a title and a heading below it in the same style
        if a.mono != b.mono or _LEADER_END.search("".join(word.text for word in before.words[-3:])):
            return True
        if a.mono:
            return False
        return (
            self._starts_item(self.lines[start], at)
            or any(_letters_on(line, after) for after in self.lines[at + 1 : at + 3])
            or _letters_on(self.lines[start], line)
            or self._heads_next(self.lines[start], at)
            or is_ended_caption(line.words)
            or self._starts_paragraph(start, at)
        )

    def _leaves_the_middle(self, before: Line, line: Line) -> bool:
        """Whether a line at the left edge of its column follows a centred line."""
        middle, size = (self.left + self.right) / 2, self.size
        centred = abs(before.center - middle) < size and before.x0 > self.left + 2 * size
        return centred and line.x0 < self.left + 0.5 * size and abs(line.center - middle) > 2 * size

    def _starts_item(self, first: Line, at: int) -> bool:
        before, line = self.lines[at - 1], self.lines[at]
        sign = item_sign(line.words)
        if sign is None:
            return False
        if is_bullet(sign):
            return all(word.text != sign for word in before.words[1:])  # a sign between texts of one line
        hangs = any(
            abs(after.x0 - line.words[1].x0) < 0.4 * self.size or _counts_on(line, after)
            for after in self.lines[at + 1 : at + 2]
        )
        in_list = is_number(first.words[0].text) and abs(first.x0 - line.x0) < 2 * self.size
        return hangs or in_list or before.x1 < self.right - 0.15 * self.width

    def _heads_next(self, first: Line, at: int) -> bool:
        """Whether a line in bold below an item does not hang, and so heads what follows the list."""
        outside = item_sign(first.words) is not None and self.lines[at].x0 < first.x0 + 0.3 * self.size
        return outside and self.styles[at].bold and not self.styles[at - 1].bold

    def _starts_paragraph(self, start: int, at: int) -> bool:
        first, before, line = self.lines[start], self.lines[at - 1], self.lines[at]
        size, indent = self.size, line.x0 - before.x0
        indented = 0.8 * size < indent < 4 * size and abs(before.x0 - self.left) < 0.5 * size
        hanging = item_sign(first.words) is not None or _hangs(first, line, size)
        returns = all(after.x0 < line.x0 - 0.5 * size for after in self.lines[at + 1 : at + 2])
        if indented and returns and not hanging:
            return True
        if at - start > 1 and indent < -0.8 * size and abs(before.x0 - self.lines[at - 2].x0) < 0.5 * size:
            return abs(line.center - before.center) >= 0.5 * size  # unless all lines are centred
        room = self.right - before.x1 - line.words[0].width
        text, ended = line.words[0].text, bool(_ENDED.search(before.words[-1].text))
        starts = text[:1].isupper() or text[:1].isdigit() or not text[:1].isalnum()
        return room > 2 * size and starts and (ended or room > 0.3 * self.width)


def _styles(lines: Sequence[Line]) -> list[Style]:
    """The style of each line; `mono` only for code, not for monospaced names or addresses."""
    mono = [_all(line.words, "mono") for line in lines]
    out = []
    for at, line in enumerate(lines):
        code = mono[at] and (any(mono[max(at - 1, 0) : at] + mono[at + 1 : at + 2]) or is_code(line.words))
        out.append(main_style(line.words)._replace(mono=code))
    return out


def _all(words: Sequence[Word], look: str) -> bool:
    """Whether every word that has letters or digits is `bold` (or `mono`), and there is one."""
    return {getattr(word.style, look) for word in words if any(map(str.isalnum, word.text))} == {True}


def _counts_on(line: Line, after: Line) -> bool:
    """Whether the numbers at the start of two lines follow each other: `1.`, `2.`."""
    a, b = (re.match(r"\(?(\d{1,3})[.)]", one.words[0].text) for one in (line, after))
    return a is not None and b is not None and int(a[1]) + 1 == int(b[1])


def _letters_on(line: Line, after: Line) -> bool:
    """Whether the capitals at the start of two lines below each other follow each other: `A.`, `B.`."""
    a, b = line.words[0].text, after.words[0].text
    labels = _CAPITAL.fullmatch(a) and _CAPITAL.fullmatch(b) and abs(line.x0 - after.x0) < 2
    return bool(labels) and ord(a[-2]) + 1 == ord(b[-2])


def _foot(line: Line) -> float:
    """The bottom of a line's text. (Its bullet may have a larger font.)"""
    bulleted = len(line.words) > 1 and is_bullet(line.words[0].text)
    return max(word.y1 for word in line.words[1:]) if bulleted else line.y1


def _hangs(first: Line, line: Line, size: float) -> bool:
    """Whether a line begins below the second word of a line that begins with a label."""
    numbered = len(first.words) > 1 and _LABEL.fullmatch(first.words[0].text)
    return bool(numbered) and abs(line.x0 - first.words[1].x0) < 0.4 * size


def item_sign(words: Sequence[Word]) -> str | None:
    """The list marker at the start of a line, if there is one.

    A line is no item if it contains only markers, or the same bullet again (a legend, several entries in one
    line).
    """
    if len(words) < 2:
        return None
    sign = words[0].text
    if is_bullet(sign):
        again = any(w.text == sign for w in words[1:])
        return None if (again and sign != "•") or reads_left(words) else sign
    if not is_number(sign) or all(is_marker(w.text) for w in words) or reads_left(words):
        return None
    return sign


def _block(lines: Sequence[Line], code: bool, page: int, vocabulary: Vocabulary) -> Block:
    every = [word for line in lines for word in line.words]
    style = main_style(every)._replace(mono=code, bold=_all(every, "bold"))
    x0, _, x1, _ = bounds(lines)
    block = Block(Kind.TEXT, "", page, style, x0, lines=len(lines), columns=((x0, x1),))
    block.full = len(lines) > 1 and lines[-1].x1 - x0 > FULL * (x1 - x0)
    depths = {word.depth for word in every}
    block.depth = depths.pop() if len(depths) == 1 else None
    if code:
        block.kind, block.text = Kind.CODE, _code(lines)
    elif sign := item_sign(lines[0].words):
        block.kind, block.marker, block.x0, block.hang = Kind.ITEM, marker(sign), lines[0].x0, every[1].x0
        text, bare = inline([lines[0].words[1:], *(line.words for line in lines[1:])], vocabulary)
        block.text, block.plain = f"{kept_label(sign)} {text}".lstrip(), f"{sign} {bare}"
    else:
        block.text, block.plain = inline([line.words for line in lines], vocabulary)
    return block


def _code(lines: Sequence[Line]) -> str:
    """Lines of code; the width of a character determines their indentation, the usual distance of two lines
    how many are blank."""
    every = [word for line in lines for word in line.words]
    width = sum(word.width for word in every) / max(sum(len(word.text) for word in every), 1) or 5.0
    left = min(line.x0 for line in lines)
    step = max(median_low([b.y0 - a.y0 for a, b in pairwise(lines)] or [0.0]), 1.0)
    out = ""
    for before, line in zip([None, *lines], lines, strict=False):
        out += "\n" * max(round((line.y0 - before.y0) / step), 1) if before else ""
        out += " " * round((line.x0 - left) / width) + clean(joined(line.words))
    return out
