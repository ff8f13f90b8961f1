"""Converts one page to blocks in reading order."""

from __future__ import annotations

from collections.abc import Sequence

from services.parsing.markdown_writer import image
from services.parsing.page.blocks import Block, Kind, blocks_of
from services.parsing.page.columns import flows, lines_of
from services.parsing.page.figures import Figure, figures_of
from services.parsing.page.geometry import Boxed, Page, Picture, Piece
from services.parsing.page.lines import Line, pieces_of, usual_size
from services.parsing.page.lists import mark_numbers
from services.parsing.page.tables.aligned import aligned_tables
from services.parsing.page.tables.cells import Table
from services.parsing.page.tables.ruled import ruled_tables
from services.parsing.page.tables.rules import Rule
from services.parsing.page.text import Vocabulary

#: A picture smaller than this (points, a quarter inch) is an icon, a rule or a bullet.
SMALLEST = 18


def layout(page: Page, vocabulary: Vocabulary) -> list[Block]:
    """The blocks of a page: paragraphs, items, code, tables and pictures. Headings are detected later."""
    figures, words = figures_of(page)
    tables, words, rules = ruled_tables(page, words, vocabulary)
    pieces = [piece for piece in pieces_of(words) if not _is_dotted(piece)] if words else []
    body = usual_size(word for piece in pieces for word in piece.words) or 10.0
    items: list[Boxed] = [*pieces, *tables, *figures, *(p for p in page.pictures if _counts(p, page))]
    out: list[Block] = []
    for flow in flows(items, body):
        out.extend(_flow(flow, page, body, rules, vocabulary))
    return out


def _counts(picture: Picture, page: Page) -> bool:
    """Whether a picture is content: no ornament, no page background, and not on a page read by OCR."""
    background = picture.width * picture.height >= 0.9 * page.width * page.height
    return not page.scanned and min(picture.width, picture.height) >= SMALLEST and not background


def _is_dotted(piece: Piece) -> bool:
    """Whether a piece is only a line of dots, dashes or stars."""
    text = "".join(word.text for word in piece.words)
    return len(text) >= 5 and not text.strip(".·•…-–—_=* ") and len(set(text)) <= 2


def _flow(
    flow: Sequence[Boxed], page: Page, body: float, rules: Sequence[Rule], vocabulary: Vocabulary
) -> list[Block]:
    out: list[Block] = []
    pieces: list[Piece] = []  # those that no block holds yet
    for item in sorted(flow, key=lambda i: i.middle if isinstance(i, Piece) else i.y0):
        if isinstance(item, Piece):
            pieces.append(item)
            continue
        out.extend(_text(pieces, page.number, body, rules, vocabulary))
        pieces = []
        if isinstance(item, Table):
            out.append(Block(Kind.TABLE, "", page.number, rows=item.rows, columns=item.columns))
        elif isinstance(item, Figure):
            labels = image("", title=f"drawing; text: {' '.join(item.labels)}") if item.labels else ""
            out.append(Block(Kind.MARKDOWN, labels, page.number))
        elif isinstance(item, Picture):
            out.append(Block(Kind.PICTURE, "", page.number, picture=item))
    return [*out, *_text(pieces, page.number, body, rules, vocabulary)]


def _text(
    pieces: Sequence[Piece], page: int, body: float, rules: Sequence[Rule], vocabulary: Vocabulary
) -> list[Block]:
    lines: list[Line] = lines_of(pieces)
    mark_numbers(lines)
    out: list[Block] = []
    start = 0
    for first, end, table in aligned_tables(lines, rules, vocabulary):
        out.extend(blocks_of(lines[start:first], page, body, vocabulary))
        out.append(Block(Kind.TABLE, "", page, rows=table.rows, columns=table.columns))
        start = end
    out.extend(blocks_of(lines[start:], page, body, vocabulary))
    return out
