"""Texts that stand beside the main text of a Word file: notes, comments, text boxes, heads and feet.

Section numbers in comments are those of [MS-DOC].
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from services.parsing.formats.doc.binary import PARTS, WordFile, table_part

#: Indices in the FIB's list of structures: of references and of texts, and bytes beside each reference.
_NOTES = {"foot": (2, 3, 2), "end": (46, 47, 2), "comment": (4, 5, 30)}
_HEADS, _AUTHORS, _BOXES = 11, 36, 56
#: Stories of a section: even and odd head, even and odd foot, head and foot of its first page (§2.8.22). The
#: first six are separators of notes.
_STORIES, _HEAD_STORIES = 6, (0, 1, 4)


@dataclass(frozen=True)
class Aside:
    """A text from `start` to `end` that belongs to a place in the main text."""

    kind: str
    start: int
    end: int
    author: str = ""


def asides(file: WordFile) -> dict[int, Aside]:
    """Notes and comments by the position of their mark in the main text."""
    authors = _authors(table_part(file, _AUTHORS))
    found = {}
    for kind, (references, texts, size) in _NOTES.items():
        plc = table_part(file, references)
        count = max((len(plc) - 4) // (4 + size), 0)
        places = struct.unpack_from(f"<{count}I", plc) if count else ()
        for at, (place, (start, end)) in enumerate(zip(places, _ranges(file, kind, texts, 0), strict=False)):
            by = plc[4 * (count + 1) + at * size :][20:22] if kind == "comment" else b""
            number = int.from_bytes(by, "little")
            author = authors[number] if by and number < len(authors) else ""
            found[place] = Aside(kind, start, end, author)
    return found


def boxes(file: WordFile) -> Iterator[Aside]:
    for start, end in _ranges(file, "box", _BOXES, 22):
        yield Aside("box", start, end)


def margins(file: WordFile) -> Iterator[tuple[bool, Aside]]:
    """Heads (True) and feet (False) of all sections."""
    for at, (start, end) in enumerate(_ranges(file, "head", _HEADS, 0)):
        if at >= _STORIES and start < end:
            yield (at % _STORIES) in _HEAD_STORIES, Aside("margin", start, end)


def _ranges(file: WordFile, kind: str, index: int, size: int) -> Iterator[tuple[int, int]]:
    """Where the texts of a kind stand in the characters of the file."""
    names = list(PARTS)
    base = sum(file.counts.get(name, 0) for name in names[: names.index(kind)])
    limit = base + file.counts.get(kind, 0)
    plc = table_part(file, index)
    count = max((len(plc) - 4) // (4 + size), 0)
    places = struct.unpack_from(f"<{count + 1}I", plc) if count else ()
    for first, last in pairwise(places):
        start, end = base + first, min(base + last, limit, len(file.text))
        if start <= end:
            yield start, end


def _authors(group: bytes) -> list[str]:
    """Names with their lengths before them, in UTF-16 (§2.9.353)."""
    names, at = [], 0
    while at + 2 <= len(group):
        size = 2 * int.from_bytes(group[at : at + 2], "little")
        names.append(group[at + 2 : at + 2 + size].decode("utf-16-le", "replace"))
        at += 2 + size
    return names
