"""Pages as lists of marks: lines of text, cells, rules and boxes."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Mapping, Sequence

from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

from tests.services.parsing.relatives.rebuilt.prints import pdf

Mark = Callable[[Canvas], None]

SENTENCES = (
    "The weir was built in the year 1711 by the monks of the abbey, who needed",
    "its water for the mill below. It was rebuilt twice after great floods, and it",
    "is kept as a monument by the council of the town to this very day.",
)


def text(
    x: float,
    y: float,
    *lines: str,
    size: float = 11,
    font: str = "Helvetica",
    step: float = 0,
    align: str = "l",
) -> Mark:
    """Lines below each other, `step` points apart (1.25 times the size), from, to or around x."""

    def draw(c: Canvas) -> None:
        c.setFont(font, size)
        show = {"l": c.drawString, "r": c.drawRightString, "c": c.drawCentredString}[align]
        for n, line in enumerate(lines):
            show(x, y - n * (step or size * 1.25), line)

    return draw


def bold(x: float, y: float, *lines: str, size: float = 11, step: float = 0) -> Mark:
    return text(x, y, *lines, size=size, font="Helvetica-Bold", step=step)


def cells(xs: Sequence[float], y: float, *rows: Sequence[str], size: float = 10, step: float = 16) -> Mark:
    """Rows of cells; a negative x is the right edge of its column."""

    def draw(c: Canvas) -> None:
        c.setFont("Helvetica", size)
        for n, row in enumerate(rows):
            for x, cell in zip(xs, row, strict=False):
                (c.drawRightString if x < 0 else c.drawString)(abs(x), y - n * step, cell)

    return draw


def rules(*lines: tuple[float, float, float, float]) -> Mark:
    return lambda c: c.lines(lines)


def grid(xs: Sequence[float], ys: Sequence[float]) -> Mark:
    return lambda c: c.grid(list(xs), list(ys))


def box(x: float, y: float, wide: float, high: float, grey: float | None = None) -> Mark:
    def draw(c: Canvas) -> None:
        c.saveState()
        if grey is not None:
            c.setFillGray(grey)
        c.rect(x, y, wide, high, fill=grey is not None, stroke=grey is None)
        c.restoreState()

    return draw


def pages(*marked: Sequence[Mark], size: tuple[float, float] = (595, 842)) -> bytes:
    def drawn(marks: Sequence[Mark]) -> Mark:
        def draw(c: Canvas) -> None:
            for mark in marks:
                mark(c)

        return draw

    return pdf(*map(drawn, marked), size=size)


def page(*marks: Mark, size: tuple[float, float] = (595, 842)) -> bytes:
    return pages(marks, size=size)


def tarball(files: Mapping[str, bytes]) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return held.getvalue()
