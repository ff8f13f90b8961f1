"""The reading order of a slide's shapes, derived from their positions."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree  # type: ignore[import-untyped]

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"


@dataclass(frozen=True)
class Placed:
    """A shape and its box, in EMU."""

    shape: etree._Element
    x0: int
    y0: int
    x1: int
    y1: int


def box_of(shape: etree._Element) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of a shape in its parent's coordinates; None if the layout positions it."""
    transform = next(
        (t for t in (shape.find(f"{P}{n}/{A}xfrm") for n in ("spPr", "grpSpPr")) if t is not None), None
    )
    transform = transform if transform is not None else shape.find(P + "xfrm")
    offset, size = (transform.find(A + n) if transform is not None else None for n in ("off", "ext"))
    if offset is None or size is None:
        return None
    try:
        x, y = int(offset.get("x", "")), int(offset.get("y", ""))
        return x, y, x + int(size.get("cx", "0")), y + int(size.get("cy", "0"))
    except ValueError:
        return None


def in_reading_order(placed: list[Placed], depth: int = 0) -> list[Placed]:
    """By rows, top to bottom; if no gap separates rows, by columns, left to right; else by middle."""
    if len(placed) < 2 or depth > 20:
        return placed
    for low, high in (("y0", "y1"), ("x0", "x1")):
        groups = _parted(placed, low, high)
        if len(groups) > 1:
            return [one for group in groups for one in in_reading_order(group, depth + 1)]
    return sorted(placed, key=lambda one: (one.y0 + one.y1, one.x0))


def _parted(placed: list[Placed], low: str, high: str) -> list[list[Placed]]:
    """Split into groups at gaps along one axis; boxes may overlap by a tenth of the smaller one."""
    groups: list[list[Placed]] = []
    reach = 0
    for one in sorted(placed, key=lambda p: (getattr(p, low), getattr(p, high))):
        start, end = getattr(one, low), getattr(one, high)
        slack = (
            min(end - start, min((getattr(p, high) - getattr(p, low) for p in groups[-1]), default=0)) // 10
            if groups
            else 0
        )
        if groups and start < reach - slack:
            groups[-1].append(one)
        else:
            groups.append([one])
        reach = max(reach, end)
    return groups
