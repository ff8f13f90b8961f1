"""One question for all who ask it at the same time."""

import asyncio
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """The answers of a function that runs in a thread, once at a time.

    An answer is for those who had asked when the function began. So two rounds are enough, however many ask:
    the one under way, and one for all who came since. Who gives up waiting ends neither and leaves no thread.
    """

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self._now: asyncio.Task[T] | None = None
        self._next: asyncio.Task[T] | None = None

    async def answer(self) -> T:
        """An answer of after this call. Raises what the function raises."""
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._now))
            self._next.add_done_callback(_passed_over)
        return await asyncio.shield(self._next)

    async def _after(self, earlier: "asyncio.Task[T] | None") -> T:
        if earlier is not None:
            await asyncio.wait([earlier])
        self._now, self._next = self._next, None
        return await asyncio.to_thread(self._ask)


def _passed_over(task: "asyncio.Task[Any]") -> None:
    if not task.cancelled():  # its error is that of all who wait, if any still do
        task.exception()
