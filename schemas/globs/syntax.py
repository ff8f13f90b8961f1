"""Parses one pattern as git does, and compiles it to a regular expression.

Backtracking is bounded: every `*` except the last of a path component, and every `**/` except the last, is an
atomic group that matches the shortest possible text. The shortest is never worse, because the rest may match
anywhere later. A match costs at most the product of the lengths of pattern and path.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_SLASH = 0x2F
_CLASSES: dict[bytes, Callable[[int], bool]] = {
    b"alnum": lambda c: c < 128 and chr(c).isalnum(),
    b"alpha": lambda c: c < 128 and chr(c).isalpha(),
    b"blank": lambda c: c in b" \t",
    b"cntrl": lambda c: c < 32 or c == 127,
    b"digit": lambda c: c in b"0123456789",
    b"graph": lambda c: 32 < c < 127,
    b"lower": lambda c: c in b"abcdefghijklmnopqrstuvwxyz",
    b"print": lambda c: 32 <= c < 127,
    b"punct": lambda c: 32 < c < 127 and not chr(c).isalnum(),
    b"space": lambda c: c in b" \t\n\v\f\r",
    b"upper": lambda c: c in b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    b"xdigit": lambda c: c in b"0123456789abcdefABCDEF",
}


class _Never(Exception):
    """The pattern matches no path."""


@dataclass(frozen=True, slots=True)
class Glob:
    """One pattern.

    Attributes:
        text: the pattern as written, including a `!`.
        negated: it begins with `!`, so it reverts earlier patterns.
        folders_only: it ends with `/`.
        by_name: it has no other `/`, so it is matched against the last component only, at any depth.
        parts: the path components, each a list of tokens; None is `**`.
    """

    text: bytes
    negated: bool
    folders_only: bool
    by_name: bool
    parts: tuple[tuple[bytes, ...] | None, ...]

    @property
    def expression(self) -> bytes:
        """A regular expression for the whole path, or for the name if `by_name`."""
        return _expression(self.parts)


def parse(line: bytes) -> Glob | None:
    """Parse a line of a `.gitignore`; None for a blank line or a comment.

    Raises ValueError, with the reason, for a pattern that can match nothing; git silently ignores those.
    """
    line = _trimmed(line.split(b"\0", 1)[0])
    if not line or line.startswith(b"#"):
        return None
    negated = line.startswith(b"!")
    body = line[1:] if negated else line
    folders_only = body.endswith(b"/")
    body = body[:-1] if folders_only else body
    by_name = b"/" not in body
    try:
        parts = _parts(body.removeprefix(b"/"))
    except _Never as error:
        raise ValueError(str(error)) from None
    return Glob(line, negated, folders_only, by_name, parts)


def _trimmed(line: bytes) -> bytes:
    """Remove a carriage return, and trailing spaces that are not escaped with a backslash."""
    line = line.removesuffix(b"\r")
    bare = line.rstrip(b" ")
    backslashes = len(bare) - len(bare.rstrip(b"\\"))
    return line[: len(bare) + 1] if backslashes % 2 and len(bare) < len(line) else bare


# -------------------------------------------------------------------------------- from pattern to tokens

_STAR = b"*"


def _parts(body: bytes) -> tuple[tuple[bytes, ...] | None, ...]:
    """The path components as tokens, each `*` or an expression for one byte; None for `**`."""
    if not body:
        raise _Never("it is empty")
    parts: list[tuple[bytes, ...] | None] = []
    tokens: list[bytes] = []
    position = 0
    while position <= len(body):
        if position == len(body) or body[position] == _SLASH or body[position : position + 2] == b"\\/":
            whole = len(tokens) >= 2 and set(tokens) == {_STAR}
            if not tokens:
                raise _Never("a component of the path is empty")
            escaped = body[position : position + 1] == b"\\"
            if whole and escaped:  # in git, `**/` matches zero folders only with an unescaped slash
                parts.append((_STAR,))
            parts.append(None if whole else _single_stars(tokens))
            tokens = []
            position += 2 if escaped else 1
            continue
        token, position = _token(body, position)
        tokens.append(token)
    return tuple(parts)


def _single_stars(tokens: Sequence[bytes]) -> tuple[bytes, ...]:
    return tuple(t for i, t in enumerate(tokens) if t != _STAR or i == 0 or tokens[i - 1] != _STAR)


def _token(body: bytes, position: int) -> tuple[bytes, int]:
    """The token at a position, and the position of the next one."""
    char = body[position : position + 1]
    if char == b"*":
        return _STAR, position + 1
    if char == b"?":
        return b"[^/]", position + 1
    if char == b"[":
        chosen, after = _class(body, position + 1)
        return _of_bytes(chosen), after
    if char == b"\\":
        position += 1
        if position == len(body):
            raise _Never("it ends with a backslash")
    return re.escape(body[position : position + 1]), position + 1


def _of_bytes(chosen: set[int]) -> bytes:
    chosen.discard(_SLASH)
    if not chosen:
        raise _Never("a bracket matches no character")
    return b"[" + b"".join(b"\\x%02x" % char for char in sorted(chosen)) + b"]"


def _class(body: bytes, position: int) -> tuple[set[int], int]:
    """The bytes that a bracket matches, and the position after it; `position` is after the `[`. As in git's
    `wildmatch.c`."""
    negated = body[position : position + 1] in (b"!", b"^")
    position += negated
    chosen: set[int] = set()
    before: int | None = None  # the start of a range, if a `-` follows
    first = True
    while first or body[position : position + 1] != b"]":
        first = False
        if body[position : position + 2] == b"[:" and (named := _named(body, position + 2)):
            members, position = named
            chosen |= members
            before = None
            continue
        ranged = body[position : position + 1] == b"-" and before is not None
        if ranged and body[position + 1 : position + 2] not in (b"", b"]"):
            end, position = _literal(body, position + 1)
            chosen |= set(range(before or 0, end + 1))
            before = None
        else:
            before, position = _literal(body, position)
            chosen.add(before)
    return set(range(1, 256)) - chosen if negated else chosen, position + 1


def _named(body: bytes, position: int) -> tuple[set[int], int] | None:
    """A class such as `[:alpha:]`; None if the `[:` is literal."""
    end = body.find(b"]", position)
    if end == -1:
        raise _Never("a bracket is never closed")
    if end == position or body[end - 1 : end] != b":":
        return None
    belongs = _CLASSES.get(body[position : end - 1])
    if belongs is None:
        raise _Never(f"there is no class {body[position - 2 : end + 1].decode(errors='replace')}")
    return {char for char in range(1, 256) if belongs(char)}, end + 1


def _literal(body: bytes, position: int) -> tuple[int, int]:
    if body[position : position + 1] == b"\\":
        position += 1
    if position >= len(body):
        raise _Never("a bracket is never closed")
    return body[position], position + 1


# -------------------------------------------------------------------------- from tokens to expressions


def _expression(parts: Sequence[tuple[bytes, ...] | None]) -> bytes:
    """The expression of all components, split at each `**/`. The module explains the atomic groups."""
    stretches: list[list[bytes]] = [[]]
    for part in parts[:-1]:
        if part is None:
            stretches.append([])
        else:
            stretches[-1].append(_component(part) + b"/")
    last = b".+" if parts[-1] is None else _component(parts[-1])
    stretches[-1].append(last)
    whole = b"".join(stretches[0])
    for number, stretch in enumerate(stretches[1:], 1):
        found = b"(?:[^/]+/)*?" + b"".join(stretch)
        whole += found if number == len(stretches) - 1 else b"(?>" + found + b")"
    return whole


def _component(tokens: Sequence[bytes]) -> bytes:
    """The expression of one component. It ends at a slash or the end of the path, so its last `*` needs no
    atomic group."""
    pieces: list[bytes] = [b""]
    for token in tokens:
        if token == _STAR:
            pieces.append(b"")
        else:
            pieces[-1] += token
    if len(pieces) == 1:
        return pieces[0]
    middle = b"".join(b"(?>[^/]*?" + piece + b")" for piece in pieces[1:-1])
    return pieces[0] + middle + b"[^/]*" + pieces[-1] + b"(?=/|\\Z)"


def encoded(path: str) -> bytes:
    """The bytes of a path on disk."""
    return path.encode(errors="surrogateescape")
