"""Pages as PDFium reads them, for what the reader of this package leaves out of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Any, TypeVar

T = TypeVar("T")


def visit_sheets(
    data: bytes, wanted: Iterable[tuple[int, T]], visit: Callable[[Any, T], None], upright: bool = True
) -> None:
    """Call `visit` with the sheet (`pypdfium2.PdfPage`) of each page number, and with what stands beside it.

    With `upright`, rotated pages are passed over. Nothing is visited in a file that only the other reader can
    open. PDFium is loaded with the first page: that takes longer than reading a document.
    """
    pages = list(wanted)
    if not pages:
        return
    import pypdfium2  # type: ignore[import-untyped]

    try:
        with closing(pypdfium2.PdfDocument(data)) as document:
            for number, held in pages:
                with closing(document[number - 1]) as sheet:
                    if not upright or sheet.get_rotation() == 0:
                        visit(sheet, held)
    except pypdfium2.PdfiumError:
        return
