"""The records of a PowerPoint 97 to 2003 presentation ([MS-PPT], [MS-ODRAW])."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from schemas.errors import CorruptDocument
from services.parsing.formats.ppt.levels import levels_of
from services.parsing.formats.ppt.tables import Anchor, rows_of
from services.parsing.markdown_writer import Cell

# Record types (§2.13.24).
_DOCUMENT, _SLIDE, _NOTES, _PERSIST, _EDIT = 1000, 1006, 1008, 6002, 4085
_LIST_WITH_TEXT, _SLIDE_PERSIST, _SLIDE_FACTS = 4080, 1011, 1017
_HEADER, _CHARS, _BYTES, _STYLE, _OUTLINE_REF = 3999, 4000, 4008, 4001, 3998
_TEXT_BOX, _PLACEHOLDER, _ENCRYPTED = 0xF00D, 3011, 12052
#: Text types (§2.13.33).
TITLE, BODY, NOTE, OTHER, CENTRE_BODY, CENTRE_TITLE, HALF, QUARTER = range(8)
#: Shapes: a group, a shape, its place in its group, its properties. And a group that is a table, in `_boxes`.
_GROUP, _SHAPE, _CHILD_ANCHOR, _PROPERTIES = 0xF003, 0xF004, 0xF00F, (0xF00B, 0xF121, 0xF122)
_TABLE = -1
#: A comment, texts, and the containers that programs add to slides.
_COMMENT, _STRING, _TAGS = 12000, 4026, (5000, 5002, 5003)
_OBJECT = 0x1011
MAX_DEPTH = 32
#: Most bytes of an unpacked object.
MOST_UNPACKED = 64 * 1024 * 1024
#: Placeholders that repeat on every slide: date, number, footer, header (§2.13.23).
_RUNNING = (7, 8, 9, 10)


@dataclass
class Text:
    kind: int
    text: str = ""
    #: Per character: the level of its paragraph, and whether that has a bullet (None: the text type decides).
    levels: list[tuple[int, bool | None]] = field(default_factory=list)
    #: The cells of a table, instead of a text.
    rows: list[list[Cell]] = field(default_factory=list)


@dataclass(frozen=True)
class Atom:
    version: int
    instance: int
    kind: int
    start: int  # of the content
    end: int


class Deck:
    """The records of a presentation: its slides, their texts, notes and comments."""

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

    def embedded(self) -> Iterator[bytes]:
        """Documents of other programs in the deck (§2.10.34), each an OLE container."""
        for offset in self._offsets.values():
            record = next(self.records(offset, len(self._stream)), None)
            if record is None or record.kind != _OBJECT:
                continue
            content = self._stream[record.start : record.end]
            if not record.instance:
                yield content
                continue
            with suppress(zlib.error):  # packed, behind its length
                yield zlib.decompressobj().decompress(content[4:], MOST_UNPACKED)

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
                texts.append(Text(OTHER))
            texts[-1].text = text
        elif record.kind == _STYLE and texts:
            texts[-1].levels = levels_of(content, len(texts[-1].text) + 1)

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
            if placeholder == _TABLE:
                found.append(self._table(box))
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
        return [text for text in [*found, *rest] if text.text.strip() or text.rows]

    def _boxes(self, parent: Atom, depth: int) -> Iterator[tuple[Atom, int]]:
        """Text boxes below a container, each with the placeholder type of its shape (0: none)."""
        placeholder = 0
        for record in self.records(parent.start, parent.end):
            if record.kind == _TEXT_BOX:
                yield record, placeholder
            elif record.kind == _PLACEHOLDER and record.end - record.start >= 5:
                placeholder = self._stream[record.start + 4]
            elif record.kind == _GROUP and self._is_table(record):
                yield record, _TABLE
            elif record.version == 0xF and depth < MAX_DEPTH:
                if record.kind == 0xF011:  # client data of the shape, which contains the placeholder
                    for inner in self.records(record.start, record.end):
                        if inner.kind == _PLACEHOLDER and inner.end - inner.start >= 5:
                            placeholder = self._stream[inner.start + 4]
                else:
                    yield from self._boxes(record, depth + 1)

    def _is_table(self, group: Atom) -> bool:
        """Whether a group begins with a shape that has properties of a table ([MS-ODRAW] §2.3.4.34)."""
        shape = next(self.records(group.start, group.end), None)
        for record in self.records(shape.start, shape.end) if shape is not None else ():
            if record.kind in _PROPERTIES:
                for at in range(record.instance):
                    (number,) = struct.unpack_from("<H", self._stream, record.start + 6 * at)
                    if number & 0x3FFF == 0x039F:
                        return True
        return False

    def _table(self, group: Atom) -> Text:
        cells: list[tuple[Anchor, str]] = []
        for shape in self.records(group.start, group.end):
            if shape.kind != _SHAPE:
                continue
            inside = {record.kind: record for record in self.records(shape.start, shape.end)}
            place, box = inside.get(_CHILD_ANCHOR), inside.get(_TEXT_BOX)
            if place is None or box is None or place.end - place.start < 16:
                continue
            texts: list[Text] = []
            for record in self.records(box.start, box.end):
                self._take(record, texts)
            text = "\n".join(line for t in texts for line in t.text.replace("\x0b", "\r").split("\r"))
            cells.append((struct.unpack_from("<4i", self._stream, place.start), text))
        return Text(OTHER, rows=rows_of(cells))

    def comments_of(self, slide: Atom) -> list[tuple[str, str]]:
        """Author and text of the comments on a slide (§2.7.5 to §2.7.9)."""
        found = []
        for comment in self._inside(slide, _COMMENT, 0):
            texts = {
                r.instance: self._stream[r.start : r.end].decode("utf-16-le", "replace")
                for r in self.records(comment.start, comment.end)
                if r.kind == _STRING
            }
            if texts.get(1, "").strip():
                found.append((texts.get(0, ""), texts[1]))
        return found

    def _inside(self, parent: Atom, kind: int, depth: int) -> Iterator[Atom]:
        """Records of a kind in the tags of programs."""
        for record in self.records(parent.start, parent.end):
            if record.kind == kind:
                yield record
            elif record.kind in _TAGS and depth < MAX_DEPTH:
                yield from self._inside(record, kind, depth + 1)

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
                return [t for t in self.texts(notes, []) if t.kind == NOTE] if notes is not None else []
        return []
