"""Outputs leave in the order of their partition: the completed head of a window is produced."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from streams.engine.publishing.publisher import Publisher
from streams.engine.window import Entry, PartitionWindow


class Release:
    """Produces outputs that may leave, and reports when they are acknowledged.

    Args:
        acknowledged: called with entries whose outputs are acknowledged.
        failed: called with an error of the log and its entries; the engine ends then.
    """

    def __init__(
        self,
        outlet: Publisher,
        acknowledged: Callable[[PartitionWindow, Sequence[Entry]], None],
        failed: Callable[[Exception, Sequence[Entry]], None],
    ) -> None:
        self._outlet, self._acknowledged, self._failed = outlet, acknowledged, failed
        self._locks: WeakKeyDictionary[PartitionWindow, asyncio.Lock] = WeakKeyDictionary()
        self._waiting: set[asyncio.Task[None]] = set()

    async def head(self, window: PartitionWindow) -> None:
        """Produce the outputs of the window's completed head; one call at a time, to keep the order. Returns
        when they are queued."""
        async with self._locks.setdefault(window, asyncio.Lock()):
            entries = window.take_releasable()
            if not entries:
                return
            futures = await self._outlet.hand_over(entries)
        task = asyncio.create_task(self._wait(window, entries, futures))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _wait(
        self, window: PartitionWindow, entries: Sequence[Entry], futures: "Sequence[asyncio.Future[Any]]"
    ) -> None:
        try:
            await asyncio.gather(*futures)
            self._acknowledged(window, entries)
        except Exception as error:
            self._failed(error, entries)
