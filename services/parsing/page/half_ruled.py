"""Tables with horizontal lines only, or with just one below their header."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from services.parsing.page.aligned import gutters, is_listing
from services.parsing.page.cells import Table, fill, text_rows
from services.parsing.page.geometry import Box, Word, bounds
from services.parsing.page.lines import rows_of, split_row
from services.parsing.page.ruled import TOUCH, Grid, Rule, column_edges, ladders, slots_of
from services.parsing.page.text import Vocabulary


def ladder_tables(
    across: Sequence[Rule], words: Sequence[Word], vocabulary: Vocabulary
) -> list[tuple[Table, list[Word]]]:
    """Tables of horizontal rules, each with its words."""
    found = []
    free = list(words)
    drawn = [rule for rule in across if rule.breaks]
    for group in ladders(across):
        broken = [rule for rule in group if rule.breaks]
        whole = [rule for rule in group if not rule.breaks]
        pieces = [r for r in whole if broken and broken[0].at < r.at < broken[-1].at]
        tables = [_by_breaks(run, free) for run in _runs(sorted(broken + pieces, key=lambda r: r.at), free)]
        if not broken and not any(r.at for r in drawn if group[0].at < r.at < group[-1].at):
            tables.append(_by_gutters(whole, free))
        for made in tables:
            if made is None:
                continue
            grid, taken = made
            box = bounds(taken)
            table = Table(
                fill(grid, taken, vocabulary), grid.xs[0], min(grid.ys[0], box.y0), grid.xs[-1], grid.ys[-1]
            )
            ids = {id(word) for word in taken}
            free = [word for word in free if id(word) not in ids]
            found.append((table, taken))
    return found


def _runs(rules: Sequence[Rule], words: Sequence[Word]) -> list[list[Rule]]:
    """Group rules by table: the text between two rules of a table respects its columns."""
    runs: list[list[Rule]] = []
    for rule in rules:
        if runs and _tabular(runs[-1], rule, words):
            runs[-1].append(rule)
        else:
            runs.append([rule])
    return runs


def _tabular(run: Sequence[Rule], rule: Rule, words: Sequence[Word]) -> bool:
    edges = column_edges([*run, rule])
    band = _between(words, edges[0], edges[-1], run[-1].at, rule.at)
    if not band:
        return rule.at - run[-1].at < 40
    lines = rows_of(band)
    spans = [bounds(line) for line in lines]
    height = spans[0].y1 - spans[0].y0
    if any(b.y0 - a.y1 > 3 * height for a, b in itertools.pairwise(spans)):
        return False
    inner = [x for x in edges[1:-1] if any(abs(x - b) <= TOUCH for b in rule.breaks)]
    crossing = sum(w.x0 < x - 1 and w.x1 > x + 1 for w in band for x in inner)
    return crossing <= 0.05 * len(band)


def _between(words: Sequence[Word], left: float, right: float, top: float, bottom: float) -> list[Word]:
    return [
        w for w in words if top < (w.y0 + w.y1) / 2 < bottom and left - 3 <= (w.x0 + w.x1) / 2 <= right + 3
    ]


def _by_breaks(rules: Sequence[Rule], words: Sequence[Word]) -> tuple[Grid, list[Word]] | None:
    """A table with columns defined by the ends of its strokes."""
    xs = column_edges(rules)
    if len(xs) < 3:
        return None
    head = _head(rules[0], xs, words)
    body = _between(words, xs[0], xs[-1], rules[0].at, rules[-1].at)
    tail = _tail(rules[-1].at, xs, words) if len(rules) == 1 else []
    taken = head + body + tail
    if not taken or not (body or tail):
        return None
    ys = [rule.at for rule in rules]
    marks: list[Rule | None] = list(rules)
    if head:
        ys.insert(0, min(w.y0 for w in head) - 1)
        marks.insert(0, None)
    for row in text_rows(tail, xs) if tail else ():
        ys.append(max(max(w.y1 for w in row), ys[-1] + 0.1))
        marks.append(None)
    if len(ys) < 3 and len(taken) < 4:
        return None
    columns = range(len(xs) - 1)
    right = [
        [
            _edge(marks[r + 1] or rules[-1], xs[c + 1]) and not _over(taken, xs[c + 1], ys[r], ys[r + 1])
            for c in columns
        ]
        for r in range(len(ys) - 1)
    ]
    below = [[_covered(marks[r + 1], xs[c], xs[c + 1]) for c in columns] for r in range(len(ys) - 1)]
    return Grid(tuple(xs), tuple(ys), tuple(slots_of(right, below))), taken


def _over(words: Sequence[Word], x: float, top: float, bottom: float) -> bool:
    """Whether a word of a row crosses a column edge: its cell spans both columns."""
    return any(w.x0 < x - 2 and w.x1 > x + 2 and top < (w.y0 + w.y1) / 2 < bottom for w in words)


def _edge(rule: Rule, x: float) -> bool:
    """Whether two columns are separate at x: the rule below the row breaks there, or does not reach there."""
    if x <= rule.start + TOUCH or x >= rule.end - TOUCH:
        return True
    return any(abs(x - b) <= TOUCH for b in rule.breaks)


def _covered(rule: Rule | None, left: float, right: float) -> bool:
    return rule is None or rule.start - TOUCH <= (left + right) / 2 <= rule.end + TOUCH


def _head(rule: Rule, xs: Sequence[float], words: Sequence[Word]) -> list[Word]:
    """The lines directly above the first rule that respect the columns."""
    above = _between(words, xs[0], xs[-1], rule.at - 120, rule.at)
    taken: list[Word] = []
    edge = rule.at
    for line in reversed(rows_of(above)):
        box = bounds(line)
        if edge - box.y1 > 0.8 * (box.y1 - box.y0) or _beyond(line, words, xs):
            break
        if _crosses(line, xs) and len(split_row(line, 1.5)) < 2:
            break  # neither cells nor a header that spans several columns
        taken.extend(line)
        edge = box.y0
    places = {sum(x <= (w.x0 + w.x1) / 2 for x in xs) for w in taken}
    return taken if len(places) >= 2 else []


def _tail(top: float, xs: Sequence[float], words: Sequence[Word]) -> list[Word]:
    """The lines below the header's rule that respect the columns and have the table's line spacing."""
    below = _between(words, xs[0], xs[-1], top, top + 2_000)
    taken: list[Word] = []
    edge, widest = top, 0.0
    for line in rows_of(below):
        box = bounds(line)
        gap, height = box.y0 - edge, box.y1 - box.y0
        if gap > max(1.4 * widest, 0.75 * height) or _crosses(line, xs) or _beyond(line, words, xs):
            break
        taken.extend(line)
        widest = max(widest, gap)
        edge = box.y1
    return taken


def _crosses(line: Sequence[Word], xs: Sequence[float]) -> bool:
    """Whether running text crosses a column edge, with a word or an ordinary blank."""
    if any(w.x0 < x - 1 and w.x1 > x + 1 for w in line for x in xs[1:-1]):
        return True
    for before, word in itertools.pairwise(line):
        over = any(before.x1 <= x + 1 and x - 1 <= word.x0 for x in xs[1:-1])
        if over and word.x0 - before.x1 < 0.36 * word.style.size:
            return True
    return False


def _beyond(line: Sequence[Word], words: Sequence[Word], xs: Sequence[float]) -> bool:
    """Whether the line continues outside the table."""
    last, first = max(line, key=lambda w: w.x1), min(line, key=lambda w: w.x0)
    for word in words:
        if abs((word.y0 + word.y1) - (last.y0 + last.y1)) < last.y1 - last.y0 and (
            (0 <= word.x0 - last.x1 < last.style.size and word.x0 > xs[-1] - 3)
            or (0 <= first.x0 - word.x1 < last.style.size and word.x1 < xs[0] + 3)
        ):
            return True
    return False


def _by_gutters(rules: Sequence[Rule], words: Sequence[Word]) -> tuple[Grid, list[Word]] | None:
    """A table between its first and last rule, with columns separated by gaps."""
    if len(rules) < 2:
        return None
    left, right = min(r.start for r in rules), max(r.end for r in rules)
    inside = _between(words, left, right, rules[0].at, rules[-1].at)
    if len(inside) < 4:
        return None
    lines = rows_of(inside)
    middle = gutters(lines)
    several = [line for line in lines if _spread(line, middle) > 1]
    if not middle or len(lines) < 2 or len(several) < max(2, 0.5 * len(lines)) or is_listing(lines, middle):
        return None
    if len(inside) / len(lines) / (len(middle) + 1) > 9:
        return None  # running text in columns between two lines
    xs = [left, *middle, right]
    ys = [rules[0].at]
    for top, bottom in itertools.pairwise(rules):
        band = _between(words, left, right, top.at, bottom.at)
        rows = text_rows(band, xs) if band else []
        for row, after in itertools.pairwise(rows):
            ys.append((max(w.y1 for w in row) + min(w.y0 for w in after)) / 2)
        if rows:
            ys.append(bottom.at)
    ys = sorted(set(ys))
    columns = len(xs) - 1
    full = [[True] * columns for _ in range(len(ys) - 1)]
    return Grid(tuple(xs), tuple(ys), tuple(slots_of(full, full))), inside


def _spread(line: Sequence[Word], middle: Sequence[float]) -> int:
    return len({sum(x <= (w.x0 + w.x1) / 2 for x in middle) for w in line})


def boxes(tables: Sequence[Table]) -> list[Box]:
    return [Box(t.x0, t.y0, t.x1, t.y1) for t in tables]
