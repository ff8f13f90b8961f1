"""Signs that words in rows do not show what is on a page: formulas, and tables that were not understood."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from liteparse.types import TextItem

from services.parsing.page.blocks import Block, Kind
from services.parsing.page.tables.values import is_figure

#: A cell holds the figures of several columns if it has as many, and nothing else.
SEVERAL = 2
#: Text with as many figures, and mostly figures, is rows of a table.
MANY, MOSTLY = 8, 0.6
#: A table with a larger share of empty cells has columns that are none.
EMPTY = 0.6

#: Fonts of formulas: TeX's math italic, symbols, large operators and alphabets; OpenType math fonts; STIX,
#: unless the text is set in it.
_FONT = re.compile(
    r"CMMI|CMSY|CMEX|MSAM|MSBM|EUFM|RSFS|LMMath|(?<!Poly)Math(?!er)|MathJax|KaTeX|txsy|txmi|pxmi|STIX", re.I
)
_SYMBOLS = re.compile("[∂∇∏∑√∝∞∫∬∮∈∉⊂⊆∪∩∀∃≈≠≡≤≥⟨⟩±×÷]|[\U0001d400-\U0001d7ff]")
#: Characters of formulas on a page: a variable here and there in the text reads well without LaTeX.
FEWEST = 10

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


def holds_formulas(items: Iterable[TextItem]) -> bool:
    """Whether a page has more than a few characters in fonts for formulas, or mathematical symbols."""
    count = total = 0
    for item in items:
        total += len(item.text)
        if _FONT.search(item.font_name or ""):
            count += len(item.text)
        else:
            count += 2 * len(_SYMBOLS.findall(item.text))
    return FEWEST <= count < total / 2
