"""Worker processes for work that may hang or crash: a document that does costs only itself."""

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from multiprocessing import forkserver, get_context
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from schemas.errors import DocumentError, DocumentTooLarge
from streams.local.die_with_parent import die_with_parent

T = TypeVar("T")

#: Tasks after which a worker is replaced, so that what a library leaks stays small.
_TASKS_PER_WORKER = 2_000


class WorkerProcesses:
    """Runs functions of modules in `workers` processes, each call at most `wall_seconds`.

    `preload` names modules that every worker has imported before its first call.
    """

    def __init__(self, workers: int, wall_seconds: float, preload: Sequence[str] = ()) -> None:
        self._workers, self._wall_seconds, self._preload = workers, wall_seconds, list(preload)
        self._pool: ProcessPool | None = None

    async def run(self, name: str, function: Callable[..., T], *arguments: Any) -> T:
        """`function(*arguments)` in a worker; `name` is the document that errors speak of.

        Raises what the function raises, DocumentTooLarge when it takes too long, and DocumentError when it
        has killed two workers.
        """
        for death in (1, 2):
            future = self._opened().schedule(function, args=list(arguments), timeout=self._wall_seconds)
            try:
                result: T = await asyncio.wrap_future(future)
                return result
            except (FutureTimeout, TimeoutError) as error:
                raise DocumentTooLarge(f"{name}: took longer than {self._wall_seconds:g} s") from error
            except ProcessExpired as error:
                if death == 2:
                    raise DocumentError(
                        f"{name}: killed its worker twice (exit code {error.exitcode})"
                    ) from error
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Stop the workers, whatever they are at."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()

    def _opened(self) -> ProcessPool:
        if self._pool is None or not self._pool.active:
            context = get_context("forkserver")
            context.set_forkserver_preload(self._preload)
            self._pool = ProcessPool(
                max_workers=self._workers,
                max_tasks=_TASKS_PER_WORKER,
                initializer=end_with_service,
                context=context,
            )
        return self._pool


def end_with_service() -> None:
    """To be called first in a worker of a fork server's pool.

    Workers belong to the fork server; they end when it does, and it ends with the service.

    It ends when nobody holds the pipe by which the service shows that it lives, and every worker is given
    that pipe too, for processes of its own: busy workers and the server would keep each other alive.
    """
    alive = getattr(forkserver._forkserver, "_forkserver_alive_fd", None)
    if alive is not None:
        os.close(alive)
        forkserver._forkserver._forkserver_alive_fd = None  # type: ignore[attr-defined]
    die_with_parent(os.getppid())
