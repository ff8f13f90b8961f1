"""Rich Text Format: control words and groups to blocks (RTF specification 1.9.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from schemas.errors import CorruptDocument
from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.rtf_head import (
    Paragraph,
    State,
    code_page,
    font_encodings,
    heading_styles,
    joined_surrogates,
    label_at,
    symbol_fonts,
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
from services.parsing.office.symbols import from_symbol_font
from services.parsing.reading import with_comments, with_hidden

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)",
    re.S,
)
_SKIPPED_NAMES = """
    fonttbl colortbl stylesheet info pict object themedata colorschememapping latentstyles datastore
    listtable listoverridetable rsidtbl generator xmlnstbl header headerl headerr headerf footer footerl
    footerr footerf pntext listtext pnseclvl nonshppict shpinst mmathPr filetbl revtbl atnid
    atnauthor atndate bkmkstart bkmkend fldinst ftnsep ftnsepc aftnsep userprops passwordhash
    wgrffmtfilter
"""
#: Destinations whose text is not part of the document.
_SKIPPED = frozenset(_SKIPPED_NAMES.split())
_CHARACTERS = {"tab": " ", "line": "\n", "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’",
               "ldblquote": "“", "rdblquote": "”", "bullet": "•", "emspace": " ", "enspace": " ",
               "~": " ", "_": "-",
               "-": "", "softline": "\n"}  # fmt: skip
MAX_DEPTH = 500


def parse_rtf(data: bytes) -> ParsedDocument:
    """Raises CorruptDocument if groups are nested too deeply or the file ends before any text."""
    reader = _Reader(data)
    reader.run()
    markdown, _ = reader.writer.finish()
    return ParsedDocument(markdown, title=reader.title)


@dataclass
class _Reader:
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
        self._rows: list[list[Cell]] = []
        self._cells: list[Cell] = []
        self._cell: list[str] = []
        self._indents = Indents()
        self._styles = heading_styles(self.data)
        self._fonts = font_encodings(self.data)
        self._symbols = symbol_fonts(self.data)
        self._label = ""  # what Word shows before the paragraph: a bullet, `3.`, `b)`
        self._open_notes: list[tuple[int, list[str], bool]] = []  # stack depth, text around, a comment?
        self._notes: list[str] = []
        self._comments: list[str] = []  # on the current paragraph
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
        for at, note in enumerate(self._notes, 1):
            self.writer.add(f"[^{at}]: {note}")

    def _open(self) -> None:
        if len(self._stack) > MAX_DEPTH:
            raise CorruptDocument(f"RTF groups are nested more than {MAX_DEPTH} deep")
        self._stack.append(self._state)

    def _close(self) -> None:
        if self._stack:
            self._state = self._stack.pop()
        if self._open_notes and len(self._stack) < self._open_notes[-1][0]:
            _, around, comment = self._open_notes.pop()
            text = " ".join(self._taken().split())
            if not comment or with_comments():
                (self._comments if comment else self._notes).append(text)
            self._text = around if comment else [*around, f"[^{len(self._notes)}]"]
        if self._link and len(self._stack) < self._link[-1][0]:
            _, target, start = self._link.pop()
            self._text[start:] = [md.link("".join(self._text[start:]), target)]

    def _sign(self, sign: bytes) -> None:
        if sign == b"*":
            self._state = replace(self._state, skip=True)
        elif sign in (b"\n", b"\r"):
            self._end_paragraph()
        elif sign in b"\\{}":
            self._show(sign.decode())
        else:
            self._show(_CHARACTERS.get(sign.decode("latin-1"), ""))

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
        if self._state.skip or not text or (self._state.hidden and not with_hidden("text")):
            return
        if self._state.symbols:
            text = from_symbol_font(text, self._state.symbols)
        text = md.escape(text) if text != "\n" else text
        if text.strip():
            text = f"{STRIKE}{text}{STRIKE_END}" if self._state.struck else text
            text = f"{EMPH}{text}{EMPH_END}" if self._state.italic else text
            text = f"{STRONG}{text}{STRONG_END}" if self._state.bold else text
        self._text.append(text)

    def _word(self, word: str, number: int | None, end: int) -> None:
        on = number != 0
        if word in _SKIPPED:
            if word == "fldinst":
                self._open_link(end)
            elif word in ("pntext", "listtext"):
                self._label = label_at(self.data, end)
            self._state = replace(self._state, skip=True)
        elif word == "annotation":
            self._state = replace(self._state, skip=False)
            self._open_note(comment=True)
        elif word == "b":
            self._state = replace(self._state, bold=on)
        elif word == "i":
            self._state = replace(self._state, italic=on)
        elif word in ("v", "deleted"):
            self._state = replace(self._state, hidden=on)
        elif word in ("strike", "striked"):
            self._state = replace(self._state, struck=on)
        elif word == "plain":
            self._state = replace(
                self._state, bold=False, italic=False, hidden=False, struck=False, symbols=""
            )
        elif word == "f":
            encoding = self._fonts.get(number or 0, self._state.encoding)
            self._state = replace(self._state, encoding=encoding, symbols=self._symbols.get(number or 0, ""))
        elif word == "uc":
            self._state = replace(self._state, fallback=max(number or 0, 0))
        elif word == "u" and number is not None:
            self._unicode(number)
        elif word in _CHARACTERS:
            self._show(_CHARACTERS[word])
        elif not self._state.skip:
            self._layout(word, number)

    def _unicode(self, number: int) -> None:
        if not self._state.skip:
            self._bytes.clear()
            self._show(joined_surrogates(self._text, chr(number % 65536)))
        self._skip_next = self._state.fallback

    def _open_link(self, end: int) -> None:
        match = re.match(
            rb'[^}]{0,200}?HYPERLINK\s+(?:\\\\l\s+)?"([^"]{1,2000})"', self.data[end : end + 2300]
        )
        # The group marks itself as skippable; only whether the surrounding text is shown counts.
        if match and not (self._stack and self._stack[-1].skip):
            self._link.append((max(len(self._stack) - 1, 1), match[1].decode("latin-1"), len(self._text)))

    def _open_note(self, comment: bool = False) -> None:
        self._end_bytes()
        self._open_notes.append((len(self._stack), self._text, comment))
        self._text = []

    def _layout(self, word: str, number: int | None) -> None:
        if word == "footnote":
            self._open_note()
        elif word in ("par", "sect", "page"):
            self._end_paragraph()
        elif word == "pard":
            self._paragraph = Paragraph()
        elif word == "s" and number in self._styles:
            self._paragraph.heading = self._styles[number]
        elif word == "outlinelevel" and number is not None and number < 9:
            self._paragraph.heading = number + 1
        elif word == "ls":
            self._paragraph.list_id = number or 0
        elif word == "ilvl":
            self._paragraph.depth = min(number or 0, 8)
        elif word == "intbl":
            self._paragraph.in_table = True
        elif word in ("cell", "nestcell"):
            self._cell.append(self._taken())
            self._cells.append(Cell("\n".join(filter(None, self._cell))))
            self._cell = []
        elif word in ("row", "nestrow"):
            self._rows.append(self._cells)
            self._cells = []

    def _taken(self) -> str:
        text, self._text = md.tidy("".join(self._text)), []
        return text

    def _end_paragraph(self) -> None:
        self._end_bytes()
        if self._open_notes:
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
            indent = self._indents.under(self._paragraph.depth, marker)
            self.writer.add(md.item(marker, [MarkdownBlock(md.escape_lines(text))], indent).text, tight=True)
        else:
            self._indents.close()
            self.writer.add(md.escape_lines(text))
        comments, self._comments = self._comments, []
        for comment in comments:
            self.writer.add(md.escape_lines(f"Comment: {comment}"))

    def _end_table(self) -> None:
        if self._rows:
            rows, self._rows = self._rows, []
            self.writer.add(md.table([[Cell(md.plain(c.text)) for c in row] for row in rows]))


FORMAT = Format(
    "application/rtf",
    from_bytes(parse_rtf),
    signature=lambda data: data[:32].lstrip().startswith(b"{\\rtf"),
)
