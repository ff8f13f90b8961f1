"""PowerPoint 97 to 2003 presentations (.ppt): the text records of each slide ([MS-PPT])."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import olefile  # type: ignore[import-untyped]

from schemas.errors import CorruptDocument
from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.markdown_writer import MarkdownBlock, Writer
from services.parsing.reading import with_hidden

# Record types (§2.13.24).
_DOCUMENT, _SLIDE, _NOTES, _PERSIST, _EDIT = 1000, 1006, 1008, 6002, 4085
_LIST_WITH_TEXT, _SLIDE_PERSIST, _SLIDE_FACTS = 4080, 1011, 1017
_HEADER, _CHARS, _BYTES, _STYLE, _OUTLINE_REF = 3999, 4000, 4008, 4001, 3998
_TEXT_BOX, _PLACEHOLDER, _ENCRYPTED = 0xF00D, 3011, 12052
#: Text types (§2.13.33).
_TITLE, _BODY, _NOTE, _OTHER, _CENTRE_BODY, _CENTRE_TITLE, _HALF, _QUARTER = range(8)
_TITLES = (_TITLE, _CENTRE_TITLE)
_BULLETED = (_BODY, _HALF, _QUARTER)
MAX_DEPTH = 32
#: Bits of a paragraph mask and the sizes of their fields in bytes, in file order (§2.9.20).
_WIDTHS = ((0x80, 2), (0x10, 2), (0x40, 2), (0x20, 4), (0x800, 2), (0x1000, 2), (0x2000, 2), (0x4000, 2),
           (0x100, 2), (0x400, 2), (0x8000, 2))  # fmt: skip
#: Placeholders that repeat on every slide: date, number, footer, header (§2.13.23).
_RUNNING = (7, 8, 9, 10)


@dataclass
class Text:
    kind: int
    text: str = ""
    #: Per character: the level of its paragraph, and whether that has a bullet (None: the text type decides).
    levels: list[tuple[int, bool | None]] = field(default_factory=list)


@dataclass(frozen=True)
class Atom:
    version: int
    instance: int
    kind: int
    start: int  # of the content
    end: int


def parse_ppt(data: bytes) -> ParsedDocument:
    """Each visible slide: title, text and notes. Raises CorruptDocument for invalid records."""
    with olefile.OleFileIO(io.BytesIO(data)) as container:
        stream = container.openstream("PowerPoint Document").read()
        user = container.openstream("Current User").read() if container.exists("Current User") else b""
    deck = _Deck(stream, user)
    writer = Writer()
    for number, (reference, outline) in enumerate(deck.listed(0), 1):
        slide = deck.record(reference)
        if slide is None or (deck.is_hidden(slide) and not with_hidden(f"slide {number}")):
            continue
        texts = deck.texts(slide, outline)
        title = (
            " ".join(t.text for t in texts if t.kind in (_TITLE, _CENTRE_TITLE))
            .replace("\x0b", " ")
            .replace("\r", " ")
            .strip()
        )
        writer.page(number, title or None)
        writer.heading(1, md.escape(title))
        for text in texts:
            if text.kind not in _TITLES:
                writer.extend(_blocks(text))
        spoken = [block for text in deck.notes_of(slide) for block in _blocks(text)]
        if spoken:
            writer.extend([MarkdownBlock("**Notes:**"), *spoken])
    markdown, pages = writer.finish()
    return ParsedDocument(markdown, pages)


class _Deck:
    def __init__(self, stream: bytes, user: bytes) -> None:
        self._stream = stream
        self._offsets = self._persisted(user)
        self._document = self._find_document()
        self._notes: dict[int, int] | None = None

    def records(self, start: int, end: int) -> Iterator[Atom]:
        """The consecutive records in a range of the stream."""
        while start + 8 <= end:
            first, kind, size = struct.unpack_from("<HHI", self._stream, start)
            stop = start + 8 + size
            if stop > end:
                return
            yield Atom(first & 0xF, first >> 4, kind, start + 8, stop)
            start = stop

    def _persisted(self, user: bytes) -> dict[int, int]:
        """Persist id -> offset, from the newest edit back to the first (§2.3.2 to §2.3.6)."""
        found: dict[int, int] = {}
        at = struct.unpack_from("<I", user, 16)[0] if len(user) >= 20 else 0
        if len(user) >= 16 and struct.unpack_from("<I", user, 12)[0] == 0xF3D1C4DF:
            raise CorruptDocument("deck is encrypted with a password")
        for _ in range(1000):
            edit = next(self.records(at, len(self._stream)), None)
            if edit is None or edit.kind != _EDIT or edit.end - edit.start < 16:
                break
            before, directory = struct.unpack_from("<II", self._stream, edit.start + 8)
            for reference, offset in self._directory(directory):
                found.setdefault(reference, offset)
            if not before or before == at:
                break
            at = before
        return found

    def _directory(self, at: int) -> Iterator[tuple[int, int]]:
        record = next(self.records(at, len(self._stream)), None)
        if record is None or record.kind != _PERSIST:
            return
        at = record.start
        while at + 4 <= record.end:
            (packed,) = struct.unpack_from("<I", self._stream, at)
            first, count = packed & 0xFFFFF, packed >> 20
            at += 4
            for n in range(count):
                if at + 4 > record.end:
                    return
                yield first + n, struct.unpack_from("<I", self._stream, at)[0]
                at += 4

    def _find_document(self) -> Atom:
        for offset in [*self._offsets.values(), 0]:
            for record in self.records(offset, len(self._stream)):
                if record.kind == _DOCUMENT:
                    return record
                if offset:
                    break
        raise CorruptDocument("deck without a document record")

    def record(self, reference: int) -> Atom | None:
        offset = self._offsets.get(reference)
        record = next(self.records(offset, len(self._stream)), None) if offset is not None else None
        return record if record is not None and record.kind in (_SLIDE, _NOTES) else None

    def listed(self, instance: int) -> Iterator[tuple[int, list[Text]]]:
        """Slides (0) or notes (2) in order: the persist id and the texts of their outline."""
        for group in self.records(self._document.start, self._document.end):
            if group.kind != _LIST_WITH_TEXT or group.instance != instance:
                continue
            current: tuple[int, list[Text]] | None = None
            for record in self.records(group.start, group.end):
                if record.kind == _SLIDE_PERSIST:
                    if current is not None:
                        yield current
                    current = struct.unpack_from("<I", self._stream, record.start)[0], []
                elif current is not None:
                    self._take(record, current[1])
            if current is not None:
                yield current

    def _take(self, record: Atom, texts: list[Text]) -> None:
        """Read one record of a text: its type, its characters or its paragraph levels."""
        content = self._stream[record.start : record.end]
        if record.kind == _HEADER and len(content) >= 4:
            texts.append(Text(struct.unpack_from("<I", content)[0]))
        elif record.kind in (_CHARS, _BYTES):
            text = content.decode("utf-16-le" if record.kind == _CHARS else "latin-1", "replace")
            if not texts or texts[-1].text:
                texts.append(Text(_OTHER))
            texts[-1].text = text
        elif record.kind == _STYLE and texts:
            texts[-1].levels = _levels(content, len(texts[-1].text) + 1)

    def is_hidden(self, slide: Atom) -> bool:
        for record in self.records(slide.start, slide.end):
            if record.kind == _SLIDE_FACTS and record.end - record.start >= 12:
                return bool(struct.unpack_from("<H", self._stream, record.start + 10)[0] & 0x0004)
        return False

    def texts(self, slide: Atom, outline: list[Text]) -> list[Text]:
        """The texts of a slide's shapes in order, then those that only the outline contains."""
        found: list[Text] = []
        used: set[int] = set()
        for box, placeholder in self._boxes(slide, 0):
            if placeholder in _RUNNING:
                continue
            for record in self.records(box.start, box.end):
                if record.kind == _OUTLINE_REF:
                    (at,) = struct.unpack_from("<I", self._stream, record.start)
                    if at < len(outline) and at not in used:
                        used.add(at)
                        found.append(outline[at])
                else:
                    self._take(record, found)
        rest = [text for at, text in enumerate(outline) if at not in used]
        return [text for text in [*found, *rest] if text.text.strip()]

    def _boxes(self, parent: Atom, depth: int) -> Iterator[tuple[Atom, int]]:
        """Text boxes below a container, each with the placeholder type of its shape (0: none)."""
        placeholder = 0
        for record in self.records(parent.start, parent.end):
            if record.kind == _TEXT_BOX:
                yield record, placeholder
            elif record.kind == _PLACEHOLDER and record.end - record.start >= 5:
                placeholder = self._stream[record.start + 4]
            elif record.version == 0xF and depth < MAX_DEPTH:
                if record.kind == 0xF011:  # client data of the shape, which contains the placeholder
                    for inner in self.records(record.start, record.end):
                        if inner.kind == _PLACEHOLDER and inner.end - inner.start >= 5:
                            placeholder = self._stream[inner.start + 4]
                else:
                    yield from self._boxes(record, depth + 1)

    def notes_of(self, slide: Atom) -> list[Text]:
        """The speaker notes of a slide, whose SlideAtom contains the notes' id (§2.5.10)."""
        if self._notes is None:
            self._notes = {}
            for group in self.records(self._document.start, self._document.end):
                if group.kind == _LIST_WITH_TEXT and group.instance == 2:
                    for record in self.records(group.start, group.end):
                        if record.kind == _SLIDE_PERSIST and record.end - record.start >= 16:
                            reference, _, _, identity = struct.unpack_from(
                                "<IIiI", self._stream, record.start
                            )
                            self._notes[identity] = reference
        for record in self.records(slide.start, slide.end):
            if record.kind == 1007 and record.end - record.start >= 20:  # SlideAtom
                (identity,) = struct.unpack_from("<I", self._stream, record.start + 16)
                notes = self.record(self._notes.get(identity, -1)) if identity else None
                return [t for t in self.texts(notes, []) if t.kind == _NOTE] if notes is not None else []
        return []


def _levels(content: bytes, characters: int) -> list[tuple[int, bool | None]]:
    """Expand paragraph runs (§2.9.44) to one entry per character."""
    levels: list[tuple[int, bool | None]] = []
    at = 0
    while at + 10 <= len(content) and len(levels) < characters:
        count, depth, mask = struct.unpack_from("<IHI", content, at)
        at += 10
        bullet = bool(content[at] & 1) if mask & 1 and at < len(content) else None
        levels.extend([(min(depth, 8), bullet)] * min(count, characters - len(levels)))
        at += _paragraph_bytes(content, at, mask)
    return levels


def _paragraph_bytes(content: bytes, at: int, mask: int) -> int:
    """The size in bytes of the optional fields in a TextPFException (§2.9.20), according to its mask."""
    size = 2 if mask & 0x000F else 0  # bullet flags
    for bit, width in _WIDTHS:
        size += width if mask & bit else 0
    if mask & 0x100000:  # tab stops
        count = struct.unpack_from("<H", content, at + size)[0] if at + size + 2 <= len(content) else 0
        size += 2 + 4 * count
    for bit in (0x10000, 0xE0000, 0x200000):
        size += 2 if mask & bit else 0
    return size


def _blocks(text: Text) -> list[MarkdownBlock]:
    """The paragraphs of a text; those of a body are list items, unless there is only one."""
    blocks: list[MarkdownBlock] = []
    indents = md.Indents()
    lines = text.text.split("\r")
    listed = text.kind in _BULLETED and sum(bool(line.strip()) for line in lines) > 1
    at = 0
    for line in lines:
        depth, bullet = text.levels[at] if at < len(text.levels) else (0, None)
        at += len(line) + 1
        shown = md.tidy(md.escape(line.replace("\x0b", "\n")))
        if not shown or shown == "*":  # a field for the date or the slide number
            continue
        if bullet is not False and (bullet or listed):
            blocks.append(md.item("-", [MarkdownBlock(shown)], indents.under(depth, "-")))
        else:
            indents.close()
            blocks.append(MarkdownBlock(md.escape_lines(shown)))
    return blocks


FORMAT = Format("application/vnd.ms-powerpoint", from_bytes(parse_ppt), ole_streams=("PowerPoint Document",))
