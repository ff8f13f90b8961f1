"""One request at a time per collection; a batch waits a limited time for each."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import TypeVar

from services.indexing.rows import Collection
from services.indexing.vectors import CollectionFault

T = TypeVar("T")

#: How long a batch waits for a request. Rewriting 300 rows takes Chroma 2.5 s at worst.
PATIENCE_SECONDS = 10.0
#: The same if the previous request timed out, so that a hanging collection delays the others by only one
#: second per minute.
_SHORT_SECONDS = 1.0
#: Concurrent requests that a batch waits for.
_CONCURRENCY = 8


class Lanes:
    """Sends requests, to different collections in parallel.

    A request that exceeds the patience is not cancelled, because the server may still execute it, and a later
    request must not overtake it. It continues in the background, and its documents are retried. Until it
    ends, by a response or by its own timeout, nothing else is sent to its collection.

    Args:
        patience: seconds.
    """

    def __init__(self, patience: float = PATIENCE_SECONDS) -> None:
        self._patience = patience
        self._limit = asyncio.Semaphore(_CONCURRENCY)
        self._left: dict[Collection, tuple[float, asyncio.Task[object]]] = {}
        #: Collections whose request exceeded the patience: seconds until its answer arrived, None while there
        #: is none.
        self._slow: dict[Collection, float | None] = {}

    async def send(self, collection: Collection, request: Callable[[], Coroutine[object, object, T]]) -> T:
        """The result or error of the request. Raises CollectionFault if it exceeds the patience, or while an
        earlier request still runs in the background."""
        if collection in self._left:
            raise _unanswered(collection, time.monotonic() - self._left[collection][0])
        async with self._limit:
            begun = time.monotonic()
            task = asyncio.create_task(request())
            try:
                await asyncio.wait([task], timeout=self._patience_for(collection))
            except asyncio.CancelledError:
                task.cancel()
                raise
        if task.done():
            answer = task.result()
            if collection in self._slow and time.monotonic() - begun <= self._patience / 2:
                del self._slow[collection]
            return answer
        self._left[collection] = begun, task
        self._slow[collection] = None
        task.add_done_callback(lambda _: self._ended(collection, begun, task))
        raise _unanswered(collection, time.monotonic() - begun)

    async def abandon(self) -> None:
        """Cancel running requests: their documents have another owner now."""
        tasks = [task for _, task in self._left.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=2)

    def _patience_for(self, collection: Collection) -> float:
        if collection not in self._slow:
            return self._patience
        took = self._slow[collection]
        return min(_SHORT_SECONDS, self._patience) if took is None else max(self._patience, 2 * took)

    def _ended(self, collection: Collection, begun: float, task: "asyncio.Task[object]") -> None:
        self._left.pop(collection, None)
        if not task.cancelled() and task.exception() is None:
            self._slow[collection] = time.monotonic() - begun


def _unanswered(collection: Collection, seconds: float) -> CollectionFault:
    return CollectionFault(f"{collection} has not answered for {seconds:.0f} s")
