"""One pattern: how git reads it, and the regular expression it becomes.

The expression cannot backtrack without bound: every `*` but the last of a path component, and every `**/` but
the last, takes the shortest stretch that fits and keeps it (an atomic group). Shorter is never worse, since
what follows may begin anywhere later. A match costs at most the product of the lengths of pattern and path.
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
    """The pattern matches nothing, whatever the path."""


@dataclass(frozen=True, slots=True)
class Glob:
    """One pattern.

    Attributes:
        text: as it was written, a `!` included.
        negated: it takes back what a pattern before it said.
        folders_only: it ended with `/`.
        by_name: it has no other `/`, so it is compared with the last component alone, at any depth.
        parts: the path components, each a list of tokens; None stands for `**`.
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
    """A line of a `.gitignore`; None for a blank line or a comment.

    Raises ValueError, which says why, for a pattern that can match nothing. Git passes over those in silence.
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
    """Without the spaces at its end, unless a backslash keeps them, and without a carriage return."""
    line = line.removesuffix(b"\r")
    bare = line.rstrip(b" ")
    backslashes = len(bare) - len(bare.rstrip(b"\\"))
    return line[: len(bare) + 1] if backslashes % 2 and len(bare) < len(line) else bare


# -------------------------------------------------------------------------------- from pattern to tokens

_STAR = b"*"


def _parts(body: bytes) -> tuple[tuple[bytes, ...] | None, ...]:
    """Path components of tokens, which are `*` or an expression for one byte; None for `**`."""
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
            if whole and escaped:  # git's shortcut of `**/` for no folder at all looks for a bare slash
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
    """The token at a position, and where the next one begins."""
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
        raise _Never("a bracket chooses among no characters")
    return b"[" + b"".join(b"\\x%02x" % char for char in sorted(chosen)) + b"]"


def _class(body: bytes, position: int) -> tuple[set[int], int]:
    """What a bracket chooses, and where it ends; `position` is behind the `[`. As `wildmatch.c` reads it."""
    negated = body[position : position + 1] in (b"!", b"^")
    position += negated
    chosen: set[int] = set()
    before: int | None = None  # what a `-` may begin a range from
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
    """A class such as `[:alpha:]`; None if the `[:` is meant as it stands."""
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
    """`**/` between components, cut at each; see the module for why the groups are atomic."""
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
    """One component; it ends at a slash or the end of the path, so its last star need not be bounded."""
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
    """A path as the disk has it."""
    return path.encode(errors="surrogateescape")
