"""The chunk, and its guarantees."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Strategy = Literal["tree_sitter", "markdown", "text", "lines"]


@dataclass(frozen=True, slots=True)
class TextChunk:
    """A piece of a document, character for character.

    Guarantees, for the chunks of one document in order, with `source = text.encode()`:

    - `text == source[start_byte:end_byte].decode()`, at most `max_size_bytes` bytes, never blank;
    - no overlap and no loss: every character that is not white space is in exactly one chunk;
    - the same input gives the same chunks.

    Attributes:
        start_line, end_line: 1-based, both inclusive; lines end only at a line feed.
        start_col, end_col: as tree-sitter counts them: 0-based bytes from the start of the line; the
            end is exclusive, so a chunk of one line is `line[start_col:end_col]`.
        start_byte, end_byte: offsets in the UTF-8 text, the end exclusive.
        strategy: how the boundaries were found.
        language: the programming or markup language, if known (`python`, `markdown`).
        context: the enclosing definitions, outermost first (`class Client › def send`), or the path of
            headings, and the header of a table that began earlier. Empty at the top level.
    """

    text: str
    start_line: int
    end_line: int
    start_col: int
    end_col: int
    start_byte: int
    end_byte: int
    strategy: Strategy
    language: str | None
    context: str


#: Between the names of a context.
SEPARATOR = " › "
#: Names of a context that are kept from the outside and from the inside: more say nothing to a reader,
#: and data may nest thousands deep.
OUTER, INNERMOST = 3, 5


@dataclass(frozen=True, slots=True)
class Scope:
    """A named stretch of the source in bytes: a definition, a section, a table. Scopes nest."""

    start: int
    end: int
    label: str


def build_chunks(
    source: bytes,
    spans: Iterable[tuple[int, int]],
    strategy: Strategy,
    language: str | None,
    scopes: list[Scope],
) -> list[TextChunk]:
    """Turn ordered byte spans into chunks, counting lines and columns along the way.

    Args:
        spans: ordered, without overlap, each starting and ending at a character of the source.
        scopes: in order of their start; the context of a chunk names those that it starts in.
    """
    chunks: list[TextChunk] = []
    line, line_start, seen = 1, 0, 0
    open_scopes: list[Scope] = []
    next_scope = 0
    for start, end in spans:
        text = source[start:end].decode()
        if not text or text.isspace():
            continue
        while next_scope < len(scopes) and scopes[next_scope].start < start:
            if scopes[next_scope].end > start:
                _close(open_scopes, scopes[next_scope].start)
                _open(open_scopes, scopes[next_scope])
            next_scope += 1
        _close(open_scopes, start)
        if breaks := source.count(b"\n", seen, start):
            line, line_start = line + breaks, source.rfind(b"\n", seen, start) + 1
        first, column = line, start - line_start
        if breaks := source.count(b"\n", start, end):
            line, line_start = line + breaks, source.rfind(b"\n", start, end) + 1
        seen = end
        context = _path(open_scopes)
        chunks.append(
            TextChunk(text, first, line, column, end - line_start, start, end, strategy, language, context)
        )
    return chunks


def _open(open_scopes: list[Scope], scope: Scope) -> None:
    """Add a scope behind those that end with it or later."""
    at = len(open_scopes)
    while at and open_scopes[at - 1].end < scope.end:
        at -= 1
    open_scopes.insert(at, scope)


def _close(open_scopes: list[Scope], position: int) -> None:
    """Drop the scopes that have ended; the last one ends first."""
    while open_scopes and open_scopes[-1].end <= position:
        open_scopes.pop()


def _path(open_scopes: list[Scope]) -> str:
    """The labels, outermost first; if there are too many, only the outer and the inner ones."""
    labels = [scope.label for scope in open_scopes[:OUTER]]
    if len(open_scopes) > OUTER + INNERMOST:
        labels.append("…")
    labels += [scope.label for scope in open_scopes[max(OUTER, len(open_scopes) - INNERMOST) :]]
    return SEPARATOR.join(labels)
