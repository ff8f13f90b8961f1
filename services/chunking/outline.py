"""The blocks of code without a grammar, by their indentation."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from services.chunking.chunk import Scope
from services.chunking.labels import head_of
from services.chunking.markups import PLAIN, markup_of

#: Suffixes of prose and of records, whose indentation says nothing; files of code that have one of them.
_FLAT = frozenset(("txt", "text", "log", "csv", "tsv", "srt", "vtt", "po", "pot", "ics", "vcf", "jsonl"))
_NAMES = frozenset(("cmakelists.txt", "nginx.conf"))
_LINE = re.compile(rb"^([ \t]*+)([^\s][^\n]*)", re.M)
#: A line that ends the block above it; one that begins a statement of SQL, which may have several lines; and
#: one that continues a block: `{` alone, `) {`, `} else {`.
_CLOSER = re.compile(rb"[\])}]|</|end|End|END|\{%-? ?end|fi\b|esac\b|done\b")
_CREATES = re.compile(rb"CREATE\b", re.I)
_CONTINUES = re.compile(rb"(?:[{(]|begin|do)\s*$|[\])}].*(?:[{(:]|=>|->)\s*$", re.I)


def has_blocks(filename: str | None) -> bool:
    """Whether a text without a grammar may be code, whose indentation shows its blocks."""
    path = PurePosixPath((filename or "").replace("\\", "/").lower())
    suffix = path.suffix.lstrip(".")
    return path.name in _NAMES or (path.name != "" and suffix not in _FLAT and markup_of(suffix) is PLAIN)


def outline(source: bytes, limit: int, start: int = 0, end: int | None = None) -> Iterator[Scope]:
    """The blocks of more than `limit` bytes between two positions: lines and what is indented below them."""
    end = len(source) if end is None else end
    blocks: list[tuple[int, int, bytes, bool]] = []  # indentation, start, first line, whether it has more
    ended = True  # whether the line before ends a statement
    for match in _LINE.finditer(source, start, end):
        depth, line = len(match[1].expandtabs(4)), match[2]
        goes_on, ended = not ended, line.endswith((b";", b";\r"))
        if (
            blocks
            and depth == blocks[-1][0]
            and (_CONTINUES.match(line) or (goes_on and _CREATES.match(blocks[-1][2])))
        ):
            continue
        closes = _CLOSER.match(line) is not None
        while blocks and depth <= blocks[-1][0]:
            yield from _block(*blocks.pop(), match.end() if closes else match.start(), limit)
        if blocks:
            blocks[-1] = (*blocks[-1][:3], True)
        if not closes:
            blocks.append((depth, match.start(), line, False))
    while blocks:
        yield from _block(*blocks.pop(), end, limit)


def _block(depth: int, start: int, line: bytes, deep: bool, end: int, limit: int) -> Iterator[Scope]:
    named = deep and (line[:1] not in b"[{\"'" or line[:2] == b"{%")
    if named and end - start > limit and (label := head_of(line.decode(errors="ignore"))):
        yield Scope(start, end, label)
