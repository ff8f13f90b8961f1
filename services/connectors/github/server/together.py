"""Who asks the same at the same time shares the answer."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Together(Generic[T]):
    """Questions whose answers grow old: an answer is shared by those who asked before it was asked for.

    However many ask at once, two questions are asked: one that is under way already, and one for all who came
    after it began.
    """

    def __init__(self) -> None:
        self._next: dict[Hashable, asyncio.Task[T]] = {}
        self._under_way: dict[Hashable, asyncio.Task[T]] = {}

    async def ask(self, key: Hashable, question: Callable[[], Awaitable[T]]) -> T:
        """The answer to a question, of which `key` says what it is. Raises what `question` does."""
        task = self._next.get(key)
        if task is None:
            before = self._under_way.get(key)
            task = self._next[key] = asyncio.create_task(self._asked(key, before, question))
        return await asyncio.shield(task)  # who is cancelled takes the answer from nobody

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
