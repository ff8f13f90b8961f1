"""Converts one page to blocks in reading order."""

from __future__ import annotations

from collections.abc import Sequence

from services.parsing.markdown_writer import Cell
from services.parsing.page.aligned import aligned_tables
from services.parsing.page.blocks import Block, Kind, blocks_of
from services.parsing.page.cells import Table, fill, trimmed
from services.parsing.page.columns import flows, lines_of
from services.parsing.page.geometry import Boxed, Page, Picture, Piece, Word
from services.parsing.page.half_ruled import ladder_tables
from services.parsing.page.lines import Line, height_of, pieces_of, rows_of, split_row
from services.parsing.page.ruled import Grid, lattices, rules_of
from services.parsing.page.text import Vocabulary

#: A page with more strokes than this is a drawing; searching it for tables costs time and finds none.
MAX_STROKES = 6_000
#: A picture smaller than this (points, a quarter inch) is an icon, a rule or a bullet.
SMALLEST = 18


def layout(page: Page, vocabulary: Vocabulary) -> list[Block]:
    """The blocks of a page: paragraphs, items, code, tables and pictures. Headings are detected later."""
    tables, words = _tables(page, vocabulary)
    pieces = [piece for piece in pieces_of(words) if not _is_dotted(piece)] if words else []
    body = height_of(pieces) if pieces else 10.0
    items: list[Boxed] = [*pieces, *tables, *(p for p in page.pictures if _counts(p, page))]
    out: list[Block] = []
    for flow in flows(items, body):
        out.extend(_flow(flow, page, body, vocabulary))
    return out


def _counts(picture: Picture, page: Page) -> bool:
    """Whether a picture is content: no ornament, no page background, and not on a page read by OCR."""
    if page.scanned:
        return False
    width, height = picture.x1 - picture.x0, picture.y1 - picture.y0
    return min(width, height) >= SMALLEST and width * height < 0.9 * page.width * page.height


def _is_dotted(piece: Piece) -> bool:
    """Whether a piece is only a line of dots, dashes or stars."""
    text = "".join(word.text for word in piece.words)
    return len(text) >= 5 and not text.strip(".·•…-–—_=* ") and len(set(text)) <= 2


def _tables(page: Page, vocabulary: Vocabulary) -> tuple[list[Table], list[Word]]:
    """Tables with ruling lines, and the words outside of them."""
    if not page.strokes or len(page.strokes) > MAX_STROKES:
        return [], page.words
    across, down = rules_of(page.strokes)
    if len(across) * len(down) > 500_000:
        return [], page.words
    words = page.words
    tables: list[Table] = []
    grids, free = lattices(across, down)
    for grid in grids:
        table, words = _lattice(grid, words, vocabulary)
        if table:
            tables.append(table)
    for table, taken in ladder_tables(free, words, vocabulary):
        ids = {id(word) for word in taken}
        words = [word for word in words if id(word) not in ids]
        tables.append(table)
    return tables, words


def _lattice(grid: Grid, words: list[Word], vocabulary: Vocabulary) -> tuple[Table | None, list[Word]]:
    inside: list[Word] = []
    outside: list[Word] = []
    for word in words:
        x, y = (word.x0 + word.x1) / 2, (word.y0 + word.y1) / 2
        within = grid.xs[0] - 1 <= x <= grid.xs[-1] + 1 and grid.ys[0] - 1 <= y <= grid.ys[-1] + 1
        (inside if within else outside).append(word)
    grid = trimmed(grid, inside)
    rows = fill(grid, inside, vocabulary)
    if _is_frame(grid, rows, inside):
        return None, words
    return Table(rows, grid.xs[0], grid.ys[0], grid.xs[-1], grid.ys[-1]), outside


def _is_frame(grid: Grid, rows: Sequence[Sequence[Cell]], words: Sequence[Word]) -> bool:
    """Whether the lines frame text, boxes side by side or a form, rather than the cells of a table."""
    held = sum(bool(cell.text) for row in rows for cell in row)
    if held < 2 or held * 8 < len(grid.slots) or grid.rows == 1:
        return True
    if grid.columns < 2 and len(words) > 12 * grid.rows:
        return True
    return _nested(grid, words) > 0.12 * len(words)


def _nested(grid: Grid, words: Sequence[Word]) -> int:
    """Words in cells that contain a table: several lines, most of them with a gap."""
    count = 0
    for slot in grid.slots:
        left, right = grid.xs[slot.column], grid.xs[slot.column + slot.columns]
        top, bottom = grid.ys[slot.row], grid.ys[slot.row + slot.rows]
        inside = [w for w in words if left < (w.x0 + w.x1) / 2 < right and top < (w.y0 + w.y1) / 2 < bottom]
        if len(inside) < 6:
            continue
        lines = rows_of(inside)
        parted = sum(len(split_row(line, 1.5)) > 1 for line in lines)
        if len(lines) >= 3 and parted >= 0.5 * len(lines):
            count += len(inside)
    return count


def _flow(flow: Sequence[Boxed], page: Page, body: float, vocabulary: Vocabulary) -> list[Block]:
    out: list[Block] = []
    held: list[Piece] = []
    for item in sorted(flow, key=lambda i: (i.y0 + i.y1) / 2 if isinstance(i, Piece) else i.y0):
        if isinstance(item, Piece):
            held.append(item)
            continue
        out.extend(_text(held, page.number, body, vocabulary))
        held = []
        if isinstance(item, Table):
            out.append(Block(Kind.TABLE, "", page.number, rows=item.rows))
        elif isinstance(item, Picture):
            out.append(Block(Kind.PICTURE, "", page.number, picture=item))
    out.extend(_text(held, page.number, body, vocabulary))
    return out


def _text(pieces: Sequence[Piece], page: int, body: float, vocabulary: Vocabulary) -> list[Block]:
    lines: list[Line] = lines_of(pieces)
    out: list[Block] = []
    start = 0
    for first, end, table in aligned_tables(lines, vocabulary):
        out.extend(blocks_of(lines[start:first], page, body, vocabulary))
        out.append(Block(Kind.TABLE, "", page, rows=table.rows))
        start = end
    out.extend(blocks_of(lines[start:], page, body, vocabulary))
    return out
