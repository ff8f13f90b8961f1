"""Lines to blocks: paragraphs, list items, code."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from services.parsing.markdown_writer import Cell
from services.parsing.page.captions import is_ended_caption
from services.parsing.page.geometry import Picture, Style, Word, grouped
from services.parsing.page.lines import Line, clean, is_code, joined, main_style, reads_left
from services.parsing.page.lists import is_bullet, is_marker, is_number, kept_label, marker, without_outer
from services.parsing.page.text import Vocabulary, inline

#: The end of an entry of a table of contents.
_LEADER_END = re.compile(r"(?:\.{4,}|(?:\. ?){4,}|…{2,})\d{1,4}$")
_SECTION = re.compile(r"(?:\d{1,2}|[A-Z])(?:\.\d{1,2})*\.?")
_ENDED = re.compile(r"[.!?:;。！？؟][\"'”’)\]]*$")


#: A full line reaches over this share of its paragraph's width.
FULL = 0.75

UNSET = Style(0.0)


class Kind(Enum):
    TEXT = "text"
    ITEM = "item"
    CODE = "code"
    TABLE = "table"
    PICTURE = "picture"
    MARKDOWN = "markdown"
    HEADING = "heading"


@dataclass(slots=True)
class Block:
    """A block of the document.

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


@dataclass(slots=True)
class Setting:
    """The typesetting of a flow: its edges and the usual distance between two lines of a paragraph."""

    left: float
    right: float
    gap: float
    size: float


def setting_of(lines: Sequence[Line], size: float) -> Setting:
    """Measure the setting after lines that fill their column: the next line most likely continues them."""
    left = min(line.x0 for line in lines)
    right = max(line.x1 for line in lines)
    full = sorted(
        b.y0 - a.y1
        for a, b in itertools.pairwise(lines)
        if a.x1 > right - 0.1 * (right - left) and -0.5 * size < b.y0 - a.y1 < 1.6 * size
    )
    gap = full[len(full) // 3] if len(full) >= 3 else 0.25 * size
    return Setting(left, right, gap, size)


def blocks_of(lines: Sequence[Line], page: int, body: float, vocabulary: Vocabulary) -> list[Block]:
    """The blocks of a run of lines of one column."""
    if not lines:
        return []
    lines = without_outer(lines)
    setting = setting_of(lines, body)
    for before, line in itertools.pairwise(lines):
        vocabulary.read_line(before.words[-1].text, line.words[0].text)
    styles = _styles(lines)
    groups = grouped(range(len(lines)), lambda group, at: not _breaks(lines, styles, group, at, setting))
    out: list[Block] = []
    lettered: list[tuple[Block, bool]] = []  # items with letters, and whether their lines hang
    for group in groups:
        held = [lines[i] for i in group]
        block = _block(held, [styles[i] for i in group], page, vocabulary)
        block.x0 -= setting.left
        block.hang -= setting.left
        block.full = _is_full(held)
        depths = {word.depth for line in held for word in line.words}
        block.depth = depths.pop() if len(depths) == 1 else None
        if block.text:
            out.append(block)
        if block.kind is Kind.ITEM and kept_label(held[0].words[0].text):
            hang = held[0].words[1].x0
            lettered.append((block, len(held) > 1 and abs(held[1].x0 - hang) < 0.4 * setting.size))
    if len(lettered) == 1 and not lettered[0][1]:
        lettered[0][0].kind, lettered[0][0].marker = Kind.TEXT, ""
    return out


def _is_full(lines: Sequence[Line]) -> bool:
    """Whether the last of several lines reaches about as far as the others."""
    left, right = min(line.x0 for line in lines), max(line.x1 for line in lines)
    return len(lines) > 1 and lines[-1].x1 - left > FULL * (right - left)


def _styles(lines: Sequence[Line]) -> list[Style]:
    """The style of each line; `mono` only for code, not for monospaced names or addresses."""
    mono = [_all(line.words, "mono") for line in lines]
    out = []
    for at, line in enumerate(lines):
        code = mono[at] and (any(mono[max(at - 1, 0) : at] + mono[at + 1 : at + 2]) or is_code(line.words))
        out.append(main_style(line.words)._replace(mono=code))
    return out


def _breaks(
    lines: Sequence[Line], styles: Sequence[Style], group: Sequence[int], at: int, setting: Setting
) -> bool:
    """Whether a line begins a new block, given the lines of the block before it."""
    before, line = lines[at - 1], lines[at]
    a, b = styles[at - 1], styles[at]
    size = max(a.size, b.size, 1.0)
    gap = line.y0 - _foot(before)
    if abs(a.size - b.size) > 0.12 * size or before.words[-1].depth != line.words[0].depth:
        return True
    if gap > setting.gap * size / max(setting.size, 1.0) + 0.35 * size:
        return True
    if size > 1.1 * setting.size and _leaves_the_middle(before, line, setting):
        return True  # a title and a heading below it in the same style
    if a.mono != b.mono or _LEADER_END.search("".join(word.text for word in before.words[-3:])):
        return True
    if a.mono:
        return False
    if _starts_item(lines, at, group, setting) or is_ended_caption(line.words):
        return True
    return _new_paragraph(lines, group, at, setting)


def _foot(line: Line) -> float:
    """The bottom of a line's text. (Its bullet may have a larger font.)"""
    if len(line.words) > 1 and is_bullet(line.words[0].text):
        return max(word.y1 for word in line.words[1:])
    return line.y1


def _leaves_the_middle(before: Line, line: Line, setting: Setting) -> bool:
    """Whether a line at the left edge of its column follows a centred line."""
    middle, size = setting.left + setting.right, setting.size
    centred = abs(before.x0 + before.x1 - middle) < 2 * size and before.x0 > setting.left + 2 * size
    return centred and line.x0 < setting.left + 0.5 * size and abs(line.x0 + line.x1 - middle) > 4 * size


def _all(words: Sequence[Word], look: str) -> bool:
    """Whether every word that has letters or digits is `bold` (or `mono`), and there is one."""
    return {getattr(word.style, look) for word in words if any(map(str.isalnum, word.text))} == {True}


def _new_paragraph(lines: Sequence[Line], group: Sequence[int], at: int, setting: Setting) -> bool:
    before, line = lines[at - 1], lines[at]
    size = setting.size
    first = lines[group[0]]
    item = item_sign(first.words) is not None or _hangs(first, line, size)
    indent = line.x0 - before.x0
    after = lines[at + 1] if at + 1 < len(lines) else None
    indented = not item and 0.8 * size < indent < 4 * size and abs(before.x0 - setting.left) < 0.5 * size
    if indented and (after is None or after.x0 < line.x0 - 0.5 * size):
        return True  # an indented first line: the next line returns to the left edge
    if len(group) >= 2 and indent < -0.8 * size and abs(before.x0 - lines[at - 2].x0) < 0.5 * size:
        centred = abs((line.x0 + line.x1) - (before.x0 + before.x1)) < size
        return not centred
    room = setting.right - before.x1 - line.words[0].x1 + line.words[0].x0
    text, ended = line.words[0].text, bool(_ENDED.search(before.words[-1].text))
    starts = text[:1].isupper() or text[:1].isdigit() or not text[:1].isalnum()
    return room > 2 * size and starts and (ended or room > 0.3 * (setting.right - setting.left))


def _hangs(first: Line, line: Line, size: float) -> bool:
    """Whether a line begins below the second word of a line that begins with a section number."""
    if len(first.words) < 2 or not _SECTION.fullmatch(first.words[0].text):
        return False
    return abs(line.x0 - first.words[1].x0) < 0.4 * size


def _starts_item(lines: Sequence[Line], at: int, group: Sequence[int], setting: Setting) -> bool:
    words = lines[at].words
    sign = item_sign(words)
    if sign is None:
        return False
    if is_bullet(sign):
        return all(word.text != sign for word in lines[at - 1].words[1:])  # a sign between texts of one line
    first = lines[group[0]]
    hangs = at + 1 < len(lines) and abs(lines[at + 1].x0 - words[1].x0) < 0.4 * setting.size
    in_list = is_number(first.words[0].text) and abs(first.x0 - lines[at].x0) < 2 * setting.size
    short = lines[at - 1].x1 < setting.right - 0.15 * (setting.right - setting.left)
    return hangs or in_list or short


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


def _block(lines: Sequence[Line], styles: Sequence[Style], page: int, vocabulary: Vocabulary) -> Block:
    words = [line.words for line in lines]
    every = [word for line in words for word in line]
    code = all(one.mono for one in styles)
    style = main_style(every)._replace(mono=code, bold=_all(every, "bold"))
    x0 = min(line.x0 for line in lines)
    if code:
        return Block(Kind.CODE, _code(lines), page, style, x0, lines=len(lines))
    first = item_sign(words[0])
    if first is not None:
        label = kept_label(first)
        text, bare = inline([words[0][1:], *words[1:]], vocabulary)
        block = Block(Kind.ITEM, f"{label} {text}" if label else text, page, style, lines[0].x0)
        block.hang, block.lines = words[0][1].x0, len(lines)
        block.marker, block.plain = marker(first), f"{first} {bare}"
        return block
    text, bare = inline(words, vocabulary)
    ends = ((x0, max(line.x1 for line in lines)),)
    return Block(Kind.TEXT, text, page, style, x0, lines=len(lines), plain=bare, columns=ends)


def _code(lines: Sequence[Line]) -> str:
    """Lines of code; the width of a character determines their indentation."""
    every: list[Word] = [w for line in lines for w in line.words]
    width = sum(w.x1 - w.x0 for w in every) / max(sum(len(w.text) for w in every), 1) or 5.0
    left = min(line.x0 for line in lines)
    out = []
    for line in lines:
        text = " " * round((line.x0 - left) / width)
        out.append(text + clean(joined(line.words)))
    return "\n".join(out)
