"""Running the batches of several calls side by side in threads, fairly, and able to be cancelled."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from services.embedding.embedder import Vectors

R = TypeVar("R")

#: Indices of the texts of one batch in, their vectors out, in that order.
RunBatch = Callable[[list[int]], Vectors]


class BatchThreads:
    """A pool of threads for the blocking work of one model.

    Each call keeps at most `workers` batches in the pool's queue. So a query that arrives behind a
    call of a thousand batches waits for about two of them, not for all.
    """

    def __init__(self, workers: int, name: str) -> None:
        self.workers = workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix=name)

    async def call(self, function: Callable[[], R]) -> R:
        """Run one blocking function in the pool. RuntimeError after `close`."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, function)

    async def run_batches(self, batches: Sequence[list[int]], run: RunBatch, out: Vectors) -> Vectors:
        """Fill the rows of `out` batch by batch and return it.

        The first error of `run` is raised at once. Cancelled or failed: no further batch starts; one
        that runs ends on its own and its rows are dropped.
        """
        waiting = iter(batches)
        lanes = [
            asyncio.ensure_future(self._drain(waiting, run, out))
            for _ in range(min(self.workers, len(batches)))
        ]
        try:
            await asyncio.gather(*lanes)
        finally:
            for lane in lanes:
                lane.cancel()
        return out

    async def _drain(self, waiting: Iterator[list[int]], run: RunBatch, out: Vectors) -> None:
        for batch in waiting:
            out[batch] = await self.call(lambda taken=batch: run(taken))  # type: ignore[misc]

    async def close(self) -> None:
        """Wait for what runs, drop what waits. A second call does nothing."""
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)
