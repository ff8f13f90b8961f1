"""Charts of Office packages as data tables."""

from __future__ import annotations

import re

from lxml import etree  # type: ignore[import-untyped]

from services.parsing import markdown_writer as md

C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
#: Maximum points of a series; a longer one is a curve, not text.
MAX_POINTS = 500


def chart_blocks(root: etree._Element) -> list[str]:
    """The chart's title, its kind, and a table with one row per category and one column per series."""
    title = "".join(t.text or "" for t in root.iterfind(f".//{C}chart/{C}title//{A}t")).strip()
    series = [_series(element) for element in root.iter(C + "ser")]
    categories: dict[str, None] = {}
    for _, points in series:
        categories.update(dict.fromkeys(points))
    rows = [["", *(name for name, _ in series)]]
    rows.extend([c, *(points.get(c, "") for _, points in series)] for c in list(categories)[:MAX_POINTS])
    table = md.pipe_table([[md.escape(cell) for cell in row] for row in rows]) if len(rows) > 1 else ""
    return [block for block in (md.escape_lines(md.escape(title)), _kind(root), table) if block]


def _kind(root: etree._Element) -> str:
    """The kind of chart: "Bar chart", "Line chart"."""
    for element in root.iterfind(f".//{C}plotArea/*"):
        match = re.fullmatch(r"(\w+?)(3D)?Chart", etree.QName(element).localname)
        if match:
            return f"{match[1].capitalize()} chart"
    return ""


def _series(element: etree._Element) -> tuple[str, dict[str, str]]:
    name = "".join(v.text or "" for v in element.iterfind(f"{C}tx//{C}v"))
    labels = _points(element, "cat") or _points(element, "xVal")
    values = _points(element, "val") or _points(element, "yVal")
    return name, {labels.get(at, str(at + 1)): _short(value) for at, value in values.items()}


def _points(element: etree._Element, name: str) -> dict[int, str]:
    """Cached categories or values of a series by point index; the levels of a category are joined."""
    found: dict[int, str] = {}
    source = element.find(C + name)
    for point in source.iter(C + "pt") if source is not None else ():
        index = point.get("idx", "")
        text = (point.findtext(C + "v") or "").strip()
        if index.isdigit():
            found[int(index)] = f"{text} {found[int(index)]}" if int(index) in found else text
    return found


def _short(value: str) -> str:
    """A number as a sheet shows it: 4.2999999999999998 is 4.3."""
    try:
        return f"{float(value):.10g}"
    except ValueError:
        return value
