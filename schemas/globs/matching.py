"""Match many patterns at once."""

import re
from collections.abc import Sequence

from schemas.globs.syntax import Glob, encoded, parse

#: Patterns that share one regular expression. A match holds the interpreter's lock: this bounds it.
_TOGETHER = 100


class Ignored:
    """The patterns of one `.gitignore`: the last one that matches decides."""

    def __init__(self, globs: Sequence[Glob]) -> None:
        self._negated = [glob.negated for glob in globs]
        self._names = {folders: _Finder(globs, True, folders) for folders in (False, True)}
        self._paths = {folders: _Finder(globs, False, folders) for folders in (False, True)}

    def says(self, path: bytes, is_folder: bool) -> bool | None:
        """Whether the patterns ignore a path relative to the `.gitignore`; None if none matches.

        Considers the path itself, not the folders above it.
        """
        name = path[path.rfind(b"/") + 1 :]
        last = max(self._names[is_folder].last(name), self._paths[is_folder].last(path))
        return None if last < 0 else not self._negated[last]


class _Finder:
    """Finds the last pattern that matches: one expression of alternatives in reverse order, each a group."""

    def __init__(self, globs: Sequence[Glob], by_name: bool, is_folder: bool) -> None:
        chosen = [
            (number, glob.expression)
            for number, glob in enumerate(globs)
            if glob.by_name is by_name and (is_folder or not glob.folders_only)
        ][::-1]
        self._chunks = [
            ([number for number, _ in chunk], _alternatives([expression for _, expression in chunk]))
            for chunk in (chosen[i : i + _TOGETHER] for i in range(0, len(chosen), _TOGETHER))
        ]

    def last(self, subject: bytes) -> int:
        """-1 if none matches."""
        for numbers, expression in self._chunks:
            if found := expression.match(subject):
                return numbers[(found.lastindex or 1) - 1]
        return -1


def _alternatives(expressions: Sequence[bytes]) -> re.Pattern[bytes]:
    return re.compile(b"|".join(b"(" + one + b")\\Z" for one in expressions), re.DOTALL)


class Choice:
    """Patterns that select files: the last one that matches a file, or a folder above it, decides."""

    def __init__(self, patterns: Sequence[str]) -> None:
        """Raise ValueError for a pattern that can match nothing."""
        globs = [glob for pattern in patterns if (glob := parse(encoded(pattern)))]
        self._negated = [glob.negated for glob in globs][::-1]
        self._expressions = [_with_all_below(glob) for glob in globs][::-1]

    def has(self, path: bytes) -> bool:
        """Whether a file is selected."""
        for negated, expression in zip(self._negated, self._expressions, strict=True):
            if expression.match(path):
                return not negated
        return False

    def covers(self, folder: bytes) -> bool:
        """Whether everything in a folder is selected, as far as its path tells."""
        return not any(self._negated) and self.has(folder + b"/")


def _with_all_below(glob: Glob) -> re.Pattern[bytes]:
    anywhere = b"(?:[^/]+/)*?" if glob.by_name else b""
    below = b"/.*\\Z" if glob.folders_only else b"(?:/.*)?\\Z"
    return re.compile(anywhere + glob.expression + below, re.DOTALL)
