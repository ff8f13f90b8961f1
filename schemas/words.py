"""The words of a query, to be marked in what was found."""

import re

_WORD = re.compile(r"[\w][\w'.-]*[\w]|\w", re.UNICODE)
#: Too common to say anything by being marked.
_COMMON = frozenset(
    (
        *(
            "a",
            "an",
            "and",
            "are",
            "as",
            "at",
            "be",
            "by",
            "can",
            "do",
            "for",
            "from",
            "how",
            "i",
            "if",
            "in",
        ),
        *("is", "it", "its", "of", "on", "or", "our", "that", "the", "their", "this", "to", "was", "we"),
        *("what", "when", "where", "which", "who", "why", "will", "with", "you", "your"),
    )
)
_MOST = 32


def words_of(query: str) -> list[str]:
    """Its words without the common ones, and without endings that an English plural has."""
    found: dict[str, None] = {}
    for word in _WORD.findall(query):
        if word.lower() in _COMMON:
            continue
        stem = word[:-1] if len(word) > 4 and word.endswith("s") and not word.endswith("ss") else word
        found[stem] = None
    return list(found)[:_MOST]
