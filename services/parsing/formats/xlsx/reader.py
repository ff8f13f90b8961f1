"""The parts of a workbook: shared strings, number formats, and rows of cells as a stream."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from lxml import etree  # type: ignore[import-untyped]

from schemas.errors import CorruptDocument
from services.parsing import markdown_writer as md
from services.parsing.office.archive import XML_ERRORS, Archive
from services.parsing.office.sheets import Merge, Position, kind_of_format, shown_number

S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")


class Book:
    """Shared data that the cells of a workbook refer to."""

    def __init__(self, archive: Archive, root: etree._Element, targets: dict[str, tuple[str, str]]) -> None:
        parts = dict(targets.values())
        self.strings = (
            list(_strings(archive, parts["sharedStrings"]))
            if parts.get("sharedStrings", "") in archive
            else []
        )
        self.kinds = _kinds(archive.xml_or_none(parts.get("styles", "")))
        properties = root.find("{*}workbookPr")
        self.since_1904 = properties is not None and properties.get("date1904") in ("1", "true")


def stream(archive: Archive, part: str, *names: str) -> Iterator[etree._Element]:
    """Complete elements of a part by local name; each is cleared when the next one is requested.

    Raises CorruptDocument at invalid XML, after yielding the elements before it.
    """
    tags = [space + name for name in names for space in (S, STRICT)]
    with archive.open(part) as source:
        try:
            events = etree.iterparse(
                source,
                events=("end",),
                tag=tags,
                resolve_entities=False,
                no_network=True,
                huge_tree=True,
                load_dtd=False,
            )
            for _, element in events:
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
        except XML_ERRORS as error:
            raise CorruptDocument(f"part {part} is no XML: {error}") from error


def _strings(archive: Archive, part: str) -> Iterator[str]:
    for item in stream(archive, part, "si"):
        yield _cell_text(_text(item))


def _text(item: etree._Element) -> str:
    """The text of a rich string without its phonetic guide."""
    return "".join(t.text or "" for t in item.iter("{*}t") if not t.getparent().tag.endswith("}rPh"))


def _cell_text(text: str) -> str:
    text = (
        re.sub(r"_x([0-9A-Fa-f]{4})_", lambda m: chr(int(m[1], 16)) if m[1] < "D800" else "", text)
        if "_x" in text
        else text
    )
    return md.escape(text.replace("\r", "").strip())


def _kinds(styles: etree._Element | None) -> list[str]:
    """The kind of number of each cell format."""
    if styles is None:
        return []
    codes = {f.get("numFmtId"): f.get("formatCode") for f in styles.iterfind("{*}numFmts/{*}numFmt")}
    formats = (xf.get("numFmtId") or "0" for xf in styles.iterfind("{*}cellXfs/{*}xf"))
    return [kind_of_format(int(number) if number.isdigit() else 0, codes.get(number)) for number in formats]


def rows(archive: Archive, part: str, book: Book) -> Iterator[tuple[int, list[tuple[int, str]]]]:
    """Rows of a sheet that show anything: the row and its filled columns with their texts, all from 0."""
    at = -1
    for row in stream(archive, part, "row"):
        number = row.get("r", "")
        at = int(number) - 1 if number.isdigit() else at + 1
        line = []
        column = -1
        for cell in row:
            column = _column(cell.get("r"), column + 1)
            text = _value(cell, book)
            if text:
                line.append((column, text))
        if line:
            yield at, line


def _column(reference: str | None, expected: int) -> int:
    """The column of a cell's reference; most cells follow the previous one and need no computation."""
    if reference is None:
        return expected
    letters = reference.rstrip("0123456789")
    return (
        column_number(letters) if letters.isalpha() and letters.isupper() and len(letters) <= 3 else expected
    )


def _value(cell: etree._Element, book: Book) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _cell_text(_text(cell))
    value = next((child.text for child in cell if child.tag.endswith("}v")), None)
    if not value:
        return ""
    if kind == "s":
        return book.strings[int(value)] if value.isdigit() and int(value) < len(book.strings) else ""
    if kind == "b":
        return "TRUE" if value == "1" else "FALSE"
    if kind != "n":
        return _cell_text(value)
    style = cell.get("s", "0")
    shown = book.kinds[int(style)] if style.isdigit() and int(style) < len(book.kinds) else "number"
    try:
        return shown_number(float(value), shown, book.since_1904)
    except (ValueError, OverflowError):
        return _cell_text(value)


@lru_cache(maxsize=16_384)
def column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def merges(archive: Archive, part: str) -> list[Merge]:
    return [found for e in stream(archive, part, "mergeCell") if (found := _range(e.get("ref") or ""))]


def _range(reference: str) -> Merge | None:
    first, _, last = reference.partition(":")
    corners = [_position(first), _position(last or first)]
    return (corners[0], corners[1]) if corners[0] is not None and corners[1] is not None else None


def _position(reference: str) -> Position | None:
    match = _REFERENCE.match(reference)
    return (int(match[2]) - 1, column_number(match[1])) if match else None
