"""Outputs leave in the order of their partition: the done head of a window is handed to the log."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from streams.engine.publishing.publisher import Publisher
from streams.engine.window import Entry, PartitionWindow


class Release:
    """Hands over what may leave, and tells when it is safe.

    Args:
        acknowledged: called with entries whose outputs the log has.
        failed: called with what the log has refused, and the entries it was for; nothing goes on then.
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
        """Produce the outputs of its done head; one call at a time, so that order is kept. Returns when they
        are on their way."""
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
