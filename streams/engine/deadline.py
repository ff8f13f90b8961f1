"""A time limit for work, even if the work ignores its cancellation."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

#: How long work that is cancelled may take to end.
LEAVE_SECONDS = 1.0


class Overdue(Exception):
    """The work exceeded its limit. `ended`: whether it has ended after its cancellation."""

    def __init__(self, seconds: float, ended: bool) -> None:
        super().__init__(f"not done within {seconds:g} s")
        self.seconds, self.ended = seconds, ended


class Deadline:
    """The deadline of work. `extend` moves it when the work makes progress."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.extend()

    def extend(self) -> None:
        """Restart the full time limit."""
        self._at = asyncio.get_running_loop().time() + self._seconds

    async def keep(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work`. Raises Overdue and cancels the work if it exceeds its limit. If cancelled itself, it
        cancels the work and returns soon, whether the work ends or not."""
        task = asyncio.ensure_future(work)
        try:
            while not task.done():
                left = self._at - asyncio.get_running_loop().time()
                if left <= 0:
                    raise Overdue(self._seconds, await _ended(task))
                await asyncio.wait([task], timeout=left)
        except asyncio.CancelledError:
            await _ended(task)
            raise
        return task.result()


async def _ended(task: "asyncio.Task[Any]") -> bool:
    """Cancel a task; returns whether it ended soon after. Its result is ignored."""
    task.cancel()
    task.add_done_callback(_passed_over)
    with contextlib.suppress(asyncio.CancelledError):  # a second one, while we wait
        await asyncio.wait([task], timeout=LEAVE_SECONDS)
    return task.done()


def _passed_over(task: "asyncio.Task[Any]") -> None:
    if not task.cancelled():
        task.exception()


async def either(future: asyncio.Future[None], event: asyncio.Event, seconds: float | None) -> None:
    """Wait for the end of the future or for the event, `seconds` at most. Raises nothing of the future."""
    happening = asyncio.ensure_future(event.wait())
    waiting: list[asyncio.Future[Any]] = [future, happening]
    await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    happening.cancel()
