"""Tables that are longer than a chunk: where their rows begin, and the head that each part needs."""

import html
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from services.chunking.packing import GLUED, INNER, Cuts

#: A longer head is not repeated in the context of every part of its table.
HEAD_BYTES = 400
#: Rows of a head.
_DEEPEST = 4

_ROW = re.compile(rb"<tr\b[^<>]*>(.*?)(?:</tr\s*>|(?=<tr\b)|\Z)", re.I | re.S)
_CELL = re.compile(rb"<t[dh]\b([^<>]*)>(.*?)(?=</t[dh]\s*>|<t[dh]\b|\Z)", re.I | re.S)
_DATA_CELL = re.compile(rb"<td\b", re.I)
_COLSPAN = re.compile(rb"colspan\s*=\s*[\"']?0*(?:[2-9]|\d\d)", re.I)
_ROWSPAN = re.compile(rb"rowspan\s*=\s*[\"']?(\d{1,2})", re.I)
_TAG = re.compile(rb"<[^>]{0,500}>")
_ROW_START = re.compile(rb"(?:\n[ \t]*)?<tr\b", re.I)


class Table(NamedTuple):
    """A table in bytes of the source, with its head as text and the cuts between its rows."""

    start: int
    end: int
    head: str
    cuts: Cuts


class _Kind(NamedTuple):
    """How a kind of table is written: `begins` has its `head`; `row` matches where a row may start."""

    begins: re.Pattern[bytes]
    ends: re.Pattern[bytes]
    row: re.Pattern[bytes]


#: A line between two rows of a grid, and one between the columns of a simple table.
_BORDER, _COLUMNS = rb"[ \t>]*\+(?:[-=:]+\+)+[ \t]*\r?", rb"[ \t]*=+(?:[ \t]+=+)+[ \t]*\r?"
_LINE = re.compile(rb"\n(?=[ \t]*[^\s])")
#: Of each kind, the text with which every table begins: what lacks it is not searched further.
_KINDS = {
    b"+-": _Kind(
        re.compile(rb"\n%b\n(?P<head>(?:[ \t>]*+\|[^\n]*+\n){1,4}?)(?=[ \t>]*\+[=:]+\+)" % _BORDER),
        re.compile(rb"(?=\n(?![ \t>]*[+|])|\Z)"),
        re.compile(rb"\n%b\n" % _BORDER),
    ),
    b"= ": _Kind(
        re.compile(rb"\n%b\n(?P<head>(?:[ \t]*+\S[^\n]*+\n){1,4}?)%b(?=\n)" % (_COLUMNS, _COLUMNS)),
        re.compile(rb"\n%b(?=\n|\Z)" % _COLUMNS),
        _LINE,
    ),
    b"|===": _Kind(
        re.compile(
            rb"\n(?:\[[^\]\n]{0,300}?header[^\]\n]{0,300}\][ \t]*\r?\n(?:\.[^\n]*+\n)?"
            rb"\|===+[ \t]*\r?\n(?P<head>\|[^\n]+)"
            rb"|\|===+[ \t]*\r?\n(?P<first>\|[^\n]+)\n(?=\r?\n))"
        ),
        re.compile(rb"\n\|===+"),
        re.compile(rb"\n(?:[ \t]*\r?\n)*(?=\|)"),
    ),
    b"{|": _Kind(
        re.compile(rb"\n[ \t:]*\{\|[^\n]*\n(?:\|[+-][^\n]*\n)*(?P<head>(?:![^\n]*\n){1,20})"),
        re.compile(rb"\n[ \t]*\|\}"),
        re.compile(rb"\n(?=\|-)"),
    ),
    b"\\begin{": _Kind(
        re.compile(
            rb"\\begin\{(?:tabular[xy*]?|long(?:table|tabu)|tabu|xltabular)\}[^\n]*\n"
            rb"(?:[ \t]*\\(?:hline|toprule|caption|label|centering)[^\n]*\n)*(?P<head>[^\n&]*+&[^\n]*?)\\\\"
        ),
        re.compile(rb"\\end\{(?:tabular[xy*]?|long(?:table|tabu)|tabu|xltabular)\}"),
        re.compile(rb"\\\\[^\n]*\n"),
    ),
}
#: Of them, those that markdown has.
GRIDS = (b"+-",)


def written_tables(text: bytes, signs: Iterable[bytes] = tuple(_KINDS)) -> list[Table]:
    """The tables with a head of a text that begins with a line feed, in order; not those with pipes alone.

    Offsets are those of the text without that line feed: an offset of a line feed is that of the next line.
    """
    return sorted(
        table for sign in signs if sign[:1] in text and sign in text for table in _tables(text, _KINDS[sign])
    )


def _tables(text: bytes, kind: _Kind) -> Iterator[Table]:
    at = 0
    while (begins := kind.begins.search(text, at)) and (ends := kind.ends.search(text, begins.end())):
        start, last = text.rfind(b"\n", 0, begins.start() + 1), text.find(b"\n", ends.end())
        head = next(group for group in begins.groups() if group is not None)
        below = begins.end() - (text[begins.end() - 1 : begins.end()] == b"\n")
        rows = kind.row.finditer(text, below, ends.start())
        cuts = {row.end() - 1: INNER + 50 * (row[0].count(b"\n") < 2) for row in rows}  # blank lines first
        if cuts:
            cuts[min(cuts)] = GLUED
        shown = " ".join(line.strip() for line in head.decode(errors="ignore").splitlines())
        yield Table(start, last if last >= 0 else len(text) - 1, shown, cuts)
        at = ends.end()


def html_table(source: bytes, start: int, end: int) -> Table:
    """A table in HTML, from `<table` to behind its end."""
    cuts: Cuts = {}
    for number, row in enumerate(_ROW_START.finditer(source, start, end)):
        cuts[row.start() + (row[0][:1] == b"\n")] = INNER if number > 1 else GLUED
    return Table(start, end, _html_head(source[start:end]), cuts)


def _html_head(table: bytes) -> str:
    """The head as rows with pipes: the first row, those that its cells span, and more rows of `th`."""
    rows, last = [], 1
    for at, row in enumerate(_ROW.finditer(table)):
        cells = _CELL.findall(row[1])
        if at >= _DEEPEST or (at >= last and _DATA_CELL.search(row[1])):
            break
        if any(_COLSPAN.search(attributes) for attributes, _ in cells):
            last = max(last, at + 2)
        spans = [int(span[1]) for attributes, _ in cells if (span := _ROWSPAN.search(attributes))]
        last = max([last, *(at + span for span in spans)])
        texts = [html.unescape(_TAG.sub(b" ", text).decode(errors="ignore")) for _, text in cells]
        rows.append("| " + " | ".join(" ".join(text.split()) for text in texts) + " |")
    return " ".join(rows)
