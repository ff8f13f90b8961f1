"""Tables that strokes reveal: grids of cells, or rules above and below their lines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, takewhile

from services.parsing.markdown_writer import Cell
from services.parsing.page.captions import follows_table, is_caption
from services.parsing.page.geometry import Box, Page, Word, bounds
from services.parsing.page.lines import GAP, parted, rows_of
from services.parsing.page.tables.build import build, head_lines
from services.parsing.page.tables.cells import Table, fill
from services.parsing.page.tables.columns import HEAD, beside, gutters, spans_of, split_lines, texts_of
from services.parsing.page.tables.fits import (
    FURTHEST,
    crosses,
    head_of,
    is_larger,
    is_prose,
    shares_edges,
    tail_of,
)
from services.parsing.page.tables.pairs import stacked
from services.parsing.page.tables.rows import holds_rows
from services.parsing.page.tables.rules import (
    NEAR,
    TOUCH,
    Grid,
    Rule,
    column_edges,
    ladders,
    lattices,
    rules_in,
    rules_of,
    without_underlines,
)
from services.parsing.page.tables.values import is_figure, is_sign
from services.parsing.page.text import Vocabulary

#: A page with more strokes than this is a drawing; searching it for tables costs time and finds none.
MAX_STROKES = 6_000
#: A head may begin this far (in points) above its rule.
HIGHEST_HEAD = 120


def ruled_tables(
    page: Page, words: list[Word], vocabulary: Vocabulary
) -> tuple[list[Table], list[Word], list[Rule]]:
    """The tables that strokes reveal in words of a page, the words outside, and the horizontal rules."""
    if not page.strokes or len(page.strokes) > MAX_STROKES:
        return [], words, []
    across, down = rules_of(page.strokes)
    across = without_underlines(across, words)
    if len(across) * len(down) > 500_000:
        return [], words, []
    tables: list[Table] = []
    grids, free = lattices(across, down)
    for grid in grids:
        table, words = _lattice(grid, across, words, vocabulary)
        if table:
            tables.append(table)
    for group in ladders(free):
        for run in _runs(group, words):
            lines = _region(run, words, across)
            held = len(lines) >= 2 and not _is_listing(lines)
            made = build(lines, run, vocabulary, column_edges(run)) if held else None
            if made is None:
                continue
            made.y0, made.y1 = min(made.y0, run[0].at), max(made.y1, run[-1].at)
            made.x0, made.x1 = min(made.x0, *(r.start for r in run)), max(made.x1, *(r.end for r in run))
            ids = {id(word) for line in lines for word in line}
            words = [word for word in words if id(word) not in ids]
            tables.append(made)
    return tables, words, across


def _is_listing(rows: Sequence[Sequence[Word]]) -> bool:
    """Whether rows are in a monospaced font and few have gaps, as code in a box has before its comments."""
    mono = all(word.style.mono for row in rows for word in row if any(map(str.isalnum, word.text)))
    return mono and 3 * sum(len(parted(row, GAP)) > 1 for row in rows) < len(rows)


def _lattice(
    grid: Grid, across: Sequence[Rule], words: list[Word], vocabulary: Vocabulary
) -> tuple[Table | None, list[Word]]:
    inside = _between(words, grid.xs[0] + 2, grid.xs[-1] - 2, grid.ys[0] - 1, grid.ys[-1] + 1)
    ids = {id(word) for word in inside}
    outside = [word for word in words if id(word) not in ids]
    rows, columns = fill(grid, inside, vocabulary), tuple(pairwise(grid.xs))
    if _is_frame(grid, rows, inside):
        return None, words
    if not _parts_rows(grid, inside):
        rules = rules_in(across, Box(grid.xs[0], grid.ys[0], grid.xs[-1], grid.ys[-1]), slack=1)
        made = build(rows_of(inside), rules, vocabulary, grid.xs[1:-1])
        if made is not None:
            rows, columns = made.rows, made.columns
    return Table(rows, grid.xs[0], grid.ys[0], grid.xs[-1], grid.ys[-1], columns), outside


def _parts_rows(grid: Grid, words: Sequence[Word]) -> bool:
    """Whether rules part the rows of a grid: no band has figures below figures in most of its lines, and most
    lines are not in bands that hold several rows."""
    lines = split_lines(rows_of(words), [(x, x) for x in grid.xs[1:-1]])
    bands = [
        [line for line in lines if top < (line.y0 + line.y1) / 2 < bottom]
        for top, bottom in pairwise(grid.ys)
    ]
    if any(sum(stacked([a], b) for a, b in pairwise(band)) * 2 > len(band) - 1 > 0 for band in bands):
        return False
    return grid.columns == 2 or sum(len(band) for band in bands if holds_rows(band)) * 2 <= len(lines)


def _is_frame(grid: Grid, rows: Sequence[Sequence[Cell]], words: Sequence[Word]) -> bool:
    """Whether the lines frame text, boxes side by side or a form, rather than the cells of a table."""
    held = sum(bool(cell.text) for row in rows for cell in row)
    if held < 2 or held * 8 < len(grid.slots) or grid.rows == 1:
        return True
    return grid.columns < 2 and len(words) > 12 * grid.rows


def _between(words: Sequence[Word], left: float, right: float, top: float, bottom: float) -> list[Word]:
    return [
        w for w in words if top < (w.y0 + w.y1) / 2 < bottom and left - 3 <= (w.x0 + w.x1) / 2 <= right + 3
    ]


def _runs(group: Sequence[Rule], words: Sequence[Word]) -> list[list[Rule]]:
    """Split rules with the same ends where the text between two of them is not part of a table."""
    left, right = min(r.start for r in group), max(r.end for r in group)
    runs: list[list[Rule]] = []
    lines: list[list[Word]] = []  # between the rules of the last run
    head: list[list[str]] = []  # above its first rule
    for rule in group:
        band = rows_of(
            _between(words, left, right, runs[-1][-1].at if runs else rule.at - HIGHEST_HEAD, rule.at)
        )
        last = [_texts(line) for line in band[-1:]]
        if runs and (not last or last != head) and _tabular(band, lines, runs[-1], rule):
            runs[-1].append(rule)
            lines.extend(band)
        else:
            runs.append([rule])
            lines, head = [], last
    return runs


def _texts(line: Sequence[Word]) -> list[str]:
    return [word.text for word in line]


def _tabular(
    band: Sequence[list[Word]], lines: Sequence[list[Word]], run: Sequence[Rule], below: Rule
) -> bool:
    """Whether a band of lines between the last rule of a run and another goes on with the table of the lines
    between the rules of the run: they are not far apart, and no running text, caption or other head."""
    above = run[-1]
    if not band:
        parts_all = len(lines) <= len(run)  # an empty row; else the end of a table and the start of the next
        return below.at - above.at < (40 if parts_all else 2 * NEAR)
    spans = [bounds(line) for line in band]
    height = spans[0].y1 - spans[0].y0
    edges = [above.at, *(y for span in spans for y in (span.y0, span.y1)), below.at]
    if any(b - a > 3 * height for a, b in zip(edges[::2], edges[1::2], strict=True)):
        return False
    if any(is_caption(line) for line in band) or any(
        is_larger(band[at], band[:at]) for at in range(1, len(band))
    ):
        return False
    if _begins_table(band, spans, above.at, bounds(lines[-1]).y1 if lines else above.at):
        return False
    edges = [x for x in above.breaks if any(abs(x - other) <= TOUCH for other in below.breaks)]
    if edges and not any(crosses(line, [(x, x) for x in edges]) for line in band):
        return True  # both are drawn cell by cell
    left, right = min(above.start, below.start), max(above.end, below.end)
    prose = [is_prose(line, left, right) for line in band]
    if all(len(spans_of(line, GAP)) == 1 for line in beside(band)):
        return len(band) == 1 and not prose[0]
    return sum(prose) * 2 < len(band) and not _holds_paragraph(band, prose, lines)


def _begins_table(band: Sequence[list[Word]], spans: Sequence[Box], above: float, foot: float) -> bool:
    """Whether the last lines above a rule are a head, set off from the lines above by more white than rows
    are; or, alone between two rules, by more than the line (which ends at `foot`) above the first rule is."""
    height = spans[0].y1 - spans[0].y0
    if len(band) == 1:
        return len(spans_of(band[0])) == 1 and spans[0].y0 - above > max(
            0.7 * height, 1.5 * (above - foot) + 2
        )
    gaps = [b.y0 - a.y1 for a, b in pairwise(spans)]
    return any(
        gap > max(0.0, *gaps[:at]) + 0.5 * height and (at > 2 or gap > 1.2 * height)
        for at, gap in enumerate(gaps)
        if at >= max(len(gaps) - HEAD, 1)
    )


def _holds_paragraph(band: Sequence[list[Word]], prose: Sequence[bool], lines: Sequence[list[Word]]) -> bool:
    """Whether a long line, ended or followed by another at the same edge, crosses the columns of the rest."""
    cells = [*lines, *(line for line, text in zip(band, prose, strict=True) if not text)]
    gaps = gutters(cells) if any(prose) and len(cells) > 2 else []
    for at, line in enumerate(band):
        if not prose[at] or not gaps or not crosses(line, gaps):
            continue
        after = band[at + 1] if at + 1 < len(band) else line
        if line[-1].text.endswith(".") or (len(spans_of(after)) == 1 and abs(after[0].x0 - line[0].x0) < 2):
            return True
    return False


def _region(rules: Sequence[Rule], words: Sequence[Word], across: Sequence[Rule]) -> list[list[Word]]:
    """The lines of the table around rules: those between them, and those beside that fit its columns."""
    left, right = min(r.start for r in rules), max(r.end for r in rules)
    top, bottom = rules[0].at, rules[-1].at
    inside = rows_of(_between(words, left, right, top, bottom))
    above = rows_of(_between(words, left, right, top - HIGHEST_HEAD, top))[::-1]
    under = rows_of(_between(words, left, right, bottom, bottom + 2_000))
    wide = [r.at for r in across if min(r.end, right) - max(r.start, left) > (right - left) / 2]
    later = [at for at in wide if at > bottom + NEAR]
    again = [_texts(line) for line in above[:1]]  # the head of the next table
    under = list(takewhile(lambda line: _texts(line) not in again, under))
    below = _near(under, bottom, words, (left, right), inside or [*above[:1], *under[:1]], later)
    edges = column_edges(rules)
    gaps = gutters(inside) if len(inside) >= 3 and not edges else [(x, x) for x in edges]
    if not gaps:
        near = [line for line in above[:1] if len(spans_of(line)) > 1]
        seen = [*near, *inside, *below]
        gaps = gutters(seen, head=head_lines(seen, rules)) if len(seen) > 1 else []
    if not gaps or any(_beyond(line, words, left, right) for line in inside):
        return []
    if _lacks_labels([*inside, *below], words, left):
        return []
    above = list(takewhile(lambda line: not _beyond(line, words, left, right), above))
    reach = bottom - bounds(inside[-1]).y1 + NEAR if inside else 0.0
    head = head_of(above, gaps, top, left, [*inside, *below], reach)
    return [*head, *inside, *tail_of(below, gaps, bool(edges))]


def _near(
    lines: Sequence[list[Word]],
    edge: float,
    words: Sequence[Word],
    ends: tuple[float, float],
    before: Sequence[list[Word]],
    rules: Sequence[float],
) -> list[list[Word]]:
    """The lines directly below an edge, up to running text, a caption, a heading or a gap. `before` are lines
    above the edge, `rules` the heights of other rules."""
    out: list[list[Word]] = []
    widest = 0.0
    for line in lines:
        box, last = bounds(line), out[-1] if out else before[-1]
        gap, height = box.y0 - edge, box.y1 - box.y0
        far = gap > max(1.4 * widest, 1.3 * height)
        if far and gap <= FURTHEST * height and not any(0 < at - box.y0 < HEAD * height for at in rules):
            far = not shares_edges(line, last)
        if far or is_prose(line, *ends) or follows_table(line) or is_larger(line, [*before, *out]):
            break
        if _beyond(line, words, *ends) or any(edge < at < box.y0 for at in rules):
            break
        out.append(line)
        widest, edge = max(widest, gap), box.y1
    return out


def _beyond(line: Sequence[Word], words: Sequence[Word], left: float, right: float) -> bool:
    """Whether the text of a line continues outside the table."""
    last, first = max(line, key=lambda w: w.x1), min(line, key=lambda w: w.x0)
    ids = {id(word) for word in line}
    for word in words:
        if abs((word.y0 + word.y1) - (last.y0 + last.y1)) < last.y1 - last.y0 and id(word) not in ids:
            after, before = word.x0 - last.x1, first.x0 - word.x1
            if 0 <= min(after, before, key=abs) < last.style.size and (
                word.x1 > right - 3 or word.x0 < left + 3
            ):
                return True
    return False


def _lacks_labels(lines: Sequence[list[Word]], words: Sequence[Word], left: float) -> bool:
    """Whether lines begin with figures and have labels at their left: rules below the figures only."""
    first = [" ".join(w.text for w in texts_of(line)[0]) for line in lines]
    rows = [line for line, text in zip(lines, first, strict=True) if is_figure(text) or is_sign(text)]
    if len(rows) * 2 <= len(lines):
        return False
    beside = [[w for w in words if w.x1 < left and abs(w.y0 + w.y1 - r[0].y0 - r[0].y1) < 4] for r in rows]
    held = [row for row in beside if row]
    return len(held) * 2 > len(rows) and sum(map(len, held)) <= 5 * len(held)  # more are running text
