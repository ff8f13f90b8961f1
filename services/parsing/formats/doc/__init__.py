"""Word 97 to 2003 documents (.doc): headings, lists, tables and emphasis from the binary properties."""

from __future__ import annotations

import io
import re
import struct
from bisect import bisect_left
from dataclasses import dataclass

import olefile  # type: ignore[import-untyped]

from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.doc import binary
from services.parsing.formats.doc.beside import Aside, asides, boxes, margins
from services.parsing.formats.doc.binary import WordFile, read_word
from services.parsing.formats.doc.styles import ParagraphStyle, numbered_lists, paragraph_styles
from services.parsing.formats.doc.unseen import unseen
from services.parsing.formats.docx.margins import is_page_number
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
from services.parsing.reading import with_comments, with_hidden

__all__ = ["FORMAT", "parse_doc"]

_CONTROL = {"\x0b": "\n", "\x0e": "\n", "\x1e": "-", "\x1f": "", "\xa0": " ", "\t": " "}
_PARAGRAPH = re.compile(r"[^\r\x07\x0c]*[\r\x07\x0c]|[^\r\x07\x0c]+")
_FIELD = re.compile(r"\x13([^\x13\x14\x15]*)(?:\x14([^\x13\x15]*))?\x15")
_LINK = re.compile(r'HYPERLINK\s+(?:\\l\s+)?"([^"]*)"')


def parse_doc(data: bytes) -> ParsedDocument:
    """Raises CorruptDocument for encrypted files and broken structures."""
    with olefile.OleFileIO(io.BytesIO(data)) as container:
        file = read_word(container)
        title = _title(container)
    body = _Body(file)
    body.read(0, file.counts["main"])
    body.beside()
    markdown, pages = body.writer.finish()
    return ParsedDocument(markdown, pages if len(pages) > 1 else (), title)


def _title(container: olefile.OleFileIO) -> str | None:
    """The title in the summary properties ([MS-OLEPS] §2.21); other properties are not read."""
    if not container.exists("\x05SummaryInformation"):
        return None
    content = container.openstream("\x05SummaryInformation").read()
    try:
        (section,) = struct.unpack_from("<I", content, 44)
        (count,) = struct.unpack_from("<I", content, section + 4)
        entries = [struct.unpack_from("<II", content, section + 8 + 8 * at) for at in range(min(count, 100))]
        places = {
            number: section + offset for number, offset in reversed(entries)
        }  # the first entry of a number wins
        page = struct.unpack_from("<H", content, places[1] + 4)[0] if 1 in places else 1252
        (size,) = struct.unpack_from("<I", content, places[2] + 4)
        encoding = "utf-8" if page == 65001 else f"cp{page}"
        title = content[places[2] + 8 :][: min(size, 1000)].decode(encoding, "replace")
    except (KeyError, LookupError, struct.error):
        return None
    return title.strip("\0 ") or None


@dataclass(frozen=True)
class _Paragraph:
    text: str  # inline markdown
    level: int | None  # of a heading; 0 for the title
    least_depth: int  # of its list, which its style tells
    properties: binary.Modifiers
    end: str  # the mark that ends it


class _Body:
    def __init__(self, file: WordFile) -> None:
        self.writer = Writer()
        self._file = file
        self._styles = paragraph_styles(file)
        self._numbered = numbered_lists(file)
        self._indents = Indents()
        self._counts: dict[tuple[int, int], int] = {}
        self._rows: list[list[Cell]] = []
        self._cells: list[Cell] = []
        self._lines: list[str] = []
        self._titled = False
        self._asides = asides(file)
        self._places = sorted(self._asides)
        self._notes: list[Aside] = []
        self._comments: list[Aside] = []  # on the current paragraph
        self._page = 0

    def read(self, start: int, end: int) -> None:
        """Read the main text, from page to page."""
        self._turn_page()
        self._paragraphs(start, end)

    def _turn_page(self) -> None:
        self._page += 1
        self.writer.page(self._page)

    def _paragraphs(self, start: int, end: int) -> None:
        for match in _PARAGRAPH.finditer(self._file.text, start, end):
            paragraph = self._paragraph(match.start(), match.end())
            self._place(paragraph)
            if not (self._rows or self._cells or self._lines):
                self._add_comments()
            if paragraph.end == "\x0c" and self._page:
                self._turn_page()
        self._end_table()
        self._add_comments()

    def _add_comments(self) -> None:
        comments, self._comments = self._comments, []
        for one in comments:
            by = f" by {md.escape(one.author)}" if one.author else ""
            self.writer.add(md.escape_lines(f"Comment{by}: {self._line(one)}"))

    def _line(self, aside: Aside) -> str:
        """A text beside the main text as one line."""
        return " ".join(md.tidy(self._inline(aside.start, aside.end, {}, on_page=False)).split())

    def beside(self) -> None:
        """Add text boxes, heads and feet that say what stands nowhere else, and notes."""
        self._page = 0
        for box in boxes(self._file):
            self._paragraphs(box.start, box.end)
        known = {"".join(block.text.split()) for block in self.writer.blocks}
        heads: list[MarkdownBlock] = []
        feet: list[MarkdownBlock] = []
        for is_head, margin in margins(self._file):
            text = self._line(margin)
            squashed = "".join(text.split())
            if squashed not in known and any(map(str.isalpha, squashed)) and not is_page_number(squashed):
                known.add(squashed)
                block = MarkdownBlock(md.escape_lines(text))
                (heads if is_head else feet).append(block)
        self.writer.prepend(heads)
        self.writer.extend(feet)
        for at, note in enumerate(self._notes, 1):
            self.writer.add(f"[^{at}]: {self._line(note)}")

    def _paragraph(self, start: int, end: int) -> _Paragraph:
        number, own, _ = self._file.paragraphs.run(self._file.offset_of(end - 1))
        style = self._styles.get(number, ParagraphStyle())
        properties = {**style.properties, **own}
        mark = self._file.text[end - 1]
        stop = end - 1 if mark in "\r\x07\x0c" else end
        on_page = end <= self._file.counts.get("main", 0)  # not in a text box, whose ground is not known
        text = md.tidy(self._inline(start, stop, properties, on_page))
        return _Paragraph(text, style.level, style.depth, properties, mark)

    def _inline(self, start: int, end: int, around: binary.Modifiers, on_page: bool) -> str:
        """Text with emphasis, without deleted and hidden text; fields are replaced by their results. `around`
        are the properties of the paragraph."""
        parts: list[str] = []
        for first, last, properties in self._file.runs(start, end):
            text = self._marked(first, last)
            why = unseen(properties, around, on_page)
            hidden = bool(why) and not (text.strip() and with_hidden(why))
            if properties.get(binary.DELETED) == 1 or hidden:
                text = "".join(char for char in text if char in "\x13\x14\x15")
            parts.append(_emphasised(text, properties))
        return _without_controls("".join(parts))

    def _marked(self, first: int, last: int) -> str:
        """Characters of the file, with the marks of notes; the comments in them are collected."""
        text, parts, at = self._file.text, [], first
        for place in self._places[bisect_left(self._places, first) : bisect_left(self._places, last)]:
            aside = self._asides[place]
            parts.append(text[at:place] + text[place].strip("\2\5"))
            at = place + 1
            if aside.kind == "comment":
                self._comments.extend([aside] if with_comments() else [])
            else:
                self._notes.append(aside)
                parts.append(f"[^{len(self._notes)}]")
        return "".join([*parts, text[at:last]])

    def _place(self, paragraph: _Paragraph) -> None:
        properties = paragraph.properties
        if properties.get(binary.IN_TABLE) or properties.get(binary.TABLE_DEPTH):
            self._table_text(paragraph)
            return
        self._end_table()
        if not paragraph.text:
            return
        level = paragraph.level
        if level is None and properties.get(binary.OUTLINE, 9) < 9:
            level = properties[binary.OUTLINE] + 1
        number = properties.get(binary.LIST_ID, 0)
        if level is not None:
            self._titled = self._titled or level == 0
            self._indents.close()
            self.writer.heading(level + self._titled, md.plain(paragraph.text))
        elif number and number < 0x7FF:
            self._item(paragraph, number, min(properties.get(binary.LIST_DEPTH, 0), 8))
        else:
            self._indents.close()
            self.writer.add(md.escape_lines(paragraph.text))

    def _item(self, paragraph: _Paragraph, number: int, depth: int) -> None:
        marker = "-"
        if self._numbered.get((number, depth)):
            for deeper in [key for key in self._counts if key[0] == number and key[1] > depth]:
                del self._counts[deeper]
            self._counts[number, depth] = self._counts.get((number, depth), 0) + 1
            marker = f"{self._counts[number, depth]}."
        indent = self._indents.under(max(depth, paragraph.least_depth), marker)
        self.writer.add(md.item(marker, [MarkdownBlock(paragraph.text)], indent).text, tight=True)

    def _table_text(self, paragraph: _Paragraph) -> None:
        """Add text to a cell. A mark ends a cell, or a row if its paragraph properties say so."""
        if paragraph.properties.get(binary.ROW_END):
            if self._cells:
                self._rows.append(self._cells)
            self._cells, self._lines = [], []
            return
        if paragraph.text:
            self._lines.append(md.plain(paragraph.text))
        if paragraph.end == "\x07":
            self._cells.append(Cell("\n".join(self._lines)))
            self._lines = []

    def _end_table(self) -> None:
        if self._rows or self._cells:
            rows = [*self._rows, self._cells] if self._cells else self._rows
            self._rows, self._cells = [], []
            self._indents.close()
            self.writer.add(md.table(rows))


def _emphasised(text: str, properties: binary.Modifiers) -> str:
    if not text.strip() or "\x13" in text or "\x15" in text:
        return md.escape(text)
    text = md.escape(text)
    if properties.get(binary.RAISED) == 1:
        text = md.raised(text)
    if properties.get(binary.STRUCK) == 1:
        text = f"{STRIKE}{text}{STRIKE_END}"
    if properties.get(binary.ITALIC) == 1:
        text = f"{EMPH}{text}{EMPH_END}"
    return f"{STRONG}{text}{STRONG_END}" if properties.get(binary.BOLD) == 1 else text


def _without_controls(text: str) -> str:
    """Replace fields with their results or links, keep breaks and blanks, drop control characters."""
    for _ in range(8):  # fields nest
        text, found = _FIELD.subn(_field, text)
        if not found:
            break
    text = "".join(_CONTROL.get(char, char) for char in text)
    return re.sub(r"[\x00-\x08\x0f-\x1f]", "", text).replace("\x0c", "")


def _field(match: re.Match[str]) -> str:
    link = _LINK.search(match[1].replace("\\_", "_"))
    shown = match[2] or ""
    return md.link(shown, link[1]) if link else shown


FORMAT = Format("application/msword", from_bytes(parse_doc), ole_streams=("WordDocument",))
