"""Levels and bullets of paragraphs in the text records of a presentation ([MS-PPT])."""

from __future__ import annotations

import struct

#: Bits of a paragraph mask and the sizes of their fields in bytes, in file order (§2.9.20).
_WIDTHS = ((0x80, 2), (0x10, 2), (0x40, 2), (0x20, 4), (0x800, 2), (0x1000, 2), (0x2000, 2), (0x4000, 2),
           (0x100, 2), (0x400, 2), (0x8000, 2))  # fmt: skip


def levels_of(content: bytes, characters: int) -> list[tuple[int, bool | None]]:
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
