"""Tables that only the alignment of their texts reveals."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

from services.parsing.page.captions import follows_table
from services.parsing.page.columns import MOST_WORDS, meet
from services.parsing.page.geometry import Gap, Word, bounds, grouped
from services.parsing.page.lines import Line
from services.parsing.page.tables.build import build
from services.parsing.page.tables.cells import Table
from services.parsing.page.tables.columns import GUTTER, gutters
from services.parsing.page.tables.fits import EDGE, FURTHEST, head_of, is_larger, shares_edges
from services.parsing.page.tables.rules import Rule, rules_in
from services.parsing.page.tables.values import NARROW, is_figure, is_value
from services.parsing.page.text import Vocabulary

#: Most lines of a row whose texts begin at different heights.
HIGHEST = 8
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
            inside = rules_in(rules, bounds(lines[first:end]))
            table = build([line.words for line in lines[first:end]], inside, vocabulary)
        if table is None:
            at += 1 + (end - at) // EVERY_LINE
            continue
        found.append((first, end, table))
        at = end
    return found


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
        line, before = lines[end], lines[end - 1]
        gaps = _gaps(line, {right for _, right in free} if line.y0 - before.y1 > line.height else ())
        if (
            (not gaps and end + 1 < len(lines) and _stands_alone(lines[start : end + 2]))
            or _is_far(lines[start:end], lines[end:])
            or is_larger(line.words, [one.words for one in lines[start:end]])
            or (_is_head(line) and _is_head(first) and not _is_head(before))
            or follows_table(line.words)
        ):
            break
        least = NARROW if any(is_value(word.text) for word in line.words) else GUTTER
        kept = meet(free, [(-1e9, line.x0), *gaps, (line.x1, 1e9)], least * line.pieces[0].size)
        if not kept:
            break
        free = kept
        end += 1
        gap = line.y0 - before.y1
        near = gap < max(0.5 * (line.y1 - line.y0), widest + 1) and line.x0 > free[0][0]
        rest = gap < -1 or near or gap < widest - 0.3 * (line.y1 - line.y0)  # closer than rows are
        widest = max(widest, gap)
        if gaps or rest:
            last_full = end
    return last_full


def _is_head(line: Line) -> bool:
    """Whether a line holds several texts, all bold, and no figures."""
    texts = [" ".join(word.text for word in piece.words) for piece in line.pieces]
    return len(texts) > 1 and all(w.style.bold for w in line.words) and not any(map(is_figure, texts))


def _is_far(above: Sequence[Line], lines: Sequence[Line]) -> bool:
    """Whether lines are too far below others for rows of their table. The texts of a row may be in several
    lines that are close to each other."""
    gap = (lines[0].y0 - above[-1].y1) / (above[-1].y1 - above[-1].y0)
    return gap > 1.6 and (
        gap > FURTHEST or not shares_edges(_close(lines[:HIGHEST])[0], _close(above[-HIGHEST:])[-1])
    )


def _close(lines: Sequence[Line]) -> list[list[Word]]:
    """The words of lines that are close to each other, from left to right."""
    groups = grouped(lines, lambda row, line: line.y0 - row[-1].y1 < 0.8 * line.height)
    return [sorted((w for line in row for w in line.words), key=lambda w: w.x0) for row in groups]


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
        if full and not _gaps(other) and lower.y0 - upper.y1 < min(closest + 1, other.height):
            return True
    return False


def _gaps(line: Line, edges: Collection[float] = ()) -> list[Gap]:
    """The gaps between the pieces of a line, and those before values and before words at `edges`."""
    gaps = {(a.x1, b.x0) for a, b in pairwise(line.pieces)}
    for a, b in pairwise(line.words):
        if is_value(b.text) or any(abs(b.x0 - edge) < EDGE for edge in edges):
            gaps.add((a.x1, b.x0))
    return sorted(gaps)
