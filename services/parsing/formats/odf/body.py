"""Converts OpenDocument text content (paragraphs, lists, tables, frames, notes) to blocks."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml import etree  # type: ignore[import-untyped]

from services.parsing import markdown_writer as md
from services.parsing.formats.docx.numbering import labelled, ordinal
from services.parsing.formats.odf.frames import Frames
from services.parsing.formats.odf.styles import DRAW, OFFICE, TABLE, TEXT, XLINK, Styles
from services.parsing.formats.odf.texts import (
    GONE,
    bare,
    clean,
    comment_of,
    count,
    raw_text,
    repeats,
    table_rows,
)
from services.parsing.markdown_writer import (
    EMPH,
    EMPH_END,
    STRIKE,
    STRIKE_END,
    STRONG,
    STRONG_END,
    Cell,
    Indents,
    MarkdownBlock,
    Writer,
)
from services.parsing.office.lists import named_depth
from services.parsing.reading import with_comments, with_hidden

#: Elements around blocks.
_PARTS = frozenset(TEXT + name for name in (
    "section", "index-body", "index-title", "table-of-content", "bibliography", "alphabetical-index",
    "illustration-index", "table-index", "object-index", "user-index", "numbered-paragraph"))  # fmt: skip
_PREFORMATTED = ("preformatted text", "source code", "source text", "code")
MAX_DEPTH = 30


class Body:
    """Reads block content into `writer`. With `titled`, headings are one level below the title."""

    def __init__(self, styles: Styles, frames: Frames, titled: bool = False) -> None:
        self.writer = Writer()
        self._styles = styles
        self._frames = frames
        self._shift = 1 if titled else 0
        self._indents = Indents()
        self._counts: dict[tuple[str, int], int] = {}
        self._code: list[str] = []
        self._notes: list[str] = []
        self._after: list[MarkdownBlock] = []  # frames and comments that follow the current paragraph
        self.comments: list[tuple[str, str]] = []  # author and text, for the current cell
        self._depth = 0

    def read(self, content: etree._Element) -> None:
        self._blocks(content)
        self._end_code()

    def end_notes(self) -> None:
        for at, text in enumerate(self._notes, 1):
            self.writer.add(f"[^{at}]: {text}")

    def blocks_of(self, content: etree._Element) -> list[MarkdownBlock]:
        """The blocks of a separate part, such as a cell or a text box."""
        outer, indents, code = self.writer, self._indents, self._code
        self.writer, self._indents, self._code = Writer(), Indents(), []
        self._depth += 1
        if self._depth < MAX_DEPTH:
            self.read(content)
        self._depth -= 1
        result = self.writer.blocks
        self.writer, self._indents, self._code = outer, indents, code
        return result

    def _blocks(self, content: Iterable[etree._Element]) -> None:
        for child in content:
            tag = child.tag
            if not isinstance(tag, str) or tag in GONE:
                continue
            if child.get(TEXT + "display") == "none" and not with_hidden("section"):
                continue
            if tag == OFFICE + "annotation":  # directly in a cell
                self.comments.extend([comment_of(child)] if with_comments() else [])
            elif tag in (TEXT + "p", TEXT + "h"):
                self._paragraph(child)
            elif tag == TEXT + "list":
                self._list(child, 1, child.get(TEXT + "style-name", ""))
            elif tag == TABLE + "table":
                self._indents.close()
                self._add(md.table(self.rows(child)))
            elif tag in _PARTS:
                self._blocks(child)
            elif tag.startswith(DRAW):
                self._add("", self._frames.blocks(child, self))

    def _add(self, text: str, more: list[MarkdownBlock] | None = None) -> None:
        self._end_code()
        self.writer.add(text)
        self.writer.extend(more or [])

    def _end_code(self) -> None:
        if self._code:
            lines, self._code = self._code, []
            self.writer.blocks.append(md.code("\n".join(lines)))

    def _paragraph(self, p: etree._Element) -> None:
        style = p.get(TEXT + "style-name")
        text = self.line(p)
        after, self._after = self._after, []
        level = self._level(p, style)
        if level is not None and text:
            self._indents.close()
            self._add(md.heading(level, md.plain(text)), after)
        elif text and self._styles.named(style, *_PREFORMATTED):
            self._code.append(raw_text(p))
        elif text and self._styles.named(style, "quotations", "quote"):
            self._add(md.quote([MarkdownBlock(text)]).text, after)
        elif text or after:
            if text:
                self._indents.close()
            self._add("")
            for part in re.split(r"\n{2,}", text):
                self.writer.add(md.escape_lines(part))
            self.writer.extend(after)

    def _level(self, p: etree._Element, style: str | None) -> int | None:
        if self._styles.named(style, "title"):
            return 1
        if self._styles.named(style, "subtitle"):
            return 1 + self._shift
        if p.tag == TEXT + "h":
            outline = p.get(TEXT + "outline-level") or "1"
            return (int(outline) if outline.isdigit() else 1) + self._shift
        return None

    def _list(self, element: etree._Element, depth: int, style: str) -> None:
        if element.get(TEXT + "continue-numbering") != "true":
            for key in [key for key in self._counts if key[0] == style and key[1] >= depth]:
                del self._counts[key]
        for item in element:
            if item.tag not in (TEXT + "list-item", TEXT + "list-header") or depth > MAX_DEPTH:
                continue
            marked = item.tag == TEXT + "list-header"
            for child in item:
                if child.tag == TEXT + "list":
                    self._list(child, depth + 1, child.get(TEXT + "style-name") or style)
                elif child.tag == TEXT + "h":
                    self._paragraph(child)
                elif child.tag == TEXT + "p":
                    marked = self._item(child, item, depth, style, marked)
                else:
                    self._blocks([child])

    def _item(self, p: etree._Element, item: etree._Element, depth: int, style: str, marked: bool) -> bool:
        """Add a paragraph of a list item; the first one has the marker."""
        text = self.line(p)
        after, self._after = self._after, []
        if text and self._level(p, p.get(TEXT + "style-name")) is not None:
            self._paragraph(p)
            return True
        if text:
            self._end_code()
            level = self._styles.level(style, depth)
            marker = "-"
            if level.numbered and not marked:
                start = item.get(TEXT + "start-value") or ""
                default = self._counts.get((style, depth), level.start - 1) + 1
                self._counts[style, depth] = int(start) if start.isdigit() else default
                number = self._counts[style, depth]
                if level.kind == "decimal" and level.around in (("", "."), ("", ")"), ("", "")):
                    marker = f"{number}."
                else:
                    shown = ordinal(number, level.kind).join(level.around)
                    text = labelled(md.escape(shown.strip()), text)
            if marked:
                self.writer.add(md.indented(md.escape_lines(text), "  " * depth))
            else:
                styles = self._styles.chain(p.get(TEXT + "style-name"))
                named = named_depth(known.name.replace("_20_", " ") for known in styles) + 1
                indent = self._indents.under(max(depth, named), marker)
                block = md.item(marker, [MarkdownBlock(md.escape_lines(text))], indent)
                self.writer.add(block.text, tight=True)
        self.writer.extend(after)
        return marked or bool(text)

    def line(self, p: etree._Element) -> str:
        """A paragraph's inline text; the content of its frames is collected in `_after`."""
        return "" if self._is_unseen(p) else md.tidy(self._inline(p))

    def _inline(self, element: etree._Element) -> str:
        parts = [clean(element.text)]
        for child in element:
            if isinstance(child.tag, str) and child.tag not in GONE:
                parts.append(self._piece(child))
            parts.append(clean(child.tail))
        return "".join(parts)

    def _piece(self, child: etree._Element) -> str:
        tag = child.tag
        if tag == TEXT + "span":
            return self._span(child)
        if tag == TEXT + "s":
            return " "
        if tag == TEXT + "number":  # of a heading, as its program counted it
            return f"{self._inline(child)} "
        if tag == TEXT + "tab":
            return " "
        if tag == TEXT + "line-break":
            return "\n"
        if tag == TEXT + "a":
            return md.link(self._inline(child), child.get(XLINK + "href", ""))
        if tag == TEXT + "note":
            return self._note(child)
        if tag == TEXT + "hidden-text":
            return self._inline(child) if with_hidden("text") else ""
        if tag == OFFICE + "annotation":
            author, text = comment_of(child)
            by = f" by {author}" if author else ""
            if text and with_comments():
                self._after.append(MarkdownBlock(md.escape(f"Comment{by}: {text}")))
            return ""
        if tag.startswith(DRAW):
            text, blocks = self._frames.describe(child, self)
            self._after.extend(blocks)
            return text
        return self._inline(child)

    def _span(self, span: etree._Element) -> str:
        style = span.get(TEXT + "style-name")
        chain = self._styles.chain(style)
        if self._is_unseen(span):
            return ""
        text = self._inline(span)
        if chain and chain[0].raised and re.fullmatch(r"[+−-]?\d+", text.strip()):
            return f"^{text.strip()}"
        if text.strip() and any(s.struck for s in chain):
            text = f"{STRIKE}{text}{STRIKE_END}"
        if text.strip() and self._styles.emphasised(style):
            text = f"{EMPH}{text}{EMPH_END}"
        if text.strip() and self._styles.strong(style):
            text = f"{STRONG}{text}{STRONG_END}"
        return text

    def _is_unseen(self, element: etree._Element) -> bool:
        """Whether a span or a paragraph is left out, with a warning.

        White text counts only where nothing dark can be behind it, and not if a span in it is coloured.
        """
        why = self._styles.unseen(element.get(TEXT + "style-name"))
        if not why or not any(text.strip() for text in element.itertext()):
            return False
        spans = element.iter(TEXT + "span") if element.tag != TEXT + "span" else ()
        if any(self._styles.sets_look(span.get(TEXT + "style-name")) for span in spans):
            return False
        if why != "text" and any(map(self._is_ground, element.iterancestors())):
            return False
        return not with_hidden(why)

    def _is_ground(self, around: etree._Element) -> bool:
        """Whether something dark may be behind the text in an element: a page, a shape, a shaded part."""
        drawn = around.tag.startswith(DRAW) and around.tag not in (DRAW + "frame", DRAW + "text-box")
        names = (around.get(space + "style-name") for space in (TEXT, TABLE, DRAW))
        return drawn or any(style.ground for name in names for style in self._styles.chain(name))

    def _note(self, note: etree._Element) -> str:
        body = note.find(TEXT + "note-body")
        if body is None:
            return ""
        self._notes.append(" ".join(self.line(p).replace("\n", " ") for p in body.iter(TEXT + "p")))
        return f"[^{len(self._notes)}]"

    def rows(self, table: etree._Element) -> list[list[Cell]]:
        """The cells of a table with their spans."""
        found: list[list[Cell]] = []
        for row in table_rows(table):
            cells = [(self._cell(c), repeats(c, "columns")) for c in row if c.tag == TABLE + "table-cell"]
            found.extend([[cell for cell, times in cells for _ in range(times)]] * repeats(row, "rows"))
        return found

    def _cell(self, cell: etree._Element) -> Cell:
        text = "\n".join(bare(block.text) for block in self.blocks_of(cell))
        return Cell(text, count(cell, "number-columns-spanned"), count(cell, "number-rows-spanned"))
