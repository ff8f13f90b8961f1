"""Limit the bytes of documents that a stage has in memory."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

#: Larger documents are loaded one at a time. Small ones never wait for them.
LARGE_BYTES = 8 * 1024 * 1024
#: Bytes of all small documents together: eight of the largest.
SMALL_BYTES = 64 * 1024 * 1024


class Admission:
    """Admits documents by size, before they are loaded; small and large ones each in order of request.

    At most `small_bytes` of documents up to `large_bytes` each are in memory, plus one larger document.
    """

    def __init__(self, large_bytes: int = LARGE_BYTES, small_bytes: int = SMALL_BYTES) -> None:
        self._large_bytes, self._free = large_bytes, small_bytes
        self._large = asyncio.Lock()
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def of(self, size: int) -> AsyncIterator[None]:
        """Wait until a document of `size` bytes may be loaded. It counts until the block ends."""
        if size > self._large_bytes:
            async with self._large:
                yield
            return
        await self._take(size)
        try:
            yield
        finally:
            self._give_back(size)

    async def _take(self, size: int) -> None:
        if not self._waiting and size <= self._free:
            self._free -= size
            return
        admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, admitted))
        try:
            await admitted
        except asyncio.CancelledError:
            if admitted.cancelled():
                self._give_back(0)  # the next waiter may go
            else:
                self._give_back(size)  # admitted and cancelled at the same time
            raise

    def _give_back(self, size: int) -> None:
        self._free += size
        while self._waiting:
            wanted, admitted = self._waiting[0]
            if not admitted.cancelled():
                if wanted > self._free:
                    return
                self._free -= wanted
                admitted.set_result(None)
            self._waiting.popleft()
