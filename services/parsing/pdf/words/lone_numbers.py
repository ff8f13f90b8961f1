"""Puts back numbers alone in the middle of a first or last line, which the reader takes for page numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from services.parsing.page.geometry import Page, Style, Word
from services.parsing.pdf.sheets import visit_sheets

#: Page numbers are within this share of the page's height from its edge.
MARGIN = 0.12


def restore_numbers(data: bytes, pages: Sequence[Page]) -> None:
    """Add the numbers of pages that are not rotated, unless they count pages or stand in the margin."""
    counted = Counter(page.printed - page.number for page in pages if page.printed is not None)
    suspects = [p for p in pages if p.printed is not None and counted[p.printed - p.number] == 1]
    visit_sheets(data, [(page.number, page) for page in suspects], _restore)


def _restore(sheet: Any, page: Page) -> None:
    left, _, _, top = sheet.get_bbox()
    number = str(page.printed)
    with (
        closing(sheet.get_textpage()) as text,
        closing(text.search(number, match_whole_word=True)) as search,
    ):
        while (found := search.get_next()) is not None:
            boxes = [text.get_charbox(at, loose=True) for at in range(found[0], found[0] + found[1])]
            box = (boxes[0][0] - left, top - boxes[0][3], boxes[-1][2] - left, top - boxes[0][1])
            x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            known = any(w.x0 <= x <= w.x1 and w.y0 <= y <= w.y1 for w in page.words)
            if not known and MARGIN < box[3] / page.height < 1 - MARGIN:
                size = next((w.style.size for w in page.words), 10.0)
                page.words.append(Word(number, *box, Style(size)))
                page.printed = None
                return
