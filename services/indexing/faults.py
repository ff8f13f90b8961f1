"""Attribute failures to a document, a collection or the store, and decide when to fail their documents."""

import asyncio
from collections.abc import Callable
from collections.abc import Collection as Several
from dataclasses import dataclass

from schemas.errors import DocumentError
from services.indexing.rows import Collection
from services.indexing.vectors import CollectionFault, Guard, VectorStore

#: Longer than a restart, a compaction or a migration takes.
LASTING_SECONDS = 300.0
#: A broken collection is tested again this often. Documents in between fail immediately.
_ASKED_AGAIN_SECONDS = 60.0
#: Retries come within a minute or two. A collection without requests for this long may have been repaired, or
#: belonged to another worker meanwhile, so its time starts again.
_FORGOTTEN_SECONDS = 600.0
#: Timeout of the probe write. A store that takes longer for one row is itself unhealthy.
_PROBE_SECONDS = 10.0


@dataclass(slots=True)
class _Trouble:
    """Since when a collection, or a document alone in its requests, has only failed."""

    since: float
    last: float


class Faults:
    """Fails documents that have failed for `lasting` seconds while a probe write succeeds.

    Args:
        store: makes the probe write.
        clock: monotonic seconds.
    """

    def __init__(
        self, store: VectorStore, clock: Callable[[], float], lasting: float = LASTING_SECONDS
    ) -> None:
        self._store, self._clock, self._lasting = store, clock, lasting
        self._troubles: dict[Collection | str, _Trouble] = {}
        self._broken: dict[Collection, tuple[float, DocumentError]] = {}

    def __len__(self) -> int:
        """The number of remembered failing collections, and failing documents that were alone in a
        request."""
        return len(self._troubles)

    def broken(self, collection: Collection, documents: Several[str]) -> DocumentError | None:
        """The error for documents of a broken collection whose next test is not due yet."""
        at, error = self._broken.get(collection, (0.0, None))
        if error is None or self._clock() - at >= _ASKED_AGAIN_SECONDS:
            return None
        self._give_up(documents)
        return error

    def well(self, collection: Collection, documents: Several[str]) -> None:
        """Note that the collection accepted a request for these documents."""
        self._broken.pop(collection, None)
        suspects: list[Collection | str] = [collection, *documents]
        for each in suspects:
            self._troubles.pop(each, None)

    def away(self) -> None:
        """Note that the store did not answer: no document is to blame, and this time does not count."""
        for trouble in self._troubles.values():
            trouble.since = self._clock()

    async def judged(
        self, collection: Collection, documents: Several[str], fault: CollectionFault, guard: Guard
    ) -> CollectionFault | DocumentError:
        """The error for a failed request for these documents: a retry at first, a dead letter after `lasting`
        seconds."""
        now = self._clock()
        self._forget(now)
        suspects: list[Collection | str] = [collection, *(documents if len(documents) == 1 else ())]
        lasting = []
        for each in suspects:
            trouble = self._troubles.setdefault(each, _Trouble(now, now))
            trouble.last = now
            lasting.append(now - trouble.since)
        if max(lasting) < self._lasting:
            return fault
        if not await self._store_is_well(collection, guard):
            self.away()
            return fault
        self._give_up(documents)
        if lasting[0] < self._lasting:
            return DocumentError(
                f"Chroma has failed for {lasting[1] / 60:.0f} min on this document while {collection} "
                f"accepts others. Last error: {fault}"
            )
        error = DocumentError(
            f"{collection} has failed for {lasting[0] / 60:.0f} min while Chroma accepts other writes; "
            f"repair or delete the collection, then replay the dead letters. Last error: {fault}"
        )
        self._broken[collection] = now, error
        return error

    async def _store_is_well(self, beside: Collection, guard: Guard) -> bool:
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                return await self._store.writable(beside, guard)
        except TimeoutError:
            return False

    def _give_up(self, documents: Several[str]) -> None:
        """Forget these documents, so that their next versions start fresh."""
        for document in documents:
            self._troubles.pop(document, None)

    def _forget(self, now: float) -> None:
        self._troubles = {k: t for k, t in self._troubles.items() if now - t.last < _FORGOTTEN_SECONDS}
        self._broken = {c: b for c, b in self._broken.items() if now - b[0] < _FORGOTTEN_SECONDS}
