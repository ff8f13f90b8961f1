"""The blocks of code without a grammar, by their indentation."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from services.chunking.chunk import Scope
from services.chunking.labels import head_of

#: Suffixes of languages that have blocks and no grammar here.
_SUFFIXES = frozenset(
    """
    adb ads applescript as asm asp aspx astro awk bas bat bicep cbl clj cljc cljs cls cmake cmd coffee cr
    cshtml d dart ejs el elm erb erl f f03 f90 f95 fish fs fsi fsx gd gleam gql graphql hbs hrl hx j2
    jinja jinja2 jsp less liquid lisp lsp mustache nim pas pp prisma proto pug r rkt razor s sass scad scm
    slim st styl sv svh tcl thrift twig v vb vbs vhd vhdl vue wat
    """.split()  # noqa: SIM905
)
_NAMES = frozenset(("cmakelists.txt", "nginx.conf"))
_LINE = re.compile(rb"^([ \t]*+)([^\s][^\n]*)", re.M)
#: A line that ends the block above it, and one that continues it: `{` alone, `) {`, `} else {`.
_CLOSER = re.compile(rb"[\])}]|</|end|End|END|\{%-? ?end|fi\b|esac\b|done\b")
_CONTINUES = re.compile(rb"(?:[{(]|begin|do)\s*$|[\])}].*(?:[{(:]|=>|->)\s*$", re.I)


def is_outlined(filename: str | None) -> bool:
    path = PurePosixPath((filename or "").replace("\\", "/").lower())
    return path.suffix.lstrip(".") in _SUFFIXES or path.name in _NAMES


def outline(source: bytes, limit: int, start: int = 0, end: int | None = None) -> Iterator[Scope]:
    """The blocks of more than `limit` bytes between two positions: lines and what is indented below them."""
    end = len(source) if end is None else end
    blocks: list[tuple[int, int, bytes, bool]] = []  # indentation, start, first line, whether it has more
    for match in _LINE.finditer(source, start, end):
        depth, line = len(match[1].expandtabs(4)), match[2]
        if blocks and depth == blocks[-1][0] and _CONTINUES.match(line):
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
    named = deep and line[:1] not in b"[{\"'"
    if named and end - start > limit and (label := head_of(line.decode(errors="ignore"))):
        yield Scope(start, end, label)
