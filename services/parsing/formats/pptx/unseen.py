"""Text of a slide that nobody sees: white on a white slide, too small, or beside the slide.

White text counts as unseen only where nothing dark can stand behind it: no picture, no filled shape, and a
white background on the slide, its layout and its master.
"""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree  # type: ignore[import-untyped]

from services.parsing.formats.pptx.order import A, P, box_of
from services.parsing.reading import with_hidden

#: Hundredths of a point; text of one point cannot be read.
_SMALLEST = 100
_TITLES = ("title", "ctrTitle")
_WHITE = ("FFFFFF", "FEFEFE")
_FILLS = tuple(A + name for name in ("solidFill", "gradFill", "blipFill", "pattFill"))


def leave_out_unseen(tree: etree._Element, behind: Sequence[etree._Element], size: tuple[int, int]) -> None:
    """Remove what cannot be seen from a slide, unless hidden text is wanted; a warning tells what it was.

    `behind` are the layout and the master, `size` is that of the slide in EMU.
    """
    for shape in tree.iterfind(f"{P}cSld/{P}spTree/*"):
        if _is_beside(shape, size) and not with_hidden("shape beside the slide"):
            shape.getparent().remove(shape)
    pale = [run for run in tree.iter(A + "r") if _has_text(run) and _is_white(run.find(A + "rPr"))]
    small = [run for run in tree.iter(A + "r") if _has_text(run) and _is_small(run)]
    if small and not with_hidden("text too small to read"):
        _remove(small)
    if pale and all(map(_is_bare, (tree, *behind))) and not with_hidden("white text on the white slide"):
        _remove(pale)


def _remove(runs: Sequence[etree._Element]) -> None:
    for run in runs:
        if (parent := run.getparent()) is not None:
            parent.remove(run)


def _has_text(run: etree._Element) -> bool:
    return any((text.text or "").strip() for text in run.iterchildren(A + "t"))


def _is_small(run: etree._Element) -> bool:
    properties = run.find(A + "rPr")
    size = (properties.get("sz") or "") if properties is not None else ""
    return size.isdigit() and int(size) <= _SMALLEST


def _is_beside(shape: etree._Element, size: tuple[int, int]) -> bool:
    """Wholly outside of the slide. A title there names the slide for those who cannot see it, and stays."""
    box = box_of(shape) if isinstance(shape.tag, str) and size[0] else None
    mark = shape.find(f"*/{P}nvPr/{P}ph") if box is not None else None
    if box is None or (mark is not None and mark.get("type") in _TITLES):
        return False
    outside = box[2] <= 0 or box[3] <= 0 or box[0] >= size[0] or box[1] >= size[1]
    return outside and any((text.text or "").strip() for text in shape.iter(A + "t"))


def _is_white(around: etree._Element | None) -> bool:
    """Whether the fill in an element is white, or the colour of the background."""
    fill = around.find(A + "solidFill") if around is not None else None
    colour = fill[0] if fill is not None and len(fill) and not len(fill[0]) else None
    if colour is None:
        return False
    value = (colour.get("val") or "").upper()
    return (colour.tag == A + "srgbClr" and value in _WHITE) or (
        colour.tag == A + "schemeClr" and value in ("BG1", "LT1")
    )


def _is_bare(layer: etree._Element) -> bool:
    """Whether nothing on a slide, layout or master can be dark."""
    ground = layer.find(f"{P}cSld/{P}bg")
    scheme = layer.find(P + "clrMap")
    if scheme is not None and scheme.get("bg1") != "lt1":
        return False
    if ground is not None and not _is_white(ground.find(P + "bgPr")):
        reference = ground.find(f"{P}bgRef/{A}schemeClr")
        if reference is None or reference.get("val") not in ("bg1", "lt1"):
            return False
    if next(layer.iter(P + "pic", P + "graphicFrame"), None) is not None:
        return False
    return not any(map(_is_filled, layer.iter(P + "sp", P + "cxnSp")))


def _is_filled(shape: etree._Element) -> bool:
    properties, style = shape.find(P + "spPr"), shape.find(f"{P}style/{A}fillRef")
    if properties is not None:
        if any(properties.find(fill) is not None for fill in _FILLS):
            return not _is_white(properties)
        if properties.find(A + "noFill") is not None:
            return False
    return style is not None and style.get("idx") != "0"
