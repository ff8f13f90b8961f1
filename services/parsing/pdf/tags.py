"""The tags of a tagged PDF that say what is a heading."""

from __future__ import annotations

import re

from liteparse.types import StructureTree, StructureTreeElement

_HEADING = re.compile(r"H([1-6]?)|Title")


def heading_depths(tree: StructureTree | None) -> dict[int, int]:
    """The marked contents of a page that are tagged as headings, and their depths from 0."""
    found: dict[int, int] = {}
    open_: list[tuple[StructureTreeElement, int | None]] = (
        [(root, None) for root in tree.roots] if tree else []
    )
    while open_:
        element, depth = open_.pop()
        tag = _HEADING.fullmatch(element.type)
        if tag:
            depth = int(tag[1] or 1) - 1
        if depth is not None:
            found.update(dict.fromkeys(element.marked_content_ids, depth))
        open_.extend((child, depth) for child in element.children)
    return found
