"""Signs that the tables of a page were not understood."""

from __future__ import annotations

import re
from collections.abc import Sequence

from services.parsing.page.blocks import Block, Kind
from services.parsing.page.tables.columns import is_figure

#: A cell holds the figures of several columns if it has as many, and nothing else.
SEVERAL = 2
#: Text with as many figures, and mostly figures, is rows of a table.
MANY, MOSTLY = 8, 0.6
#: A table with a larger share of empty cells has columns that are none.
EMPTY = 0.6

_MARKS = re.compile(r"[*_`$%]+")


def has_doubtful_table(blocks: Sequence[Block]) -> bool:
    """Whether a table among the blocks of a page was probably not found, or not with its columns."""
    tables = [block for block in blocks if block.kind is Kind.TABLE]
    texts = [block.plain for block in blocks if block.kind in (Kind.TEXT, Kind.ITEM)]
    return any(map(_is_doubtful, tables)) or any(map(_is_figures, texts))


def _is_doubtful(table: Block) -> bool:
    cells = [cell.text for row in table.rows for cell in row]
    filled = [text for text in cells if text.strip()]
    merged = sum(_count(text) >= SEVERAL and _count(text) == len(_words(text)) for text in filled)
    width = max((sum(cell.columns for cell in row) for row in table.rows), default=0)
    return merged >= 2 or (width > 2 and len(filled) < (1 - EMPTY) * len(cells))


def _is_figures(text: str) -> bool:
    count = _count(text)
    return count >= MANY and count >= MOSTLY * len(_words(text))


def _words(text: str) -> list[str]:
    return _MARKS.sub(" ", text.replace("\\", "")).split()


def _count(text: str) -> int:
    return sum(map(is_figure, _words(text)))
