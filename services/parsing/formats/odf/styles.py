"""OpenDocument styles, from which paragraphs, spans and lists inherit."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree  # type: ignore[import-untyped]

from services.parsing.formats.docx.styles import MONOSPACED

_NS = "urn:oasis:names:tc:opendocument:xmlns:"
OFFICE, STYLE, TEXT, TABLE, DRAW = (
    f"{{{_NS}{n}:1.0}}" for n in ("office", "style", "text", "table", "drawing")
)
PRESENTATION, SVG, FO, CHART = (
    f"{{{_NS}{n}:1.0}}" for n in ("presentation", "svg-compatible", "xsl-fo-compatible", "chart")
)
XLINK = "{http://www.w3.org/1999/xlink}"
_WHITE, _NO_GROUND = ("#ffffff", "#fefefe"), ("transparent", "#ffffff", "none")
#: Points; text of this size cannot be read.
_SMALLEST = 1.0
_KINDS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}


@dataclass(frozen=True)
class Style:
    name: str = ""
    parent: str = ""
    outline: int | None = None
    list_style: str = ""
    strong: bool | None = None
    emphasised: bool | None = None
    raised: bool = False
    monospaced: bool = False
    hidden: bool = False
    struck: bool = False
    colour: str = ""
    small: bool | None = None  # one point or less
    ground: bool = False  # has a background that is not white


@dataclass(frozen=True)
class Level:
    """`kind` and `label` as in Word: `lowerLetter`, `%1)`."""

    numbered: bool = False
    start: int = 1
    kind: str = "decimal"
    around: tuple[str, str] = ("", ".")


@dataclass
class Styles:
    styles: dict[str, Style] = field(default_factory=dict)
    lists: dict[str, dict[int, Level]] = field(default_factory=dict)
    pages: list[etree._Element] = field(default_factory=list)  # master pages, with their heads and feet
    coloured: bool = False  # some page has a background, so that white text can be read

    def read(self, root: etree._Element | None) -> None:
        """Read the styles of a part; later parts override earlier ones."""
        if root is None:
            return
        self.pages.extend(root.iter(STYLE + "master-page"))
        for page in root.iter(STYLE + "page-layout-properties"):
            ground = page.get(FO + "background-color", "transparent").lower() not in _NO_GROUND
            self.coloured = self.coloured or ground or page.find(STYLE + "background-image") is not None
        for element in root.iter(STYLE + "style"):
            self.styles[element.get(STYLE + "name", "")] = _style(element)
        for element in root.iter(TEXT + "list-style", TEXT + "outline-style"):
            self.lists[element.get(STYLE + "name", "")] = _levels(element)

    def chain(self, name: str | None) -> list[Style]:
        """A style and its parents, nearest first."""
        found: list[Style] = []
        while name and name in self.styles and len(found) < 20:
            found.append(self.styles[name])
            name = found[-1].parent
        return found

    def named(self, name: str | None, *wanted: str) -> bool:
        return any(style.name.replace("_20_", " ").lower() in wanted for style in self.chain(name))

    def strong(self, name: str | None) -> bool:
        return next((s.strong for s in self.chain(name) if s.strong is not None), False)

    def emphasised(self, name: str | None) -> bool:
        return next((s.emphasised for s in self.chain(name) if s.emphasised is not None), False)

    def sets_look(self, name: str | None) -> bool:
        """Whether a style sets a colour or a size."""
        return any(style.colour or style.small is not None for style in self.chain(name))

    def unseen(self, name: str | None) -> str:
        """Why a text with this style is not seen on a white page; empty if it is seen."""
        chain = self.chain(name)
        if any(style.hidden for style in chain):
            return "text"
        if next((style.small for style in chain if style.small is not None), False):
            return "text too small to read"
        colour = next((style.colour for style in chain if style.colour), "")
        white = colour in _WHITE and not self.coloured and not any(style.ground for style in chain)
        return "white text on the white page" if white else ""

    def level(self, list_style: str, depth: int) -> Level:
        return self.lists.get(list_style, {}).get(depth, Level())


def _style(element: etree._Element) -> Style:
    text = element.find(STYLE + "text-properties")
    outline = element.get(STYLE + "default-outline-level") or ""
    weight = text.get(FO + "font-weight") if text is not None else None
    slope = text.get(FO + "font-style") if text is not None else None
    fonts = (
        " ".join(text.get(n) or "" for n in (STYLE + "font-name", FO + "font-family"))
        if text is not None
        else ""
    )
    through = ("text-line-through-style", "text-line-through-type")
    lines = [text.get(STYLE + name) for name in through] if text is not None else []
    position = (text.get(STYLE + "text-position") or "") if text is not None else ""
    page = element.find(STYLE + "drawing-page-properties")
    table = element.find(STYLE + "table-properties")
    return Style(
        name=element.get(STYLE + "name", ""),
        parent=element.get(STYLE + "parent-style-name", ""),
        outline=int(outline) if outline.isdigit() else None,
        list_style=element.get(STYLE + "list-style-name", ""),
        strong=None if weight is None else weight in ("bold", "600", "700", "800", "900"),
        emphasised=None if slope is None else slope in ("italic", "oblique"),
        raised=position.startswith("super") or (position[:1].isdigit() and not position.startswith("0")),
        monospaced=bool(MONOSPACED.search(fonts)),
        struck=any(line not in (None, "none") for line in lines),
        hidden=(text is not None and text.get(TEXT + "display") == "none")
        or (page is not None and page.get(PRESENTATION + "visibility") == "hidden")
        or (table is not None and table.get(TABLE + "display") == "false"),
        colour=(text.get(FO + "color") or "").lower() if text is not None else "",
        small=_is_small(text.get(FO + "font-size")) if text is not None else None,
        ground=any(
            part.get(FO + "background-color", "transparent").lower() not in _NO_GROUND
            or part.get(DRAW + "fill", "none") != "none"
            or part.tag == STYLE + "map"  # another style under a condition
            or part.find(STYLE + "background-image") is not None
            for part in element
            if isinstance(part.tag, str)
        ),
    )


def _is_small(size: str | None) -> bool | None:
    points = re.fullmatch(r"(\d*\.?\d+)pt", size or "")
    return float(points[1]) <= _SMALLEST if points else None


def _levels(element: etree._Element) -> dict[int, Level]:
    levels = {}
    for child in element:
        depth = child.get(TEXT + "level") or ""
        if depth.isdigit():
            start = child.get(TEXT + "start-value") or "1"
            numbered = child.tag == TEXT + "list-level-style-number" and bool(child.get(STYLE + "num-format"))
            around = (child.get(STYLE + "num-prefix") or "", child.get(STYLE + "num-suffix") or "")
            kind = _KINDS.get((child.get(STYLE + "num-format") or "1")[:1], "decimal")
            levels[int(depth)] = Level(numbered, int(start) if start.isdigit() else 1, kind, around)
    return levels
