"""The binary structure of Word 97 to 2003 files: text pieces and the properties of paragraphs and runs.

Section numbers in comments are those of [MS-DOC].
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

import olefile  # type: ignore[import-untyped]

from schemas.errors import CorruptDocument
from services.parsing.reading import warn

#: Single property modifiers (§2.6) that are read.
LIST_ID, LIST_DEPTH, IN_TABLE, ROW_END, OUTLINE = 0x460B, 0x260A, 0x2416, 0x2417, 0x2640
INNER_CELL_END, INNER_ROW_END, TABLE_DEPTH = 0x244B, 0x244C, 0x6649
DELETED, HIDDEN, BOLD, ITALIC, STRUCK, RAISED = 0x0800, 0x083C, 0x0835, 0x0836, 0x0837, 0x2A48
#: The parts of a file's text, in order; their lengths stand in the FIB from byte 0x4C (§2.5.4).
PARTS = ("main", "foot", "head", "macro", "comment", "end", "box")
COLOUR, COLOUR_INDEX, SIZE = 0x6870, 0x2A42, 0x4A43
#: Shading of runs and paragraphs, and the colour with which a run is marked.
SHADES = (0x4866, 0xCA71, 0x2A0C, 0x442D, 0xC64D)
#: Size of a modifier's operand by the top three bits of its number (§2.2.5.1); for 6, it is in the operand.
_OPERANDS = {0: 1, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2, 7: 3}
#: First bytes of Word 6 and 95.
_OLD = (b"\xdc\xa5", b"\x9b\xa5", b"\xdb\xa5")
#: Maximum characters of one document: 100 MB of text.
MAX_CHARACTERS = 100_000_000

Modifiers = dict[int, int]


@dataclass(frozen=True)
class Piece:
    """A contiguously stored run of text: characters `start` to `end`, at byte `offset` of the stream."""

    start: int
    end: int
    offset: int
    wide: bool


@dataclass
class WordFile:
    """Text and properties of one file, addressed by character position."""

    text: str
    pieces: list[Piece]
    paragraphs: Runs
    characters: Runs
    table: bytes
    fib: bytes
    counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._starts = [piece.start for piece in self.pieces]

    def offset_of(self, position: int) -> int:
        """The offset of a character in the stream."""
        piece = self.pieces[max(bisect_right(self._starts, position) - 1, 0)]
        return piece.offset + (position - piece.start) * (2 if piece.wide else 1)

    def runs(self, start: int, end: int) -> Iterator[tuple[int, int, Modifiers]]:
        """Ranges of characters with the same properties, in order."""
        while start < end:
            piece = self.pieces[max(bisect_right(self._starts, start) - 1, 0)]
            width = 2 if piece.wide else 1
            offset = piece.offset + (start - piece.start) * width
            _, properties, beyond = self.characters.run(offset)
            stop = min(
                end, piece.end if piece.end > start else end, start + max((beyond - offset) // width, 1)
            )
            yield start, stop, properties
            start = stop


class Runs:
    """Properties by stream offset: formatted pages (§2.9.33, §2.9.34) located by a bin table."""

    def __init__(self, stream: bytes, bins: bytes, paragraphs: bool) -> None:
        self._starts: list[int] = []
        self._values: list[tuple[int, Modifiers]] = []
        for start, value in sorted(_pages(stream, bins, paragraphs), key=lambda entry: entry[0]):
            self._starts.append(start)
            self._values.append(value)

    def run(self, offset: int) -> tuple[int, Modifiers, int]:
        """The style number and the modifiers at an offset, and the offset up to which they apply."""
        at = bisect_right(self._starts, offset) - 1
        style, found = self._values[at] if at >= 0 else (0, {})
        return style, found, self._starts[at + 1] if at + 1 < len(self._starts) else 1 << 62


def _pages(stream: bytes, bins: bytes, paragraphs: bool) -> Iterator[tuple[int, tuple[int, Modifiers]]]:
    count = (len(bins) - 4) // 8
    for at in range(count):
        (number,) = struct.unpack_from("<I", bins, 4 * (count + 1) + 4 * at)
        page = stream[(number & 0x3FFFFF) * 512 :][:512]
        if len(page) < 512:
            continue
        runs = min(page[511], 101)
        starts = struct.unpack_from(f"<{runs}I", page, 0)
        size = 13 if paragraphs else 1
        for run, start in enumerate(starts):
            where = page[4 * (runs + 1) + run * size] * 2
            yield start, _paragraph_entry(page, where) if paragraphs else (0, _character_entry(page, where))


def _paragraph_entry(page: bytes, where: int) -> tuple[int, Modifiers]:
    """Style and modifiers of a PapxInFkp (§2.9.175)."""
    if where == 0 or where >= 510:
        return 0, {}
    size = page[where] * 2 - 1
    where += 1
    if size < 0:
        size = page[where] * 2
        where += 1
    entry = page[where : where + size]
    return (struct.unpack_from("<H", entry)[0], modifiers(entry[2:])) if len(entry) >= 2 else (0, {})


def _character_entry(page: bytes, where: int) -> Modifiers:
    return modifiers(page[where + 1 : where + 1 + page[where]]) if 0 < where < 511 else {}


def modifiers(data: bytes) -> Modifiers:
    """Map the numbers of property modifiers to their operands (the first four bytes)."""
    found: Modifiers = {}
    at = 0
    while at + 2 <= len(data):
        (number,) = struct.unpack_from("<H", data, at)
        at += 2
        kind = number >> 13
        if kind == 6:
            if at >= len(data):
                break
            size = data[at] + 1 if number != 0xD608 else int.from_bytes(data[at : at + 2], "little") + 1
        else:
            size = _OPERANDS[kind]
        found[number] = int.from_bytes(data[at : at + min(size, 4)], "little")
        at += max(size, 1)
    return found


def read_word(container: olefile.OleFileIO) -> WordFile:
    """Raises CorruptDocument for encrypted files and invalid structures."""
    stream = container.openstream("WordDocument").read()
    if stream[:2] in _OLD and len(stream) > 0x200:
        return _old_word(stream)
    if len(stream) < 0x200 or stream[:2] != b"\xec\xa5":
        raise CorruptDocument("Word stream without the mark of Word 97 to 2003 (0xA5EC)")
    flags = struct.unpack_from("<H", stream, 0x0A)[0]
    if flags & 0x0100:
        raise CorruptDocument("Word document is encrypted with a password")
    name = "1Table" if flags & 0x0200 else "0Table"
    if not container.exists(name):
        raise CorruptDocument(f"Word document without its {name} stream")
    table = container.openstream(name).read()
    pieces = list(_pieces(_part(stream, table, 33)))
    if not pieces:
        raise CorruptDocument("Word document without a table of its text pieces")
    text = "".join(_text(stream, piece) for piece in pieces)
    counts = dict(zip(PARTS, struct.unpack_from(f"<{len(PARTS)}I", stream, 0x4C), strict=True))
    paragraphs = Runs(stream, _part(stream, table, 13), True)
    characters = Runs(stream, _part(stream, table, 12), False)
    return WordFile(text, pieces, paragraphs, characters, table, stream[:0x600], counts)


def _old_word(stream: bytes) -> WordFile:
    """Word 6 and 95: the text, without its properties ([MS-DOC] describes only newer files)."""
    flags, first, last = struct.unpack_from("<H12xII", stream, 0x0A)
    if flags & 0x0100:
        raise CorruptDocument("Word document is encrypted with a password")
    warn("Word 6 or 95: its text is read, without headings, lists and tables")
    pieces = [Piece(0, last - first, first, False)] if last > first else []
    if flags & 0x0004:  # saved fast: in pieces
        offset, size = struct.unpack_from("<II", stream, 0x160)
        found = [Piece(p.start, p.end, p.offset, False) for p in _pieces(stream[offset : offset + size])]
        pieces = found or pieces
    text = "".join(_text(stream, piece) for piece in pieces)
    counts = dict(zip(PARTS[:3], struct.unpack_from("<3I", stream, 0x34), strict=True))
    empty = Runs(stream, b"", True)
    return WordFile(text, pieces, empty, empty, b"", bytes(0x600), counts)


def _part(fib: bytes, table: bytes, index: int) -> bytes:
    """A structure of the table stream by its index in the FIB's list (§2.5.6)."""
    offset, size = struct.unpack_from("<II", fib, 0x9A + 8 * index)
    return table[offset : offset + size]


def table_part(file: WordFile, index: int) -> bytes:
    return _part(file.fib, file.table, index)


def _pieces(clx: bytes) -> Iterator[Piece]:
    """The piece table (§2.9.38): property blocks first (1), then the pieces (2)."""
    at = 0
    while at + 3 <= len(clx) and clx[at] == 1:
        at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
    if at + 5 > len(clx) or clx[at] != 2:
        return
    (size,) = struct.unpack_from("<I", clx, at + 1)
    plc = clx[at + 5 : at + 5 + size]
    count = (len(plc) - 4) // 12
    for n in range(count):
        start, end = struct.unpack_from("<II", plc, 4 * n)
        (packed,) = struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * n + 2)
        if start < end <= MAX_CHARACTERS:
            narrow = bool(packed & 0x40000000)
            offset = (packed & 0x3FFFFFFF) // 2 if narrow else packed & 0x3FFFFFFF
            yield Piece(start, end, offset, not narrow)


def _text(stream: bytes, piece: Piece) -> str:
    size = piece.end - piece.start
    raw = stream[piece.offset : piece.offset + size * (2 if piece.wide else 1)]
    text = raw.decode("utf-16-le" if piece.wide else "cp1252", "replace")
    # Positions must stay valid: a character above U+FFFF counts as two, and a truncated piece is padded.
    if piece.wide and len(text) != size:
        text = "".join(chr(c) for c in struct.unpack(f"<{len(raw) // 2}H", raw[: len(raw) // 2 * 2]))
    return text.ljust(size)[:size]
