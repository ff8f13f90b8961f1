"""Cut text into chunks: complete thoughts, within the limit, without loss.

    text ──► language (`languages`)
               ├── code      ──► a tree-sitter grammar ──► cuts between definitions    (`code`)
               ├── markdown  ──► a block scanner       ──► cuts between blocks         (`markdown`)
               └── else      ──► paragraphs, sentences ──► cuts between paragraphs     (`prose`)
                                                             │
                      chunks ◄── spans within the limit ◄── cuts of the lowest cost    (`packing`)

A pure library: `chunk` is a function of its arguments, independent of Kafka. The stages are in `stage` and,
for big documents, in `ahead`.
"""

from typing import Literal

from schemas.errors import CorruptDocument, DocumentTooLarge, RequestError
from schemas.limits import (
    DEFAULT_LINES_SIZE_BYTES,
    DEFAULT_MAX_LINES,
    DEFAULT_MAX_SIZE_BYTES,
)
from schemas.limits import MIN_CHUNK_BYTES as MIN_SIZE_BYTES
from services.chunking.chunk import TextChunk, build_chunks
from services.chunking.code import cut_code
from services.chunking.languages import Grammar, detect
from services.chunking.lines import split_lines
from services.chunking.markdown import cut_markdown
from services.chunking.outline import has_blocks, outline
from services.chunking.packing import CODE_FILL, PROSE_FILL, pack
from services.chunking.titles import titles_of

__all__ = [
    "DEFAULT_LINES_SIZE_BYTES",
    "DEFAULT_MAX_LINES",
    "DEFAULT_MAX_SIZE_BYTES",
    "MIN_SIZE_BYTES",
    "Strategy",
    "TextChunk",
    "check_count",
    "chunk",
]

Strategy = Literal["tree_sitter", "lines"]


def chunk(
    text: str,
    filename: str | None = None,
    text_type: str | None = None,
    max_size_bytes: int | None = None,
    *,
    strategy: Strategy = "tree_sitter",
    max_lines: int | None = None,
) -> list[TextChunk]:
    """Cut a document into chunks; see `TextChunk` for their guarantees.

    Args:
        filename, text_type: determine the language. `text/markdown` takes precedence over the name,
            because it is the text of a converted document; any other type does not.
        max_size_bytes: maximum bytes of a chunk in UTF-8, at least `MIN_SIZE_BYTES`. Default:
            `DEFAULT_MAX_SIZE_BYTES`, or `DEFAULT_LINES_SIZE_BYTES` for `lines`.
        strategy: `tree_sitter` cuts by structure (markdown and plain text, too); `lines` cuts every
            `max_lines` lines or `max_size_bytes` bytes.
        max_lines: only for `lines`. Default: `DEFAULT_MAX_LINES`.

    Returns:
        The chunks in order; none for a blank document.

    Raises:
        RequestError: a limit is too small.
        CorruptDocument: the text has an unpaired surrogate, so it has no UTF-8 form.
    """
    limit = _limit(max_size_bytes, strategy)
    lines = DEFAULT_MAX_LINES if max_lines is None else max_lines
    _check_limits(limit, lines)
    source = encoded = _encode(text, filename)
    if b"\n" not in source:  # the line ends of the first Macs
        source = source.replace(b"\r", b"\n")
    kind = detect(filename, text_type, text)
    language = kind.language if isinstance(kind, Grammar) else kind
    if strategy == "lines":
        return build_chunks(encoded, split_lines(encoded, lines, limit), "lines", language, [])
    if isinstance(kind, Grammar) and (code := cut_code(source, kind, limit)):
        return build_chunks(
            encoded, pack(source, code[0], limit, CODE_FILL), "tree_sitter", language, code[1]
        )
    plain = kind != "markdown"
    blocks = list(outline(source, limit)) if plain and has_blocks(filename) else []
    titles = titles_of(filename) if plain and not blocks else None
    cuts, scopes = cut_markdown(source, limit, plain=plain, titles=titles)
    scopes = sorted([*scopes, *blocks], key=lambda scope: (scope.start, -scope.end))
    spans = pack(source, cuts, limit, PROSE_FILL)
    return build_chunks(encoded, spans, "text" if plain else "markdown", language, scopes)


def check_count(count: int, max_chunks: int, max_size_bytes: int | None, strategy: Strategy) -> None:
    """Raise DocumentTooLarge if `count` is more than `max_chunks`."""
    if count > max_chunks:
        raise DocumentTooLarge(
            f"{count:,} chunks; a document may have {max_chunks:,} (HEADRACE_MAX_CHUNKS). Split it, or use "
            f"larger chunks (chunking.max_size_bytes is {_limit(max_size_bytes, strategy):,})"
        )


def _limit(max_size_bytes: int | None, strategy: Strategy) -> int:
    if max_size_bytes is not None:
        return max_size_bytes
    return DEFAULT_LINES_SIZE_BYTES if strategy == "lines" else DEFAULT_MAX_SIZE_BYTES


def _encode(text: str, filename: str | None) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise CorruptDocument(
            f"character {error.start} of {filename or 'the text'} is an unpaired surrogate "
            f"(U+{ord(text[error.start]):04X}); text must be valid Unicode"
        ) from error


def _check_limits(max_size_bytes: int, max_lines: int) -> None:
    if max_size_bytes < MIN_SIZE_BYTES:
        raise RequestError(
            f"chunking.max_size_bytes is {max_size_bytes}; it must be at least {MIN_SIZE_BYTES} bytes"
        )
    if max_lines < 1:
        raise RequestError(f"chunking.max_lines is {max_lines}; it must be at least 1")
