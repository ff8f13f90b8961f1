"""Control words and groups to blocks (RTF specification 1.9.1)."""

import re
from dataclasses import dataclass, field, replace

from schemas.errors import CorruptDocument
from services.parsing import markdown_writer as md
from services.parsing.formats.docx.margins import is_page_number
from services.parsing.formats.rtf.head import (
    APART,
    CHARACTERS,
    FORMULAS,
    SKIPPED,
    Paragraph,
    State,
    code_page,
    font_encodings,
    formatted,
    joined_surrogates,
    label_at,
    link_at,
    paragraph_styles,
    symbol_at,
    symbol_fonts,
    title_of,
    unsaid,
    white_colours,
)
from services.parsing.formats.rtf.rows import RowCells, merged
from services.parsing.markdown_writer import (
    EMPH,
    EMPH_END,
    STRIKE,
    STRIKE_END,
    STRONG,
    STRONG_END,
    Indents,
    MarkdownBlock,
    Writer,
)
from services.parsing.office.symbols import from_symbol_font
from services.parsing.reading import with_comments, with_hidden

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)",
    re.S,
)
MAX_DEPTH = 500


@dataclass
class Reader:
    """Reads a file into `writer`; one instance per file."""

    data: bytes
    writer: Writer = field(default_factory=Writer)
    title: str | None = None

    def __post_init__(self) -> None:
        self._stack: list[State] = []
        self._state = State(encoding=code_page(self.data))
        self._paragraph = Paragraph()
        self._text: list[str] = []
        self._bytes = bytearray()
        self._skip_next = 0
        self.title = title_of(self.data)
        self._rows: list[tuple[list[str], RowCells]] = []
        self._row = RowCells()
        self._cells: list[str] = []
        self._inner: list[str] = []  # cells of a table in a cell
        self._cell: list[str] = []
        self._indents = Indents()
        self._styles = paragraph_styles(self.data)
        self._fonts = font_encodings(self.data)
        self._symbols = symbol_fonts(self.data)
        self._white = white_colours(self.data)
        self._label = ""  # what Word shows before the paragraph: a bullet, `3.`, `b)`
        self._apart: list[tuple[int, list[str], str]] = []  # stack depth, text around, what it is
        self._notes: list[str] = []
        self._after: list[str] = []  # comments and text boxes of the current paragraph
        self._margins: dict[str, dict[str, None]] = {"head": {}, "foot": {}}
        self._link: list[tuple[int, str, int]] = []  # stack depth, target, start of its text

    def run(self) -> None:
        for match in _TOKEN.finditer(self.data):
            word, number, code, sign, brace, text = match.groups()
            if code is not None:
                self._byte(int(code, 16))
                continue
            if text is not None:
                self._plain(text)
                continue
            self._end_bytes()
            if brace == b"{":
                self._open()
            elif brace == b"}":
                self._close()
            elif sign is not None:
                self._sign(sign)
            elif word is not None:
                self._word(word.decode("ascii"), int(number) if number is not None else None, match.end())
        self._end_paragraph()
        self._end_table()
        self.writer.prepend(unsaid(self._margins["head"], self.writer.blocks))
        self.writer.extend(unsaid(self._margins["foot"], self.writer.blocks))
        for at, note in enumerate(self._notes, 1):
            self.writer.add(f"[^{at}]: {note}")

    def _open(self) -> None:
        if len(self._stack) > MAX_DEPTH:
            raise CorruptDocument(f"RTF groups are nested more than {MAX_DEPTH} deep")
        self._stack.append(self._state)

    def _close(self) -> None:
        if self._stack:
            self._state = self._stack.pop()
        if self._apart and len(self._stack) < self._apart[-1][0]:
            self._close_apart()
        if self._link and len(self._stack) < self._link[-1][0]:
            _, target, start = self._link.pop()
            self._text[start:] = [md.link("".join(self._text[start:]), target)]

    def _close_apart(self) -> None:
        _, around, kind = self._apart.pop()
        text = " ".join(self._taken().split())
        self._text = around
        if kind == "footnote":
            self._notes.append(text)
            self._text.append(f"[^{len(self._notes)}]")
        elif kind == "comment":
            self._after.extend([f"Comment: {text}"] if with_comments() else [])
        elif kind == "box":
            self._after.append(text)
        elif any(char.isalpha() for char in text) and not is_page_number(text):
            self._margins[kind][text] = None

    def _sign(self, sign: bytes) -> None:
        if sign == b"*":
            self._state = replace(self._state, skip=True)
        elif sign in (b"\n", b"\r"):
            self._end_paragraph()
        elif sign in b"\\{}":
            self._show(sign.decode())
        else:
            self._show(CHARACTERS.get(sign.decode("latin-1"), ""))

    def _byte(self, value: int) -> None:
        if self._skip_next:
            self._skip_next -= 1
        elif not self._state.skip:
            self._bytes.append(value)

    def _plain(self, text: bytes) -> None:
        if self._skip_next:
            text, self._skip_next = text[self._skip_next :], max(self._skip_next - len(text), 0)
        if not self._state.skip:
            self._bytes.extend(text)

    def _end_bytes(self) -> None:
        if self._bytes:
            try:
                shown = self._bytes.decode(self._state.encoding, "replace")
            except LookupError:
                shown = self._bytes.decode("cp1252", "replace")
            self._bytes.clear()
            self._show(shown)

    def _show(self, text: str) -> None:
        if self._state.skip or self._state.deleted or not text:
            return
        if (why := self._state.unseen) and text.strip() and not with_hidden(why):
            return
        if self._state.symbols:
            text = from_symbol_font(text, self._state.symbols)
        text = md.escape(text) if text != "\n" else text
        text = md.raised(text) if self._state.raised else text
        if text.strip():
            text = f"{STRIKE}{text}{STRIKE_END}" if self._state.struck else text
            text = f"{EMPH}{text}{EMPH_END}" if self._state.italic else text
            text = f"{STRONG}{text}{STRONG_END}" if self._state.bold else text
        self._text.append(text)

    def _word(self, word: str, number: int | None, end: int) -> None:
        if word in SKIPPED:
            if word == "fldinst":
                self._open_field(end)
            elif word in ("pntext", "listtext"):
                self._label = label_at(self.data, end)
            self._state = replace(self._state, skip=True)
        elif word == "ud" or word in APART:  # `ud`: what `upr` says to old readers, in Unicode
            self._state = replace(self._state, skip=False)
            if word in APART:
                self._open_apart(APART[word])
        elif word in FORMULAS:
            self._state = replace(self._state, skip=bool(self._stack) and self._stack[-1].skip)
        elif word == "nestrow":  # in a group that may be skipped
            self._cell.append(" ".join(filter(None, self._inner)))
            self._inner = []
        elif (state := formatted(self._state, word, number, self._white)) is not None:
            self._state = state
        elif word == "f":
            encoding = self._fonts.get(number or 0, self._state.encoding)
            self._state = replace(self._state, encoding=encoding, symbols=self._symbols.get(number or 0, ""))
        elif word == "uc":
            self._state = replace(self._state, fallback=max(number or 0, 0))
        elif word == "u" and number is not None:
            self._unicode(number)
        elif word in CHARACTERS:
            self._show(CHARACTERS[word])
        elif not self._state.skip:
            self._layout(word, number)

    def _unicode(self, number: int) -> None:
        if not self._state.skip:
            self._bytes.clear()
            self._show(joined_surrogates(self._text, chr(number % 65536)))
        self._skip_next = self._state.fallback

    def _open_field(self, end: int) -> None:
        if self._stack and self._stack[-1].skip:  # only whether the surrounding text is shown counts
            return
        if symbol := symbol_at(self.data, end, self._state.encoding):
            self._text.append(md.escape(symbol))
        if target := link_at(self.data, end):
            self._link.append((max(len(self._stack) - 1, 1), target, len(self._text)))

    def _open_apart(self, kind: str) -> None:
        """Begin a text that does not belong to the paragraph around it."""
        self._end_bytes()
        self._apart.append((len(self._stack), self._text, kind))
        self._text = []

    def _layout(self, word: str, number: int | None) -> None:
        if word in ("par", "sect", "page", "column"):
            self._end_paragraph()
        elif word == "pard":
            self._paragraph = Paragraph()
        elif word == "s" and number in self._styles:
            self._paragraph.heading, self._paragraph.least_depth = self._styles[number]
        elif word == "outlinelevel" and number is not None and number < 9:
            self._paragraph.heading = number + 1
        elif word == "ls":
            self._paragraph.list_id = number or 0
        elif word == "ilvl":
            self._paragraph.depth = min(number or 0, 8)
        elif word == "intbl":
            self._paragraph.in_table = True
        elif word == "nestcell":
            self._inner.append(self._taken())
        elif word == "cell":
            self._cell.append(self._taken())
            self._cells.append("\n".join(filter(None, self._cell)))
            self._cell = []
        elif word == "trowd":
            self._row = RowCells()
        elif word == "row":
            self._rows.append((self._cells, self._row))
            self._cells = []
        else:
            self._row.word(word)

    def _taken(self) -> str:
        text, self._text = md.tidy("".join(self._text)), []
        return text

    def _end_paragraph(self) -> None:
        self._end_bytes()
        if self._apart:
            self._text.append(" ")
            return
        text = self._taken()
        label, self._label = self._label, ""
        if self._paragraph.in_table:
            self._cell.append(text)
            return
        if not text:
            return
        self._end_table()
        if self._paragraph.heading:
            self._indents.close()
            self.writer.heading(self._paragraph.heading, md.plain(text))
        elif self._paragraph.list_id or label:
            counted = re.fullmatch(r"\d{1,9}[.)]", label) is not None
            marker = label if counted else "-"
            if label not in ("", "-", marker):
                text = f"{md.escape(label)} {text}"
            indent = self._indents.under(max(self._paragraph.depth, self._paragraph.least_depth), marker)
            self.writer.add(md.item(marker, [MarkdownBlock(md.escape_lines(text))], indent).text, tight=True)
        else:
            self._indents.close()
            self.writer.add(md.escape_lines(text))
        after, self._after = self._after, []
        for text in after:
            self.writer.add(md.escape_lines(text))

    def _end_table(self) -> None:
        if self._rows:
            rows, self._rows = self._rows, []
            self.writer.add(md.table(merged([(list(map(md.plain, cells)), row) for cells, row in rows])))
