"""Columns of a table: the vertical gaps that run through its lines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from services.parsing.page.geometry import Gap, Word, grouped
from services.parsing.page.lines import parted
from services.parsing.page.lists import is_number
from services.parsing.page.tables.values import (
    NARROW,
    are_apart,
    are_one,
    first_figures,
    is_after,
    is_between,
    is_figure,
    is_sign,
    is_value,
)

#: Minimum width of a gap between columns, relative to the font size: in many lines, and in few, where words
#: stand one above the other by chance.
GUTTER, GUTTER_OF_FEW = 0.5, 0.7
FEW = 4
#: Words closer than this (in font sizes) are one text.
WORD = 0.42
#: Share of the lines that may cross a gap, because a cell spans it.
STRAYS = 0.12
#: Maximum lines of a table's head. Its cells span columns.
HEAD = 4
#: A label above columns is centred on them within this (in font sizes).
CENTRED = 0.8


@dataclass(slots=True)
class Entry:
    """Words of one line in the columns `first` to `last`."""

    words: list[Word]
    first: int
    last: int

    @property
    def text(self) -> str:
        return _text(self.words)

    @property
    def x0(self) -> float:
        return min(word.x0 for word in self.words)

    @property
    def x1(self) -> float:
        return max(word.x1 for word in self.words)


@dataclass(slots=True)
class TableLine:
    """One line of text of a table, split into columns."""

    entries: list[Entry]
    y0: float
    y1: float
    at: dict[int, Entry] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.at = {c: entry for entry in self.entries for c in range(entry.first, entry.last + 1)}


def _text(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


def texts_of(line: Sequence[Word], gap: float = WORD) -> list[list[Word]]:
    """The words of a line, split at gaps wider than `gap` times the font size, and between values."""
    texts = parted(line, gap)
    return [one for text in texts for one in grouped(text, lambda held, word: not are_apart(held[-1], word))]


def gutters(lines: Sequence[Sequence[Word]], known: Sequence[float] = (), head: int = 0) -> list[Gap]:
    """The gaps between the columns of lines; vertical rules at `known` places count as gaps. Columns below a
    `head` (the number of lines that a rule sets off) may be empty.

    The first lines may be a head, whose cells span columns and whose labels are wider than the column: gaps
    are those of the body, where they part the head, too.
    """
    texts = ([_text(text) for text in texts_of(line)[1:]] for line in lines[: min(HEAD + 1, len(lines) - 1)])
    first = first_figures(texts, share=1 / 3) or 0
    best = _gutters(lines[first:])
    if not first:
        for skipped in range(1, min(HEAD, len(lines) - 2) + 1):
            found = _gutters(lines[skipped:])
            if len(found) > len(best):
                best = found
    spans = [(*span, min(at, HEAD) + 1) for at, line in enumerate(lines) for span in spans_of(line)]
    free = [gap for gap in best if not any(gap[0] - 1 <= x <= gap[1] + 1 for x in known)]
    found = [*(_narrowed(gap, spans) for gap in free), *((x, x) for x in known)]
    return sorted([*found, *_empty(lines, 0 if known else head, found)])


def _empty(lines: Sequence[Sequence[Word]], head: int, gaps: Sequence[Gap]) -> list[Gap]:
    """The gaps beside texts of the head that no text crosses, and that are beside the known ones."""
    spans = [spans_of(line) for line in lines]
    edges = {x for line in spans[:head] for span in line for x in span}
    free = _free(spans, 0, GUTTER_OF_FEW * lines[0][0].style.size) if head else []
    return [gap for gap in free if edges & {*gap} and not any(a <= gap[1] and gap[0] <= b for a, b in gaps)]


def _narrowed(gap: Gap, spans: Sequence[tuple[float, float, int]]) -> Gap:
    """The part of a gap that the fewest texts cross, at an end of it if possible; the widest of these. The
    lower a line of the head, the more a text (left, right, weight) counts."""
    inside = [span for span in spans if span[0] < gap[1] and span[1] > gap[0]]
    if not inside:
        return gap
    edges = sorted({*gap, *(x for span in inside for x in span[:2] if gap[0] < x < gap[1])})
    parts = [
        (sum(s[2] for s in inside if s[0] < b and s[1] > a), a > gap[0] and b < gap[1], a - b, a, b)
        for a, b in pairwise(edges)
        if b - a > 0.5
    ]
    return min(parts)[3:] if parts else gap


def spans_of(line: Sequence[Word], gap: float = WORD) -> list[Gap]:
    """The left and right ends of the texts of a line."""
    return [(text[0].x0, max(w.x1 for w in text)) for text in texts_of(line, gap)]


def _gutters(lines: Sequence[Sequence[Word]]) -> list[Gap]:
    spans = [spans_of(line) for line in beside(lines)]
    left, right = min(s[0][0] for s in spans), max(s[-1][1] for s in spans)
    kept = [s for s in spans if _is_kept(s, right - left)]
    several = sum(len(s) > 1 for s in kept)
    if several < 2:
        return []
    sizes = sorted(word.style.size for line in lines for word in line)
    least = (GUTTER if several >= FEW else GUTTER_OF_FEW) * sizes[len(sizes) // 2]
    strays = max(int(STRAYS * len(kept)), int(len(kept) >= 6))
    found = _free(kept, strays, least)
    words = [
        [(word.x0, word.x1) for word in line] for line in lines if _is_kept(spans_of(line), right - left)
    ]
    for gap in _free(words, strays, NARROW * sizes[len(sizes) // 2]):
        if not any(gap[0] <= b and a <= gap[1] for a, b in found) and _before_values(lines, gap):
            found.append(gap)
    return [gap for gap in sorted(found) if _parts(kept, gap)]


def _is_kept(spans: Sequence[Gap], width: float) -> bool:
    """Whether a line is no note and no title."""
    return len(spans) > 1 or spans[0][1] - spans[0][0] < 0.6 * width


def _before_values(lines: Sequence[Sequence[Word]], gap: Gap) -> bool:
    """Whether values, at least three and not all behind the same word, follow a gap in all lines."""
    pairs: list[tuple[str, str]] = []
    for line in lines:
        left = [word for word in line if word.x1 <= gap[0] + 0.1]
        right = [word for word in line if word.x0 >= gap[1] - 0.1]
        if left and right:
            pairs.append((left[-1].text, right[0].text))
    parted = sum(not are_one(before, after) for before, after in pairs)
    most = sum(is_value(after) for _, after in pairs) * 2 >= len(pairs) < 2 * parted
    several = len(pairs) >= 3 and len({before for before, _ in pairs}) > 1
    return several and most and all(is_figure(after) for _, after in pairs)


def beside(lines: Sequence[Sequence[Word]]) -> list[list[Word]]:
    """Lines, with those joined that stand beside each other, as cells do whose middles are at one height."""
    rows = grouped(lines, _stands_beside)
    return [sorted((word for line in row for word in line), key=lambda w: w.x0) for row in rows]


def _stands_beside(row: Sequence[Sequence[Word]], line: Sequence[Word]) -> bool:
    top, bottom = min(w.y0 for w in line), max(w.y1 for w in line)
    if top >= max(w.y1 for w in row[-1]) - 0.15 * (bottom - top):
        return False
    return not any(a.x0 < b.x1 + 1 and b.x0 < a.x1 + 1 for a in line for other in row for b in other)


def _free(spans: Sequence[Sequence[Gap]], strays: int, least: float) -> list[Gap]:
    """Gaps that no line crosses; where at most `strays` do, the part that the fewest cross."""
    events = sorted([(x0, 1) for s in spans for x0, _ in s] + [(x1, -1) for s in spans for _, x1 in s])
    levels: list[tuple[float, float, int]] = []
    depth = 0
    for (x, step), (after, _) in pairwise(events):
        depth += step
        if after > x:
            levels.append((x, after, depth))
    found: list[Gap] = []
    run: list[tuple[float, float, int]] = []
    for level in [*levels, (0.0, 0.0, strays + 1)]:
        if level[2] <= strays:
            run.append(level)
            continue
        free = [(a, b) for a, b, d in run if d == 0 and b - a >= least]
        if not free and run and run[-1][1] - run[0][0] >= least:
            low = min(d for _, _, d in run)
            widest = max((b - a, a, b) for a, b, d in run if d == low)
            free = [widest[1:]] if widest[0] >= 0.5 * least else []
        found.extend(free)
        run = []
    return found


def _parts(spans: Sequence[Sequence[Gap]], gap: Gap) -> bool:
    """Whether at least two lines have text on both sides of a gap."""
    return sum(s[0][0] < gap[0] and s[-1][1] > gap[1] for s in spans) >= 2


def split_lines(lines: Sequence[Sequence[Word]], gaps: Sequence[Gap]) -> list[TableLine]:
    middles = [(a + b) / 2 for a, b in gaps]
    return [
        TableLine(_entries(line, middles), min(w.y0 for w in line), max(w.y1 for w in line)) for line in lines
    ]


def _entries(line: Sequence[Word], middles: Sequence[float]) -> list[Entry]:
    out: list[Entry] = []
    for text in texts_of(line):
        for word in text:
            here = bisect_right(middles, (word.x0 + word.x1) / 2)
            first, last = bisect_right(middles, word.x0 + 1), bisect_right(middles, word.x1 - 1)
            first, last = min(first, here), max(last, here)
            before = out[-1] if out else None
            figures = before is not None and is_figure(word.text) and is_figure(before.words[-1].text)
            figures = figures or is_value(word.text)
            if before is not None and (first <= before.last or (word is not text[0] and not figures)):
                before.words.append(word)
                before.last = max(before.last, last)
            else:
                out.append(Entry([word], first, last))
    return out


def joined_signs(gaps: Sequence[Gap], lines: Sequence[TableLine]) -> list[Gap]:
    """The gaps, without those around columns that contain only `$`, `%`, `)` or `±`, and
    after one that contains only numbers of items."""
    held: list[set[str]] = [set() for _ in range(len(gaps) + 1)]
    for entry in (entry for line in lines for entry in line.entries if entry.first == entry.last):
        held[entry.first].add(entry.text)
    drop: set[int] = set()
    for column, texts in enumerate(held):
        between = all(map(is_between, texts))
        if texts and (
            between or all(map(is_sign, texts)) or (column < 1 < len(gaps) and all(map(is_number, texts)))
        ):
            drop.add(column)
        if texts and (between or all(map(is_after, texts))):
            drop.add(column - 1)
    return [gap for at, gap in enumerate(gaps) if at not in drop]


def extents(lines: Iterable[TableLine], count: int) -> list[Gap]:
    """The text of each column, from left to right, without texts that span columns."""
    spans = [(1e9, -1e9)] * count
    for line in lines:
        for entry in line.entries:
            if entry.first == entry.last:
                a, b = spans[entry.first]
                spans[entry.first] = (min(a, entry.x0), max(b, entry.x1))
    return spans


def blocks_below(
    labels: Sequence[Entry], below: Sequence[Entry], extent: Sequence[Gap]
) -> list[tuple[int, int]] | None:
    """The columns that each label of a line spans: equal blocks of the texts of the row below, on which all
    labels are centred, or whose texts repeat from block to block."""
    texts = sorted((entry for entry in below if entry.first > 0), key=lambda entry: entry.first)
    if not labels or len(texts) % len(labels) or len(texts) < 2 * len(labels):
        return None
    size = len(texts) // len(labels)
    blocks = [texts[at : at + size] for at in range(0, len(texts), size)]
    first = [entry.text for entry in blocks[0]]
    repeats = len(blocks) > 1 and all([entry.text for entry in block] == first for block in blocks)
    for label, block in zip(labels, blocks, strict=True):
        left, right = extent[block[0].first][0], extent[block[-1].last][1]
        off = abs(label.x0 + label.x1 - left - right) / 2
        near = max(CENTRED * label.words[0].style.size, 0.08 * (right - left))
        inside = block[0].first <= label.first and label.last <= block[-1].last
        if not inside or not (repeats or off <= near):
            return None
    return [(block[0].first, block[-1].last) for block in blocks]
