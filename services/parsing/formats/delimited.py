"""CSV and TSV as one table. The delimiter is detected by counting; quotes are respected."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.text import decode
from services.parsing.reading import warn

_DELIMITERS = ",;\t|^~\x01"
#: Cells in single quotes; a quote escaped with a backslash; a doubled quote within a cell.
_SINGLE = re.compile(r"(?:^|[,;\t|])'[^'\n]*'(?=[,;\t|]|$)", re.M)
_BACKSLASH, _DOUBLED = re.compile(r'\\"[^\r\n]'), re.compile(r'[^\\,;\t|\n]""|(?<!\\)""[^,;\t|\r\n]')
#: What programs write so that Excel keeps the zeros: `="007"`.
_FORMULA = re.compile(r'^="([^"]*)"$')
#: A first line that names the delimiter; Excel writes it for other locales.
_NAMED = re.compile(r'\A"?sep=([^\r\n])"?[ \t]*(?:\r\n|\r|\n|\Z)', re.I)
#: A delimiter that also parts what quotes hold together is that much less likely.
_TORN = 4
#: One that parts all lines alike, the head among them, is that much likelier; a tab more, as texts have none.
_ALIKE, _TABS_ALIKE = 1.5, 3
#: Number of lines used to detect the delimiter.
_SAMPLE_LINES = 50


def parse_csv(data: bytes) -> ParsedDocument:
    """Lines before the table are paragraphs. Raises UnsupportedFormat if the bytes are not text."""
    text, warnings = decode(data)
    csv.field_size_limit(2**31 - 1)  # the whole text may be one quoted cell
    rows = _rows(text, dialect_of(text))
    lead = _before_table(rows)
    writer = md.Writer()
    for row in rows[:lead]:
        writer.add(md.escape_lines(row[0]))
    writer.add("\n".join(_table(rows[lead:])))
    return ParsedDocument(writer.finish()[0], warnings=warnings)


def _rows(text: str, dialect: Dialect) -> list[list[str]]:
    """The rows that are not empty, with escaped cells."""
    text = dialect.mended(_NAMED.sub("", text))
    rows = [row for row in dialect.reader(text) if any(map(str.strip, row))]
    unclosed = rows and "\n" in rows[-1][-1].strip() and not text.rstrip().endswith(dialect.quote)
    if unclosed or dialect.runs_on(text):
        warn("a quote is never closed: each line is read as a row")
        closed = ((line, line.count(dialect.quote) % 2 == 0) for line in text.splitlines() if line.strip())
        rows = [row for line, quoted in closed for row in dialect.reader(line, quoted)]
    if dialect.delimiter == "|" and "||" in text and not any(any(row[1::2]) for row in rows):
        rows = [row[::2] for row in rows]  # between two of them stands nothing, in any row
    return [[md.escape(_FORMULA.sub(r"\1", cell.strip())) for cell in row] for row in rows]


def _before_table(rows: list[list[str]]) -> int:
    """How many rows at the beginning are notes: one cell, where most of the others have several."""
    filled = [sum(map(bool, row)) for row in rows]
    first = next((at for at, count in enumerate(filled) if count > 1 or not rows[at][0]), 0)
    wide = sum(count > 1 for count in filled[first:]) * 2 > len(rows) - first
    return first if wide else 0


def _table(rows: list[list[str]]) -> list[str]:
    if not rows:
        return []
    width = max(map(len, rows))
    while width > 1 and not any(len(row) >= width and row[width - 1] for row in rows):
        width -= 1
    lines = [md.pipe_row([*row[:width], *[""] * (width - len(row))]) for row in rows]
    lines.insert(1, "|" + " --- |" * width)
    return lines


@dataclass(frozen=True)
class Dialect:
    """How the cells of a text are parted, quoted and escaped."""

    delimiter: str = ","
    quote: str = '"'
    escape: str | None = None

    def runs_on(self, text: str) -> bool:
        """Whether a quote that opens a cell ends in the midst of one in another line, so that it is none."""
        delimiter, quote = re.escape(self.delimiter), re.escape(self.quote)
        pattern = rf"(?:^|{delimiter}){quote}[^{quote}\n]*+\n[^{quote}]*+{quote}[ ]*+[^\s{quote}{delimiter}]"
        return re.search(pattern, text, re.M) is not None

    def mended(self, text: str) -> str:
        """The text with doubled quotes in cells that hold single ones: `"a "quoted" word"`, `"a" word`."""
        delimiter, quote = re.escape(self.delimiter), re.escape(self.quote)
        start, barred = rf"(?:^|{delimiter})[ ]*+{quote}", rf"{quote}{delimiter}\n"
        first_word = rf"[ ]*+{quote}[^{barred}]*+{quote}[ ]*+[^\s{barred}]"
        torn = re.compile(rf"(?:^|{delimiter}){first_word}", re.M)
        if self.escape:
            return self.unescaped(text)
        if torn.search(text) is None:
            return text
        begun = re.compile(rf"(^|{delimiter})({first_word}[^{barred}]*+)(?={delimiter}|\r?$)")
        close = rf"{quote}(?=[ ]*+\r?(?:{delimiter}|$))"
        head, cell = re.compile(rf".*{close}"), re.compile(rf"({start})(.*?){close}")

        def doubled(match: re.Match[str]) -> str:
            held = match[2].replace(self.quote * 2, self.quote)
            return match[1] + held.replace(self.quote, self.quote * 2) + self.quote

        def quoted(match: re.Match[str]) -> str:
            return f"{match[1]}{self.quote}{match[2].strip().replace(self.quote, self.quote * 2)}{self.quote}"

        def repaired(line: str) -> str:
            if torn.search(line) is None:
                return line
            line = begun.sub(quoted, line)
            if torn.search(line) is None or (closed := head.match(line)) is None:
                return line
            return cell.sub(doubled, closed[0]) + line[closed.end() :]  # to the last end, for linear time

        return "\n".join(map(repaired, text.split("\n")))

    def unescaped(self, text: str) -> str:
        """The text with doubled quotes in place of escaped ones; a backslash outside of quotes is one."""
        delimiter, quote = re.escape(self.delimiter), re.escape(self.quote)
        cell = re.compile(
            rf"(?:^|(?<={delimiter}))[ ]*+{quote}(?:[^{quote}\\]|\\.|{quote}{quote})*+{quote}", re.M | re.S
        )
        escaped = re.compile(rf"\\([{quote}\\])")
        return cell.sub(
            lambda found: escaped.sub(lambda sign: sign[1] * (1 + (sign[1] == self.quote)), found[0]), text
        )

    def reader(self, text: str, quoted: bool = True) -> Iterator[list[str]]:
        return csv.reader(
            io.StringIO(text, newline=""),
            delimiter=self.delimiter,
            quotechar=self.quote,
            quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
            skipinitialspace=True,
        )


def dialect_of(text: str) -> Dialect:
    """The delimiter that parts most lines alike, and the quotes and escapes in use."""
    sample = "\n".join(text[:65536].splitlines()[:_SAMPLE_LINES])
    quote = "'" if '"' not in sample and len(_SINGLE.findall(sample)) > 1 else '"'
    escape = "\\" if _BACKSLASH.search(sample) and not _DOUBLED.search(sample) else None
    if named := _NAMED.match(text):
        return Dialect(named[1], quote, escape)
    best, most = Dialect(",", quote, escape), 0.0
    for delimiter in _DELIMITERS:
        dialect = Dialect(delimiter, quote, escape)
        rows = [row for row in dialect.reader(dialect.unescaped(sample) if escape else sample) if row]
        widths = [len(row) for row in rows]
        common = max(set(widths), key=widths.count, default=1)
        score = (widths.count(common) / len(widths)) ** 2 * min(common, 20) if common > 1 else 0.0
        if any(cell.count(quote) % 2 for row in rows for cell in row):  # quoted cells come apart
            score /= _TORN
        if widths.count(common) == len(widths):
            score *= _TABS_ALIKE if delimiter == "\t" else _ALIKE
        if delimiter == "," and sample.count(", ") == sample.count(","):  # as in sentences and dates
            score /= 2
        if score > most:
            best, most = dialect, score
    return best


FORMATS = (
    Format("text/csv", from_bytes(parse_csv), suffixes=(".csv",)),
    Format("text/tab-separated-values", from_bytes(parse_csv), suffixes=(".tsv", ".tab")),
)
