"""How long a run waits for an origin that does not answer.

The engine retries a run as long as its origin may answer later. A run without progress for too long fails
with the origin's last error, so that users learn the reason.
"""

import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from schemas.errors import RateLimited, RequestError, TransientError
from schemas.events import MetadataValue
from services.connectors.lister import Content, Entry, Item, Lister

#: How long a run may make no progress (`HEADRACE_ORIGIN_SECONDS`).
ORIGIN_SECONDS = 600.0


@dataclass(slots=True)
class _Tries:
    """The attempts of one run: the progress of the best, and when the first one without more progress
    failed."""

    furthest: int = 0
    failing_since: float | None = None


class Patience:
    """Tracks for each run how long its origin has been failing.

    Args:
        seconds: after this time without progress the run fails.
        clock: monotonic seconds.
    """

    def __init__(self, seconds: float = ORIGIN_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._tries: dict[str, _Tries] = {}

    def watch(self, invocation_id: str) -> "Watch":
        """A `Watch` for one attempt of a run."""
        return Watch(self._tries.setdefault(invocation_id, _Tries()), self._seconds, self._clock)

    def forget(self, invocation_id: str) -> None:
        """The run has ended."""
        self._tries.pop(invocation_id, None)


class Watch:
    """A context manager for requests to the origin in one attempt.

    Passes a TransientError on while there is time, and turns it into a RequestError afterwards. RateLimited
    does not count, because it says when to continue.
    """

    def __init__(self, tries: _Tries, seconds: float, clock: Callable[[], float]) -> None:
        self._tries, self._seconds, self._clock = tries, seconds, clock
        self._got = 0

    def got(self, count: int) -> None:
        """Note that the origin listed or delivered this many more documents."""
        self._got += count
        if self._got > self._tries.furthest:
            self._tries.furthest, self._tries.failing_since = self._got, None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, RateLimited):
            self._tries.failing_since = None
        elif isinstance(error, TransientError):
            self._failed(error)

    def _failed(self, error: TransientError) -> None:
        now = self._clock()
        since = now if self._tries.failing_since is None else self._tries.failing_since
        self._tries.failing_since = since
        if now - since >= self._seconds:
            raise RequestError(
                f"{error}; given up after {now - since:.0f} s in which the run got no further "
                "(HEADRACE_ORIGIN_SECONDS); run the source again when it answers"
            ) from error


class WatchedLister:
    """A lister with a limit on the wait for its origin."""

    def __init__(self, lister: Lister, watch: Watch) -> None:
        self._lister, self._watch = lister, watch
        self.when_empty, self.in_order, self.only = lister.when_empty, lister.in_order, lister.only

    def facts(self) -> Mapping[str, MetadataValue]:
        """As `Lister` says."""
        return self._lister.facts()

    async def pages(self) -> AsyncGenerator[Sequence[Entry], None]:
        """As `Lister` says."""
        pages = self._lister.pages()
        try:
            with self._watch:
                async for page in pages:
                    self._watch.got(len(page))
                    yield page
        finally:
            if isinstance(pages, AsyncGenerator):
                await pages.aclose()

    async def read(self, item: Item) -> Content:
        """As `Lister` says."""
        with self._watch:
            content = await self._lister.read(item)
        self._watch.got(1)
        return content

    async def aclose(self) -> None:
        """As `Lister` says."""
        await self._lister.aclose()
