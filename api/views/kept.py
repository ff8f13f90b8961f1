"""What is dear to ask, asked in the background: who looks waits for it a moment only."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")

#: A page should be there within 150 ms; a live page gets later answers anyway.
PATIENCE_S = 0.08
#: An older answer says nothing about now.
STALE_S = 60.0


class Kept(Generic[T]):
    """The newest answer to one question; asked again when somebody looks and it is older than `keep_s`.

    Args:
        stale_s: an answer that is older is not given any more.
    """

    def __init__(self, ask: Callable[[], Awaitable[T]], keep_s: float, stale_s: float = STALE_S) -> None:
        self._ask, self._keep_s, self._stale_s = ask, keep_s, stale_s
        self._answered_at = float("-inf")
        self._answer: T | None = None
        self._asking: asyncio.Task[None] | None = None

    async def newest(self, patience_s: float = PATIENCE_S) -> T | None:
        """The answer; without one, that of the next `patience_s` seconds, else None."""
        clock = asyncio.get_running_loop().time
        if self._asking is None and clock() - self._answered_at >= self._keep_s:
            self._asking = asyncio.create_task(self._refresh())
        if self._asking is not None and clock() - self._answered_at >= self._stale_s:
            await asyncio.wait([self._asking], timeout=patience_s)
        return self._answer if clock() - self._answered_at < self._stale_s else None

    async def close(self) -> None:
        """Stop asking."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    async def _refresh(self) -> None:
        try:
            self._answer = await self._ask()
            self._answered_at = asyncio.get_running_loop().time()
        finally:
            self._asking = None
