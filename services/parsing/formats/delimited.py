"""CSV and TSV as one table. The delimiter is detected by counting; quotes are respected."""

from __future__ import annotations

import csv
import io
import re

from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.text import decode

_DELIMITERS = ",;\t|"
#: A first line that names the delimiter; Excel writes it for other locales.
_NAMED = re.compile(r'\A"?sep=([^\r\n])"?[ \t]*(?:\r\n|\r|\n|\Z)', re.I)
#: Number of lines used to detect the delimiter.
_SAMPLE_LINES = 50


def parse_csv(data: bytes) -> ParsedDocument:
    """Raises UnsupportedFormat if the bytes are not text."""
    text, warnings = decode(data)
    csv.field_size_limit(2**31 - 1)  # the whole text may be one quoted cell
    delimiter = delimiter_of(text)
    text = _NAMED.sub("", text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    lines = _table(reader)
    return ParsedDocument("\n".join(lines) + "\n" if lines else "", warnings=warnings)


def _table(reader: csv._reader) -> list[str]:  # type: ignore[name-defined]
    rows = [[md.escape(cell.strip()) for cell in row] for row in reader if any(cell.strip() for cell in row)]
    if not rows:
        return []
    width = max(map(len, rows))
    while width > 1 and not any(len(row) >= width and row[width - 1] for row in rows):
        width -= 1
    lines = [md.pipe_row([*row[:width], *[""] * (width - len(row))]) for row in rows]
    lines.insert(1, "|" + " --- |" * width)
    return lines


def delimiter_of(text: str) -> str:
    """The delimiter that occurs equally often in most lines; a comma if there is none."""
    if named := _NAMED.match(text):
        return named[1]
    sample = "\n".join(text[:65536].splitlines()[:_SAMPLE_LINES])
    best, most = ",", 0.0
    for delimiter in _DELIMITERS:
        widths = [
            len(row)
            for row in csv.reader(io.StringIO(sample), delimiter=delimiter, skipinitialspace=True)
            if row
        ]
        common = max(set(widths), key=widths.count, default=1)
        score = widths.count(common) / len(widths) * min(common, 20) if common > 1 else 0.0
        if score > most:
            best, most = delimiter, score
    return best


FORMATS = (
    Format("text/csv", from_bytes(parse_csv), suffixes=(".csv",)),
    Format("text/tab-separated-values", from_bytes(parse_csv), suffixes=(".tsv", ".tab")),
)
