"""A pool of worker processes for one event loop.

pool = WorkerPool(workers=2, wall_seconds=180, preload=["services.chunking.stage"])
chunks = await pool.run(cut, text, "main.py")
pool.close()
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from weakref import WeakSet

from streams.processes import wire
from streams.processes.channel import Worker
from streams.processes.errors import CallTimeout, PoolStopped, ProcessError, RemoteError
from streams.processes.forks import ForkServer

T = TypeVar("T")

#: Calls after which a worker is replaced, to bound memory leaks of libraries.
CALLS_PER_WORKER = 500
#: Maximum length of an answer. The largest document has 200 MiB, and escapes make its JSON longer.
MAX_ANSWER_BYTES = 400 * 1024 * 1024
#: Seconds in which a worker, with its preloaded libraries, must be ready on a busy machine.
_START_SECONDS = 60.0


class WorkerPool:
    """Runs module-level functions in `workers` processes, in the order of the calls.

    Arguments are bytes, or values that pydantic converts to JSON and back by their annotations. A result that
    does not match the return annotation raises BadAnswer. A worker is replaced after a call that may have
    damaged it, and after `calls_per_worker` calls.

    Args:
        workers: number of processes, started by the first calls or by `start`.
        wall_seconds: time limit of a call, not counting the wait for a worker.
        cpu_seconds: CPU time limit of a call; None for no limit.
        preload: modules that are loaded before workers are forked.
        setup: function and arguments of the first call in each worker, for example to confine it.
        max_answer_bytes: maximum length of an answer.
        calls_per_worker: calls after which a worker is replaced.
    """

    def __init__(
        self,
        workers: int,
        wall_seconds: float,
        *,
        cpu_seconds: int | None = None,
        preload: Sequence[str] = (),
        setup: tuple[Callable[..., None], Sequence[Any]] | None = None,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        calls_per_worker: int = CALLS_PER_WORKER,
    ) -> None:
        self._size, self._wall_seconds, self._cpu_seconds = workers, wall_seconds, cpu_seconds
        self._preload, self._setup = list(preload), setup
        self._max_answer_bytes, self._calls_per_worker = max_answer_bytes, calls_per_worker
        self._open: _Open | None = None

    def start(self) -> None:
        """Start the workers eagerly. Returns immediately."""
        opened = self._opened()
        for _ in range(self._size):
            task = asyncio.create_task(self._warm(opened))
            opened.warming.add(task)
            task.add_done_callback(opened.warming.discard)

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call `function(*arguments)` in a worker.

        Raises the errors of `schemas.errors` that the function raises, and ProcessError. Cancelling a
        call kills its worker.
        """
        opened = self._opened()
        async with opened.slots:
            worker = await self._take(opened)
            try:
                value, error = await self._answer(worker, function, arguments)
            except BaseException:
                worker.discard()
                raise
            if isinstance(error, RemoteError) and error.name == MemoryError.__name__:
                worker.discard()
            elif worker.calls >= self._calls_per_worker:
                worker.close()
            else:
                opened.idle.append(worker)
        if error is not None:
            try:
                raise error
            finally:
                del error  # with this frame it would be a cycle, and keep the arguments until it is collected
        result: T = value
        return result

    def close(self) -> None:
        """Kill the workers; running and waiting calls raise PoolStopped.

        The pool can be used again, also in another event loop.
        """
        opened, self._open = self._open, None
        if opened is not None:
            opened.close()

    def _opened(self) -> _Open:
        if self._open is not None and not self._open.server.alive:
            self.close()
        if self._open is None:
            self._open = _Open(ForkServer(self._preload), self._size)
        return self._open

    async def _warm(self, opened: _Open) -> None:
        with contextlib.suppress(ProcessError):  # the next call gets the same error and reports it
            async with opened.slots:
                opened.idle.append(await self._take(opened))

    async def _take(self, opened: _Open) -> Worker:
        """An idle worker or a new one."""
        if not opened.server.alive:
            raise PoolStopped("the worker processes were stopped")
        while opened.idle:
            worker = opened.idle.pop()
            if worker.alive:
                return worker
            worker.discard()
        return await self._new(opened)

    async def _new(self, opened: _Open) -> Worker:
        try:
            async with asyncio.timeout(_START_SECONDS):
                worker = await Worker.forked(opened.server)
                opened.workers.add(worker)
                if self._setup is not None:
                    await self._set_up(worker, *self._setup)
                return worker
        except PoolStopped:
            raise
        except Exception as error:
            raise PoolStopped(f"a worker process does not start: {type(error).__name__}: {error}") from error

    async def _set_up(self, worker: Worker, function: Callable[..., None], arguments: Sequence[Any]) -> None:
        try:
            buffers = wire.encode_call(function, arguments, None)
            answer = await worker.call(buffers, self._max_answer_bytes)
            if answer.is_error:
                raise wire.decode_error(answer.body)
        except BaseException:
            worker.discard()
            raise

    async def _answer(
        self, worker: Worker, function: Callable[..., Any], arguments: Sequence[Any]
    ) -> tuple[Any, Exception | None]:
        """Value or error. Raises errors after which the worker must be replaced."""
        buffers = wire.encode_call(function, arguments, self._cpu_seconds)
        try:
            async with asyncio.timeout(self._wall_seconds):
                answer = await worker.call(buffers, self._max_answer_bytes)
        except TimeoutError:
            raise CallTimeout(self._wall_seconds) from None
        if answer.is_error:
            return None, wire.decode_error(answer.body)
        return wire.decode_value(function, answer.body, answer.texts), None


class _Open:
    """The resources of an open pool."""

    def __init__(self, server: ForkServer, size: int) -> None:
        self.server = server
        self.slots = asyncio.Semaphore(size)
        self.idle: list[Worker] = []
        self.workers: WeakSet[Worker] = WeakSet()
        self.warming: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        self.server.close()
        for worker in list(self.workers):
            worker.close()
