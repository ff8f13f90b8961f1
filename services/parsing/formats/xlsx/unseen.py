"""Cells of a workbook that nobody sees: white without a fill, or with a format that shows nothing."""

from __future__ import annotations

import re

from lxml import etree  # type: ignore[import-untyped]

#: A number format whose sections are all empty (`;;;`).
SHOWS_NOTHING = re.compile(r"\s*(?:;\s*){3}")
#: Elements of a sheet that may colour its cells, so that white text can be read.
COLOURED = ("conditionalFormatting", "tablePart", "picture")
_WHITE_INDEXES = ("1", "9")  # of the default palette


def white_formats(styles: etree._Element | None) -> frozenset[int]:
    """The cell formats with white text and without a fill."""
    if styles is None:
        return frozenset()
    fonts = [_is_white(font) for font in styles.iterfind("{*}fonts/{*}font")]
    bare = [_is_bare(fill) for fill in styles.iterfind("{*}fills/{*}fill")]
    found = set()
    for at, xf in enumerate(styles.iterfind("{*}cellXfs/{*}xf")):
        font, fill = (xf.get(name) or "0" for name in ("fontId", "fillId"))
        white = font.isdigit() and int(font) < len(fonts) and fonts[int(font)]
        if white and (not fill.isdigit() or int(fill) >= len(bare) or bare[int(fill)]):
            found.add(at)
    return frozenset(found)


def _is_white(font: etree._Element) -> bool:
    colour = font.find("{*}color")
    if colour is None or float(colour.get("tint") or 0):
        return False
    white = (colour.get("rgb") or "").upper()[-6:] == "FFFFFF"
    return white or colour.get("theme") == "0" or colour.get("indexed") in _WHITE_INDEXES


def _is_bare(fill: etree._Element) -> bool:
    pattern = fill.find("{*}patternFill")
    if pattern is None:
        return len(fill) == 0  # otherwise a gradient
    colour = pattern.find("{*}fgColor")
    white = colour is not None and (colour.get("rgb") or "").upper()[-6:] == "FFFFFF"
    return pattern.get("patternType", "none") == "none" or white
