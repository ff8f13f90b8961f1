"""Small parts of OpenDocument texts: comments, rows, code, counts."""

from __future__ import annotations

import re

from lxml import etree  # type: ignore[import-untyped]

from services.parsing import markdown_writer as md
from services.parsing.formats.odf.styles import OFFICE, TABLE, TEXT

#: Most repetitions of a row or cell in a text; more are formatting.
_MOST_REPEATS = 100
#: Elements whose text is not visible at their position.
GONE = frozenset((TEXT + "tracked-changes", TEXT + "sequence-decls", OFFICE + "forms",
                   TEXT + "ruby-text", TEXT + "user-field-decls", TEXT + "variable-decls",
                  TEXT + "script", TEXT + "hidden-paragraph"))  # fmt: skip


def comment_of(annotation: etree._Element) -> tuple[str, str]:
    """The author and the text of a comment."""
    author = annotation.findtext("{*}creator") or ""
    text = " ".join("".join(p.itertext()) for p in annotation.iter(TEXT + "p"))
    return " ".join(author.split()), " ".join(text.split())


def table_rows(table: etree._Element) -> list[etree._Element]:
    """The rows of a table in order, including those in header and group elements."""
    found = []
    for child in table:
        if child.tag == TABLE + "table-row":
            found.append(child)
        elif child.tag in (TABLE + "table-header-rows", TABLE + "table-row-group", TABLE + "table-rows"):
            found.extend(table_rows(child))
    return found


def raw_text(p: etree._Element) -> str:
    """A paragraph with its blanks and tabs, for code."""
    parts = [p.text or ""]
    for child in p:
        if child.tag == TEXT + "s":
            count = child.get(TEXT + "c") or "1"
            parts.append(" " * min(int(count) if count.isdigit() else 1, 200))
        elif child.tag == TEXT + "tab":
            parts.append("    ")
        elif child.tag == TEXT + "line-break":
            parts.append("\n")
        elif isinstance(child.tag, str) and child.tag not in GONE:
            parts.append(raw_text(child))
        parts.append(child.tail or "")
    return "".join(parts)


def clean(text: str | None) -> str:
    return md.escape(re.sub(r"[ \t\r\n]+", " ", text)) if text else ""


def bare(text: str) -> str:
    return re.sub(r"^(#{1,6} |```.*$)", "", md.plain(text), flags=re.M).strip()


def count(cell: etree._Element, name: str) -> int:
    value = cell.get(TABLE + name) or "1"
    return min(int(value), 1000) if value.isdigit() and int(value) > 0 else 1


def repeats(element: etree._Element, what: str) -> int:
    """How often a row (`rows`) or cell (`columns`) stands here."""
    return min(count(element, f"number-{what}-repeated"), _MOST_REPEATS)
