"""The outline of a PDF (its bookmarks): titles of chapters and sections, with their pages and depths."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, NamedTuple

from services.parsing.pdf.sheets import Sheets

#: More entries than this are an index of terms rather than of sections.
MOST_ENTRIES = 20_000
_NUMBERING = re.compile(r"(?:[^\W\d_]{4,9}\s+)?(?:[A-Z]\b[.:]?|[IVX]+\b[.:]?|\d+)(?:\.\d+)*[.:)]*\s+", re.I)


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
