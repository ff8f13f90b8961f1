"""Tables without ruling lines: rows of short texts that are aligned in columns."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from itertools import pairwise

from services.parsing.page.cells import Table, fill, text_rows
from services.parsing.page.geometry import Word, bounds
from services.parsing.page.lines import Line, split_row
from services.parsing.page.lists import is_marker
from services.parsing.page.ruled import Grid, slots_of
from services.parsing.page.text import Vocabulary

#: Minimum width of the gap between two columns, relative to the font size.
GUTTER = 0.6
_LEADER = re.compile(r"\.{4,}|(?:\. ){3,}|…{2,}|_{4,}")


def gutters(lines: Sequence[Sequence[Word]], strays: float = 0.1) -> list[float]:
    """Centres of the vertical gaps that run through all lines; a share of `strays` may cross a gap."""
    runs: list[tuple[float, float]] = []
    sizes: list[float] = []
    for line in lines:
        for piece in split_row(line, GUTTER * 0.8):
            runs.append((piece.x0, piece.x1))
            sizes.append(piece.size)
    least = GUTTER * sorted(sizes)[len(sizes) // 2]
    allowed = max(int(strays * len(lines)), int(len(lines) >= 6))
    events = sorted([(x0, 1) for x0, _ in runs] + [(x1, -1) for _, x1 in runs])
    found: list[float] = []
    depth, free_from = 0, None
    for x, step in events:
        depth += step
        if depth <= allowed and step < 0 and free_from is None:
            free_from = x
        elif depth > allowed and free_from is not None:
            if x - free_from >= least:
                found.append((free_from + x) / 2)
            free_from = None
    return found


def is_listing(lines: Sequence[Sequence[Word]], middle: Sequence[float]) -> bool:
    """Whether the first column contains only list markers."""
    if not middle:
        return False
    first = [line[0].text for line in lines if (line[0].x0 + line[0].x1) / 2 < middle[0]]
    return bool(first) and all(is_marker(text) for text in first)


def aligned_tables(lines: Sequence[Line], vocabulary: Vocabulary) -> list[tuple[int, int, Table]]:
    """Tables among the lines of a column, as (first line, line after the last, table)."""
    found = []
    at = 0
    while at < len(lines):
        end = _run(lines, at)
        found_one = end - at >= 3 and not _in_text(lines, at, end)
        table = _table(lines[at:end], vocabulary) if found_one else None
        if table is None:
            at += 1
            continue
        found.append((at, end, table))
        at = end
    return found


def _run(lines: Sequence[Line], start: int) -> int:
    """The end of the run of lines that have the same columns as the line at `start` (exclusive)."""
    if len(lines[start].pieces) < 2:
        return start
    free = _gaps(lines[start])
    end, last_full = start + 1, start + 1
    while end < len(lines):
        line, before = lines[end], lines[end - 1]
        if line.y0 - before.y1 > 1.6 * (before.y1 - before.y0):
            break
        kept = _meet(free, _gaps(line), line)
        if not kept:
            break
        free = kept
        end += 1
        if len(line.pieces) > 1:
            last_full = end
    return last_full


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
        if full and len(other.pieces) == 1 and lower.y0 - upper.y1 < closest + 1:
            return True
    return False


def _gaps(line: Line) -> list[tuple[float, float]]:
    return [(a.x1, b.x0) for a, b in zip(line.pieces, line.pieces[1:], strict=False)]


def _meet(
    free: list[tuple[float, float]], gaps: list[tuple[float, float]], line: Line
) -> list[tuple[float, float]]:
    """The parts of `free` that the line's text does not cover."""
    least = GUTTER * line.pieces[0].size
    out = []
    open_ = [(-1e9, line.x0), *gaps, (line.x1, 1e9)]
    for left, right in free:
        for a, b in open_:
            if min(right, b) - max(left, a) >= least:
                out.append((max(left, a), min(right, b)))
    return out


def _table(lines: Sequence[Line], vocabulary: Vocabulary) -> Table | None:
    rows = [line.words for line in lines]
    middle = gutters(rows)
    several = sum(len(line.pieces) > 1 for line in lines)
    if not middle or several < 3 or several < 0.5 * len(lines) or is_listing(rows, middle):
        return None
    if sum(bool(_LEADER.search("".join(w.text for w in row))) for row in rows) * 2 > len(rows):
        return None  # a table of contents
    words = [word for row in rows for word in row]
    if len(words) / several / (len(middle) + 1) > 6:
        return None  # running text with a chance gap
    box = bounds(words)
    xs = [box.x0, *middle, box.x1]
    groups = text_rows(words, xs)
    if len(groups) < 2:
        return None
    spans = [bounds(group) for group in groups]
    ys = [box.y0, *((a.y1 + b.y0) / 2 for a, b in itertools.pairwise(spans)), box.y1]
    full = [[True] * (len(xs) - 1) for _ in groups]
    grid = Grid(tuple(xs), tuple(ys), tuple(slots_of(full, full)))
    return Table(fill(grid, words, vocabulary), *box)
