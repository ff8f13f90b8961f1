"""Columns that are read in parts: rows of cards, and texts below headings that stand across all columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from services.parsing.page.geometry import Box, Boxed
from services.parsing.page.lines import Line

#: Lines at one height differ by fewer points.
LEVEL = 2.0


def sections(
    band: Sequence[Boxed], columns: Sequence[Sequence[Line]], strips: Sequence[Box]
) -> list[list[Boxed]]:
    """The parts of a band, whose columns have these lines, that follow each other; none if it is one part.

    Cards have their headings at the same heights in all columns. Beside a heading that stands across, the
    other columns are free, and go on below it at the height of its text. `strips`: what lies
    between horizontal white space.
    """
    if not all(columns):
        return []
    heads = [[line for line in lines if _is_larger(line, lines)] for lines in columns]
    first = max(min((line.y0 for line in one), default=1e9) for one in heads) - LEVEL
    rows, *others = [[line.y0 for line in one if line.y0 > first] for one in heads]
    if all(len(one) > 1 and _begins(one, rows) for one in others):
        cuts = [rows[0], *_widest_gaps(strips, rows)]
    else:
        cuts = [
            head.y0 for head in heads[0] if all(_stands_across(head, columns[0], it) for it in columns[1:])
        ]
    out: list[list[Boxed]] = [[] for _ in range(len(cuts) + 1)]
    for item in band:
        out[sum(item.y0 >= cut - 1 for cut in cuts)].append(item)
    return out if cuts else []


def _is_larger(line: Line, lines: Sequence[Line]) -> bool:
    """Whether a line is in larger type than most of its column. Bold ones may be terms of a glossary."""
    sizes = sorted(one.words[0].style.size for one in lines)
    return line.words[0].style.size > 1.05 * sizes[len(sizes) // 2]


def _begins(heights: Sequence[float], others: Sequence[float]) -> bool:
    """Whether heights are the first of others."""
    return len(heights) <= len(others) and all(
        abs(a - b) < LEVEL for a, b in zip(heights, others, strict=False)
    )


def _widest_gaps(strips: Sequence[Box], rows: Sequence[float]) -> Iterator[float]:
    """Where the widest gaps between rows end: the picture of a card stands above its heading, not below."""
    for before, start in pairwise(rows):
        inner = [pair for pair in pairwise(strips) if before + LEVEL < pair[0].y0 and pair[1].y0 < start + 1]
        yield max(((below.y0 - above.y1, below.y0) for above, below in inner), default=(0.0, start))[1]


def _stands_across(head: Line, own: Sequence[Line], others: Sequence[Line]) -> bool:
    below = next((line.y0 for line in own if line.y0 > head.y1), None)
    after = [line.y0 for line in others if line.y1 > head.y0]
    return below is not None and 0 < len(after) < len(others) and abs(min(after) - below) < LEVEL
