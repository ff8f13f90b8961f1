"""The lines of a hit that tell best why it was found."""

import textwrap
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile

from schemas.words import words_of


def excerpt(text: str, query: str, lines: int, width: int) -> list[str]:
    """Up to `lines` consecutive lines of `text` with the most of the query's words, folded to `width`.

    Lines are not blank. An ellipsis stands where text is left out. Common words are ignored; each other word
    counts once, and less if many lines have it. Where none is found, the first lines are shown.
    """
    folded: list[str] = []
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        folded += textwrap.wrap(line, width, subsequent_indent=indent)
    words = [word.casefold() for word in words_of(query)]
    start = _best([{word for word in words if word in line.casefold()} for line in folded], lines)
    shown = folded[start : start + lines]
    return ["…"] * (start > 0) + shown + ["…"] * (start + lines < len(folded))


def _best(found: Sequence[set[str]], lines: int) -> int:
    """Where the window of `lines` lines begins that holds most; of several, one with lines on both sides."""
    spread = Counter(word for line in found for word in line)
    windows = [set().union(*found[start : start + lines]) for start in range(max(1, len(found) - lines + 1))]
    weights = [sum(1 / spread[word] for word in sorted(window)) for window in windows]
    first = weights.index(max(weights))
    equal = sum(1 for _ in takewhile(lambda weight: weight == weights[first], weights[first:]))
    return first + min(equal, lines) // 2 if weights[first] else 0
