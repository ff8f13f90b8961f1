"""The body of a Word document: paragraphs, lists, tables and pages as blocks of markdown."""

from __future__ import annotations

import re

from lxml import etree  # type: ignore[import-untyped]

from services.parsing import markdown_writer as md
from services.parsing.formats.docx.numbering import Numbering, labelled
from services.parsing.formats.docx.runs import MC, Inline, Line, chosen
from services.parsing.formats.docx.styles import Styles, W, switched_on, value
from services.parsing.formats.docx.unseen import is_placeholder
from services.parsing.markdown_writer import Cell, Indents, MarkdownBlock, Writer
from services.parsing.office.lists import named_depth

_LOOKS_LIKE_CODE = re.compile(r"[{}();=<>\[\]]|^\s*(def|class|import|return|SELECT|#!)\b|^\s{2,}\S", re.M)


class Body:
    """Reads block content into a writer. With `titled`, headings are one level below the title."""

    def __init__(self, styles: Styles, numbering: Numbering, inline: Inline, titled: bool) -> None:
        self._styles = styles
        self._numbering = numbering
        self._inline = inline
        self._shift = 1 if titled else 0
        self._lists = Indents()
        self._last_list: str | None = None
        self._code: list[str] = []
        self._initial = ""  # text that begins the next paragraph, as a large first letter
        self._page = 1
        self._depth = 0
        self._in_cell = 0
        self.writer = Writer()
        self.writer.page(1)

    def read(self, content: etree._Element) -> None:
        self._blocks(content)
        self._end_initial()
        self._end_code()

    def _blocks(self, content: etree._Element) -> None:
        for child in content:
            tag = child.tag
            if tag == W + "p":
                self._paragraph(child)
            elif tag == W + "tbl":
                (self._nested if self._in_cell else self._table)(child)
            elif tag in (W + "sdt", W + "sdtContent", W + "ins", W + "moveTo", W + "customXml"):
                if not is_placeholder(child):
                    self._blocks(child)
            elif tag == MC + "AlternateContent":
                for part in chosen(child):
                    self._blocks(part)
            elif tag == W + "altChunk":
                self._add(self._inline.imported(child))

    def _add(self, text: str, tight: bool = False) -> None:
        self._end_code()
        self.writer.add(text, tight)

    def _end_initial(self) -> None:
        """Write a text that waits for a paragraph that never comes."""
        if text := md.tidy(self._initial):
            self._add(md.escape_lines(text))
        self._initial = ""

    def _end_code(self) -> None:
        if self._code:
            lines, self._code = self._code, []
            self.writer.blocks.append(md.code("\n".join(lines)))

    def _paragraph(self, p: etree._Element) -> None:
        properties = p.find(W + "pPr")
        if _is_deleted(properties) and not any(True for _ in p.iter(W + "t")):
            return
        style = value(properties, W + "pStyle")
        frame = properties.find(W + "framePr") if properties is not None else None
        line = self._inline.read(p)
        if frame is not None and frame.get(W + "dropCap") in ("drop", "margin"):
            self._initial = "".join(line.parts)
            return
        line.parts[:0], self._initial = [self._initial], ""
        if _is_deleted(properties) and not line.drawn and not line.boxes:  # it goes on in the next one
            self._initial = "".join(line.parts)
            return
        if switched_on(properties, "pageBreakBefore") and not line.breaks:
            line.breaks = 1
        self._turn_pages(line, before=True)
        text = line.text
        if text:
            self._classified(line, text, properties, style)
        elif self._code:
            self._code.append("")
        for block in line.drawn:
            self._add(block)
        for box in line.boxes:
            self._box(box)
        self._turn_pages(line, before=False)

    def _turn_pages(self, line: Line, before: bool) -> None:
        """Start a page before the paragraph if it is empty or begins with the break, otherwise after it."""
        if line.breaks and before == (not line.text or line.letters > 0):
            self._end_code()
            self._page += line.breaks
            line.breaks = 0
            if self._depth == 0:
                self.writer.page(self._page)

    def _classified(
        self, line: Line, text: str, properties: etree._Element | None, style: str | None
    ) -> None:
        level = self._heading_level(properties, style)
        number, depth = self._number(properties, style)
        listed = self._numbering.level(number, depth) if number else None
        if level is not None:
            label = (
                self._numbering.count(number, depth)[1]
                if number and listed and listed.kind not in ("bullet", "none")
                else ""
            )
            self._lists.close()
            self._add(md.heading(level, labelled(label, md.plain(text))))
        elif self._is_code(line, style):
            self._lists.close()
            self._code.append("".join(line.raw))
        elif number and listed and "$$" not in text:
            self._item(text, number, depth, style)
        else:
            self._lists.close()
            for paragraph in re.split(r"\n{2,}", text):
                block = MarkdownBlock(md.escape_lines(paragraph))
                self._add(md.quote([block]).text if self._styles.is_quote(style) else block.text)

    def _heading_level(self, properties: etree._Element | None, style: str | None) -> int | None:
        direct = value(properties, W + "outlineLvl")
        level = (
            int(direct) + 1
            if direct and direct.isdigit() and int(direct) < 9
            else self._styles.heading(style)
        )
        return None if level is None else max(level + self._shift, 1)

    def _number(self, properties: etree._Element | None, style: str | None) -> tuple[str | None, int]:
        number = value(properties, f"{W}numPr/{W}numId")
        depth = value(properties, f"{W}numPr/{W}ilvl")
        from_style = self._styles.number(style)
        number = number if number is not None else from_style[0]
        at = int(depth) if depth and depth.isdigit() else from_style[1] or 0
        return (number if number != "0" else None), min(at, 8)

    def _item(self, text: str, number: str, depth: int, style: str | None) -> None:
        level = self._numbering.level(number, depth)
        count, label = self._numbering.count(number, depth)
        marker = "-"
        if level and level.kind not in ("bullet", "none"):
            if level.plain:
                marker = f"{count}{')' if level.text.strip().endswith(')') else '.'}"
            else:
                text = labelled(md.escape(label), text)
        self._end_code()
        depth = depth or named_depth(known.name for known in self._styles.chain(style))
        fresh = self._last_list not in (None, number) and depth == 0 and marker != "-" and count == 1
        indent = self._lists.under(depth, marker)
        self._last_list = number
        block = md.item(marker, [MarkdownBlock(md.escape_lines(text))], indent)
        self.writer.add(block.text, tight=not fresh)

    def _is_code(self, line: Line, style: str | None) -> bool:
        if self._styles.is_code(style):
            return True
        if not line.letters:
            return False
        mono = line.monospaced >= line.letters * 0.95 or self._styles.is_monospaced(style)
        raw = "".join(line.raw)
        return mono and bool(_LOOKS_LIKE_CODE.search(raw) or (self._code and len(raw) < 100))

    def _box(self, box: etree._Element) -> None:
        self._lists.close()
        self._depth += 1
        if self._depth < 20:
            self._blocks(box)
        self._depth -= 1

    def _table(self, table: etree._Element) -> None:
        self._end_code()
        self._lists.close()
        rows = [row for row in _children(table, "tr") if row.find(f"{W}trPr/{W}del") is None]
        cells = [[c for c in _children(row, "tc") if c.find(f"{W}tcPr/{W}cellDel") is None] for row in rows]
        if (len(cells) == 1 and len(cells[0]) == 1) or self._depth > 15:
            for row in cells:
                for cell in row:
                    self._blocks(cell)
            return
        self._add(md.table(self._grid(rows, cells)))

    def _grid(self, rows: list[etree._Element], cells: list[list[etree._Element]]) -> list[list[Cell]]:
        """Cells with spans: a vertically merged cell appears once, in its first row."""
        grid: list[list[Cell]] = []
        above: dict[int, tuple[int, int]] = {}  # column -> row and index of the cell that may span down
        for at, (row, row_cells) in enumerate(zip(rows, cells, strict=True)):
            skipped = int(value(row, f"{W}trPr/{W}gridBefore") or 0)
            line = [Cell("")] * min(skipped, 60)
            column = len(line)
            for cell in row_cells:
                properties = cell.find(W + "tcPr")
                span = min(max(int(value(properties, W + "gridSpan") or 1), 1), 100)
                merge = properties.find(W + "vMerge") if properties is not None else None
                if merge is not None and merge.get(W + "val", "continue") != "restart" and column in above:
                    r, i = above[column]
                    grown = grid[r][i]
                    grid[r][i] = Cell(grown.text, grown.columns, at - r + 1)
                else:
                    line.append(Cell(self._cell(cell), span))
                    above[column] = (at, len(line) - 1)
                column += span
            grid.append(line)
        return grid

    def _cell(self, cell: etree._Element) -> str:
        """A cell's blocks as lines."""
        outer, self.writer = self.writer, Writer()
        lists, self._lists = self._lists, Indents()
        self._depth += 1
        self._in_cell += 1
        self._blocks(cell)
        self._end_initial()
        self._end_code()
        self._in_cell -= 1
        self._depth -= 1
        self._lists = lists
        inner, self.writer = self.writer, outer
        return "\n".join(_plain_block(block.text) for block in inner.blocks)

    def _nested(self, table: etree._Element) -> None:
        """A table in a cell: one line per row."""
        self._end_code()
        for row in _children(table, "tr"):
            texts = [self._cell(cell) for cell in _children(row, "tc")] if self._depth < 15 else []
            self.writer.add(" ".join(text for text in texts if text))

    def notes(self, parts: dict[str, etree._Element | None]) -> None:
        """The referenced footnotes and endnotes, as definitions at the end."""
        self._end_code()
        for at, (kind, note_id) in enumerate(self._inline.notes, 1):
            root = parts.get(kind)
            note = next((n for n in root if n.get(W + "id") == note_id), None) if root is not None else None
            if note is None:
                continue
            texts = [self._inline.read(p).text for p in note.iter(W + "p")]
            self.writer.add(f"[^{at}]: " + " ".join(text.replace("\n", " ") for text in texts if text))


def _children(element: etree._Element, name: str) -> list[etree._Element]:
    """Rows or cells, including those inside content controls and insertions."""
    found = []
    for child in element:
        if child.tag == W + name:
            found.append(child)
        elif child.tag in (W + "sdt", W + "sdtContent", W + "ins", W + "customXml"):
            found.extend(_children(child, name))
    return found


def _is_deleted(properties: etree._Element | None) -> bool:
    return properties is not None and properties.find(f"{W}rPr/{W}del") is not None


def _plain_block(text: str) -> str:
    return re.sub(r"^#{1,6} |^```.*$", "", text, flags=re.M).strip()
