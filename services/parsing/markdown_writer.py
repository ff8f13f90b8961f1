"""Writing markdown: escapes, emphasis, lists, tables, code, and a writer that keeps page spans.

All formats use it, so a list from Word looks like a list from a web page. Inline text holds emphasis as the
marks of `emphasis`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from services.parsing.document import PageSpan
from services.parsing.emphasis import EMPH as EMPH
from services.parsing.emphasis import EMPH_END as EMPH_END
from services.parsing.emphasis import STRIKE as STRIKE
from services.parsing.emphasis import STRIKE_END as STRIKE_END
from services.parsing.emphasis import STRONG as STRONG
from services.parsing.emphasis import STRONG_END as STRONG_END
from services.parsing.emphasis import has_marks, outer_blanks
from services.parsing.emphasis import resolve as resolve
from services.parsing.emphasis import without_emphasis as without_emphasis

#: What CommonMark would read as markup. Lookahead is bounded: a megabyte of `[` must not take quadratic time.
_SPECIAL = re.compile(
    r"\\(?=[!-/:-@\[-`{-~])|`|(?<!\s)\*|\*(?!\s)|(?<![^\W_])_(?!\s)|(?<!\s)_(?![^\W_])|<(?=[A-Za-z/!?])"
    r"|\](?=[(\[])|&(?=#?\w{1,32};)|~(?=~)"
)
_MAY_BE_SPECIAL = re.compile(r"[\\`*_<\]&~]")
_UNSEEN = re.compile("[\u00ad\u200b\u2060\ufeff]")
_LINE_START = re.compile(r"^(?=#{1,6}(?:\s|$)|>|(?:-{3,}|={2,}|\*{3,})\s*$|\||\+\s)", re.M)
_TYPED_BULLET = re.compile(r"^[•●▪◦‣∙·■□–]\s+(?=\S)", re.M)
_SPACES = re.compile(r"[ \t\r\f]{2,}|[\t\r\f]")  # all but a single blank
#: Possible first characters of a line that one of the two line patterns above matches.
_STARTS = frozenset("#>-=*|+•●▪◦‣∙·■□–")
_LOCAL = re.compile(r"#|javascript:|data:|about:|blob:|file:", re.I)
_AROUND_BREAK = re.compile(r" *\n *")


@dataclass(frozen=True)
class MarkdownBlock:
    """One block of markdown; a tight block (a list item) follows its neighbour without an empty line."""

    text: str
    tight: bool = False


@dataclass(frozen=True)
class Cell:
    """A table cell, and the number of columns and rows that it spans."""

    text: str
    columns: int = 1
    rows: int = 1


@dataclass
class Indents:
    """Depths and indentations of the open list items.

    For sources that store lists as a flat sequence of items with depths.
    """

    _open: list[tuple[int, int]] = field(default_factory=list)

    def under(self, depth: int, marker: str) -> str:
        """Open an item at this depth and return its indentation."""
        while self._open and self._open[-1][0] >= depth:
            self._open.pop()
        width = sum(w for _, w in self._open)
        self._open.append((depth, len(marker) + 1))
        return " " * width

    def close(self) -> None:
        self._open.clear()


@dataclass
class Writer:
    """Collects blocks in reading order and records where each page, slide or sheet starts."""

    blocks: list[MarkdownBlock] = field(default_factory=list)
    _marks: list[tuple[int, int, str | None]] = field(default_factory=list)

    def add(self, text: str, tight: bool = False) -> None:
        if text.strip():
            self.blocks.append(MarkdownBlock(text, tight))

    def extend(self, blocks: Iterable[MarkdownBlock]) -> None:
        self.blocks.extend(b for b in blocks if b.text.strip())

    def prepend(self, blocks: Sequence[MarkdownBlock]) -> None:
        """Add blocks at the beginning of the first page."""
        self.blocks[:0] = blocks
        moved = [(index + len(blocks), number, name) for index, number, name in self._marks]
        self._marks[1:] = moved[1:]

    def heading(self, level: int, text: str) -> None:
        self.add(heading(level, text))

    def page(self, number: int, name: str | None = None) -> None:
        """Start a page for the blocks that follow."""
        self._marks.append((len(self.blocks), number, name))

    def finish(self) -> tuple[str, tuple[PageSpan, ...]]:
        """The markdown, ending in a newline if there is any, and the spans of the pages."""
        starts, text = _join(self.blocks)
        starts.append(len(text))
        ends = [index for index, _, _ in self._marks[1:]] + [len(self.blocks)]
        spans = tuple(
            PageSpan(number, starts[index], starts[end], name)
            for (index, number, name), end in zip(self._marks, ends if self._marks else [], strict=True)
        )
        return text, spans


def join(blocks: Sequence[MarkdownBlock]) -> str:
    """Join blocks to one text, with an empty line between them unless they are tight."""
    return _join(blocks)[1].rstrip("\n")


def _join(blocks: Sequence[MarkdownBlock]) -> tuple[list[int], str]:
    parts: list[str] = []
    starts: list[int] = []
    size = 0
    for index, block in enumerate(blocks):
        if index:
            gap = "\n" if block.tight and blocks[index - 1].tight else "\n\n"
            parts.append(gap)
            size += len(gap)
        starts.append(size)
        parts.append(block.text)
        size += len(block.text)
    return starts, "".join(parts) + ("\n" if parts else "")


def escape(text: str) -> str:
    """Escape plain text for CommonMark with as few backslashes as possible. Soft hyphens and other zero-width
    characters at possible word breaks are dropped."""
    if not text.isascii():
        text = _UNSEEN.sub("", text)
    if _MAY_BE_SPECIAL.search(text) is None:  # the usual case
        return text
    return _SPECIAL.sub(lambda m: "\\" + m[0], text)


def escape_lines(text: str) -> str:
    """Escape line starts of inline text that would become a heading, quote or rule.

    A number or bullet that the author typed at the start of a line stays a list item.
    """
    if "\n" not in text and text[:1] not in _STARTS:
        return text
    return _TYPED_BULLET.sub("- ", _LINE_START.sub(r"\\", text))


def tidy(text: str) -> str:
    """Collapse runs of blanks, remove blanks around line breaks, and resolve emphasis marks."""
    if "  " in text or "\t" in text or "\r" in text or "\f" in text:
        text = _SPACES.sub(" ", text)
    text = (_AROUND_BREAK.sub("\n", text) if "\n" in text else text).strip()
    return resolve(text) if has_marks(text) else text


def plain(text: str) -> str:
    """Inline markdown without its emphasis asterisks."""
    return re.sub(r"(?<!\\)(?:\*\*|\*(?=\S)|(?<=\S)\*)", "", text)


def raised(text: str) -> str:
    """Raised text: `10^6` for figures, whose position has a meaning; letters (1st) unchanged."""
    bare = text.strip()
    return text.replace(bare, f"^{bare}") if re.fullmatch(r"[+−-]?\d+", bare) else text


def heading(level: int, text: str) -> str:
    """An ATX heading, level 1 to 6 (deeper ones are 6); empty when the text is."""
    line = " ".join(tidy(without_emphasis(text)).split())
    return f"{'#' * min(max(level, 1), 6)} {line}" if line else ""


def item(marker: str, blocks: Sequence[MarkdownBlock], indent: str = "") -> MarkdownBlock:
    """A list item: a marker (`-`, `3.`) and blocks, continuation lines indented to the start of the text."""
    body = indented(join(blocks), indent + " " * (len(marker) + 1))
    return MarkdownBlock(f"{indent}{marker} {body.lstrip()}", tight=True)


def indented(text: str, by: str) -> str:
    return "\n".join(by + line if line else "" for line in text.split("\n"))


def quote(blocks: Sequence[MarkdownBlock]) -> MarkdownBlock:
    return MarkdownBlock("\n".join(f"> {line}".rstrip() for line in join(blocks).split("\n")))


def code(text: str, language: str = "") -> MarkdownBlock:
    """A fenced block; the fence is longer than any run of backticks inside."""
    text = text.strip("\n").rstrip()
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return MarkdownBlock(f"{fence}{language}\n{text}\n{fence}")


def code_span(text: str) -> str:
    text = " ".join(text.split())
    if not text:
        return ""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0) if "`" in text else 0
    fence = "`" * (longest + 1)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def link(text: str, target: str) -> str:
    """An inline link; only the text if the target works only in the source (`#…`, `file:`, `data:`, …)."""
    target = _link_target(target)
    if not target or not without_emphasis(text).strip():  # an icon
        return text
    lead, body, tail = outer_blanks(text)
    return f"{lead}[{_SPACES.sub(' ', body.replace(chr(10), ' '))}]({target}){tail}"


@lru_cache(4096)  # pages of a site link to the same ones
def _link_target(target: str) -> str:
    """The address of a link as markdown; empty if it works only in the source."""
    target = "" if _LOCAL.match(target.strip()) else re.sub(r"\s", "%20", target.strip())
    if target.count("(") != target.count(")"):
        target = target.replace("(", "%28").replace(")", "%29")
    return target.replace("<", "%3C").replace(">", "%3E")


def image(alt: str, source: str = "", title: str = "") -> str:
    """An image; everything known about it except its alternative text becomes its title."""
    alt = " ".join(alt.replace("[", "(").replace("]", ")").split())
    title = " ".join(title.replace('"', "'").split())
    source = re.sub(r"[\s()<>]", lambda m: f"%{ord(m[0]):02X}", source)
    return f'![{alt}]({source} "{title}")' if title else f"![{alt}]({source})"


def table(rows: Sequence[Sequence[Cell]]) -> str:
    """A pipe table with the first row as header, or an HTML table if cells span.

    Cell texts are inline markdown; line breaks become `<br>`. Empty if all cells are empty.
    """
    rows = _without_empty_end([row for row in rows if row])
    if not rows:
        return ""
    if any(cell.columns > 1 or cell.rows > 1 for row in rows for cell in row):
        return _html_table(rows)
    return pipe_table([[cell.text for cell in row] for row in rows])


def _without_empty_end(rows: Sequence[Sequence[Cell]]) -> Sequence[Sequence[Cell]]:
    """Drop trailing rows that are empty, unless a cell above spans them."""
    reached = 0
    for at, row in enumerate(rows):
        filled = [at + cell.rows for cell in row if cell.text.strip()]
        reached = max([reached, *filled])
    return rows[:reached]


def pipe_table(rows: Sequence[Sequence[str]]) -> str:
    width = max(map(len, rows))
    lines = [pipe_row([*row, *[""] * (width - len(row))]) for row in rows]
    lines.insert(1, "|" + " --- |" * width)
    return "\n".join(lines)


def pipe_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(pipe_cell(cell) for cell in cells) + " |"


def pipe_cell(text: str) -> str:
    text = re.sub(r"\s*\n\s*", "<br>", text.strip()) if "\n" in text else text.strip()
    return re.sub(r"(?<!\\)\|", r"\\|", text) if "|" in text else text


def _html_table(rows: Sequence[Sequence[Cell]]) -> str:
    lines = ["<table>"]
    for row in rows:
        spans = (_span("colspan", c.columns) + _span("rowspan", c.rows) for c in row)
        cells = (f"<td{span}>{_html_text(c.text)}</td>" for span, c in zip(spans, row, strict=True))
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return "\n".join([*lines, "</table>"])


def _span(name: str, count: int) -> str:
    return f' {name}="{count}"' if count > 1 else ""


def _html_text(text: str) -> str:
    """Convert inline markdown to HTML for an HTML table, where markdown is not interpreted."""
    text = re.sub(r"!?\[([^\]]{0,500})\]\([^)]{0,2000}\)", r"\1", text)
    text = re.sub(r"(?<!\\)(\*\*|~~|\*(?=\S)|(?<=\S)\*)", "", text)
    text = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)
    return "<br>".join(html.escape(line, quote=False) for line in re.split(r"\s*\n\s*", text.strip()))
