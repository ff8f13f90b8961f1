"""Headings of markups other than markdown, and the heads of tables in HTML."""

import html
import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

_ASCIIDOC = re.compile(rb"\n(?P<level>={1,6})[ \t]+(?P<title>[^\n]*\S)")
_ORG = re.compile(rb"\n(?P<level>\*{1,8})[ \t]+(?P<title>[^\n]*\S)")
_LATEX = re.compile(
    rb"\n[ \t]*\\(?P<command>part|chapter|section|subsection|subsubsection|paragraph|subparagraph)"
    rb"\*?(?:\[[^\]\n]*\])?\{(?P<title>[^\n]*)"
)
_COMMANDS = (b"part", b"chapter", b"section", b"subsection", b"subsubsection", b"paragraph", b"subparagraph")
#: A title with a line under it, at the left edge. (reStructuredText; a line above it must be the same.)
_RST = re.compile(rb"\n(?P<title>[^\s][^\n]*)\n(?P<line>([=~^\"'`#*+.:_-])\3{1,}+)[ \t]*\r?(?=\n|\Z)")
#: Lines that open and close a block in which nothing is a heading.
_ASCIIDOC_BLOCK = re.compile(rb"\n(?P<mark>-{4,}|\.{4,}|/{4,}|`{3,})[ \t]*\r?(?=\n|\Z)")
_ORG_BLOCK = re.compile(rb"\n[ \t]*#\+(?P<end>begin|end)_(?P<mark>\w+)", re.I)
_LATEX_BLOCK = re.compile(rb"\n[ \t]*\\(?P<end>begin|end)\{(?P<mark>verbatim\*?|lstlisting|minted|comment)\}")
_TITLES: dict[str, tuple[re.Pattern[bytes], re.Pattern[bytes] | None]] = {
    **dict.fromkeys(("adoc", "asciidoc", "asc"), (_ASCIIDOC, _ASCIIDOC_BLOCK)),
    "org": (_ORG, _ORG_BLOCK),
    **dict.fromkeys(("tex", "ltx", "latex"), (_LATEX, _LATEX_BLOCK)),
    **dict.fromkeys(("rst", "rest"), (_RST, None)),
}
_ROW = re.compile(rb"<tr\b[^>]*>(.*?)(?:</tr\s*>|(?=<tr\b)|\Z)", re.I | re.S)
_CELL = re.compile(rb"<t[dh]\b([^>]*)>(.*?)(?=</t[dh]\s*>|<t[dh]\b|\Z)", re.I | re.S)
_DATA_CELL = re.compile(rb"<td\b", re.I)
_COLSPAN = re.compile(rb"colspan\s*=\s*[\"']?0*(?:[2-9]|\d\d)", re.I)
_ROWSPAN = re.compile(rb"rowspan\s*=\s*[\"']?(\d{1,2})", re.I)
_TAG = re.compile(rb"<[^>]{0,500}>")
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
    if suffix not in _TITLES:
        return None
    titles, blocks = _TITLES[suffix]
    return lambda text: list(_titles(text, titles, blocks))


def _titles(text: bytes, titles: re.Pattern[bytes], blocks: re.Pattern[bytes] | None) -> Iterator[Title]:
    spans = _literal(text, blocks) if blocks is not None else iter(())
    start, end = next(spans, (len(text), len(text)))
    lines: list[bytes] = []  # kinds of lines under titles: the first one is of level 1
    for match in titles.finditer(text):
        while match.start() >= end:
            start, end = next(spans, (len(text), len(text)))
        if match.start() > start:
            continue
        found = match.groupdict()
        if (line := found.get("line")) is None:
            yield Title(match.start(), *_level_and_title(found), match.end())
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
            opened = (match["mark"].lower(), match.start()) if ends != b"end" else None
        elif match["mark"].lower() == opened[0] and ends != b"begin":
            yield opened[1], match.end()
            opened = None


def _level_and_title(found: dict[str, bytes]) -> tuple[int, bytes]:
    if command := found.get("command"):
        return _COMMANDS.index(command) + 1, _inside_braces(found["title"])
    title = re.sub(rb"\s+(?:=+|(?::[\w@#%:]+:))\s*$", b"", found["title"])  # closing marks; tags of Org
    return len(found["level"]), title.strip()


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
