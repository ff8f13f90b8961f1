"""Run the batches of several calls in threads, fairly and cancellably."""

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

    Each call has at most `workers` batches in the pool's queue, so a query that arrives during a call of a
    thousand batches waits for about two of them.
    """

    def __init__(self, workers: int, name: str) -> None:
        self.workers = workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix=name)

    async def call(self, function: Callable[[], R]) -> R:
        """Run one blocking function in the pool. RuntimeError after `close`."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, function)

    async def run_batches(self, batches: Sequence[list[int]], run: RunBatch, out: Vectors) -> Vectors:
        """Fill the rows of `out` batch by batch and return it.

        Raises the first error of `run` at once. After a failure or cancellation no further batch starts;
        running ones finish and their rows are dropped.
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
        """Wait for running batches, drop waiting ones. Idempotent."""
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)
