"""The numbers of glyphs in a TrueType font."""

from __future__ import annotations

import struct


def glyph_of(data: bytes, code: int) -> int:
    """The number of a glyph by the font's table `cmap` of format 4; 0 if it has none."""
    count = struct.unpack(">H", data[4:6])[0]
    tables = {
        data[12 + 16 * n : 16 + 16 * n]: struct.unpack(">II", data[20 + 16 * n : 28 + 16 * n])
        for n in range(count)
    }
    at = tables[b"cmap"][0]
    for n in range(struct.unpack(">H", data[at + 2 : at + 4])[0]):
        platform, kind, offset = struct.unpack(">HHI", data[at + 4 + 8 * n : at + 12 + 8 * n])
        base = at + offset
        if (platform, kind) == (3, 1) and data[base : base + 2] == b"\0\4":
            break
    half = struct.unpack(">H", data[base + 6 : base + 8])[0]
    ends, starts = base + 14, base + 16 + half
    deltas, ranges = starts + half, starts + 2 * half
    for n in range(0, half, 2):
        end, start = (struct.unpack(">H", data[p + n : p + n + 2])[0] for p in (ends, starts))
        if start <= code <= end:
            delta, shift = (struct.unpack(">H", data[p + n : p + n + 2])[0] for p in (deltas, ranges))
            if not shift:
                return int((code + delta) & 0xFFFF)
            place = ranges + n + shift + 2 * (code - start)
            return int(struct.unpack(">H", data[place : place + 2])[0])
    return 0
