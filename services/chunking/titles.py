"""Headings of markups other than markdown, and the heads of tables in HTML."""

import html
import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from services.chunking.markups import MARKUPS, Markup

_ROW = re.compile(rb"<tr\b[^<>]*>(.*?)(?:</tr\s*>|(?=<tr\b)|\Z)", re.I | re.S)
_CELL = re.compile(rb"<t[dh]\b([^<>]*)>(.*?)(?=</t[dh]\s*>|<t[dh]\b|\Z)", re.I | re.S)
_DATA_CELL = re.compile(rb"<td\b", re.I)
_COLSPAN = re.compile(rb"colspan\s*=\s*[\"']?0*(?:[2-9]|\d\d)", re.I)
_ROWSPAN = re.compile(rb"rowspan\s*=\s*[\"']?(\d{1,2})", re.I)
_TAG = re.compile(rb"<[^>]{0,500}>")
_CLOSING = re.compile(rb"(?:\s*=+|\s+:[\w@#%:]+:)\s*$")
#: Bytes of a title that are looked at.
_LONGEST = 400
#: Rows of a head.
_DEEPEST = 4


class Title(NamedTuple):
    """A heading: the line feed before it, its level from 1, its text, and the end of its last line."""

    start: int
    level: int
    text: bytes
    end: int


def titles_of(filename: str | None) -> Callable[[bytes], list[Title]] | None:
    """Finds the headings of a markup that the file's name tells, in a text that begins with a line feed."""
    suffix = PurePosixPath((filename or "").replace("\\", "/")).suffix.lower().lstrip(".")
    markup = MARKUPS.get(suffix)
    return (lambda text: list(_titles(text, markup))) if markup else None


def _titles(text: bytes, markup: Markup) -> Iterator[Title]:
    spans = _literal(text, markup.blocks) if markup.blocks is not None else iter(())
    start, end = next(spans, (len(text), len(text)))
    lines: list[bytes] = []  # kinds of lines under titles: the first one is of level 1
    for match in markup.titles.finditer(text):
        while match.start() >= end:
            start, end = next(spans, (len(text), len(text)))
        if match.start() > start:
            continue
        found = match.groupdict()
        if (line := found.get("line")) is None:
            yield Title(match.start(), markup.level(match), _shown(found["title"], match), match.end())
        elif len(line) >= len(found["title"].strip().decode(errors="ignore")):
            above = text[text.rfind(b"\n", 0, match.start()) + 1 : match.start()].strip()
            kind = line[:1] * 2 if above == line else line[:1]
            lines.extend([kind] if kind not in lines else [])
            yield Title(match.start(), lines.index(kind) + 1, found["title"].strip(), match.end())


def _literal(text: bytes, blocks: re.Pattern[bytes]) -> Iterator[tuple[int, int]]:
    """Where blocks of literal text begin and end; one that is never closed is none."""
    opened: tuple[bytes, int] | None = None
    for match in blocks.finditer(text):
        ends = (match.groupdict().get("end") or b"").lower()
        if opened is None:
            opened = (match["mark"].lower(), match.start()) if ends in (b"", b"begin") else None
        elif match["mark"].lower() == opened[0] and ends != b"begin":
            yield opened[1], match.end()
            opened = None


def _shown(title: bytes, match: re.Match[bytes]) -> bytes:
    """A title without the closing marks of AsciiDoc and wikis, the tags of Org and the commands of LaTeX."""
    if match.string[match.start("title") - 1 : match.start("title")] == b"{":
        return _inside_braces(title)
    return _CLOSING.sub(b"", title[:_LONGEST]).strip()


def _inside_braces(text: bytes) -> bytes:
    depth = 1
    for at, byte in enumerate(text):
        depth += (byte == 0x7B) - (byte == 0x7D)
        if not depth:
            return re.sub(rb"\\[A-Za-z]+\*?\s*|[{}]", b"", text[:at]).strip()
    return text.strip()


def html_head(table: bytes) -> str:
    """The head of an HTML table as rows with pipes: its first row, those that its cells reach down to or span
    over, and further rows of `th` alone."""
    rows, last = [], 1
    for at, row in enumerate(_ROW.finditer(table)):
        cells = _CELL.findall(row[1])
        if at >= _DEEPEST or (at >= last and not _is_head(row[1])):
            break
        if any(_COLSPAN.search(attributes) for attributes, _ in cells):
            last = max(last, at + 2)
        spans = [int(span[1]) for attributes, _ in cells if (span := _ROWSPAN.search(attributes))]
        last = max([last, *(at + span for span in spans)])
        texts = [html.unescape(_TAG.sub(b" ", text).decode(errors="ignore")) for _, text in cells]
        rows.append("| " + " | ".join(" ".join(text.split()) for text in texts) + " |")
    return " ".join(rows)


def _is_head(row: bytes) -> bool:
    return _DATA_CELL.search(row) is None
