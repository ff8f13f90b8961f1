"""A watch of something that changes in the event loop, as a view does."""

import asyncio


class Watch:
    """Wakes at every change of a view; to be used in a `with`."""

    def __init__(self, watchers: list[asyncio.Event]) -> None:
        self._watchers, self._event = watchers, asyncio.Event()

    def __enter__(self) -> "Watch":
        self._watchers.append(self._event)
        return self

    def __exit__(self, *exc: object) -> None:
        self._watchers.remove(self._event)

    async def wait(self) -> None:
        """Return at the next change, or at once if there was one since the last call."""
        await self._event.wait()
        self._event.clear()
