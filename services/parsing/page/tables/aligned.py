"""Tables that only the alignment of their texts reveals."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from services.parsing.page.captions import follows_table
from services.parsing.page.columns import MOST_WORDS
from services.parsing.page.geometry import bounds
from services.parsing.page.lines import Line
from services.parsing.page.tables.build import build
from services.parsing.page.tables.cells import Table
from services.parsing.page.tables.columns import GUTTER, Gap, gutters
from services.parsing.page.tables.fits import FURTHEST, head_of, is_larger, shares_edges
from services.parsing.page.tables.rules import Rule
from services.parsing.page.tables.values import NARROW, is_value
from services.parsing.page.text import Vocabulary

#: A run of more lines that hold no table is searched for one at every second line, and so on.
EVERY_LINE = 64


def aligned_tables(
    lines: Sequence[Line], rules: Sequence[Rule], vocabulary: Vocabulary
) -> list[tuple[int, int, Table]]:
    """Tables among the lines of a column, as (first line, line after the last, table)."""
    found: list[tuple[int, int, Table]] = []
    at = 0
    while at < len(lines):
        end = _run(lines, at)
        table = None
        if end - at >= 3 and not _in_text(lines, at, end):
            first = _with_head(lines, at, end, found[-1][1] if found else 0)
            table = build(
                [line.words for line in lines[first:end]], _inside(rules, lines[first:end]), vocabulary
            )
        if table is None:
            at += 1 + (end - at) // EVERY_LINE
            continue
        found.append((first, end, table))
        at = end
    return found


def _inside(rules: Sequence[Rule], lines: Sequence[Line]) -> list[Rule]:
    box = bounds(lines)
    return [
        r
        for r in rules
        if box.y0 < r.at < box.y1 and r.start < box.x1 and r.end > box.x0 and r.end - r.start > 4
    ]


def _with_head(lines: Sequence[Line], start: int, end: int, least: int) -> int:
    """The first line of the head of a run."""
    run = [line.words for line in lines[start:end]]
    gaps = gutters(run)
    above = [line.words for line in reversed(lines[least:start])]
    box = bounds(lines[start:end])
    return start - len(head_of(above, gaps, box.y0, box.x0, run)) if gaps else start


def _run(lines: Sequence[Line], start: int) -> int:
    """The end of the run of lines that have the same columns as the line at `start` (exclusive)."""
    first = lines[start]
    if len(first.pieces) < 2 or len(first.words) > MOST_WORDS * len(first.pieces):
        return start
    free = _gaps(first)
    end, last_full, widest = start + 1, start + 1, 0.0
    while end < len(lines):
        line, before, gaps = lines[end], lines[end - 1], _gaps(lines[end])
        if (
            (not gaps and end + 1 < len(lines) and _stands_alone(lines[start : end + 2]))
            or _is_far(line, before)
            or is_larger(line.words, [one.words for one in lines[start:end]])
            or follows_table(line.words)
        ):
            break
        kept = _meet(free, gaps, line)
        if not kept:
            break
        free = kept
        end += 1
        gap = line.y0 - before.y1
        near = gap < 0.5 * (line.y1 - line.y0) and line.x0 > free[0][0]
        rest = gap < -1 or near or gap < widest - 0.3 * (line.y1 - line.y0)  # closer than rows are
        widest = max(widest, gap)
        if gaps or rest:
            last_full = end
    return last_full


def _is_far(line: Line, before: Line) -> bool:
    """Whether a line is too far below another for a row of its table."""
    lines = (line.y0 - before.y1) / (before.y1 - before.y0)
    return lines > 1.6 and not (lines <= FURTHEST and shares_edges(line.words, before.words))


def _stands_alone(run: Sequence[Line]) -> bool:
    """Whether the last line but one of a run, a text without gaps, stands at its left edge, with more white
    above and below than anywhere between the lines above: it is no row."""
    if len(run) < 4 or run[-2].x0 > min(line.x0 for line in run) + 2:
        return False
    *gaps, above, below = (b.y0 - a.y1 for a, b in pairwise(run))
    return min(above, below) > max(gaps) + 0.3 * (run[-2].y1 - run[-2].y0)


def _in_text(lines: Sequence[Line], start: int, end: int) -> bool:
    """Whether the run is part of a paragraph with wide gaps between words: at its own line distance, a full
    line without a gap precedes or follows it."""
    run = lines[start:end]
    box = bounds(run)
    closest = min((b.y0 - a.y1 for a, b in pairwise(run)), default=0.0)
    beside = [(lines[start - 1], lines[start])] if start else []
    beside += [(lines[end - 1], lines[end])] if end < len(lines) else []
    for upper, lower in beside:
        other = upper if lower is lines[start] else lower
        full = other.x1 - other.x0 > 0.8 * (box.x1 - box.x0) and abs(other.x0 - box.x0) < 3
        if full and not _gaps(other) and lower.y0 - upper.y1 < closest + 1:
            return True
    return False


def _gaps(line: Line) -> list[Gap]:
    """The gaps between the pieces of a line, and those before values."""
    gaps = {(a.x1, b.x0) for a, b in pairwise(line.pieces)}
    return sorted(gaps | {(a.x1, b.x0) for a, b in pairwise(line.words) if is_value(b.text)})


def _meet(free: Sequence[Gap], gaps: Sequence[Gap], line: Line) -> list[Gap]:
    """The parts of `free` that the line's text does not cover."""
    least = NARROW if any(is_value(word.text) for word in line.words) else GUTTER
    open_ = [(-1e9, line.x0), *gaps, (line.x1, 1e9)]
    met = [(max(left, a), min(right, b)) for left, right in free for a, b in open_]
    return [(a, b) for a, b in met if b - a >= least * line.pieces[0].size]
