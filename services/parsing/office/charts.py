"""Charts of Office packages as data tables."""

from __future__ import annotations

import re

from lxml import etree  # type: ignore[import-untyped]

from services.parsing import markdown_writer as md
from services.parsing.office.number_formats import shown_number

C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
#: Charts of Office 2016: waterfalls, funnels, sunbursts, maps.
CX = "{http://schemas.microsoft.com/office/drawing/2014/chartex}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
#: Maximum points of a series; a longer one is a curve, not text.
MAX_POINTS = 500

#: A series: its name, and its values by category.
Series = tuple[str, dict[str, str]]


def chart_blocks(root: etree._Element) -> list[str]:
    """The chart's title, its kind, and a table with one row per category and one column per series."""
    title = "".join(t.text or "" for t in root.iterfind(f".//{{*}}chart/{{*}}title//{A}t")).strip()
    newer = root.tag == CX + "chartSpace"
    series = _newer_series(root) if newer else [_series(element) for element in root.iter(C + "ser")]
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
    layout = next((s.get("layoutId", "") for s in root.iter(CX + "series")), "")
    return f"{layout.capitalize()} chart" if layout else ""


def _series(element: etree._Element) -> Series:
    name = "".join(v.text or "" for v in element.iterfind(f"{C}tx//{C}v"))
    labels = _points(element, "cat") or _points(element, "xVal")
    values = _points(element, "val") or _points(element, "yVal")
    return name, {labels.get(at, str(at + 1)): value for at, value in values.items()}


def _points(element: etree._Element, name: str) -> dict[int, str]:
    """Cached categories or values of a series by point index; the levels of a category are joined."""
    found: dict[int, str] = {}
    source = element.find(C + name)
    if source is None:
        return found
    code = source.findtext(f".//{C}formatCode") or "General"
    for point in source.iter(C + "pt"):
        index = point.get("idx", "")
        text = (point.findtext(C + "v") or "").strip()
        if next(point.iterancestors(C + "numCache", C + "numLit"), None) is not None:
            text = _shown(text, point.get("formatCode") or code)
        if index.isdigit():
            found[int(index)] = f"{text} {found[int(index)]}" if int(index) in found else text
    return found


def _newer_series(root: etree._Element) -> list[Series]:
    names = {
        series.find(CX + "dataId").get("val"): "".join(v.text or "" for v in series.iter(CX + "v"))
        for series in root.iter(CX + "series")
        if series.find(CX + "dataId") is not None
    }
    found = []
    for data in root.iter(CX + "data"):
        labels: dict[str, str] = {}
        for level in data.iterfind(f"{CX}strDim/{CX}lvl"):
            for point in level.iterchildren(CX + "pt"):
                at = point.get("idx", "")
                labels[at] = f"{(point.text or '').strip()} {labels.get(at, '')}".strip()
        points = {}
        for level in data.iterfind(f"{CX}numDim/{CX}lvl"):
            for point in level.iterchildren(CX + "pt"):
                at = point.get("idx", "")
                points[labels.get(at, at)] = _shown(point.text or "", level.get("formatCode") or "General")
        found.append((names.get(data.get("id"), ""), points))
    return found


def _shown(value: str, code: str) -> str:
    """A number as a sheet shows it: 4.2999999999999998 is 4.3, and 45000 is a day if the format says so."""
    try:
        number = float(value)
    except ValueError:
        return value
    return f"{number:.10g}" if code.lower() == "general" else shown_number(number, code, raw=value).strip()
