"""Rich Text Format: control words and groups to blocks (RTF specification 1.9.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from schemas.errors import CorruptDocument
from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.markdown_writer import (
    EMPH,
    EMPH_END,
    STRONG,
    STRONG_END,
    Cell,
    Indents,
    MarkdownBlock,
    Writer,
)

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)",
    re.S,
)
_SKIPPED_NAMES = """
    fonttbl colortbl stylesheet info pict object themedata colorschememapping latentstyles datastore
    listtable listoverridetable rsidtbl generator xmlnstbl header headerl headerr headerf footer footerl
    footerr footerf pntext listtext pnseclvl nonshppict shpinst mmathPr filetbl revtbl annotation atnid
    atnauthor atndate bkmkstart bkmkend fldinst ftnsep ftnsepc aftnsep userprops passwordhash
    wgrffmtfilter
"""
#: Destinations whose text is not part of the document.
_SKIPPED = frozenset(_SKIPPED_NAMES.split())
_CHARACTERS = {"tab": " ", "line": "\n", "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’",
               "ldblquote": "“", "rdblquote": "”", "bullet": "•", "emspace": " ", "enspace": " ",
               "~": " ", "_": "-",
               "-": "", "softline": "\n"}  # fmt: skip
_CHARSETS = {0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gbk", 136: "big5", 161: "cp1253",
             162: "cp1254",
             163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
             238: "cp1250"}  # fmt: skip
MAX_DEPTH = 500


@dataclass(frozen=True)
class State:
    """The state that a group inherits and restores."""

    skip: bool = False
    bold: bool = False
    italic: bool = False
    hidden: bool = False
    encoding: str = "cp1252"
    fallback: int = 1  # characters after \\u that repeat it for old readers


@dataclass
class Paragraph:
    heading: int | None = None
    list_id: int = 0
    depth: int = 0
    in_table: bool = False


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
        self._state = State(encoding=self._code_page())
        self._paragraph = Paragraph()
        self._text: list[str] = []
        self._bytes = bytearray()
        self._skip_next = 0
        self._rows: list[list[Cell]] = []
        self._cells: list[Cell] = []
        self._cell: list[str] = []
        self._indents = Indents()
        self._styles = self._heading_styles()
        self._fonts = self._font_encodings()
        self._link: list[tuple[int, str, int]] = []  # stack depth, target, where its text begins

    def _code_page(self) -> str:
        match = re.search(rb"\\ansicpg(\d+)", self.data[:4096])
        name = f"cp{int(match[1])}" if match else "cp1252"
        return "utf-8" if name == "cp65001" else name

    def _heading_styles(self) -> dict[int, int]:
        """Style number -> heading level, by the names in the style sheet."""
        found = {}
        for number, name in re.findall(
            rb"\{\\s(\d{1,6})[^{};]{0,400}?[ ]?((?:heading|title)[ \d]*);\}", self.data[:400_000], re.I
        ):
            level = re.search(rb"\d", name)
            found[int(number)] = int(level[0]) if level else 1
        return found

    def _font_encodings(self) -> dict[int, str]:
        return {
            int(number): _CHARSETS[int(charset)]
            for number, charset in re.findall(
                rb"\\f(\d{1,6})[^{};]{0,200}?\\fcharset(\d+)", self.data[:400_000]
            )
            if int(charset) in _CHARSETS and int(charset) != 0
        }

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

    def _open(self) -> None:
        if len(self._stack) > MAX_DEPTH:
            raise CorruptDocument(f"RTF groups are nested more than {MAX_DEPTH} deep")
        self._stack.append(self._state)

    def _close(self) -> None:
        if self._stack:
            self._state = self._stack.pop()
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
        if self._state.skip or self._state.hidden or not text:
            return
        text = md.escape(text) if text != "\n" else text
        if text.strip():
            text = f"{EMPH}{text}{EMPH_END}" if self._state.italic else text
            text = f"{STRONG}{text}{STRONG_END}" if self._state.bold else text
        self._text.append(text)

    def _word(self, word: str, number: int | None, end: int) -> None:
        on = number != 0
        if word in _SKIPPED:
            if word == "fldinst":
                self._open_link(end)
            self._state = replace(self._state, skip=True)
        elif word == "b":
            self._state = replace(self._state, bold=on)
        elif word == "i":
            self._state = replace(self._state, italic=on)
        elif word in ("v", "deleted"):
            self._state = replace(self._state, hidden=on)
        elif word == "plain":
            self._state = replace(self._state, bold=False, italic=False, hidden=False)
        elif word == "f" and number in self._fonts:
            self._state = replace(self._state, encoding=self._fonts[number])
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
            self._show(_joined_surrogates(self._text, chr(number % 65536)))
        self._skip_next = self._state.fallback

    def _open_link(self, end: int) -> None:
        match = re.match(
            rb'[^}]{0,200}?HYPERLINK\s+(?:\\\\l\s+)?"([^"]{1,2000})"', self.data[end : end + 2300]
        )
        # The group marks itself as skippable; what counts is whether the text around it is shown.
        if match and not (self._stack and self._stack[-1].skip):
            self._link.append((max(len(self._stack) - 1, 1), match[1].decode("latin-1"), len(self._text)))

    def _layout(self, word: str, number: int | None) -> None:
        if word in ("par", "sect", "page"):
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
        text = self._taken()
        if self._paragraph.in_table:
            self._cell.append(text)
            return
        if not text:
            return
        self._end_table()
        if self._paragraph.heading:
            self._indents.close()
            self.writer.heading(self._paragraph.heading, md.plain(text))
        elif self._paragraph.list_id:
            indent = self._indents.under(self._paragraph.depth, "-")
            self.writer.add(md.item("-", [MarkdownBlock(md.escape_lines(text))], indent).text, tight=True)
        else:
            self._indents.close()
            self.writer.add(md.escape_lines(text))

    def _end_table(self) -> None:
        if self._rows:
            rows, self._rows = self._rows, []
            self.writer.add(md.table([[Cell(md.plain(c.text)) for c in row] for row in rows]))


def _joined_surrogates(before: list[str], char: str) -> str:
    """The second half of a character beyond U+FFFF joined with the first, which stands in the text so far."""
    if "\udc00" <= char <= "\udfff" and before and "\ud800" <= before[-1][-1:] <= "\udbff":
        first = before.pop()
        return first[:-1] + (first[-1] + char).encode("utf-16", "surrogatepass").decode("utf-16")
    return char


FORMAT = Format(
    "application/rtf",
    from_bytes(parse_rtf),
    signature=lambda data: data[:32].lstrip().startswith(b"{\\rtf"),
)
