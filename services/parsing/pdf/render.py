"""Blocks to markdown, page by page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby, islice

from services.parsing.document import PageSpan
from services.parsing.markdown_writer import MarkdownBlock as Markdown
from services.parsing.markdown_writer import Writer, code, indented, item, table, tidy, without_emphasis
from services.parsing.page.blocks import Block, Kind
from services.parsing.page.captions import begins_as_caption
from services.parsing.page.text import HYPHENS, Vocabulary, append
from services.parsing.pdf.continued import continued

#: Line starts that markdown would read as a heading, quote, list, rule or table.
_LINE_START = re.compile(
    r"^(?:(?=#{1,6}(?:\s|$)|>|[-+*](?:\s|$)|(?:-{3,}|={2,}|\*{3,})\s*$|\|)|(\d{1,9})(?=[.)](?:\s|$)))", re.M
)
#: Most notes, tables and figures with their captions between two parts of a paragraph.
MOST_BETWEEN = 6
#: A box at the right begins behind this share of the width of the text.
INDENTED = 0.3
_ENDED = re.compile(r"[.!?:。！？؟][\"'”’)\]*_]*$")


def render(
    blocks: Sequence[Block], labels: Mapping[int, str | None], vocabulary: Vocabulary
) -> tuple[str, tuple[PageSpan, ...]]:
    """The markdown of all blocks, and the span of each page in it. `labels`: names of pages by number."""
    writer = Writer()
    by_page = {n: list(held) for n, held in groupby(_whole(continued(blocks), vocabulary), lambda b: b.page)}
    for number, label in labels.items():
        writer.page(number, label)
        items: list[Block] = []  # the open ones, each nested in the one before
        for block in by_page.get(number, ()):
            if block.kind is Kind.ITEM:
                _item(writer, block, items)
            elif not _in_item(writer, block, items):
                items = []
                _other(writer, block)
    return writer.finish()


def _as_text(text: str) -> str:
    """Escape line starts, because lists and headings are already detected from the page layout."""
    return _LINE_START.sub(lambda m: f"{m[1] or ''}\\", tidy(text))


def _item(writer: Writer, block: Block, items: list[Block]) -> None:
    """A list item, nested below the open ones with a smaller indent."""
    while items and block.x0 <= items[-1].x0 + _slack(items[-1]):
        items.pop()
    writer.extend([item(block.marker, [Markdown(_as_text(block.text))], _indent(items))])
    items.append(block)


def _in_item(writer: Writer, block: Block, items: list[Block]) -> bool:
    """Write a paragraph or code below the text of an open item as a part of it; whether it is one."""
    if block.kind not in (Kind.TEXT, Kind.CODE):
        return False
    while items and not _is_below(block, items[-1]):
        items.pop()
    if not items:
        return False
    text = code(block.text).text if block.kind is Kind.CODE else _as_text(block.text)
    writer.add(indented(text, _indent(items)))
    return True


def _is_below(block: Block, before: Block) -> bool:
    """Whether a block begins where the text of an item does, and not where its marker does."""
    return (before.x0 + before.hang) / 2 < block.x0 < before.hang + 0.5 * _slack(before)


def _slack(block: Block) -> float:
    return 0.6 * (block.style.size or 10.0)


def _indent(items: Sequence[Block]) -> str:
    """The indentation of what is in the last of nested items."""
    return " " * sum(len(one.marker) + 1 for one in items)


def _other(writer: Writer, block: Block) -> None:
    if block.kind is Kind.HEADING:
        writer.heading(block.level, block.text)
    elif block.kind is Kind.CODE:
        writer.extend([code(block.text)])
    elif block.kind is Kind.TABLE:
        writer.add(table(block.rows))
    else:
        writer.add(block.text if block.kind is Kind.MARKDOWN else _as_text(block.text))


def _whole(blocks: Sequence[Block], vocabulary: Vocabulary) -> list[Block]:
    """Join paragraphs that a column or page break splits; the text belongs to its first page."""
    out: list[Block] = []
    for block in blocks:
        start = _start_of(block, out)
        if start is None:
            out.append(block)
            continue
        start.text = append(start.text, block.text, vocabulary)
        start.plain = append(start.plain, block.plain, vocabulary)
        start.lines += block.lines
        start.full = block.full
    return out


def _start_of(block: Block, blocks: Sequence[Block]) -> Block | None:
    """The paragraph that a block continues: the last one, or one before notes, tables, figures and a box at
    the right that it runs around."""
    around = False
    for before in islice(reversed(blocks), MOST_BETWEEN + 1):
        if _goes_on(before, block, around):
            return before
        boxed = _stands_above(before, block)
        if not boxed and not _is_beside_text(before, block):
            return None
        around = around or boxed
    return None


def _stands_above(box: Block, block: Block) -> bool:
    """Whether a block of a column at the right stands above a text that reaches below it."""
    if box.page != block.page or not box.columns or not block.columns:
        return False
    (left, right), start = block.columns[0], box.columns[0][0]
    return left + INDENTED * (right - left) < start < right


def _is_beside_text(before: Block, block: Block) -> bool:
    if before.kind in (Kind.TABLE, Kind.MARKDOWN):
        return True
    smaller = before.style.size < 0.95 * block.style.size
    return before.kind in (Kind.TEXT, Kind.ITEM) and (smaller or begins_as_caption(before.plain))


def _goes_on(before: Block, block: Block, around: bool) -> bool:
    if before.kind not in (Kind.TEXT, Kind.ITEM) or block.kind is not Kind.TEXT:
        return False
    if not around and not before.full and not before.plain.endswith(HYPHENS):
        return False
    if abs(before.style.size - block.style.size) > 0.6 or before.style.bold != block.style.bold:
        return False
    if before.kind is Kind.ITEM and before.page == block.page and not _is_below(block, before):
        return False
    first = without_emphasis(block.text)[:1]
    return first.islower() and not _ENDED.search(without_emphasis(before.text))
