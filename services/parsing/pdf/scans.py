"""Scanned pages: OCR adds the words that are in their pictures."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence

from services.parsing.images import ocr
from services.parsing.images.ocr.advice import unreadable
from services.parsing.page.geometry import Page, inside
from services.parsing.page_ranges import pages
from services.parsing.pdf.rotation import upright
from services.parsing.pdf.sheets import Sheets


class Scans:
    """Reads the scanned pages of one document.

    `seconds` limits the time for all pages together; `warnings` names the pages that were not read.
    """

    def __init__(self, sheets: Sheets, seconds: float) -> None:
        self._sheets = sheets
        self._seconds = seconds
        self._spent = 0.0
        self._unread: list[int] = []
        self._foreign: dict[int, ocr.Found] = {}
        self.warnings: list[str] = []

    def read(self, page: Page) -> None:
        """Add the words in the picture of a scanned page."""
        if not page.scanned:
            return
        if self._spent >= self._seconds:
            self._unread.append(page.number)
            return
        begun = time.monotonic()
        try:
            found = ocr.find_text(self._sheets.draw(page, ocr.SIDE))
            upright(page, found.turn)
            add_words(page, found.boxes, found.width)
            if found.unread:
                self._foreign[page.number] = found
        except Exception as error:  # a bad picture must not cost the other pages
            # Its message may be a traceback of the OCR engine.
            self.warnings.append(
                f"page {page.number}: its picture could not be read ({type(error).__name__})"
            )
        self._spent += time.monotonic() - begun

    def forget(self, number: int) -> None:
        """A page was read by other means."""
        self._foreign.pop(number, None)

    def unreadable(self) -> str:
        """Why pages full of text were not read; empty if there are none."""
        return "; ".join(self._in_foreign_scripts(ocr.UNREADABLE))

    def close(self) -> None:
        """Add the warnings about pages that were not read."""
        self.warnings.extend(self._in_foreign_scripts(1))
        if self._unread:
            self.warnings.append(
                f"{len(self._unread)} scanned pages from page {self._unread[0]} on were not read: "
                f"{self._seconds:g} s were spent on those before"
            )

    def _in_foreign_scripts(self, least: int) -> list[str]:
        by_script: dict[str, list[int]] = defaultdict(list)
        for number, found in self._foreign.items():
            if found.unread >= least:
                by_script[found.script].append(number)
        return [f"{pages(numbers)}: {unreadable(script)}" for script, numbers in by_script.items()]


def add_words(page: Page, found: Sequence[ocr.TextBox], width: float) -> None:
    """Add the lines that OCR found in a picture of the page (`width` pixels wide), except where the page has
    words already."""
    scale = page.width / max(width, 1)
    boxes = [ocr.TextBox(b.text, b.x0 * scale, b.y0 * scale, b.x1 * scale, b.y1 * scale) for b in found]
    free = [b for b in boxes if not any(inside(word, b, slack=0) for word in page.words)]
    page.words.extend(ocr.words_of(free))
