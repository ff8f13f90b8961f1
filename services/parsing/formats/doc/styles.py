"""Finds the styles of a Word 97 file that are headings, and the lists that are numbered."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from services.parsing.formats.doc.binary import OUTLINE, Modifiers, WordFile, modifiers, table_part
from services.parsing.office.lists import named_depth

#: Built-in styles by number (§2.9.271): headings 1 to 9 and the title.
_TITLE = 62
_STYLE_SHEET, _LISTS, _LIST_OVERRIDES = 1, 73, 74  # indices in the FIB's list


@dataclass(frozen=True)
class ParagraphStyle:
    """`level`: 1 to 9 for a heading, 0 for the title, None for text. `depth` (from 0) is that of a list."""

    level: int | None = None
    depth: int = 0
    properties: Modifiers = field(default_factory=dict)


def paragraph_styles(file: WordFile) -> dict[int, ParagraphStyle]:
    """The styles of the style sheet by index (§2.9.271), with inherited properties."""
    sheet = table_part(file, _STYLE_SHEET)
    if len(sheet) < 6:
        return {}
    at = 2 + struct.unpack_from("<H", sheet, 0)[0]
    count, base_size = struct.unpack_from("<HH", sheet, 2)
    own: dict[int, tuple[int, ParagraphStyle]] = {}
    for index in range(min(count, 4096)):
        if at + 2 > len(sheet):
            break
        (size,) = struct.unpack_from("<H", sheet, at)
        style = sheet[at + 2 : at + 2 + size]
        at += 2 + size + size % 2
        if len(style) >= 4:
            own[index] = struct.unpack_from("<H", style, 2)[0] >> 4, _own_style(style, base_size)
    return {index: _inherited(own, index) for index in own}


def _own_style(style: bytes, base_size: int) -> ParagraphStyle:
    built_in = struct.unpack_from("<H", style, 0)[0] & 0x0FFF
    properties = _properties(style, base_size)
    level = built_in if 1 <= built_in <= 9 else 0 if built_in == _TITLE else None
    if level is None and properties.get(OUTLINE, 9) < 9:
        level = properties[OUTLINE] + 1
    return ParagraphStyle(level, named_depth([_name(style, base_size)]), properties)


def _name(style: bytes, base_size: int) -> str:
    """The name of a style, without its other names (§2.9.260)."""
    length = int.from_bytes(style[base_size : base_size + 2], "little")
    name = style[base_size + 2 : base_size + 2 + 2 * length].decode("utf-16-le", "replace")
    return name.partition(",")[0]


def _inherited(own: dict[int, tuple[int, ParagraphStyle]], index: int) -> ParagraphStyle:
    level: int | None = None
    depth = 0
    properties: Modifiers = {}
    for _ in range(20):
        if index not in own:
            break
        parent, style = own[index]
        # Styles based on the title style are for text near the title, not for titles.
        level = style.level if level is None and (style.level or not properties) else level
        depth, properties = depth or style.depth, {**style.properties, **properties}
        index = parent
    return ParagraphStyle(level, depth, properties)


def _properties(style: bytes, base_size: int) -> Modifiers:
    """The paragraph modifiers of a style definition, which follow its name (§2.9.260, §2.9.262)."""
    kind = struct.unpack_from("<H", style, 2)[0] & 0x0F
    if kind != 1 or len(style) < base_size + 2:
        return {}
    (length,) = struct.unpack_from("<H", style, base_size)
    at = base_size + 2 + 2 * length + 2
    if at + 4 > len(style):
        return {}
    (size,) = struct.unpack_from("<H", style, at)
    return modifiers(style[at + 4 : at + 2 + size])


def numbered_lists(file: WordFile) -> dict[tuple[int, int], bool]:
    """Whether items are numbered rather than bulleted, by list override (from 1) and depth."""
    kinds = _list_kinds(table_part(file, _LISTS), file)
    overrides = table_part(file, _LIST_OVERRIDES)
    found: dict[tuple[int, int], bool] = {}
    count = struct.unpack_from("<I", overrides)[0] if len(overrides) >= 4 else 0
    for at in range(min(count, 4096)):
        if 4 + 16 * (at + 1) > len(overrides):
            break
        (identity,) = struct.unpack_from("<I", overrides, 4 + 16 * at)
        for depth, numbered in enumerate(kinds.get(identity, [])):
            found[at + 1, depth] = numbered
    return found


def _list_kinds(lists: bytes, file: WordFile) -> dict[int, list[bool]]:
    """Whether lists are numbered at each depth, by list id: LSTFs, then their LVLs (§2.9.147, .150)."""
    if len(lists) < 2:
        return {}
    (count,) = struct.unpack_from("<H", lists)
    offset, size = struct.unpack_from("<II", file.fib, 0x9A + 8 * _LISTS)
    at = offset + size  # the levels follow the list table itself
    kinds: dict[int, list[bool]] = {}
    for entry in range(min(count, 4096)):
        head = lists[2 + 28 * entry : 2 + 28 * (entry + 1)]
        if len(head) < 28:
            break
        (identity,) = struct.unpack_from("<I", head)
        levels = 1 if head[26] & 1 else 9
        kinds[identity] = []
        for _ in range(levels):
            level = file.table[at : at + 28]
            if len(level) < 28:
                return kinds
            at += 28 + level[24] + level[25]
            length = struct.unpack_from("<H", file.table, at)[0] if at + 2 <= len(file.table) else 0
            at += 2 + 2 * length
            kinds[identity].append(level[4] not in (23, 255))  # 23: a bullet, 255: nothing
    return kinds
