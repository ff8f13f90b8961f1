"""An HTML tree to blocks of markdown: one renderer for pages, EPUB chapters, MHTML and mail."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from services.parsing import markdown_writer as md
from services.parsing.formats.html import formulas, inline, tables
from services.parsing.formats.html.tags import BLOCKS, SKIPPED
from services.parsing.markdown_writer import (
    EMPH,
    EMPH_END,
    STRIKE,
    STRIKE_END,
    STRONG,
    STRONG_END,
    MarkdownBlock,
)

_PARAGRAPHS = re.compile(r"\n{2,}")
_STRONG_OR_ESCAPED = re.compile(r"\*\*|^\\")

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")

ImageText = Callable[[HtmlElement], str]


class Renderer:
    """Renders elements to blocks; one instance per document.

    `images` returns the inline markdown of an `img`, empty for none.
    """

    def __init__(self, images: ImageText = inline.image_text) -> None:
        self._images = images
        self._out: list[MarkdownBlock] = []
        self._line: list[str] = []
        self._href: str | None = None
        self._cells = 0  # open table cells; no block markup inside them
        self._lists = 0  # open lists

    def blocks(self, element: HtmlElement) -> list[MarkdownBlock]:
        """The blocks of an element's content, in document order."""
        outer = self._out, self._line
        self._out, self._line = [], []
        self._content(element)
        self._flush()
        result = self._out
        self._out, self._line = outer
        return result

    def cell(self, element: HtmlElement) -> str:
        """A table cell's content as inline text, its blocks as lines."""
        self._cells += 1
        blocks = self.blocks(element)
        self._cells -= 1
        return "\n".join(block.text for block in blocks)

    def _content(self, element: HtmlElement) -> None:
        self._text(element.text)
        for child in element if len(element) else ():  # most have none, and an iterator costs more
            if isinstance(child.tag, str):
                self._element(child)
            self._text(child.tail)

    def _text(self, text: str | None) -> None:
        if text:
            self._line.append(inline.markdown_of(text))

    def _flush(self) -> None:
        if not self._line:
            return
        text = md.tidy("".join(self._line))
        self._line = []
        for paragraph in _PARAGRAPHS.split(text) if "\n\n" in text else (text,):
            if paragraph:
                linked = md.link(paragraph, self._href) if self._href else paragraph
                self._out.append(MarkdownBlock(linked if self._cells else md.escape_lines(linked)))

    def _emit(self, block: MarkdownBlock) -> None:
        self._flush()
        if block.text.strip():
            self._out.append(block)

    def _element(self, el: HtmlElement) -> None:
        if formulas.is_tex_script(el):
            self._line.append(formulas.script_text(el))
            return
        handler = _handler(el.tag)
        if handler is not None and not formulas.is_drawn(el):
            handler(self, el)

    def _block(self, el: HtmlElement) -> None:
        self._flush()
        self._content(el)
        self._flush()

    def _in_line(self, el: HtmlElement) -> None:
        block, struck = inline.is_block(el), inline.is_struck(el)
        (self._block if block else self._strike if struck else self._content)(el)

    def _heading(self, el: HtmlElement) -> None:
        if self._cells or next(el.iterdescendants("table", "ul", "ol", "pre"), None) is not None:
            self._block(el)
            return
        text = " ".join(block.text for block in self.blocks(el))
        self._emit(MarkdownBlock(md.heading(int(el.tag[-1]), _STRONG_OR_ESCAPED.sub("", text))))

    def _strong(self, el: HtmlElement) -> None:
        self._marked(el, STRONG, STRONG_END)

    def _emph(self, el: HtmlElement) -> None:
        self._marked(el, EMPH, EMPH_END)

    def _marked(self, el: HtmlElement, opening: str, closing: str) -> None:
        if self._cells or inline.is_light(el):
            self._content(el)
            return
        self._line.append(opening)
        self._content(el)
        self._line.append(closing)

    def _strike(self, el: HtmlElement) -> None:
        self._line.append(STRIKE)
        self._content(el)
        self._line.append(STRIKE_END)

    def _link(self, el: HtmlElement) -> None:
        href = el.get("href") or ""
        if inline.holds_blocks(el):
            self._flush()
            outer, self._href = self._href, href or self._href
            self._content(el)
            self._flush()
            self._href = outer
            return
        start = len(self._line)
        self._content(el)
        text = inline.note_mark(el, "".join(self._line[start:]))
        self._line[start:] = [text if self._href else md.link(text, href)]

    def _break(self, el: HtmlElement) -> None:
        self._line.append("\n")

    def _superscript(self, el: HtmlElement) -> None:
        start = len(self._line)
        self._content(el)
        text = "".join(self._line[start:])
        self._line[start:] = [inline.superscript(text, noted=el.find(".//a") is not None)]

    def _quoted(self, el: HtmlElement) -> None:
        self._line.append("“")
        self._content(el)
        self._line.append("”")

    def _code(self, el: HtmlElement) -> None:
        if inline.holds_blocks(el):
            self._content(el)
        else:
            for br in el.iter("br"):
                br.tail = f" {br.tail or ''}"
            text = inline.plain(el)
            lead, tail = text[:1].isspace(), text[-1:].isspace()
            self._line.append(f"{' ' * lead}{md.code_span(text)}{' ' * tail}")

    def _math(self, el: HtmlElement) -> None:
        text = formulas.math_text(el)
        self._line.append(text.strip() if self._cells else text)

    def _image(self, el: HtmlElement) -> None:
        self._line.append(self._images(el))

    def _field(self, el: HtmlElement) -> None:
        if (el.get("type") or "").lower() in ("checkbox", "radio"):
            checked = el.get("checked") is not None
            self._line.append(("[x] " if checked else "[ ] ") if el.get("type") != "radio" or checked else "")
        elif text := inline.field_text(el):
            self._line.append(f" {md.escape(text)} ")

    def _drawing(self, el: HtmlElement) -> None:
        if text := inline.drawing_text(el):
            self._line.append(f" {md.escape(text)} ")

    def _button(self, el: HtmlElement) -> None:
        """Skip a button, unless it is the heading of what it unfolds."""
        if inline.is_question(el) or any(str(up.tag) in _HEADINGS for up in el.iterancestors()):
            self._content(el)

    def _pre(self, el: HtmlElement) -> None:
        if self._cells:
            lines = filter(str.strip, inline.preformatted(el).split("\n"))
            self._line.append("\n" + "\n".join(map(md.code_span, lines)) + "\n")
        else:
            self._emit(md.code(inline.preformatted(el), inline.code_language(el)))

    def _quote(self, el: HtmlElement) -> None:
        self._flush()
        blocks = self.blocks(el)
        if self._cells:
            self._out.extend(blocks)
        elif blocks:
            self._emit(md.quote(blocks))

    def _table(self, el: HtmlElement) -> None:
        self._flush()
        if self._cells:
            self._out.extend(MarkdownBlock(line) for line in tables.flat_lines(el, self.cell))
            return
        for caption in el.iterchildren("caption"):
            self._out.extend(self.blocks(caption))
        if tables.is_layout(el):
            for cell in tables.layout_cells(el):
                (self._pre if tables.is_lines_of_code(cell) else self._block)(cell)
            return
        self._emit(MarkdownBlock(md.table(tables.rows(el, self.cell))))

    def _list(self, el: HtmlElement) -> None:
        self._flush()
        self._lists += 1
        number = inline.whole_number(el.get("start"), 1) if el.tag == "ol" else None
        items: list[MarkdownBlock] = []
        for child in el if not inline.is_line_number(el) else ():
            if not isinstance(child.tag, str) or child.tag in SKIPPED:
                continue
            if child.tag in ("ul", "ol") and items:  # nested without its own item: part of the last one
                nested = md.join(self._nested(child))
                items[-1] = MarkdownBlock(
                    items[-1].text + "\n" + md.indented(nested, "  " if number is None else "   "), True
                )
                continue
            blocks = self.blocks(child) if child.tag not in ("ul", "ol") else self._nested(child)
            if not blocks:
                continue
            if number is not None:
                number = inline.whole_number(child.get("value"), number)
            items.append(self._item(blocks, number))
            number = number + 1 if number is not None else None
        self._lists -= 1
        if items:
            self._out.append(MarkdownBlock(md.join(items), tight=self._lists > 0))

    def _nested(self, el: HtmlElement) -> list[MarkdownBlock]:
        outer, self._out = self._out, []
        self._list(el)
        result, self._out = self._out, outer
        return result

    def _item(self, blocks: list[MarkdownBlock], number: int | None) -> MarkdownBlock:
        first = MarkdownBlock(blocks[0].text, tight=True)
        return md.item("-" if number is None else f"{number}.", [first, *blocks[1:]])

    def _loose_item(self, el: HtmlElement) -> None:
        """An `li` outside of any list."""
        self._flush()
        blocks = self.blocks(el)
        if blocks:
            self._out.append(self._item(blocks, None))

    def _term(self, el: HtmlElement) -> None:
        self._flush()
        self._strong(el)
        self._flush()


_HANDLERS: dict[str, Callable[[Renderer, HtmlElement], None]] = {
    **dict.fromkeys(_HEADINGS, Renderer._heading),
    **dict.fromkeys(("b", "strong"), Renderer._strong),
    **dict.fromkeys(("i", "em"), Renderer._emph),
    **dict.fromkeys(("s", "strike", "del"), Renderer._strike),
    **dict.fromkeys(("ul", "ol", "menu", "dir"), Renderer._list),
    **dict.fromkeys(("code", "kbd", "samp", "tt"), Renderer._code),
    **dict.fromkeys(("pre", "listing", "xmp"), Renderer._pre),
    "a": Renderer._link,
    "br": Renderer._break,
    "sup": Renderer._superscript,
    "q": Renderer._quoted,
    "math": Renderer._math,
    "img": Renderer._image,
    **dict.fromkeys(("input", "textarea", "select"), Renderer._field),
    "svg": Renderer._drawing,
    "button": Renderer._button,
    "blockquote": Renderer._quote,
    "table": Renderer._table,
    "li": Renderer._loose_item,
    "dt": Renderer._term,
    "summary": Renderer._term,
}


@lru_cache(512)
def _handler(tag: str) -> Callable[[Renderer, HtmlElement], None] | None:
    """The method that renders elements with this tag; None if there is none."""
    name = tag.rsplit(":", 1)[-1].lower()
    if name in SKIPPED:
        return None
    return _HANDLERS.get(name) or (Renderer._block if name in BLOCKS else Renderer._in_line)
