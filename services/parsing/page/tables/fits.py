"""Which lines above and below a table are its head and its end."""

from __future__ import annotations

from collections.abc import Sequence

from services.parsing.page.captions import is_caption
from services.parsing.page.geometry import Gap, Word, bounds
from services.parsing.page.lines import GAP
from services.parsing.page.tables.columns import GUTTER, HEAD, spans_of

#: A line of running text covers this share of a table's width, with at least so many words.
PROSE, FEWEST_WORDS = 0.6, 5
#: Type is larger from this ratio on.
LARGER, MUCH_LARGER = 1.1, 1.3
#: Texts of a column begin or end at the same place within this (points).
EDGE = 1.0
#: A row whose texts are at the edges of the one above is at most this far below it (in heights of a line).
FURTHEST = 3.5


def is_prose(line: Sequence[Word], left: float, right: float) -> bool:
    """Whether a line is running text: it begins at the left edge of a table, is long and has no gap."""
    box = bounds(line)
    begins = box.x0 < left + 2 * line[0].style.size
    long = box.x1 - box.x0 > PROSE * (right - left) and len(line) >= FEWEST_WORDS
    return begins and long and len(spans_of(line, GAP)) == 1


def is_larger(line: Sequence[Word], lines: Sequence[Sequence[Word]]) -> bool:
    """Whether a text is in larger type than all the lines of a table, and begins where they do, or in much
    larger type: a heading."""
    left = min(other[0].x0 for other in lines)
    largest = max(word.style.size for other in lines for word in other)
    ratio = LARGER if line[0].x0 < left + line[0].style.size else MUCH_LARGER
    return min(word.style.size for word in line) > ratio * largest and len(spans_of(line, GAP)) == 1


def shares_edges(line: Sequence[Word], other: Sequence[Word]) -> bool:
    """Whether two texts of a line begin, end or are centred where texts of another line do."""
    theirs = spans_of(other)
    near = (
        any(min(abs(a - c), abs(b - d), abs(a + b - c - d) / 2) < EDGE for c, d in theirs)
        for a, b in spans_of(line)
    )
    return sum(near) > 1


def crosses(line: Sequence[Word], gaps: Sequence[Gap]) -> bool:
    """Whether a line leaves less of a gap than must part two columns."""
    least = GUTTER * line[0].style.size
    texts = spans_of(line)
    for a, b in gaps:
        if any(left < a - 1 and right > b + 1 for left, right in texts):
            return True
        edges = [a, *(min(max(x, a), b) for text in texts for x in text), b]
        if max(right - left for left, right in zip(edges[::2], edges[1::2], strict=True)) < min(least, b - a):
            return True
    return False


def head_of(
    above: Sequence[list[Word]],
    gaps: Sequence[Gap],
    edge: float,
    left: float,
    body: Sequence[list[Word]],
    reach: float = 0.0,
) -> list[list[Word]]:
    """The lines above an edge, nearest first, that fit the columns or hold labels of several of them. `body`
    are the lines below the edge, `reach` is how far rows are from the rule below them (points)."""
    out: list[list[Word]] = []
    sure = 0
    for line in above[:HEAD]:
        box = bounds(line)
        if (
            edge - box.y1 > max(1.1 * box.height, reach)
            or is_caption(line)
            or (body and is_larger(line, body))
        ):
            break
        if spans_of(line)[0][1] > gaps[0][1] and box.x0 < left + 2 * line[0].style.size:
            break  # text above the table
        right = (box.x0 + box.x1) / 2 > gaps[0][1] and box.x0 > left + 1.5 * line[0].style.size
        spans = len(spans_of(line, 1.5)) > 1 or right
        label = box.x1 < gaps[0][1]  # of the first column, at half the height, or of a group of rows
        if not spans and not label and (len(spans_of(line)) == 1 or crosses(line, gaps)):
            break
        out.append(line)
        sure = sure if label and not spans else len(out)
        edge, reach = box.y0, 0.0
    return out[:sure][::-1]


def tail_of(below: Sequence[list[Word]], gaps: Sequence[Gap], sure: bool) -> list[list[Word]]:
    """The lines below a table up to the first that crosses a gap. Unless its columns are `sure`, a single
    text at the end must be the rest of a cell."""
    out: list[list[Word]] = []
    keep = 0
    for at, line in enumerate(below):
        single = len(spans_of(line)) == 1
        if crosses(line, gaps):
            break
        out.append(line)
        rest = sure or (line[0].text[:1].islower() and keep == at)
        if not single or line[0].x0 > gaps[0][0] or rest:
            keep = len(out)
    return out[:keep]
