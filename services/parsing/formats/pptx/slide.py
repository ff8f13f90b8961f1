"""One slide: its shapes in reading order."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree  # type: ignore[import-untyped]

from services.parsing import markdown_writer as md
from services.parsing.formats.docx.runs import chosen
from services.parsing.formats.embedded import embedded_text
from services.parsing.formats.pptx.order import Placed, box_of, in_reading_order
from services.parsing.formats.pptx.text import (
    A,
    Bullets,
    P,
    R,
    Targets,
    paragraph_text,
    placeholder,
    text_blocks,
)
from services.parsing.markdown_writer import Cell, MarkdownBlock, Writer
from services.parsing.office.ooxml import Graphics
from services.parsing.reading import with_hidden

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_TITLES = ("title", "ctrTitle")
#: Placeholders that repeat on every slide.
_SHAPES = (P + "sp", P + "pic", P + "graphicFrame", P + "cxnSp")
_RUNNING = ("sldNum", "dt", "ftr", "hdr", "sldImg")


class Slide:
    def __init__(self, tree: etree._Element, targets: Targets, graphics: Graphics, bullets: Bullets) -> None:
        self._targets = targets
        self._graphics = graphics
        self._bullets = bullets
        shapes = tree.find(f"{P}cSld/{P}spTree")
        self._shapes = _flat(shapes, bullets) if shapes is not None else []
        self._heading = next((s for s in self._shapes if _kind(s) in _TITLES and _body(s) is not None), None)
        #: What stands at the foot, besides the number and the date.
        self.feet = [text for s in self._shapes if _kind(s) == "ftr" and (text := self._plain(s))]
        self.title = self._plain(self._heading) if self._heading is not None else ""

    def write(self, writer: Writer, notes: etree._Element | None, comments: Sequence[str] = ()) -> None:
        writer.heading(1, self.title)
        for shape in self._shapes:
            if shape is not self._heading:
                writer.extend(self._blocks(shape))
        if notes is not None:
            spoken = self._notes(notes)
            if spoken:
                writer.extend([MarkdownBlock("**Notes:**"), *spoken])
        writer.extend([MarkdownBlock(md.escape_lines(md.escape(comment))) for comment in comments])

    def _plain(self, shape: etree._Element) -> str:
        body = _body(shape)
        texts = [paragraph_text(p, {}) for p in body.iterchildren(A + "p")] if body is not None else []
        return " ".join(" ".join(texts).replace("**", "").split())

    def _notes(self, notes: etree._Element) -> list[MarkdownBlock]:
        blocks: list[MarkdownBlock] = []
        for shape in notes.iter(P + "sp"):
            body = _body(shape)
            if _kind(shape) == "body" and body is not None:
                blocks.extend(text_blocks(shape, body, Bullets(None, None), {}))
        return blocks

    def _blocks(self, shape: etree._Element) -> list[MarkdownBlock]:
        if _kind(shape) in _RUNNING:
            return []
        table = shape.find(f"{A}graphic/{A}graphicData/{A}tbl")
        if table is not None:
            return [MarkdownBlock(md.table(self._rows(table)))]
        body = _body(shape)
        blocks = text_blocks(shape, body, self._bullets, self._targets) if body is not None else []
        text, more = self._graphics.describe(shape, self._targets)
        for ole in shape.iter(P + "oleObj"):
            part = self._targets.get(ole.get(R + "id", ""), ("", ""))[1]
            if inside := embedded_text(self._graphics.content(part), part):
                more.append(inside)
                break
        return [*blocks, *(MarkdownBlock(t) for t in (text, *more))]

    def _rows(self, table: etree._Element) -> list[list[Cell]]:
        rows = []
        for row in table.iterchildren(A + "tr"):
            line = []
            for cell in row.iterchildren(A + "tc"):
                if cell.get("hMerge") in ("1", "true") or cell.get("vMerge") in ("1", "true"):
                    continue
                texts = [
                    paragraph_text(p, self._targets).replace("**", "")
                    for p in cell.iterfind(f"{A}txBody/{A}p")
                ]
                line.append(
                    Cell(
                        "\n".join(filter(None, texts)),
                        _count(cell.get("gridSpan")),
                        _count(cell.get("rowSpan")),
                    )
                )
            rows.append(line)
        return rows


def _flat(tree: etree._Element, bullets: Bullets) -> list[etree._Element]:
    """Shapes in reading order; a group is replaced by its shapes."""
    found: list[etree._Element] = []
    for child in tree:
        if child.tag == _MC:
            for part in chosen(child):
                found.extend(part)
        else:
            found.append(child)
    shapes = [s for s in found if s.tag == P + "grpSp" or (s.tag in _SHAPES and not _is_hidden(s))]
    out: list[etree._Element] = []
    for shape in _ordered(shapes, bullets):
        out.extend(_flat(shape, bullets) if shape.tag == P + "grpSp" else [shape])
    return out


def _ordered(shapes: list[etree._Element], bullets: Bullets) -> list[etree._Element]:
    """Titles, a subtitle, then the rest by position; in file order if a position is unknown."""
    first = [s for kind in (*_TITLES, "subTitle") for s in shapes if _kind(s) == kind]
    rest = [s for s in shapes if s not in first]
    placed = [Placed(s, *box) for s in rest if (box := box_of(s) or bullets.box(s)) is not None]
    return [*first, *(rest if len(placed) < len(rest) else [one.shape for one in in_reading_order(placed)])]


def _is_hidden(shape: etree._Element) -> bool:
    properties = shape.find(f"*/{P}cNvPr")
    hidden = properties is not None and properties.get("hidden") in ("1", "true")
    return hidden and not with_hidden("shape")


def _kind(shape: etree._Element) -> str:
    mark = placeholder(shape)
    return (mark.get("type") or "obj") if mark is not None else ""


def _body(shape: etree._Element) -> etree._Element | None:
    found: etree._Element | None = shape.find(P + "txBody")
    return found


def _count(value: str | None) -> int:
    return min(int(value), 200) if value and value.isdigit() else 1
