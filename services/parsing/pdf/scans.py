"""Scanned pages: renders them and reads them with a vision model or OCR."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.parsing.images import ocr, vision
from services.parsing.page.geometry import Page, Word

if TYPE_CHECKING:
    import pypdfium2  # type: ignore[import-untyped]
    from PIL.Image import Image

#: Maximum pixels per point: 288 dots per inch. Scans are seldom finer.
MAX_SCALE = 4.0


class Scans:
    """Renders and reads the scanned pages of one document.

    `seconds` limits the time for all pages together; `warnings` names the pages that were not read.
    """

    def __init__(self, content: bytes, seconds: float) -> None:
        self._content = content
        self._seconds = seconds
        self._spent = 0.0
        self._pdf: pypdfium2.PdfDocument | None = None
        self._unread: list[int] = []
        self.warnings: list[str] = []

    def read(self, page: Page) -> str | None:
        """The page as markdown, if a vision model read it; otherwise OCR adds its words to the page."""
        seen = vision.configured()
        always = seen is not None and seen.pages == "always"
        if not page.scanned and not always:
            return None
        if self._spent >= self._seconds:
            self._unread.append(page.number)
            return None
        begun = time.monotonic()
        try:
            image = self._render(page)
            markdown = vision.read_page(image) if seen and seen.pages != "never" else None
            if markdown is None and page.scanned:
                add_words(page, ocr.find_text(image), image.width)
        except Exception as error:  # a bad picture must not cost the other pages
            self.warnings.append(
                f"page {page.number}: its picture could not be read ({type(error).__name__}: {error})"
            )
            markdown = None
        self._spent += time.monotonic() - begun
        return markdown

    def close(self) -> None:
        if self._pdf is not None:
            self._pdf.close()
        if self._unread:
            self.warnings.append(
                f"{len(self._unread)} scanned pages from page {self._unread[0]} on were not read: "
                f"{self._seconds:g} s were spent on those before"
            )

    def _render(self, page: Page) -> Image:
        if self._pdf is None:
            import pypdfium2  # imported with the first scan: the import takes longer than reading a document

            self._pdf = pypdfium2.PdfDocument(self._content)
        scale = min(ocr.SIDE / max(page.width, page.height, 1.0), MAX_SCALE)
        sheet = self._pdf[page.number - 1]
        try:
            bitmap = sheet.render(scale=scale, may_draw_forms=False)
            image: Image = bitmap.to_pil().convert("RGB")
        finally:
            sheet.close()
        return image


def add_words(page: Page, found: Sequence[ocr.TextBox], width: int) -> None:
    """Add the lines that OCR found in a picture of the page (`width` pixels wide), except where the page has
    words already."""
    scale = page.width / max(width, 1)
    boxes = [ocr.TextBox(b.text, b.x0 * scale, b.y0 * scale, b.x1 * scale, b.y1 * scale) for b in found]
    free = [b for b in boxes if not any(_over(b, w) for w in page.words)]
    page.words.extend(ocr.words_of(free))


def _over(box: ocr.TextBox, word: Word) -> bool:
    x, y = (word.x0 + word.x1) / 2, (word.y0 + word.y1) / 2
    return box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1
