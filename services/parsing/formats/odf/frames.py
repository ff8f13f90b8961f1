"""OpenDocument frames: text boxes, pictures, charts, formulas, tables, and groups of them."""

from __future__ import annotations

import posixpath
from typing import Protocol

from lxml import etree  # type: ignore[import-untyped]

from services.parsing import markdown_writer as md
from services.parsing.formats.html.formulas import math_text
from services.parsing.formats.odf.styles import CHART, DRAW, OFFICE, PRESENTATION, SVG, TABLE, TEXT, XLINK
from services.parsing.images.pictures import Pictures
from services.parsing.markdown_writer import Cell, MarkdownBlock
from services.parsing.office.archive import Archive

_MATH = "{http://www.w3.org/1998/Math/MathML}"
#: Shapes that may contain paragraphs.
_SHAPES = frozenset(
    DRAW + n
    for n in (
        "custom-shape",
        "rect",
        "ellipse",
        "circle",
        "polygon",
        "path",
        "line",
        "connector",
        "caption",
        "text-box",
    )
)
#: Placeholders that repeat on every slide.
_RUNNING = ("header", "footer", "date-time", "page-number", "page")


class Content(Protocol):
    """Reads the content of frames: text boxes contain paragraphs, which may contain frames."""

    def blocks_of(self, content: etree._Element) -> list[MarkdownBlock]:
        """The blocks of a separate part."""

    def rows(self, table: etree._Element) -> list[list[Cell]]:
        """The cells of a table, row by row."""


class Frames:
    """Converts frames at their position in the text."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._pictures = Pictures()

    @property
    def warnings(self) -> tuple[str, ...]:
        return self._pictures.warnings

    def blocks(self, element: etree._Element, body: Content) -> list[MarkdownBlock]:
        """Everything in a frame or shape as blocks."""
        text, blocks = self.describe(element, body)
        return [MarkdownBlock(text), *blocks] if text.strip() else blocks

    def describe(self, element: etree._Element, body: Content) -> tuple[str, list[MarkdownBlock]]:
        """Inline markdown for pictures, and blocks for the rest of a frame, shape, link or group."""
        if element.get(PRESENTATION + "class") in _RUNNING:
            return "", []
        if element.tag in _SHAPES:
            return "", body.blocks_of(element)
        if element.tag in (DRAW + "g", DRAW + "a"):
            parts = [self.describe(child, body) for child in element if isinstance(child.tag, str)]
            return "".join(text for text, _ in parts), [block for _, blocks in parts for block in blocks]
        if element.tag != DRAW + "frame":
            return "", []
        return self._frame(element, body)

    def _frame(self, frame: etree._Element, body: Content) -> tuple[str, list[MarkdownBlock]]:
        """The first content of a frame; the others repeat it in simpler formats."""
        alt = (frame.findtext(SVG + "desc") or frame.findtext(SVG + "title") or "").strip()
        for child in frame:
            if child.tag == DRAW + "text-box":
                return "", body.blocks_of(child)
            if child.tag == TABLE + "table":
                return "", [MarkdownBlock(md.table(body.rows(child)))]
            if child.tag == DRAW + "object":
                inside = next(iter(child.iterchildren(_MATH + "math")), None)
                found = self._found(inside, body) if inside is not None else self._object(child, body)
                if found:
                    return found
        images = [child.get(XLINK + "href", "") for child in frame if child.tag == DRAW + "image"]
        # A vector picture is followed by a raster version of it.
        parts = [posixpath.normpath(name) for name in images if posixpath.normpath(name) in self._archive]
        if not parts:
            return (md.image(alt) if alt else ""), []
        if parts[0].startswith("ObjectReplacements") and not alt:
            return "", []
        text, words = self._pictures.describe(
            self._archive.read(parts[-1]), alt, posixpath.basename(parts[-1])
        )
        return text, [MarkdownBlock(word) for word in words]

    def _object(self, element: etree._Element, body: Content) -> tuple[str, list[MarkdownBlock]] | None:
        href = element.get(XLINK + "href", "")
        root = self._archive.xml_or_none(posixpath.normpath(posixpath.join(href, "content.xml")))
        return self._found(root, body) if root is not None else None

    def _found(self, root: etree._Element, body: Content) -> tuple[str, list[MarkdownBlock]] | None:
        """A chart as its data table; a formula as TeX if it has its source."""
        if root.tag == _MATH + "math":
            source = root.findtext(f".//{_MATH}annotation") or ""
            return (f"${source.strip()}$" if source.strip() else math_text(root).strip()), []
        chart = root.find(f"{OFFICE}body/{OFFICE}chart/{CHART}chart")
        if chart is None:
            return None
        title = " ".join("".join(t.itertext()) for t in chart.iterfind(f"{CHART}title/{TEXT}p"))
        tables = [MarkdownBlock(md.table(body.rows(table))) for table in chart.iterfind(TABLE + "table")]
        kind = (chart.get(CHART + "class") or "").removeprefix("chart:").replace("circle", "pie")
        named = f"{kind.capitalize()} chart" if kind else ""
        return "", [
            block for block in (MarkdownBlock(md.escape(title)), MarkdownBlock(named), *tables) if block.text
        ]
