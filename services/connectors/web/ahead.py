"""Reads the next pages of a listing while the run sends those before them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from itertools import islice

from services.connectors.lister import Content

#: Maximum of pages that are ready at once, in bytes as fetched. A batch of a run is some dozens of pages of
#: 100 KB.
MAX_BYTES = 8 * 1024 * 1024


class ReadAhead:
    """Pages in the order in which the run asks for them. One page is read at a time, because the tree of a
    page takes a multiple of its size.

    Args:
        sizes: key → bytes as fetched, in that order.
        read: reads a page; None if its content is no longer on the disk.
        max_bytes: how much is read ahead.
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
        """A page, and start to read those behind it. Pages before it are not asked for any more; neither is
        it. A page that is not listed, or was passed over, is read now."""
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
        """Keys that are being read and come before this one; those not yet begun are dropped."""
        if key in self._tasks:
            return list(islice(self._tasks, list(self._tasks).index(key)))
        while next(iter(self._waiting)) != key:
            del self._waiting[next(iter(self._waiting))]
        return list(self._tasks)

    def _start(self, key: str) -> None:
        """Begin with this page, and as many behind it as there is room for."""
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
