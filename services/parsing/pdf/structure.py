"""What a PDF says of its own structure: its outline (bookmarks), and the tags of its pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, NamedTuple

from liteparse.types import StructureTree, StructureTreeElement

from services.parsing import markdown_writer as md
from services.parsing.pdf.sheets import Sheets

#: More entries than this are an index of terms rather than of sections.
MOST_ENTRIES = 20_000
_NUMBERING = re.compile(r"(?:[^\W\d_]{4,9}\s+)?(?:[A-Z]\b[.:]?|[IVX]+\b[.:]?|\d+)(?:\.\d+)*[.:)]*\s+", re.I)
_HEADING = re.compile(r"H([1-6]?)|Title")


class Entry(NamedTuple):
    """`title` as `comparable` gives it; `page` counts from 1, `depth` from 0."""

    title: str
    page: int
    depth: int


def comparable(title: str) -> str:
    """The letters and digits of a title in lower case, without its number: it may be in the text alone."""
    title = title.strip()
    number = _NUMBERING.match(title)
    bare = title[number.end() :] if number else title
    return "".join(filter(str.isalnum, bare or title)).casefold()


def outline_of(sheets: Sheets) -> list[Entry]:
    """The entries of the outline that lead to a page of the document; none if it cannot be read."""
    if b"/Outlines" not in sheets.content and b"/ObjStm" not in sheets.content:
        return []  # loading PDFium takes longer than reading a page
    with suppress(RuntimeError):
        return list(_entries(sheets.document()))
    return []


def _entries(document: Any) -> Iterator[Entry]:
    for mark in islice(document.get_toc(), MOST_ENTRIES):
        target = mark.get_dest()
        page = target.get_index() if target else None
        if page is not None and (title := comparable(mark.get_title())):
            yield Entry(title, page + 1, mark.level)


def heading_depths(tree: StructureTree | None) -> dict[int, int]:
    """The marked contents that are tagged as headings, and their depths from 0."""
    found: dict[int, int] = {}
    for element in _below(tree.roots if tree else []):
        if tag := _HEADING.fullmatch(element.type):
            inside = [id_ for part in _below([element]) for id_ in part.marked_content_ids]
            found.update(dict.fromkeys(inside, int(tag[1] or 1) - 1))
    return found


def alternatives_of(tree: StructureTree | None) -> list[str]:
    """What is said in place of figures, as images without a source (markdown)."""
    said = [
        element.alt_text or "" for element in _below(tree.roots if tree else []) if element.type == "Figure"
    ]
    return list(dict.fromkeys(md.image(text) for text in said if text.strip()))


def _below(elements: list[StructureTreeElement]) -> Iterator[StructureTreeElement]:
    """Elements and all that they hold, in order."""
    left = elements[::-1]
    while left:
        element = left.pop()
        yield element
        left.extend(element.children[::-1])
