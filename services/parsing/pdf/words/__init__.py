"""What is done to the words of a page before its layout is found: mended, marked, or left out."""

from __future__ import annotations

from contextlib import suppress

from services.parsing.page.geometry import Page
from services.parsing.pdf.annotations import read_drawn
from services.parsing.pdf.sheets import Sheets
from services.parsing.pdf.words.direction import order_letters
from services.parsing.pdf.words.lost import add_astral, restore_letters
from services.parsing.pdf.words.marks import restore_marks
from services.parsing.pdf.words.raised import mark_raised
from services.parsing.pdf.words.unseen import leave_out_unseen


def mend(sheets: Sheets, page: Page, astral: bool) -> None:
    """Leave out the words of a page that are not seen, and put back what its reader lost. `astral`: whether
    the document has characters beyond the first plane of Unicode."""
    added = (add_astral,) if astral else ()
    restored = (restore_letters, order_letters, restore_marks, *added)
    for step in (leave_out_unseen, *restored, mark_raised, read_drawn):
        with suppress(RuntimeError):  # a page that only the other reader can open
            step(sheets, page)
