"""A limit on the time of work, whatever the work does: also if it takes no notice of being cancelled."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

#: How long work that is cancelled may take to end.
_LEAVE_SECONDS = 1.0


class Overdue(Exception):
    """The work was not done in time. `ended` tells whether it has ended since, when it was cancelled."""

    def __init__(self, seconds: float, ended: bool) -> None:
        super().__init__(f"not done within {seconds:g} s")
        self.seconds, self.ended = seconds, ended


class Deadline:
    """The moment at which work is overdue. `extend` moves it: the work gets on."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.extend()

    def extend(self) -> None:
        """From now on it has the whole time again."""
        self._at = asyncio.get_running_loop().time() + self._seconds

    async def keep(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` returns or raises. Raises Overdue when it does neither in time; the work is cancelled
        then. Cancelled itself, it cancels the work and returns soon, whether the work ends or not."""
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
    """Cancel a task; whether it has ended soon after. What it still comes to is of no interest."""
    task.cancel()
    task.add_done_callback(_passed_over)
    with contextlib.suppress(asyncio.CancelledError):  # a second one, while we wait
        await asyncio.wait([task], timeout=_LEAVE_SECONDS)
    return task.done()


def _passed_over(task: "asyncio.Task[Any]") -> None:
    if not task.cancelled():
        task.exception()
