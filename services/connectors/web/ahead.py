"""Read the next pages of a listing while the run sends the pages before them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from itertools import islice

from services.connectors.lister import Content

#: Maximum size of the pages that are read ahead, as fetched: a batch of a run, dozens of pages of 100 KB.
MAX_BYTES = 8 * 1024 * 1024


class ReadAhead:
    """Reads pages ahead, in the order in which the run takes them. Reads one page at a time, because the tree
    of a page takes a multiple of its size.

    Args:
        sizes: key → size as fetched in bytes, in that order.
        read: reads a page; returns None if its content is no longer in the spool.
        max_bytes: maximum size of the pages that are read ahead.
    """

    def __init__(
        self,
        sizes: Mapping[str, int],
        read: Callable[[str], Awaitable[Content | None]],
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._waiting, self._read, self._max_bytes = dict(sizes), read, max_bytes
        self._tasks: dict[str, asyncio.Task[Content | None]] = {}
        self._sizes = sizes
        self._one_at_a_time = asyncio.Lock()

    async def take(self, key: str) -> Content | None:
        """Return a page, and start to read those after it. Pages before it are dropped. A page that is not in
        `sizes`, or was dropped, is read now."""
        if key not in self._tasks and key not in self._waiting:
            return await self._one(key)
        for passed in self._before(key):
            self._tasks.pop(passed).cancel()
        self._start(key)
        return await self._tasks.pop(key)

    async def aclose(self) -> None:
        """Stop reading."""
        tasks = list(self._tasks.values())
        self._tasks, self._waiting = {}, {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _before(self, key: str) -> list[str]:
        """Keys before this one whose read has started. Forgets those whose read has not."""
        if key in self._tasks:
            return list(islice(self._tasks, list(self._tasks).index(key)))
        while next(iter(self._waiting)) != key:
            del self._waiting[next(iter(self._waiting))]
        return list(self._tasks)

    def _start(self, key: str) -> None:
        """Start to read this page, and those after it as far as there is room."""
        room = self._max_bytes - sum(self._sizes[one] for one in self._tasks)
        while self._waiting:
            following, size = next(iter(self._waiting.items()))
            if following != key and size > room:
                return
            room -= size
            del self._waiting[following]
            self._tasks[following] = asyncio.create_task(self._one(following))

    async def _one(self, key: str) -> Content | None:
        async with self._one_at_a_time:
            return await self._read(key)
