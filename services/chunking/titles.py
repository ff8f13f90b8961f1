"""Headings of markups other than markdown."""

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from services.chunking.markups import BY_ORDER, Markup, markup_of
from services.chunking.structure import EVENT

_CLOSING = re.compile(rb"(?:\s*=+|\s+:[\w@#%:]+:)\s*$")
#: Bytes of a title that are looked at.
_LONGEST = 400


class Title(NamedTuple):
    """A heading: where its first line starts, its level, its text, and the end of its last line."""

    start: int
    level: int
    text: bytes
    end: int


def titles_of(filename: str | None) -> Callable[[bytes], list[Title]]:
    """Finds the headings of the markup that the file's name tells, in a text that begins with a line feed."""
    markup = markup_of(PurePosixPath((filename or "").replace("\\", "/")).suffix.lower().lstrip("."))
    return lambda text: titles_in(text, markup)


def titles_in(text: bytes, markup: Markup) -> list[Title]:
    """The headings of a text that begins with a line feed."""
    return list(_titles(text, markup))


def _titles(text: bytes, markup: Markup) -> Iterator[Title]:
    found = list(markup.titles.finditer(text))
    underlines = {match.start("line") - 1 for match in found if _is_underlined(match)}
    spans = _literal(text, markup.blocks, underlines) if markup.blocks is not None else iter(())
    start, end = next(spans, (len(text), len(text)))
    kinds: list[bytes] = []  # of lines under titles: the first one is of level 1
    number = 0  # of the last heading of the first level that has one
    for match in found:
        while match.start() >= end:
            start, end = next(spans, (len(text), len(text)))
        if match.start() > start:
            continue
        begins, level = match.start(), markup.level(match)
        if _is_underlined(match):
            line, title = match["line"], match["under"].strip()
            longer = len(line) - len(title.decode(errors="ignore"))
            if longer > markup.longer[1] or (longer < markup.longer[0] and len(line) < markup.shortest):
                continue
            above = text.rfind(b"\n", 0, begins)
            banner = match.groupdict().get("over") is not None
            over = banner or (begins > 0 and text[above + 1 : begins].rstrip() == line)
            if match["under"][:1].isspace() and not over:
                continue
            begins = above if over and not banner else begins
            kind = line[:1] * (2 if over else 1)
            if level == BY_ORDER:
                kinds.extend([kind] if kind not in kinds else [])
                level = kinds.index(kind) + 1
        else:
            title = _shown(match["title"], match)
            if (counted := match.groupdict().get("number")) and counted.isdigit():
                if int(counted) not in (0, 1, number + 1):
                    continue
                number = int(counted)
        yield Title(begins, level, title, match.end())


def _is_underlined(match: re.Match[bytes]) -> bool:
    return match.groupdict().get("line") is not None


def _literal(text: bytes, blocks: re.Pattern[bytes], underlines: set[int]) -> Iterator[tuple[int, int]]:
    """Where blocks of literal text begin and end; one that is never closed is none."""
    opened: tuple[bytes, int] | None = None
    for match in blocks.finditer(text):
        groups = match.groupdict()
        name = (match.lastgroup or "").encode()
        ends = (groups.get("end") or b"").lower()
        kind = (groups.get("mark") or name.removesuffix(b"_end")).lower()
        closes = name.endswith(b"_end") or ends not in (b"", b"begin")
        if opened is None:
            opened = None if closes or match.start() in underlines else (kind, match.start())
        elif kind == opened[0] and (closes or not ends):
            yield opened[1], match.end()
            opened = None


def _shown(title: bytes, match: re.Match[bytes]) -> bytes:
    """A title without the closing marks of AsciiDoc and wikis, the tags of Org and the commands of LaTeX."""
    if match.string[match.start("title") - 1 : match.start("title")] == b"{":
        return _inside_braces(title)
    return b" ".join(map(bytes.strip, _CLOSING.sub(b"", title[:_LONGEST]).splitlines()))


def _inside_braces(text: bytes) -> bytes:
    depth = 1
    for at, byte in enumerate(text):
        depth += (byte == 0x7B) - (byte == 0x7D)
        if not depth:
            return b" ".join(re.sub(rb"\\[A-Za-z]+\*?\s*|[{}]|\\(?=[&%$#_])", b"", text[:at]).split())
    return text.partition(b"\n")[0].strip()


def structural_lines(
    text: bytes, titles: list[Title]
) -> Iterator[tuple[Title | None, re.Match[bytes] | None]]:
    """The lines of a text that have structure and its headings, each line once, in order."""
    following = iter(titles)
    title = next(following, None)
    for match in EVENT.finditer(text):
        while title is not None and title.start <= match.start():
            yield title, None
            same, title = title.start == match.start(), next(following, None)
            if same:
                break
        else:
            yield None, match
    while title is not None:
        yield title, None
        title = next(following, None)
