"""The pages of a document as PDFium has them: their characters, for what the other reader leaves out, and
their pictures.

All but `letters` raise `pypdfium2.PdfiumError`, a RuntimeError, where only the other reader can open a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from services.parsing.page.geometry import Box, Page, Word

if TYPE_CHECKING:
    from PIL.Image import Image

#: Maximum pixels per point: 288 dots per inch. Scans are seldom finer.
MAX_SCALE = 4.0
_FORM = re.compile(rb"/Subtype\s*/Form\b")


class Sheets:
    """The pages of one document, which is opened with the first: loading PDFium takes longer than reading."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._document: Any = None
        self._sheet: Any = None  # one page at a time is open
        self._number = 0
        self._letters: Letters | None = None
        self._framing: bool | None = None  # whether the file holds forms and pictures

    def document(self) -> Any:
        """The `pypdfium2.PdfDocument`."""
        if self._document is None:
            import pypdfium2  # type: ignore[import-untyped]

            self._document = pypdfium2.PdfDocument(self.content)
        return self._document

    def sheet(self, number: int) -> Any:
        """The `pypdfium2.PdfPage` of a page, which is closed when the next one is asked for."""
        if self._number != number:
            self._leave()
            self._sheet, self._number = self.document()[number - 1], number
        return self._sheet

    def letters(self, page: Page) -> Letters | None:
        """The characters of a page; None if it is rotated, or if only the other reader can open it."""
        import pypdfium2

        with suppress(pypdfium2.PdfiumError):
            sheet = self.sheet(page.number)
            if self._letters is None and sheet.get_rotation() == 0:
                self._letters = Letters(sheet)
        return self._letters

    def framed(self, number: int) -> list[Box]:
        """Where forms are that hold pictures: the other reader finds only those outside of forms."""
        if self._framing is None:
            self._framing = b"/Image" in self.content and _FORM.search(self.content) is not None
        if not self._framing:
            return []
        import pypdfium2
        from pypdfium2.raw import (  # type: ignore[import-untyped]
            FPDF_PAGEOBJ_FORM,
            FPDF_PAGEOBJ_IMAGE,
        )

        with suppress(pypdfium2.PdfiumError):
            sheet = self.sheet(number)
            left, _, _, top = sheet.get_bbox()
            return [
                Box(x0 - left, top - y1, x1 - left, top - y0)
                for form in sheet.get_objects([FPDF_PAGEOBJ_FORM], max_depth=1)
                for x0, y0, x1, y1 in (form.get_bounds(),)
                if any(sheet.get_objects([FPDF_PAGEOBJ_IMAGE], form=form, level=1))
            ]
        return []

    def flatten(self, page: Page) -> None:
        """Make what annotations draw a part of a page."""
        import pypdfium2.raw

        pypdfium2.raw.FPDFPage_Flatten(self.sheet(page.number), pypdfium2.raw.FLAT_NORMALDISPLAY)
        self._leave()  # what was merged shows once the page is opened again

    def draw(self, page: Page, side: float) -> Image:
        """A picture of a page, at most `side` pixels on its longer side."""
        scale = min(side / max(page.width, page.height, 1.0), MAX_SCALE)
        bitmap = self.sheet(page.number).render(scale=scale, may_draw_forms=False)
        image: Image = bitmap.to_pil().convert("RGB")
        return image

    def close(self) -> None:
        """Close the document; what is asked for later opens it again."""
        self._leave()
        if self._document is not None:
            self._document.close()
            self._document = None

    def _leave(self) -> None:
        if self._sheet is not None:
            self._sheet.close()  # and its characters with it
        self._sheet, self._number, self._letters = None, 0, None


class Letters:
    """The characters of a sheet, counted from 0 in the order of the file, at their places on the `Page`."""

    def __init__(self, sheet: Any) -> None:
        import pypdfium2.raw

        self._raw = pypdfium2.raw
        self.text = sheet.get_textpage()
        self._left, _, _, self._top = sheet.get_bbox()

    def first_of(self, word: Word) -> int | None:
        """The character at the left edge of a word."""
        x, y = self._left + word.x0 + 1, self._top - (word.y0 + word.y1) / 2
        found: int | None = self.text.get_index(x, y, 2, word.y1 - word.y0)
        return found

    def between(self, start: int, end: int) -> str:
        """The text from one character to another (exclusive)."""
        start = max(start, 0)
        return str(self.text.get_text_range(start, min(end, self.text.count_chars()) - start))

    def within(self, box: Box) -> str:
        """The text in a box and less than a point around it."""
        left, right = self._left + box.x0 - 1, self._left + box.x1 + 1
        return str(self.text.get_text_bounded(left, self._top - box.y1 - 1, right, self._top - box.y0 + 1))

    def box(self, at: int, loose: bool = False) -> Box:
        """The box of a character's ink, or (`loose`) of its place in the line."""
        x0, y0, x1, y1 = self.text.get_charbox(at, loose=loose)
        return Box(x0 - self._left, self._top - y1, x1 - self._left, self._top - y0)

    def invisible(self) -> Iterator[tuple[str, Box]]:
        """The texts that are drawn with neither fill nor stroke (mode 3), and their places."""
        raw = self._raw
        for item in self.text.page.get_objects([raw.FPDF_PAGEOBJ_TEXT], textpage=self.text):
            if raw.FPDFTextObj_GetTextRenderMode(item) == raw.FPDF_TEXTRENDERMODE_INVISIBLE:
                x0, y0, x1, y1 = item.get_bounds()
                yield item.extract(), Box(x0 - self._left, self._top - y1, x1 - self._left, self._top - y0)

    def unit(self, at: int) -> int:
        """The character as UTF-16: those beyond the first plane are two units."""
        return int(self._raw.FPDFText_GetUnicode(self.text, at))

    def size(self, at: int) -> float:
        """The font size of a character in points."""
        return float(self._raw.FPDFText_GetFontSize(self.text, at))
