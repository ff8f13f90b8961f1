"""Whether parts beside each other are columns of text, or columns of a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median_low

from services.parsing.page.captions import is_caption
from services.parsing.page.geometry import bounds
from services.parsing.page.lines import Line
from services.parsing.page.lists import is_bullet, is_marker

#: Blocks of lines are further from each other than this (in heights of a line).
FAR_APART = 3.0
#: This many lines of text in a row are a paragraph, not a cell.
PARAGRAPH = 5
#: The same if the lines beside it are not at the same heights.
SHORT_PARAGRAPH = 3
#: Notes in the margin are in type that is smaller than that of the text by this factor.
NOTES = 1.1
#: Most lines of running text fill this share of their column.
FILLED = 0.6
#: Items that make a list, and the share of its lines that make an index.
FEWEST_ITEMS, MOSTLY = 3, 0.8
#: Texts of a row begin at one height within this (relative to their own).
LEVEL = 0.25
#: Lines this far apart (relative to their own height) have white between them.
WHITE = 0.5
_NUMBER = re.compile(r"\(?(\d{1,3})[.)]+$")
_ENTRY = re.compile(r"[^\W\d_], \d[\d, –-]*$")


def are_columns(parts: Sequence[Sequence[Line]], band: Sequence[Sequence[Line]], prose: bool) -> bool:
    """Whether neighbouring parts of a band are columns of text or tables with captions, and no columns of one
    table. `prose`: whether all parts of the band look like running text."""
    texts = [[word.text for line in lines for word in line.words] for lines in parts]
    if any(all(is_marker(t) or (t.isdecimal() and len(t) < 4) for t in held) for held in texts):
        return False  # a list
    longest = max(map(_longest_text, parts), default=0)
    in_rows = _in_rows(parts, band) if parts else 0.0
    if len(parts) > 1:
        captioned = all(any(is_caption(line.words) for line in lines) for lines in parts)
        if captioned or all(map(_is_bulleted, parts)) or all(map(_is_index, parts)):
            return True
        titled = any(_headings(lines) > 1 for lines in parts) or all(map(_holds_titles, parts))
        if _holds_rows(parts, titled):
            return False
        sizes = [median_low(line.words[0].style.size for line in lines) for lines in parts]
        if longest >= SHORT_PARAGRAPH and max(sizes) > NOTES * min(sizes):
            return True
        if in_rows < 0.5 and (all(map(_headings, parts)) or _are_blocks(parts)):
            return True
    return prose or longest >= PARAGRAPH or (longest >= SHORT_PARAGRAPH and in_rows < 0.5)


def counts_up(lines: Sequence[Line]) -> bool:
    """Whether lines hold items of a list whose numbers count up (`(1)`, `(2)`), and more of their texts."""
    found = [_NUMBER.match(line.words[0].text) for line in lines if len(line.words) > 1]
    numbers = [int(number[1]) for number in found if number is not None]
    on = sum(b == a + 1 for a, b in pairwise(numbers))
    return on >= FEWEST_ITEMS - 1 and on >= 0.5 * len(numbers) and len(lines) > len(numbers)


def is_sentence(lines: Sequence[Line]) -> bool:
    """Whether two lines are one sentence, or a part of one."""
    if len(lines) != 2 or _words(lines[0]) < 4:
        return False
    end, after = lines[0].words[-1].text, lines[1].words[0].text
    return end[-1] not in ".:;!?" and after[0].islower()


def _are_blocks(parts: Sequence[Sequence[Line]]) -> bool:
    """Whether parts are blocks of short lines far from each other, as two addresses are."""
    left, right = map(bounds, parts)
    return all(map(_is_block, parts)) and right.x0 - left.x1 > FAR_APART * left.height / len(parts[0])


def _is_block(lines: Sequence[Line]) -> bool:
    """Whether texts stand close below each other at one edge."""
    close = all(b.y0 - a.y1 < 0.7 * a.height for a, b in pairwise(lines))
    level = all(len(line.pieces) == 1 and abs(line.x0 - lines[0].x0) < 1 for line in lines)
    return close and level and not any(is_marker(line.words[0].text) for line in lines)


def _is_bulleted(lines: Sequence[Line]) -> bool:
    """Whether most lines are items after bullets."""
    items = sum(is_bullet(line.words[0].text) and len(line.words) > 1 for line in lines)
    return items >= FEWEST_ITEMS and items >= 0.5 * len(lines)


def _is_index(lines: Sequence[Line]) -> bool:
    """Whether most lines are words with numbers of pages: `weir, 12, 17`."""
    entries = sum(_ENTRY.search(" ".join(word.text for word in line.words)) is not None for line in lines)
    return entries >= PARAGRAPH and entries >= MOSTLY * len(lines)


def is_prose_column(lines: Sequence[Line]) -> bool:
    width = max(bounds(lines).width, 1.0)
    filled = sum(line.width / width >= FILLED for line in lines)
    return filled >= 0.5 * len(lines) and sum(map(_words, lines)) >= 3 * len(lines) and width > 60


def _words(line: Line) -> int:
    return sum(any(map(str.isalpha, word.text)) for word in line.words)


def _longest_text(lines: Sequence[Line]) -> int:
    """The most lines of text that follow each other without a gap and fill their column."""
    width = bounds(lines).width
    longest = count = 0
    for before, line in zip([lines[0], *lines], lines, strict=False):
        close = line.y0 - before.y1 < 0.5 * line.height
        full = line.width > 0.8 * width and _words(line) >= 4
        count = (count if close else 0) + 1 if full else 0
        longest = max(longest, count)
    return longest


def _headings(lines: Sequence[Line]) -> int:
    """The lines after the first that are in larger or bolder type than most of their column."""
    looks = [(line.words[0].style.size, line.words[0].style.bold) for line in lines]
    size, bold = sorted(looks)[len(looks) // 2]
    return sum(one[0] > 1.05 * size or one[1] > bold for one in looks[1:])


def _holds_titles(lines: Sequence[Line]) -> bool:
    """Whether more than one line is in larger type than most of its column, as the titles of cards are."""
    sizes = [line.words[0].style.size for line in lines]
    return sum(size > 1.05 * median_low(sizes) for size in sizes) > 1


def _holds_rows(columns: Sequence[Sequence[Line]], titled: bool) -> bool:
    """Whether texts of a column begin, after white, where texts of the other begin, as the cells of rows do.
    Beside labels, which are no running text, any line may be the first of a cell."""
    for own, others in (columns, columns[::-1]):
        prose = is_prose_column(own)
        least = _white(own) if prose else WHITE * own[0].height
        begins = [b for a, b in pairwise(own) if b.y0 - a.y1 > least]
        met = sum(_begins_at(line, others, prose) for line in begins)
        if len(begins) >= FEWEST_ITEMS and met >= MOSTLY * len(begins) and not (prose and titled):
            return True
    return False


def _white(lines: Sequence[Line]) -> float:
    """The least white between texts: more than there is between the closest lines."""
    return LEVEL * lines[0].height + min((b.y0 - a.y1 for a, b in pairwise(lines)), default=0.0)


def _begins_at(line: Line, others: Sequence[Line], prose: bool) -> bool:
    """Whether a text begins at the height of a line: beside running text, after white or after a line with
    room for its first word."""
    at = next((at for at, it in enumerate(others) if abs(it.y0 - line.y0) < LEVEL * line.height), -1)
    if at < 1 or not prose:
        return at >= 0
    above, word = others[at - 1], others[at].words[0]
    room = max(other.x1 for other in others) - above.x1 > word.width + 0.3 * word.style.size
    return room or others[at].y0 - above.y1 > _white(others)


def _in_rows(columns: Sequence[Sequence[Line]], band: Sequence[Sequence[Line]]) -> float:
    """The share of lines of the shortest column that have a line at the same height in the band."""
    shortest = min(columns, key=len)
    middles = [line.middle for column in band if column is not shortest for line in column]
    return sum(any(abs(line.middle - y) < 2 for y in middles) for line in shortest) / len(shortest)
