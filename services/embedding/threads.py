"""Run the batches of several calls in threads: urgent first, fair, cancellable."""

import asyncio
import itertools
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from schemas.errors import TransientError
from services.embedding.embedder import Vectors
from services.embedding.metrics import QUEUE_SECONDS
from streams import tracing

R = TypeVar("R")

#: Takes the indices of a batch's texts, returns their vectors in that order.
RunBatch = Callable[[list[int]], Vectors]

_URGENT, _BULK, _END = range(3)
#: An entry of the queue: urgency, order of arrival, since when, and what to do.
_Job = tuple[int, int, float, Future[Any] | None, Callable[[], Any] | None]
_CLOSED = "the embedder is closed: this process ends"
_URGENCY = {_URGENT: "urgent", _BULK: "bulk"}


class BatchThreads:
    """A pool of threads for the blocking work of one model.

    Urgent work overtakes all waiting work, so a query only waits for running batches. Each call has at most
    `workers` batches in the queue, so calls of the same urgency take turns.
    """

    def __init__(self, workers: int, name: str) -> None:
        self.workers = workers
        self._jobs: queue.PriorityQueue[_Job] = queue.PriorityQueue()
        self._number = itertools.count()
        self._closed = False
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    async def call(self, function: Callable[[], R], urgent: bool = False) -> R:
        """Run one blocking function in the pool. Raises TransientError after `close`."""
        future: Future[R] = Future()
        function = tracing.bound(function)
        with self._lock:
            if self._closed:
                raise TransientError(_CLOSED)
            urgency = _URGENT if urgent else _BULK
            self._jobs.put((urgency, next(self._number), time.monotonic(), future, function))
        return await asyncio.wrap_future(future)

    async def run_batches(
        self, batches: Sequence[list[int]], run: RunBatch, out: Vectors, urgent: bool = False
    ) -> Vectors:
        """Fill the rows of `out` batch by batch and return it.

        Raises the first error of `run` at once. After a failure or cancellation no further batch starts;
        running ones finish and their rows are dropped.
        """
        waiting = iter(batches)
        lanes = [
            asyncio.ensure_future(self._drain(waiting, run, out, urgent))
            for _ in range(min(self.workers, len(batches)))
        ]
        try:
            await asyncio.gather(*lanes)
        finally:
            for lane in lanes:
                lane.cancel()
        return out

    async def _drain(self, waiting: Iterator[list[int]], run: RunBatch, out: Vectors, urgent: bool) -> None:
        for batch in waiting:
            out[batch] = await self.call(lambda taken=batch: run(taken), urgent)  # type: ignore[misc]

    async def close(self) -> None:
        """Wait for running batches; waiting ones raise TransientError. Idempotent."""
        with self._lock:
            first, self._closed = not self._closed, True
        if first:
            self._drop_waiting()
            for _ in self._threads:
                self._jobs.put((_END, next(self._number), 0.0, None, None))
        for thread in self._threads:
            await asyncio.to_thread(thread.join)

    def _drop_waiting(self) -> None:
        while True:
            try:
                _, _, _, future, _ = self._jobs.get_nowait()
            except queue.Empty:
                return
            if future is not None and future.set_running_or_notify_cancel():
                future.set_exception(TransientError(_CLOSED))

    def _work(self) -> None:
        while True:
            urgency, _, since, future, function = self._jobs.get()
            if future is None or function is None:
                return
            if not future.set_running_or_notify_cancel():
                continue
            QUEUE_SECONDS.labels(_URGENCY[urgency]).observe(time.monotonic() - since)
            try:
                result = function()
            except BaseException as error:  # the caller's to handle
                future.set_exception(error)
            else:
                future.set_result(result)
            del future, function  # a waiting thread holds no vectors
