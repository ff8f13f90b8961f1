"""Choose the next page by depth, then by address, so that each crawl takes the same pages."""

import heapq
from collections.abc import Container


class Frontier:
    """The queue of addresses. Room for known pages is reserved; new ones are only taken while there is room.

    Args:
        known: the keys that are indexed.
    """

    def __init__(self, known: Container[str]) -> None:
        self._known = known
        self._met: set[str] = set()
        self._waiting: dict[bool, list[tuple[int, str]]] = {True: [], False: []}

    def add(self, url: str, depth: int) -> None:
        """Add an address. Only the first time counts, which is the shortest path to it."""
        if url not in self._met:
            self._met.add(url)
            heapq.heappush(self._waiting[url in self._known], (depth, url))

    def met(self, url: str) -> bool:
        """Whether it was added before."""
        return url in self._met

    def next(self, room: bool) -> tuple[int, str] | None:
        """Depth and address; a new page only if there is room for one. None when none is left."""
        heap = self._first(room)
        return heapq.heappop(heap) if heap else None

    def peek(self, room: bool) -> tuple[int, str] | None:
        """What `next` would return now. It stays in the queue."""
        heap = self._first(room)
        return heap[0] if heap else None

    def _first(self, room: bool) -> list[tuple[int, str]] | None:
        heaps = [heap for known, heap in self._waiting.items() if heap and (known or room)]
        return min(heaps, key=lambda heap: heap[0]) if heaps else None

    @property
    def left(self) -> int:
        """The number of new pages without room."""
        return len(self._waiting[False])
