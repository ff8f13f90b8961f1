"""What the tags of a page of a tagged PDF say: which texts are headings, and what stands for a figure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from liteparse.types import StructureTree, StructureTreeElement

from services.parsing import markdown_writer as md

_HEADING = re.compile(r"H([1-6]?)|Title")


def heading_depths(tree: StructureTree | None) -> dict[int, int]:
    """The marked contents that are tagged as headings, and their depths from 0."""
    found: dict[int, int] = {}
    for element in _elements(tree):
        if tag := _HEADING.fullmatch(element.type):
            inside = [id_ for part in _below([element]) for id_ in part.marked_content_ids]
            found.update(dict.fromkeys(inside, int(tag[1] or 1) - 1))
    return found


def alternatives_of(tree: StructureTree | None) -> list[str]:
    """What is said in place of figures, as images without a source (markdown)."""
    said = [element.alt_text or "" for element in _elements(tree) if element.type == "Figure"]
    return list(dict.fromkeys(md.image(text) for text in said if text.strip()))


def _elements(tree: StructureTree | None) -> Iterator[StructureTreeElement]:
    return _below(tree.roots if tree else [])


def _below(elements: list[StructureTreeElement]) -> Iterator[StructureTreeElement]:
    """Elements and all that they hold, in order."""
    left = elements[::-1]
    while left:
        element = left.pop()
        yield element
        left.extend(element.children[::-1])
