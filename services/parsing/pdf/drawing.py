"""Draws pages as pictures, for OCR and vision models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.parsing.page.geometry import Page

if TYPE_CHECKING:
    import pypdfium2  # type: ignore[import-untyped]
    from PIL.Image import Image

#: Maximum pixels per point: 288 dots per inch. Scans are seldom finer.
MAX_SCALE = 4.0


class Drawing:
    """Draws pages of one document; it is opened with the first page."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._pdf: pypdfium2.PdfDocument | None = None

    def draw(self, page: Page, side: int) -> Image:
        """The page, at most `side` pixels on its longer side."""
        if self._pdf is None:
            import pypdfium2  # imported with the first scan: the import takes longer than reading a document

            self._pdf = pypdfium2.PdfDocument(self.content)
        scale = min(side / max(page.width, page.height, 1.0), MAX_SCALE)
        sheet = self._pdf[page.number - 1]
        try:
            bitmap = sheet.render(scale=scale, may_draw_forms=False)
            image: Image = bitmap.to_pil().convert("RGB")
        finally:
            sheet.close()
        return image

    def close(self) -> None:
        """Close the document."""
        if self._pdf is not None:
            self._pdf.close()
            self._pdf = None
