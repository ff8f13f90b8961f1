"""Whether a list of patterns can match anything, and the canonical form of equivalent lists.

Whether two lists have a common match cannot be decided in general, so this tries examples: a list is refused
if no example of any of its patterns is selected by the whole list.
"""

import re
from collections.abc import Sequence

from schemas.globs.matching import Choice
from schemas.globs.syntax import Glob, encoded, parse

#: What replaces stars and question marks in an example. The odd ones are in no pattern by chance.
_FILLERS = (b"a", b"Zq7_", b"7", "ßø".encode(), b"")
_MOST_CHARACTERS = 4096
_EXPECTED = "expected a pattern as in .gitignore, such as *.md"


def require_choice(
    include: Sequence[str] | None,
    exclude: Sequence[str] | None,
    names: tuple[str, str] = ("include_globs", "exclude_globs"),
) -> None:
    """Raise ValueError with the reason for patterns that can match no file at all.

    Args:
        names: the names of the two lists for messages.
    """
    for patterns, name in zip((include, exclude), names, strict=True):
        for pattern in patterns or ():
            _require_pattern(pattern, name)
    for patterns, name in zip((include, exclude), names, strict=True):
        if patterns and all(pattern.startswith("!") for pattern in patterns):
            advice = f"; use {names[1]} to skip files" if name == names[0] else ""
            raise ValueError(f"{name} has only patterns that begin with !, so it matches nothing{advice}")
    if not _chooses(include, exclude):
        raise ValueError(
            f"{names[0]} and {names[1]} together match nothing: everything that a pattern includes, another "
            f"one excludes; {_EXPECTED}"
        )


def normalized(patterns: Sequence[str] | None) -> list[str] | None:
    """Equal for equivalent lists: each pattern once, in order only if one negates another."""
    if not patterns:
        return None
    if any(pattern.startswith("!") for pattern in patterns):
        return list(dict.fromkeys(reversed(patterns)))[::-1]  # the last one decides
    return sorted(set(patterns))


def _require_pattern(pattern: str, name: str) -> None:
    if reason := _fault(pattern):
        shown = repr(pattern[:200]) if pattern else "an empty pattern"
        raise ValueError(f"{name} has {shown}, which matches nothing; {_EXPECTED} ({reason})")


def _fault(pattern: str) -> str | None:
    """Why a pattern matches nothing; None if it can match."""
    if len(pattern) > _MOST_CHARACTERS:
        return f"it is longer than {_MOST_CHARACTERS:,} characters"
    try:
        return None if parse(pattern.encode()) is not None else "it is blank, or a comment"
    except UnicodeEncodeError:
        return "it is not UTF-8"
    except ValueError as error:
        return str(error)


def _chooses(include: Sequence[str] | None, exclude: Sequence[str] | None) -> bool:
    included = Choice(include) if include else None
    excluded = Choice(exclude) if exclude else None
    positive = [g for p in include or ("*",) if (g := parse(encoded(p))) is not None and not g.negated]
    examples = (_example(glob, filler) for glob in positive for filler in _FILLERS)
    return any(
        (included is None or included.has(example)) and not (excluded is not None and excluded.has(example))
        for example in examples
    )


def _example(glob: Glob, filler: bytes) -> bytes:
    """The path of a file that a pattern matches."""
    names = [filler or b"a" if part is None else _name(part, filler) for part in glob.parts]
    return b"/".join([*names, filler or b"a"] if glob.folders_only else names)


def _name(tokens: Sequence[bytes], filler: bytes) -> bytes:
    return b"".join(filler if token == b"*" else _char(token, filler) for token in tokens) or b"a"


def _char(token: bytes, filler: bytes) -> bytes:
    """A byte that a token matches."""
    candidates = [*filler, *range(1, 256)]
    return next(bytes([char]) for char in candidates if re.fullmatch(token, bytes([char]), re.DOTALL))
