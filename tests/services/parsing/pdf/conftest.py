"""Small PDFs drawn on the spot: text goes where a test puts it."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from reportlab.lib.utils import ImageReader  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

LOREM = (
    "The quick brown fox jumps over the lazy dog while seven wizards brew strong potions near the old "
    "harbour and nobody in the village seems to mind the smoke that drifts across the water at dusk"
)


@dataclass
class Sheet:
    """A PDF under construction; y is measured from the top of the page, 612 x 792 points."""

    held: io.BytesIO = field(default_factory=io.BytesIO)

    def __post_init__(self) -> None:
        self.canvas = Canvas(self.held, pagesize=(612, 792), pageCompression=0)

    def text(self, x: float, y: float, text: str, size: float = 10, font: str = "Times-Roman") -> None:
        self.canvas.setFont(font, size)
        self.canvas.drawString(x, 792 - y, text)

    def lines(self, x: float, y: float, texts: Iterable[str], step: float = 12, **how: float | str) -> float:
        """Lines one below the other; returns where the next one would stand."""
        for text in texts:
            self.text(x, y, text, **how)  # type: ignore[arg-type]
            y += step
        return y

    def rule(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.canvas.line(x0, 792 - y0, x1, 792 - y1)

    def picture(self, picture: object, x: float, y: float, width: float, height: float) -> None:
        self.canvas.drawImage(ImageReader(picture), x, 792 - y - height, width, height)

    def next_page(self) -> None:
        self.canvas.showPage()

    def data(self) -> bytes:
        self.canvas.save()
        return self.held.getvalue()


def prose(lines: int, words: int = 12, seed: int = 0) -> list[str]:
    """Lines of running text that fill a column, none the same as another."""
    known = LOREM.split()
    out = []
    for at in range(lines):
        picked = [known[(seed + at * words + n) % len(known)] for n in range(words)]
        out.append(" ".join(picked))
    return out


@pytest.fixture
def sheet() -> Sheet:
    return Sheet()
