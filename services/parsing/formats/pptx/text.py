"""Text bodies of shapes: paragraphs, runs, and list items."""

from __future__ import annotations

from lxml import etree  # type: ignore[import-untyped]

from services.parsing import markdown_writer as md
from services.parsing.formats.pptx.order import box_of
from services.parsing.markdown_writer import (
    EMPH,
    EMPH_END,
    STRIKE,
    STRIKE_END,
    STRONG,
    STRONG_END,
    MarkdownBlock,
)
from services.parsing.office.omml import M, tex_of
from services.parsing.office.symbols import from_symbol_font

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"

Targets = dict[str, tuple[str, str]]


def placeholder(shape: etree._Element) -> etree._Element | None:
    found: etree._Element | None = shape.find(f"*/{P}nvPr/{P}ph")
    return found


class Bullets:
    """Bullets of a shape's paragraphs, as set by the shape, its layout or its master."""

    def __init__(self, layout: etree._Element | None, master: etree._Element | None) -> None:
        self._layout = layout
        self._master = master

    def box(self, shape: etree._Element) -> tuple[int, int, int, int] | None:
        """The position of a placeholder in the layout or master."""
        mark = placeholder(shape)
        if mark is None:
            return None
        twins = (_twin(tree, mark) for tree in (self._layout, self._master))
        return next((box for twin in twins if twin is not None and (box := box_of(twin))), None)

    def of(self, shape: etree._Element, paragraph: etree._Element) -> str:
        """`none`, `bullet` or `number`."""
        properties = paragraph.find(A + "pPr")
        level = int(properties.get("lvl") or 0) if properties is not None else 0
        candidates = [properties, _level(shape.find(f"{P}txBody/{A}lstStyle"), level)]
        mark = placeholder(shape)
        if mark is not None:
            for tree in (self._layout, self._master):
                twin = _twin(tree, mark)
                candidates.append(
                    _level(twin.find(f"{P}txBody/{A}lstStyle") if twin is not None else None, level)
                )
            if mark.get("type", "obj") in ("body", "obj") and self._master is not None:
                candidates.append(_level(self._master.find(f"{P}txStyles/{P}bodyStyle"), level))
        for candidate in candidates:
            kind = _kind(candidate)
            if kind:
                return kind
        return "none"


def _level(styles: etree._Element | None, level: int) -> etree._Element | None:
    return styles.find(f"{A}lvl{level + 1}pPr") if styles is not None else None


def _kind(properties: etree._Element | None) -> str | None:
    if properties is None:
        return None
    for name, kind in (
        ("buNone", "none"),
        ("buAutoNum", "number"),
        ("buChar", "bullet"),
        ("buBlip", "bullet"),
    ):
        if properties.find(A + name) is not None:
            return kind
    return None


def _twin(tree: etree._Element | None, mark: etree._Element) -> etree._Element | None:
    """The placeholder of a layout or master that corresponds to a slide's placeholder."""
    kind, index = mark.get("type", "obj"), mark.get("idx")
    by_type = None
    for shape in tree.iter(P + "sp") if tree is not None else ():
        other = placeholder(shape)
        if other is None:
            continue
        if index is not None and other.get("idx") == index:
            return shape
        if other.get("type", "obj") == kind or (kind == "obj" and other.get("type") == "body"):
            by_type = by_type if by_type is not None else shape
    return by_type


def text_blocks(
    shape: etree._Element, body: etree._Element, bullets: Bullets, targets: Targets
) -> list[MarkdownBlock]:
    """The paragraphs and list items of a shape."""
    blocks: list[MarkdownBlock] = []
    widths: list[tuple[int, int]] = []  # level and marker width of the open items
    counts: dict[int, int] = {}
    for paragraph in body.iterchildren(A + "p"):
        text = paragraph_text(paragraph, targets)
        if not text:
            continue
        properties = paragraph.find(A + "pPr")
        level = int(properties.get("lvl") or 0) if properties is not None else 0
        kind = bullets.of(shape, paragraph)
        if kind == "none":
            widths, counts = [], {}
            blocks.append(MarkdownBlock(md.escape_lines(text)))
            continue
        while widths and widths[-1][0] >= level:
            widths.pop()
        counts = {at: n for at, n in counts.items() if at <= level}
        counts[level] = counts.get(level, _first(properties) - 1) + 1
        marker = f"{counts[level]}." if kind == "number" else "-"
        blocks.append(
            md.item(marker, [MarkdownBlock(md.escape_lines(text))], " " * sum(w for _, w in widths))
        )
        widths.append((level, len(marker) + 1))
    return blocks


def _first(properties: etree._Element | None) -> int:
    """The number that a list begins with."""
    own = properties.find(A + "buAutoNum") if properties is not None else None
    first = own.get("startAt", "1") if own is not None else "1"
    return int(first) if first.isdigit() else 1


def paragraph_text(paragraph: etree._Element, targets: Targets) -> str:
    parts: list[str] = []
    for child in paragraph.iter(A + "r", A + "br", A + "fld", M + "oMath"):
        if child.tag == A + "br":
            parts.append("\n")
        elif child.tag == M + "oMath":
            parts.append(f"${tex_of(child)}$")
        elif not any(parent.tag == M + "oMath" for parent in child.iterancestors()):
            parts.append(_run(child, targets))
    return md.tidy("".join(parts).replace("\v", "\n"))


def _run(run: etree._Element, targets: Targets) -> str:
    properties = run.find(A + "rPr")
    font = properties.find(A + "sym") if properties is not None else None
    plain = "".join(t.text or "" for t in run.iterchildren(A + "t")).replace("_x000B_", "\v")
    text = md.escape(from_symbol_font(plain, font.get("typeface", "") if font is not None else ""))
    if properties is None or not text.strip():
        return text
    link = properties.find(A + "hlinkClick")
    if link is not None:
        kind, target = targets.get(link.get(R + "id", ""), ("", ""))
        text = md.link(text, target if kind == "hyperlink" else "")
    if not properties.get("baseline", "0").startswith(("0", "-")):
        text = md.raised(text)
    if properties.get("strike", "noStrike") != "noStrike":
        text = f"{STRIKE}{text}{STRIKE_END}"
    if properties.get("i") in ("1", "true"):
        text = f"{EMPH}{text}{EMPH_END}"
    if properties.get("b") in ("1", "true"):
        text = f"{STRONG}{text}{STRONG_END}"
    return text
