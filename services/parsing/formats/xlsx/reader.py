"""The parts of a workbook: shared strings, number formats, and rows of cells as a stream."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from functools import lru_cache

from lxml import etree  # type: ignore[import-untyped]

from services.parsing import markdown_writer as md
from services.parsing.formats.xlsx import margins
from services.parsing.formats.xlsx.unseen import COLOURED, SHOWS_NOTHING, white_formats
from services.parsing.office.archive import XML_ERRORS, Archive
from services.parsing.office.number_formats import code_of, shown_number, shown_text
from services.parsing.office.sheets import Grid, Merge, Position
from services.parsing.reading import warn

S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_HYPERLINK = re.compile(r'\s*HYPERLINK\(\s*"([^"]{1,2000})"', re.I)
_MIDNIGHT = re.compile(r"T00:00:00(?:\.0+)?Z?$")
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")


class Book:
    """Shared data that the cells of a workbook refer to."""

    def __init__(self, archive: Archive, root: etree._Element, targets: dict[str, tuple[str, str]]) -> None:
        parts = dict(targets.values())
        strings = parts.get("sharedStrings", "xl/sharedStrings.xml")
        self.strings = list(_strings(archive, strings)) if strings in archive else []
        self.uncomputed = 0  # formulas without a result, of the sheet that is read
        styles = archive.xml_or_none(parts.get("styles", ""))
        self.codes = _codes(styles)
        self.white = white_formats(styles)  # cell formats
        #: Names of those who take part in threads of comments, by id.
        self.people = {
            person.get("id", ""): person.get("displayName", "")
            for kind, target in targets.values()
            if kind == "person" and (people := archive.xml_or_none(target)) is not None
            for person in people
        }
        properties = root.find("{*}workbookPr")
        self.since_1904 = properties is not None and properties.get("date1904") in ("1", "true")


def stream(archive: Archive, part: str, *names: str) -> Iterator[etree._Element]:
    """Complete elements of a part by local name; each is cleared when the next one is requested.

    What stands behind damage is left out, with a warning.
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
        except (*XML_ERRORS, zlib.error, zipfile.BadZipFile, EOFError):
            warn(f"part {part} is damaged; what stands before the damage was read")


def _strings(archive: Archive, part: str) -> Iterator[str]:
    for item in stream(archive, part, "si"):
        yield _cell_text(_text(item))


def _text(item: etree._Element) -> str:
    """The text of a rich string, without its phonetic guide."""
    return "".join(t.text or "" for t in item.iter("{*}t") if not t.getparent().tag.endswith("}rPh"))


def _cell_text(text: str) -> str:
    text = (
        re.sub(r"_x([0-9A-Fa-f]{4})_", lambda m: chr(int(m[1], 16)) if m[1] < "D800" else "", text)
        if "_x" in text
        else text
    )
    return md.escape(text.replace("\r", "").strip())


def _codes(styles: etree._Element | None) -> list[str]:
    """The number format of each cell format."""
    if styles is None:
        return []
    own = {f.get("numFmtId"): f.get("formatCode") for f in styles.iterfind("{*}numFmts/{*}numFmt")}
    formats = (xf.get("numFmtId") or "0" for xf in styles.iterfind("{*}cellXfs/{*}xf"))
    return [code_of(int(number) if number.isdigit() else 0, own.get(number)) for number in formats]


def read_sheet(archive: Archive, part: str, book: Book, links: Mapping[str, str]) -> Grid:
    """The cells of a sheet.

    Cells behind a filter or in a collapsed group do not count as hidden: a click shows them. `links` are the
    targets of the sheet's relations.
    """
    grid, at = Grid(), -1
    filtered = coloured = False
    white: set[Position] = set()
    names = ("col", "row", "mergeCell", "filterColumn", "hyperlink", *COLOURED, *margins.ELEMENTS)
    for element in stream(archive, part, *names):
        name = element.tag.rpartition("}")[2]
        if name == "row":
            number = element.get("r", "")
            at = int(number) - 1 if number.isdigit() else at + 1
            for column, text, style in _row(element, book):
                grid.cells[at, column] = text
                if style in book.white:
                    white.add((at, column))
                elif style < len(book.codes) and SHOWS_NOTHING.fullmatch(book.codes[style]):
                    grid.unseen.add((at, column))
            if _is_hidden(element):
                grid.hidden_rows.add(at)
        elif name == "col" and _is_hidden(element):
            first, last = int(element.get("min", "0")) - 1, int(element.get("max", "0"))
            grid.hidden_columns.update(range(max(first, 0), min(last, 16_384)))
        elif name == "mergeCell" and (merge := _range(element.get("ref") or "")):
            grid.merges.append(merge)
        elif name == "hyperlink":
            _link(element, grid.cells, links)
        elif name in margins.ELEMENTS:
            grid.margins.extend(t for t in margins.margin_texts(element.text or "") if t not in grid.margins)
        filtered = filtered or name == "filterColumn"
        coloured = coloured or name in COLOURED
    if filtered:
        grid.hidden_rows.clear()
    if not coloured:
        grid.unseen |= white
    return grid


def _is_hidden(element: etree._Element) -> bool:
    """Hidden, or without height or width, unless it is in a group: a click shows that."""
    flat = any(_zero(element.get(name)) for name in ("ht", "width"))
    return (element.get("hidden") in ("1", "true") or flat) and element.get("outlineLevel", "0") == "0"


def _zero(size: str | None) -> bool:
    return size is not None and not size.strip("0.")


def _link(element: etree._Element, cells: dict[Position, str], links: Mapping[str, str]) -> None:
    target = next((links.get(value, "") for key, value in element.items() if key.endswith("}id")), "")
    place = _position((element.get("ref") or "").partition(":")[0])
    if target and place in cells and "](" not in cells[place]:
        cells[place] = md.link(cells[place], target)


def rows(archive: Archive, part: str, book: Book) -> Iterator[list[tuple[int, str]]]:
    """The rows of a large sheet that are not empty: the filled columns, from 0, with their texts."""
    for row in stream(archive, part, "row"):
        if line := _row(row, book):
            yield [(column, text) for column, text, _ in line]


def _row(row: etree._Element, book: Book) -> list[tuple[int, str, int]]:
    """Column, text and format of the filled cells."""
    line = []
    column = -1
    for cell in row:
        column = _column(cell.get("r"), column + 1)
        if text := _value(cell, book):
            style = cell.get("s", "0")
            line.append((column, text, int(style) if style.isdigit() else 0))
    return line


def _column(reference: str | None, expected: int) -> int:
    """The column of a cell reference; `expected`, the next one in the row, if it is missing or invalid."""
    if reference is None:
        return expected
    letters = reference.rstrip("0123456789")
    return (
        column_number(letters) if letters.isalpha() and letters.isupper() and len(letters) <= 3 else expected
    )


def _value(cell: etree._Element, book: Book) -> str:
    style = cell.get("s", "0")
    code = book.codes[int(style)] if style.isdigit() and int(style) < len(book.codes) else "General"
    text = _content(cell, code, book)
    adorned = "@" in code and code != "@" and text and cell.get("t") in ("s", "str", "inlineStr")
    return shown_text(text, code) if adorned else text


def _content(cell: etree._Element, code: str, book: Book) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _cell_text(_text(cell))
    value = formula = None
    book.uncomputed += cell.find("{*}f") is not None and cell.find("{*}v") is None
    for child in cell:
        if child.tag.endswith("}v"):
            value = child.text
        elif child.tag.endswith("}f"):
            formula = child.text
    if not value:
        return ""
    if formula and (target := _HYPERLINK.match(formula)):
        return md.link(_cell_text(value), target[1])
    if kind == "s":
        return book.strings[int(value)] if value.isdigit() and int(value) < len(book.strings) else ""
    if kind == "b":
        return "TRUE" if value == "1" else "FALSE"
    if kind != "n":
        return _cell_text(_MIDNIGHT.sub("", value) if kind == "d" else value)
    code = "General" if SHOWS_NOTHING.fullmatch(code) else code
    try:
        return md.escape(shown_number(float(value), code, book.since_1904, value).strip())
    except (ValueError, OverflowError):
        return _cell_text(value)


@lru_cache(maxsize=16_384)
def column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _range(reference: str) -> Merge | None:
    first, _, last = reference.partition(":")
    corners = [_position(first), _position(last or first)]
    return (corners[0], corners[1]) if corners[0] is not None and corners[1] is not None else None


def _position(reference: str) -> Position | None:
    match = _REFERENCE.match(reference)
    return (int(match[2]) - 1, column_number(match[1])) if match else None
