"""What Word, PowerPoint and Excel packages share: properties, pictures, charts, diagrams."""

from __future__ import annotations

import posixpath

from lxml import etree  # type: ignore[import-untyped]

from services.parsing import markdown_writer as md
from services.parsing.images.pictures import Pictures
from services.parsing.office.archive import Archive, relations
from services.parsing.office.charts import chart_blocks

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}chart"
_NEWER_CHART = "{http://schemas.microsoft.com/office/drawing/2014/chartex}chart"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_VML_IMAGE = "{urn:schemas-microsoft-com:vml}imagedata"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
#: Descriptions that programs generate.
_AUTOMATIC = (
    "ai-generated content",
    "description automatically generated",
    "generated with",
    "generated description",
)


def main_part(archive: Archive) -> str | None:
    """The document, workbook or presentation part, if the package names and contains it."""
    named = (target for kind, target in relations(archive, "").values() if kind == "officeDocument")
    return next((target for target in named if target in archive), None)


def core_properties(archive: Archive) -> tuple[str | None, str | None]:
    """Title and language in the document's properties."""
    root = archive.xml_or_none("docProps/core.xml")
    if root is None:
        return None, None
    title, language = (root.findtext("{http://purl.org/dc/elements/1.1/}" + n) for n in ("title", "language"))
    return (title or "").strip() or None, (language or "").strip() or None


class Graphics:
    """Converts drawings at their position in the text."""

    def __init__(self, archive: Archive, pictures: Pictures | None = None) -> None:
        self._archive = archive
        self._pictures = pictures or Pictures()

    @property
    def warnings(self) -> tuple[str, ...]:
        return self._pictures.warnings

    def describe(self, drawing: etree._Element, targets: dict[str, tuple[str, str]]) -> tuple[str, list[str]]:
        """Inline markdown for a drawing's pictures; blocks for its charts, diagrams and texts in pictures.

        Of a shape without any of them, and without text, its alternative text.
        """
        inline: list[str] = []
        blocks: list[str] = []
        alt = alternative_text(drawing)
        for element in drawing.iter(A + "blip", _VML_IMAGE, _CHART, _NEWER_CHART, _DIAGRAM + "relIds"):
            if any(parent.tag == FALLBACK for parent in element.iterancestors()):
                continue
            if element.tag in (_CHART, _NEWER_CHART):
                blocks.extend(self._chart(targets.get(element.get(R + "id", ""), ("", ""))[1]))
            elif element.tag == _DIAGRAM + "relIds":
                blocks.extend(self._diagram(targets.get(element.get(R + "dm", ""), ("", ""))[1]))
            else:
                relation = element.get(R + "embed") or element.get(R + "link") or element.get(R + "id") or ""
                text, words = self.picture(targets.get(relation, ("", ""))[1], alt)
                inline.append(text)
                blocks.extend(words)
        silent = not inline and not blocks and not any((t.text or "").strip() for t in drawing.iter("{*}t"))
        return (md.image(alt) if alt and silent else "".join(inline)), blocks

    def content(self, part: str) -> bytes:
        """The bytes of a part; empty if it is missing."""
        return self._archive.read(part) if part in self._archive else b""

    def picture(self, part: str, alt: str = "") -> tuple[str, list[str]]:
        """Inline markdown for a picture; blocks for its words if they are a text of their own."""
        name = posixpath.basename(part)
        if part not in self._archive:
            return (md.image(alt, name) if alt else ""), []
        return self._pictures.describe(self._archive.read(part), alt, name)

    def _chart(self, part: str) -> list[str]:
        root = self._archive.xml_or_none(part)
        return chart_blocks(root) if root is not None else []

    def _diagram(self, part: str) -> list[str]:
        """The texts of a SmartArt diagram as a list."""
        root = self._archive.xml_or_none(part)
        if root is None:
            return []
        points = (point for point in root.iter(_DIAGRAM + "pt") if point.get("type") != "pres")
        texts = (
            " ".join(_words(p) for p in list(point.iter(A + "p")) or [point]).strip() for point in points
        )
        return ["\n".join(f"- {md.escape(text)}" for text in texts if text)]


def _words(paragraph: etree._Element) -> str:
    return "".join(t.text or "" for t in paragraph.iter(A + "t"))


def alternative_text(drawing: etree._Element) -> str:
    """The author's description of a drawing; generated descriptions are ignored."""
    for element in drawing.iter():
        if isinstance(element.tag, str) and element.tag.rsplit("}", 1)[-1] in ("docPr", "cNvPr", "shape"):
            text = (element.get("descr") or element.get("alt") or element.get("title") or "").strip()
            if text and not any(mark in text.lower() for mark in _AUTOMATIC):
                return text
    return ""
