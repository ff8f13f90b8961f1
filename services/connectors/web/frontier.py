"""Which page is asked for next: by depth, then by address, so that each crawl takes the same ones."""

import heapq
from collections.abc import Container


class Frontier:
    """Addresses that wait. Known pages keep their place: new ones come only while there is room.

    Args:
        known: the keys that are indexed.
    """

    def __init__(self, known: Container[str]) -> None:
        self._known = known
        self._met: set[str] = set()
        self._waiting: dict[bool, list[tuple[int, str]]] = {True: [], False: []}

    def add(self, url: str, depth: int) -> None:
        """An address that was met; the first time counts, which is the shortest way to it."""
        if url not in self._met:
            self._met.add(url)
            heapq.heappush(self._waiting[url in self._known], (depth, url))

    def met(self, url: str) -> bool:
        """Whether it was added before."""
        return url in self._met

    def next(self, room: bool) -> tuple[int, str] | None:
        """Depth and address; a new page only if there is room for one. None when none is left."""
        heaps = [heap for known, heap in self._waiting.items() if heap and (known or room)]
        return heapq.heappop(min(heaps, key=lambda heap: heap[0])) if heaps else None

    @property
    def left(self) -> int:
        """New pages that had no room."""
        return len(self._waiting[False])
