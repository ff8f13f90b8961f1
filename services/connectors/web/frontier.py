"""Choose the next page by depth, then by address, so that each crawl takes the same pages."""

import heapq
from collections.abc import Container

#: Maximum bytes of the queue, about a million usual URLs. Those that come later are left out, unless they are
#: indexed.
MAX_BYTES = 256 * 1024**2
#: What a URL takes beside its characters.
_BYTES_OF_ONE = 250


class Frontier:
    """The queue of URLs. Room for indexed pages is reserved; new ones are taken only while there is room.

    Args:
        known: the keys that are indexed.
    """

    def __init__(self, known: Container[str], max_bytes: int = MAX_BYTES) -> None:
        self._known, self._bytes_left = known, max_bytes
        self._met: set[str] = set()
        self._waiting: dict[bool, list[tuple[int, str]]] = {True: [], False: []}

    def add(self, url: str, depth: int) -> None:
        """Add a URL. Only the first time counts, which has the lowest depth."""
        if url not in self._met and (self._bytes_left > 0 or url in self._known):
            self._met.add(url)
            self._bytes_left -= len(url) + _BYTES_OF_ONE
            heapq.heappush(self._waiting[url in self._known], (depth, url))

    def met(self, url: str) -> bool:
        """Whether it was added before."""
        return url in self._met

    def next(self, room: bool) -> tuple[int, str] | None:
        """Take the next depth and URL, a new page only if there is `room`. None when none is left."""
        heap = self._first(room)
        return heapq.heappop(heap) if heap else None

    def peek(self, room: bool) -> tuple[int, str] | None:
        """The result of `next`, without taking it."""
        heap = self._first(room)
        return heap[0] if heap else None

    def _first(self, room: bool) -> list[tuple[int, str]] | None:
        heaps = [heap for known, heap in self._waiting.items() if heap and (known or room)]
        return min(heaps, key=lambda heap: heap[0]) if heaps else None

    @property
    def left(self) -> int:
        """The number of new pages without room."""
        return len(self._waiting[False])
