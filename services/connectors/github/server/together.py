"""Coalesce equal concurrent requests."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Together(Generic[T]):
    """Requests whose responses may become stale: a response is only shared by callers who asked before its
    request started.

    However many callers there are at once, at most two requests are made: the running one, and one for all
    callers who came after it started.
    """

    def __init__(self) -> None:
        self._next: dict[Hashable, asyncio.Task[T]] = {}
        self._under_way: dict[Hashable, asyncio.Task[T]] = {}

    async def ask(self, key: Hashable, question: Callable[[], Awaitable[T]]) -> T:
        """The response to the request identified by `key`. Raises the errors of `question`."""
        task = self._next.get(key)
        if task is None:
            before = self._under_way.get(key)
            task = self._next[key] = asyncio.create_task(self._asked(key, before, question))
        return await asyncio.shield(task)  # a cancelled caller must not cancel the others

    async def _asked(
        self, key: Hashable, before: "asyncio.Task[T] | None", question: Callable[[], Awaitable[T]]
    ) -> T:
        if before is not None:
            await asyncio.wait([before])
        self._under_way[key] = task = self._next.pop(key)
        try:
            return await question()
        finally:
            if self._under_way.get(key) is task:
                del self._under_way[key]
