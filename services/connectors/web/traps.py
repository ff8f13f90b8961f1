"""Detect crawler traps: repeating segments, calendars, combinations of filters."""

import re
from collections import Counter, defaultdict
from urllib.parse import urlsplit

_MOST_SEGMENTS = 25
_MOST_REPEATS = 3
#: Minimum number of pages of one kind that are requested.
_FEW = 20
_DIGITS = re.compile(r"\d+")
_DATE = re.compile(r"(?:^|[/_-])(?:19|20)\d\d(?:[/_-]|$)|\d{8}")


class Traps:
    """Counts similar addresses.

    Args:
        page_limit: of the source. Pages that differ in one parameter may take half of it, because a site may
            consist of them; those of a calendar or of combined filters a fifth.
    """

    def __init__(self, page_limit: int) -> None:
        self._page_limit = page_limit
        self._alike: dict[str, set[str]] = defaultdict(set)

    def refuses(self, url: str) -> bool:
        """Whether a new URL exceeds the share of its kind. Counts it if not."""
        if self.would_refuse(url):
            return True
        parts = urlsplit(url)
        if kind := _kind(parts.path, parts.query)[0]:
            self._alike[kind].add(url)
        return False

    def would_refuse(self, url: str) -> bool:
        """As `refuses`, without counting."""
        parts = urlsplit(url)
        if repeats(parts.path):
            return True
        kind, share = _kind(parts.path, parts.query)
        alike = self._alike[kind] if kind else {url}
        return url not in alike and len(alike) >= max(_FEW, self._page_limit // share)


def repeats(path: str) -> bool:
    """Whether segments of a path repeat."""
    segments = [one for one in path.split("/") if one]
    counts = Counter(one for one in segments if not one.isdigit())
    return len(segments) > _MOST_SEGMENTS or max(counts.values(), default=0) >= _MOST_REPEATS


def _kind(path: str, query: str) -> tuple[str, int]:
    """What variants of a page have in common (empty for a path without variants), and the divisor of the page
    limit for them."""
    if query:
        return (f"?{path}", 5) if "&" in query else (f"?{path}?{query.partition('=')[0]}", 2)
    return (_DIGITS.sub("#", path), 5) if _DATE.search(path) else ("", 1)
