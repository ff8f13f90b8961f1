"""Word's styles, which define headings, list items and code."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree  # type: ignore[import-untyped]

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MONOSPACED = re.compile(
    r"courier|consolas|menlo|monaco|mono\b|monospace|source code|fira code|inconsolata|lucida console", re.I
)
#: Word names them in English in every language; other programs do not. Identifiers have no accents.
_HEADING = re.compile(
    r"^(?:heading|ü?berschrift|titre|t[íi]?tulo|titolo|nag(?:łó)?wek|заголовок|rubrik|kop|overskrift|otsikko|nadpis"
    r"|c[íi]?msor|başlık|标题|標題|見出し|제목)\s*(\d)$",
    re.I,
)
#: Names of paragraph styles for code, as Word, pandoc and LibreOffice call them.
_CODE = re.compile(
    r"^(source ?code|code( block| text| snippet)?|verbatim( char)?|html[ -]?preformatted"
    r"|preformatted text|macro ?text|programlisting)$",
    re.I,
)
_QUOTE = re.compile(r"^(intense )?(quote|quotations?|block ?text|block ?quote)$", re.I)


def value(element: etree._Element | None, path: str) -> str | None:
    """The `w:val` of a descendant, if there is one."""
    if element is None:
        return None
    found = element.find(path)
    return found.get(W + "val", "") if found is not None else None


def switched_on(properties: etree._Element | None, name: str) -> bool:
    """Whether a toggle property such as `w:b` is present and not off."""
    found = properties.find(W + name) if properties is not None else None
    return found is not None and found.get(W + "val", "1") not in ("0", "false", "off", "none")


@dataclass
class Style:
    name: str = ""
    parent: str | None = None
    outline: int | None = None
    number: tuple[str | None, int | None] = (None, None)  # numbering id, level
    monospaced: bool = False
    strong: bool = False
    emphasised: bool = False
    hidden: bool = False
    shaded: bool = False
    colour: str = ""
    size: str = ""  # half-points


class Styles:
    """Styles by id, with inheritance."""

    def __init__(self, root: etree._Element | None) -> None:
        self._styles = (
            {s.get(W + "styleId", ""): _style(s) for s in root.iterchildren(W + "style")}
            if root is not None
            else {}
        )

    def chain(self, style_id: str | None) -> list[Style]:
        """A style and its base styles, nearest first."""
        found: list[Style] = []
        while style_id in self._styles and len(found) < 20:
            found.append(self._styles[style_id])
            style_id = found[-1].parent
        return found

    def name(self, style_id: str | None) -> str:
        style = self._styles.get(style_id or "")
        return style.name if style else (style_id or "")

    def heading(self, style_id: str | None) -> int | None:
        """1 to 9 for a heading style, 0 for the document's title."""
        for style in self.chain(style_id) or [Style(style_id or "")]:
            if match := _HEADING.match(style.name):
                return int(match[1])
            if style.name.lower() == "title":
                return 0
            if style.outline is not None and style.outline < 9:
                return style.outline + 1
        return None

    def number(self, style_id: str | None) -> tuple[str | None, int | None]:
        number, level = None, None
        for style in self.chain(style_id):
            number = style.number[0] if number is None else number
            level = style.number[1] if level is None else level
        return number, level

    def is_code(self, style_id: str | None) -> bool:
        return any(_CODE.match(style.name) for style in self.chain(style_id))

    def is_quote(self, style_id: str | None) -> bool:
        return any(_QUOTE.match(style.name) for style in self.chain(style_id)[:1])

    def is_hidden(self, style_id: str | None) -> bool:
        return any(style.hidden for style in self.chain(style_id))

    def is_monospaced(self, style_id: str | None) -> bool:
        return any(style.monospaced for style in self.chain(style_id))


def _style(element: etree._Element) -> Style:
    properties, run = element.find(W + "pPr"), element.find(W + "rPr")
    outline = value(properties, W + "outlineLvl")
    level = value(properties, f"{W}numPr/{W}ilvl")
    return Style(
        name=value(element, W + "name") or "",
        parent=value(element, W + "basedOn"),
        outline=int(outline) if outline and outline.isdigit() else None,
        number=(value(properties, f"{W}numPr/{W}numId"), int(level) if level and level.isdigit() else None),
        monospaced=is_monospaced(run),
        strong=switched_on(run, "b"),
        emphasised=switched_on(run, "i"),
        hidden=switched_on(run, "vanish"),
        colour=value(run, W + "color") or "",
        size=value(run, W + "sz") or "",
        shaded=any(own is not None and own.find(W + "shd") is not None for own in (properties, run)),
    )


def is_monospaced(run: etree._Element | None) -> bool:
    fonts = run.find(W + "rFonts") if run is not None else None
    name = (fonts.get(W + "ascii") or fonts.get(W + "hAnsi") or "") if fonts is not None else ""
    return bool(name and MONOSPACED.search(name))
