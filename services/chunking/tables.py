"""Tables that are longer than a chunk: where their rows begin, and the head that each part needs."""

import html
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from services.chunking.packing import GLUED, INNER, Cuts

#: Characters of a head that the parts of its table repeat; one that is longer, or whose cells are, is text.
_LONGEST_HEAD, _LONGEST_CELL = 400, 80
#: Rows of a head.
DEEPEST = 4

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
    """How a kind of table is written: `begins` has its `head`; `row` matches where a row may start.

    Without `ends` a table ends where a line is indented no deeper than the `indent` of its first line.
    """

    begins: re.Pattern[bytes]
    ends: re.Pattern[bytes] | None
    row: re.Pattern[bytes]


#: A line between two rows of a grid, and one between the columns of a simple table.
_BORDER, _COLUMNS = rb"[ \t>]*\+(?:[-=:]+\+)+[ \t]*\r?", rb"[ \t]*=+(?:[ \t]+=+)+[ \t]*\r?"
_LINE = re.compile(rb"\n(?=[ \t]*[^\s])")
#: A directive of reStructuredText with its options, and the option that it has a head.
_OPTIONS = rb"(?:\n[ \t]+:(?!header)[\w-]+:[^\n]*)*"
_DIRECTIVE = rb"\n(?P<indent>[ \t]*)\.\.[ \t]%b-table::[^\n]*" + _OPTIONS
_HEADED = rb"\n[ \t]+:header-rows:[ \t]*[1-9][^\n]*" + _OPTIONS + rb"\n[ \t]*\r?\n"
_TABULAR = rb"\{(?:tabular[xy*]?|long(?:table|tabu|tblr)|tabu|tblr|xltabular)\}"
#: What says how a head of LaTeX looks.
_LOOKS = re.compile(
    rb"\\(?:begin|end)\{minipage\}(?:\[[^\]]*\])?(?:\{[^{}]*\})?|\\(?:raggedright|raggedleft|centering)\b"
)
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
    b"list-table::": _Kind(
        re.compile(
            _DIRECTIVE % b"list" + _HEADED + rb"(?P<head>[ \t]+\*[ \t]+-[^\n]*(?:\n[ \t]+[^*\s][^\n]*)*)"
        ),
        None,
        re.compile(rb"\n(?:[ \t]*\r?\n)*(?=[ \t]+\*[ \t]+-)"),
    ),
    b"csv-table::": _Kind(
        re.compile(
            _DIRECTIVE % b"csv"
            + rb"(?:\n[ \t]+:header:(?P<first>[^\n]*)%b\n[ \t]*\r?(?=\n)|%b(?P<head>[^\n]+))"
            % (_OPTIONS, _HEADED)
        ),
        None,
        _LINE,
    ),
    b"|===": _Kind(
        re.compile(
            rb"\n(?:\[(?![^\]\n]*format=)[^\]\n]{0,300}?header[^\]\n]{0,300}\][ \t]*\r?\n(?:\.[^\n]*+\n)?"
            rb"\|===+[ \t]*\r?\n(?P<head>(?:[^\n|]{0,12}\|[^\n|]*\n){2,12}(?=\r?\n)|[^\n|]{0,12}\|[^\n]+)"
            rb"|\|===+[ \t]*\r?\n(?P<first>\|[^\n]+)\n(?=\r?\n))"
        ),
        re.compile(rb"\n\|===+"),
        re.compile(rb"\n(?:[ \t]*\r?\n)*(?=\|)"),
    ),
    b"format=": _Kind(
        re.compile(
            rb"\n\[(?=[^\]\n]{0,300}format=)[^\]\n]{0,300}?header[^\]\n]{0,300}\][ \t]*\r?\n(?:\.[^\n]*+\n)?"
            rb"\|===+[ \t]*\r?\n(?P<head>[^\n]+)"
        ),
        re.compile(rb"\n\|===+"),
        _LINE,
    ),
    b"{|": _Kind(
        re.compile(
            rb"\n[ \t:]*\{\|[^\n]*\n(?:[ \t]*\|[+-][^\n]*\n)*(?P<head>(?:[ \t]*[!|](?![-}])[^\n]*\n){1,20}"
            rb"(?:[ \t]*\|-[^\n]*\n(?:[ \t]*![^\n]*\n){1,20}(?=[ \t]*\|-)){0,3})"
        ),
        re.compile(rb"\n[ \t]*\|\}"),
        re.compile(rb"\n(?=[ \t]*\|-)"),
    ),
    b"\\begin{": _Kind(
        re.compile(
            rb"\\begin%b[^\n]*\n(?:[ \t]*(?:>\{|\\(?:hline|toprule|caption|label|centering))[^\n]*\n){0,40}+"
            rb"(?P<head>[^&]{1,400}&.{1,1000}?)(?:\\\\|\\tabularnewline)" % _TABULAR,
            re.S,
        ),
        re.compile(rb"\\end" + _TABULAR),
        re.compile(rb"(?:\\\\|\\tabularnewline)[^\n]*\n"),
    ),
    # Textile, Jira, Creole and DokuWiki mark the cells of a head; a row may go on in more lines.
    b"\n|": _Kind(
        re.compile(rb"\n(?P<head>(?:\|_[^\n|.]*\.|\|\||\|=(?!=)|\^)[^\n]*[|^][ \t]*\r?\n)(?=[|^])"),
        re.compile(rb"(?=\n[ \t]*\r?\n)|\Z"),
        re.compile(rb"\n(?=[|^])"),
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
    while (begins := kind.begins.search(text, at)) and (ends := _end(kind, text, begins)):
        start, last = text.rfind(b"\n", 0, begins.start() + 1), text.find(b"\n", ends.end())
        groups = begins.groupdict()
        head = _LOOKS.sub(b"", groups["head"] or groups["first"])
        below = begins.end() - (text[begins.end() - 1 : begins.end()] == b"\n")
        rows = kind.row.finditer(text, below, ends.start())
        cuts = {row.end() - 1: INNER + 50 * (row[0].count(b"\n") < 2) for row in rows}  # blank lines first
        if cuts:
            cuts[min(cuts)] = GLUED
        words = " ".join(filter(None, map(str.strip, head.decode(errors="ignore").splitlines())))
        yield Table(start, last if last >= 0 else len(text) - 1, words, cuts)
        at = ends.end()


def _end(kind: _Kind, text: bytes, begins: re.Match[bytes]) -> re.Match[bytes] | None:
    ends = kind.ends or re.compile(rb"(?=\n[ \t]{0,%d}\S)|\Z" % len(begins["indent"]))
    return ends.search(text, begins.end())


def shown(head: str) -> str:
    """What the parts of a table repeat of its head: the first columns of a long one, nothing of a text."""
    if len(head) <= _LONGEST_HEAD:
        return head
    if max(map(len, head.split("|"))) > _LONGEST_CELL:
        return ""
    return head[:_LONGEST_HEAD].rpartition("|")[0] + "| …"


def bare_table(source: bytes, line: int) -> Table | None:
    """The table whose rows do not begin with a bar, by the line below its head."""
    start = source.rfind(b"\n", 0, max(line - 1, 0)) + 1
    head = source[start:line].strip()
    if b"|" not in head or not line:
        return None
    row = end = _next_line(source, line)
    cuts = {line: GLUED, row: GLUED}
    while end < len(source) and b"|" in source[end : _next_line(source, end)]:
        row, end = end, _next_line(source, end)
        cuts.setdefault(row, INNER)
    return Table(start, end, head.decode(), cuts)


def _next_line(source: bytes, position: int) -> int:
    return source.find(b"\n", position) + 1 or len(source)


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
        if at >= DEEPEST or (at >= last and _DATA_CELL.search(row[1])):
            break
        if any(_COLSPAN.search(attributes) for attributes, _ in cells):
            last = max(last, at + 2)
        spans = [int(span[1]) for attributes, _ in cells if (span := _ROWSPAN.search(attributes))]
        last = max([last, *(at + span for span in spans)])
        texts = [html.unescape(_TAG.sub(b" ", text).decode(errors="ignore")) for _, text in cells]
        rows.append("| " + " | ".join(" ".join(text.split()) for text in texts) + " |")
    return " ".join(rows)
