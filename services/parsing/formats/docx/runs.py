"""Content of a Word paragraph: runs, links, fields, notes, pictures, formulas, text boxes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree  # type: ignore[import-untyped]

from services.parsing import markdown_writer as md
from services.parsing.formats.docx.fields import form_value, link_target, shown_without_result, unended
from services.parsing.formats.docx.styles import Styles, W, is_monospaced, switched_on, value
from services.parsing.formats.docx.unseen import is_placeholder, is_unseen
from services.parsing.formats.embedded import embedded_text
from services.parsing.markdown_writer import EMPH, EMPH_END, STRIKE, STRIKE_END, STRONG, STRONG_END, raised
from services.parsing.office.omml import tex_of
from services.parsing.office.ooxml import Graphics
from services.parsing.office.symbols import from_symbol_font, is_symbol_font, symbol

R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"

#: Elements with deleted or invisible text.
_GONE = frozenset(
    W + n for n in ("del", "moveFrom", "instrText", "delText", "rPr", "pPr", "sdtPr", "annotationRef")
)
_THROUGH = frozenset(
    W + n
    for n in (
        "ins",
        "moveTo",
        "smartTag",
        "sdt",
        "sdtContent",
        "customXml",
        "dir",
        "bdo",
        "ruby",
        "rubyBase",
    )
)
_MARKED = {W + "tab": " ", W + "cr": "\n", W + "noBreakHyphen": "-", W + "softHyphen": "", W + "ptab": " "}


@dataclass
class Line:
    """The content of one paragraph."""

    parts: list[str] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)  # as typed, for code
    boxes: list[etree._Element] = field(default_factory=list)  # text boxes anchored here
    drawn: list[str] = field(default_factory=list)  # blocks of charts and diagrams anchored here
    breaks: int = 0  # pages that begin in it
    letters: int = 0  # visible characters
    monospaced: int = 0  # of these, in a monospaced font
    formulas: int = 0

    @property
    def text(self) -> str:
        return md.tidy("".join(self.parts))


class Inline:
    """Reads paragraphs of one part (the body, the notes) with the relations of that part."""

    def __init__(
        self,
        styles: Styles,
        targets: dict[str, tuple[str, str]],
        graphics: Graphics,
        saved_breaks: bool,
        comments: dict[str, str] | None = None,
    ) -> None:
        self._styles = styles
        self._targets = targets
        self._graphics = graphics
        self._saved_breaks = saved_breaks
        self._comments = comments if comments is not None else {}
        self.notes: list[tuple[str, str]] = []  # (kind, id) in order of their first mention
        self._font = ""  # of the current run, if it is a symbol font
        self._fields: list[list[str]] = []  # open fields: the instruction and where the visible text begins
        self._unended: set[etree._Element] = set()

    def read(self, paragraph: etree._Element) -> Line:
        line = Line()
        self._fields, self._unended = [], unended(paragraph)
        self._children(paragraph, line)
        return line

    def imported(self, chunk: etree._Element) -> str:
        """The markdown of a document that Word imports when it opens this one."""
        part = self._targets.get(chunk.get(R + "id", ""), ("", ""))[1]
        return embedded_text(self._graphics.content(part), part)

    def _children(self, element: etree._Element, line: Line) -> None:
        for child in element:
            tag = child.tag
            if tag == W + "r":
                self._run(child, line)
            elif tag == W + "hyperlink":
                self._link(child, line)
            elif tag in (M + "oMath", M + "oMathPara"):
                self._formula(child, line)
            elif tag == MC + "AlternateContent":
                for part in chosen(child):
                    self._children(part, line)
            elif tag == W + "fldSimple":
                start = len(line.parts)
                self._children(child, line)
                target = link_target(child.get(W + "instr", ""))
                line.parts[start:] = [md.link("".join(line.parts[start:]), target)]
            elif tag in _THROUGH and not is_placeholder(child):
                self._children(child, line)

    def _link(self, element: etree._Element, line: Line) -> None:
        start = len(line.parts)
        self._children(element, line)
        target = self._targets.get(element.get(R + "id", ""), ("", ""))[1]
        line.parts[start:] = [md.link("".join(line.parts[start:]), target)]

    def _formula(self, element: etree._Element, line: Line) -> None:
        block = element.tag == M + "oMathPara"
        for math in element.iter(M + "oMath"):
            tex = tex_of(math)
            if tex:
                line.parts.append(f"\n\n$${tex}$$\n\n" if block else f"${tex}$")
                line.formulas += 1

    def _run(self, run: etree._Element, line: Line) -> None:
        properties = run.find(W + "rPr")
        style = value(properties, W + "rStyle")
        if is_unseen(run, properties, self._styles):
            return
        self._font = _font(properties)
        mono = is_monospaced(properties) or self._styles.is_monospaced(style)
        start = len(line.parts)
        before = sum(map(len, line.raw))
        self._pieces(run, line)
        shown = sum(map(len, line.raw)) - before
        line.letters += shown
        line.monospaced += shown if mono else 0
        text = "".join(line.parts[start:])
        line.parts[start:] = [self._emphasised(text, properties, style)]

    def _emphasised(self, text: str, properties: etree._Element | None, style: str | None) -> str:
        if not text.strip():
            return text
        if switched_on(properties, "strike") or switched_on(properties, "dstrike"):
            text = f"{STRIKE}{text}{STRIKE_END}"
        if value(properties, W + "vertAlign") == "superscript":
            text = raised(text)
        names = {s.name.lower() for s in self._styles.chain(style)}
        if switched_on(properties, "i") or "emphasis" in names:
            text = f"{EMPH}{text}{EMPH_END}"
        if switched_on(properties, "b") or "strong" in names:
            text = f"{STRONG}{text}{STRONG_END}"
        return text

    def _pieces(self, run: etree._Element, line: Line) -> None:
        for child in run:
            tag = child.tag
            if tag == W + "t":
                if child.text and not self._in_instruction():
                    text = from_symbol_font(child.text, self._font) if self._font else child.text
                    line.parts.append(md.escape(text))
                    line.raw.append(text)
            elif tag in _MARKED:
                line.parts.append(_MARKED[tag])
                line.raw.append("    " if tag == W + "tab" else _MARKED[tag])
            elif tag == W + "br":
                self._break(child, line)
            elif tag == W + "lastRenderedPageBreak":
                line.breaks += 1
            elif tag == W + "sym":
                line.parts.append(md.escape(_symbol(child)))
            elif tag == W + "commentReference":
                if text := self._comments.pop(child.get(W + "id", ""), ""):
                    line.drawn.append(md.escape_lines(md.escape(text)))
            elif tag == W + "fldChar":
                self._field(child, line)
            elif tag == W + "instrText" and self._fields:
                self._fields[-1][0] += child.text or ""
            elif tag in (W + "footnoteReference", W + "endnoteReference"):
                line.parts.append(self._note(tag, child.get(W + "id", "")))
            elif tag in (W + "drawing", W + "pict", W + "object"):
                self._drawing(child, line)
            elif tag == MC + "AlternateContent":
                for part in chosen(child):
                    self._pieces(part, line)
            elif tag in _THROUGH:
                self._children(child, line)

    def _break(self, element: etree._Element, line: Line) -> None:
        if element.get(W + "type") == "page":
            line.breaks += not self._saved_breaks
        line.parts.append("\n")
        if element.get(W + "type") not in ("page", "column"):
            line.raw.append("\n")

    def _in_instruction(self) -> bool:
        return any(len(f) == 1 for f in self._fields)

    def _field(self, element: etree._Element, line: Line) -> None:
        kind = element.get(W + "fldCharType")
        if kind == "begin" and element not in self._unended:
            self._fields.append([""])
            line.parts.append(md.escape(form_value(element.find(W + "ffData"))))
        elif kind == "separate" and self._fields:
            self._fields[-1].append(str(len(line.parts)))
        elif kind == "end" and self._fields:
            opened = self._fields.pop()
            if len(opened) == 1:
                line.parts.append(md.escape(shown_without_result(opened[0])))
            elif target := link_target(opened[0]):
                start = min(int(opened[1]), len(line.parts))
                line.parts[start:] = [md.link("".join(line.parts[start:]), target)]

    def _note(self, tag: str, note_id: str) -> str:
        key = ("endnote" if "endnote" in tag else "footnote", note_id)
        if key not in self.notes:
            self.notes.append(key)
        return f"[^{self.notes.index(key) + 1}]"

    def _drawing(self, element: etree._Element, line: Line) -> None:
        text, blocks = self._graphics.describe(element, self._targets)
        line.parts.append(text)
        line.parts.extend(md.escape(shape.get("string", "")) for shape in _lettering(element))
        line.drawn.extend(blocks)
        for ole in element.iter("{urn:schemas-microsoft-com:office:office}OLEObject"):
            part = self._targets.get(ole.get(R + "id", ""), ("", ""))[1]
            if inside := embedded_text(self._graphics.content(part), part):
                line.drawn.append(inside)
        line.boxes.extend(text_boxes(element))


def chosen(alternatives: etree._Element) -> Iterator[etree._Element]:
    """The first of the alternatives that holds anything; the fallback repeats it for older programs."""
    found = [child for child in alternatives if child.tag in (MC + "Choice", MC + "Fallback")]
    yield from ([child for child in found if _holds_anything(child)] or found)[:1]


def _holds_anything(alternative: etree._Element) -> bool:
    """Whether an alternative has text, or graphics other than an empty frame."""
    return next(
        (True for el in alternative.iter() if (el.text or "").strip() or "}graphic" in str(el.tag)), False
    )


def _lettering(drawing: etree._Element) -> Iterator[etree._Element]:
    """Shapes of old Word whose text is drawn, other than watermarks."""
    for path in drawing.iter("{urn:schemas-microsoft-com:vml}textpath"):
        if "watermark" not in (path.getparent().get("id") or "").lower():
            yield path


def text_boxes(element: etree._Element) -> Iterator[etree._Element]:
    """The outermost text boxes of a drawing, without their copies in the fallback."""
    for child in element:
        if child.tag == W + "txbxContent":
            yield child
        elif child.tag == MC + "AlternateContent":
            for part in chosen(child):
                yield from text_boxes(part)
        elif isinstance(child.tag, str):
            yield from text_boxes(child)


def _symbol(element: etree._Element) -> str:
    code = element.get(W + "char", "0") or "0"
    return (
        symbol(int(code, 16), element.get(W + "font", "")) if re.fullmatch("[0-9A-Fa-f]{1,5}", code) else ""
    )


def _font(properties: etree._Element | None) -> str:
    """The font of a run if it is a symbol font; otherwise empty."""
    fonts = properties.find(W + "rFonts") if properties is not None else None
    name = (fonts.get(W + "ascii") or fonts.get(W + "hAnsi") or "") if fonts is not None else ""
    return name if is_symbol_font(name) else ""
