"""Is it a document that the store cannot take, a broken collection, or the store? Each holds up its own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from schemas.errors import DocumentError
from services.indexing.rows import Collection
from services.indexing.vectors import CollectionFault, Guard, VectorStore

#: A collection that has answered with errors for so long, while the store takes writes beside it, is broken:
#: longer than a restart, a compaction or a migration takes.
_LASTING_SECONDS = 300.0
#: A broken one is asked again this often; documents that come in between fail at once.
_ASKED_AGAIN_SECONDS = 60.0
#: What is tried again is tried within a minute or two. A collection that nobody has asked for so long may
#: have been mended, or have been another worker's meanwhile: its minutes begin anew.
_FORGOTTEN_SECONDS = 600.0


@dataclass(slots=True)
class _Trouble:
    """When a collection first and last answered with an error, and since when it counts as broken."""

    since: float
    last: float
    broken: tuple[float, DocumentError] | None = None


@dataclass(slots=True)
class _Alone:
    """A document that was alone in a request which met an error: when it last did, since when its collection
    was seen to take others, and whether it has taken one since that last error."""

    collection: Collection
    last: float
    since: float | None = None
    others: bool = False


class Faults:
    """Remembers which collections answer with errors, and since when.

    Args:
        store: asked for a write beside a collection before that one is called broken.
        clock: seconds that only grow.
    """

    def __init__(self, store: VectorStore, clock: Callable[[], float]) -> None:
        self._store, self._clock = store, clock
        self._troubles: dict[Collection, _Trouble] = {}
        self._documents: dict[str, _Alone] = {}

    def broken(self, collection: Collection) -> DocumentError | None:
        """The error of a collection that was found broken a moment ago and need not be asked now."""
        trouble = self._troubles.get(collection)
        if trouble is None or trouble.broken is None:
            return None
        at, error = trouble.broken
        return error if self._clock() - at < _ASKED_AGAIN_SECONDS else None

    def well(self, collection: Collection, documents: Iterable[str]) -> None:
        """It has taken a request for these documents."""
        self._troubles.pop(collection, None)
        for document in documents:
            self._documents.pop(document, None)
        for alone in self._documents.values():
            if alone.collection == collection:
                alone.others = True
                alone.since = self._clock() if alone.since is None else alone.since

    def away(self) -> None:
        """The store did not answer at all: that is nobody's fault, and the time is not counted."""
        for trouble in self._troubles.values():
            trouble.since = self._clock()
        for alone in self._documents.values():
            alone.since = None

    def of_document(
        self, collection: Collection, documents: set[str], fault: CollectionFault
    ) -> DocumentError | None:
        """The error of a document that has met faults for minutes while its collection took others."""
        if len(documents) != 1:
            return None
        now, (document,) = self._clock(), documents
        self._documents = {d: a for d, a in self._documents.items() if now - a.last < _FORGOTTEN_SECONDS}
        alone = self._documents.setdefault(document, _Alone(collection, now))
        lasting = 0.0 if alone.since is None else now - alone.since
        if lasting < _LASTING_SECONDS or not alone.others:
            alone.last, alone.others = now, False
            return None
        return DocumentError(
            f"Chroma has answered with errors to this document for {lasting / 60:.0f} min while {collection} "
            f"takes others. Last: {fault}"
        )

    async def judged(
        self, collection: Collection, fault: CollectionFault, guard: Guard
    ) -> CollectionFault | DocumentError:
        """What the fault means for the documents: to be tried again, or after minutes of it given up."""
        now = self._clock()
        self._troubles = {c: t for c, t in self._troubles.items() if now - t.last < _FORGOTTEN_SECONDS}
        trouble = self._troubles.setdefault(collection, _Trouble(now, now))
        trouble.last = now
        lasting = now - trouble.since
        if lasting < _LASTING_SECONDS:
            return fault
        if not await self._store.writable(collection, guard):
            trouble.since = now  # the whole store is ill, its disk full for instance
            return fault
        error = DocumentError(
            f"{collection} has answered with errors for {lasting / 60:.0f} min while Chroma takes writes "
            f"beside it; mend or delete the collection, then replay the dead letters. Last: {fault}"
        )
        trouble.broken = now, error
        return error
