"""Headings of markups other than markdown, and the heads of tables in HTML."""

import html
import re
from pathlib import PurePosixPath

#: What marks a heading: its level is the length of `level`, or the place of the command in `_COMMANDS`.
_ASCIIDOC = re.compile(rb"\n(?P<level>={1,6})[ \t]+(?P<title>[^\n]*\S)")
_ORG = re.compile(rb"\n(?P<level>\*{1,8})[ \t]+(?P<title>[^\n]*\S)")
_LATEX = re.compile(
    rb"\n[ \t]*\\(?P<command>part|chapter|section|subsection|subsubsection|paragraph|subparagraph)"
    rb"\*?(?:\[[^\]\n]*\])?\{(?P<title>[^\n]*)"
)
_COMMANDS = (b"part", b"chapter", b"section", b"subsection", b"subsubsection", b"paragraph", b"subparagraph")
_TITLES = {
    **dict.fromkeys(("adoc", "asciidoc", "asc"), _ASCIIDOC),
    "org": _ORG,
    **dict.fromkeys(("tex", "ltx", "latex"), _LATEX),
}
_ROW = re.compile(rb"<tr\b[^>]*>(.*?)(?:</tr\s*>|(?=<tr\b)|\Z)", re.I | re.S)
_CELL = re.compile(rb"<t[dh]\b([^>]*)>(.*?)(?=</t[dh]\s*>|<t[dh]\b|\Z)", re.I | re.S)
_DATA_CELL = re.compile(rb"<td\b", re.I)
_COLSPAN = re.compile(rb"colspan\s*=\s*[\"']?0*(?:[2-9]|\d\d)", re.I)
_ROWSPAN = re.compile(rb"rowspan\s*=\s*[\"']?(\d{1,2})", re.I)
_TAG = re.compile(rb"<[^>]{0,500}>")
#: Rows of a head.
_DEEPEST = 4


def titles_of(filename: str | None) -> re.Pattern[bytes] | None:
    """The pattern of headings in a markup that the file's name tells; each match starts at a line feed."""
    suffix = PurePosixPath((filename or "").replace("\\", "/")).suffix.lower().lstrip(".")
    return _TITLES.get(suffix)


def level_and_title(match: re.Match[bytes]) -> tuple[int, bytes]:
    """The level of a heading, from 1, and its text."""
    found = match.groupdict()
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
