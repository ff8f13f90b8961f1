"""A run of a source that lists: compare the listing with what is indexed, and send the difference.

One implementation for all types; what differs between them is behind `services.connectors.lister`.

    list ─┐
          ├─► compare ─► read and send what is new or changed ─► delete what is gone ─► all done? ─► end
 indexed ─┘
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_random_exponential

from schemas.errors import RequestError, TransientError
from schemas.events import RunRequested
from services.connectors.barrier import markers
from services.connectors.guard import DeleteGuard
from services.connectors.invocations import Invocations
from services.connectors.lister import Lister, Origin, Resumable
from services.connectors.memos import KnownDocuments, Memos, SourceMemos
from services.connectors.patience import ORIGIN_SECONDS, Patience
from services.connectors.reconciliation import Reconciliation
from services.connectors.runs import Attempt, Connector, RequireOrder, RunEnded, ordered
from services.connectors.states import Indexed, IndexedDocuments, States, digest, scope_of
from streams.blobs import BlobStore
from streams.chroma import FoundCollection
from streams.engine.outputs import Output
from streams.engine.stage import Context, Record
from streams.topics import RUNS

#: How long a run waits for a vector store that is busy or restarting before the whole run is retried.
_LOOK_UP_SECONDS = 300
#: A run whose collection is deleted meanwhile starts a new attempt. After this many attempts it fails.
_MOST_ATTEMPTS = 3
#: The share of a source's indexed documents that a run may delete unasked (`HEADRACE_MASS_DELETE_SHARE`).
MASS_DELETE_SHARE = 0.5


class Collections(Protocol):
    """The collections of the vector store."""

    async def collection(self, tenant: str, database: str, collection: str) -> FoundCollection | None:
        """The id of a collection, None if it does not exist. Raises TransientError if there is no answer."""
        ...


@dataclass(frozen=True, slots=True)
class _Done:
    """A successful run, and the runs that were waiting when it started to list. They were requested before,
    so its listing is as new as theirs would be."""

    run: RunRequested
    waiting: frozenset[str]

    def covers(self, run: RunRequested) -> bool:
        """Whether a run would repeat this one."""
        return run.invocation_id in self.waiting and _what(run) == _what(self.run)


class SyncConnector(Connector):
    """Executes runs: those of one source into one collection in sequence, all others concurrently.

    A run that waited when an identical one started is merged into that one, if it succeeds.

    Args:
        kind: source type.
        states: `source-documents`, with the partitioning of `runs.<type>`.
        window: maximum number of documents of a run that are in flight.
        partitions: number of partitions of `documents`.
        memos: `source-memos`, with the same partitioning; None keeps no memos.
        mass_delete_share: the share of indexed documents that a run may delete unasked.
        origin_s: how long a run may make no progress because its origin does not answer.
        run_base: since partitions were grown, what is added to offsets of runs (`streams.state.layout`).
        require_order: as of an attempt.
    """

    concurrency = 16
    sequential_keys = True

    def __init__(
        self,
        kind: str,
        origin: Origin[Any],
        invocations: Invocations,
        states: States,
        collections: Collections,
        blobs: BlobStore,
        window: int,
        partitions: int,
        memos: Memos | None = None,
        mass_delete_share: float = MASS_DELETE_SHARE,
        origin_s: float = ORIGIN_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        run_base: int = 0,
        require_order: RequireOrder = ordered,
    ) -> None:
        super().__init__(invocations, run_base, require_order)
        self.name, self.topic = f"connectors.{kind}", RUNS[kind]
        self._origin, self._states, self._collections, self._blobs = origin, states, collections, blobs
        self._window, self._partitions = window, partitions
        self._memos, self._share = memos, mass_delete_share
        self._patience = Patience(origin_s, clock)
        self._done: dict[str, _Done] = {}  # by sequence; only if other runs were waiting

    def sequence_of(self, record: Record[RunRequested]) -> str:
        """The source and the collection of a run."""
        return scope_of(record.event.source.id, record.event.collection)

    async def process(self, record: Record[RunRequested], context: Context) -> Sequence[Output]:
        """As `Connector` says."""
        outputs = await super().process(record, context)
        await asyncio.to_thread(self._forget, record.event.invocation_id)
        return outputs

    def failed(self, record: Record[RunRequested], error: Exception) -> Sequence[Output]:
        """As `Connector` says."""
        self._forget(record.event.invocation_id)
        return super().failed(record, error)

    def _forget(self, invocation_id: str) -> None:
        self._patience.forget(invocation_id)
        if isinstance(self._origin, Resumable):
            self._origin.forget(invocation_id)

    async def carry_out(self, record: Record[RunRequested], context: Context) -> Sequence[Output]:
        """Emit documents as they are found; return when all are done, or the run has failed.

        If the collection is deleted during the run, the new one lacks what went into the old one. So the run
        completes only if the collection is still the one that it began with; otherwise a new attempt begins.
        """
        for _ in range(_MOST_ATTEMPTS):
            attempt = self.attempt(record, context, self._window)
            if not await attempt.begin():
                return []
            if (earlier := self._done.get(self.sequence_of(record))) and earlier.covers(record.event):
                await attempt.merge(earlier.run.invocation_id)
                return []
            self._done.pop(self.sequence_of(record), None)  # even a failed run may write
            waiting = self._invocations.waiting(record.event.invocation_id)
            try:
                if await self._attempt(record, attempt):
                    self._remember(record, waiting)
                    return []
            except RunEnded:  # cancelled or failed
                return []
            except RequestError as error:
                await attempt.fail(error)
                return []
        await attempt.fail(
            RequestError(
                f"collection {record.event.collection!r} was deleted while the run filled it, "
                f"{_MOST_ATTEMPTS} times in a row; documents are missing from it, run the source again"
            )
        )
        return []

    def _remember(self, record: Record[RunRequested], waiting: frozenset[str]) -> None:
        # Of a source that was deleted no run comes any more, which would end it.
        self._done = {
            sequence: done
            for sequence, done in self._done.items()
            if not all(map(self._invocations.ended, done.waiting))
        }
        if waiting and self._invocations.went_well(record.event.invocation_id):
            self._done[self.sequence_of(record)] = _Done(record.event, waiting)

    async def _attempt(self, record: Record[RunRequested], attempt: Attempt) -> bool:
        """One attempt; False when the collection was deleted meanwhile.

        Raises RequestError when the source cannot be listed, or the run would delete more than it may. Raises
        RunEnded.
        """
        run, partition = record.event, record.partition
        documents = IndexedDocuments(self._states, partition, scope_of(run.source.id, run.collection))
        memos = SourceMemos(self._memos, partition, run.source.id)
        async with self._opened(run, KnownDocuments(documents, memos)) as lister:
            await attempt.settle(
                self._states, partition, markers(self._partitions, run.source, run.collection)
            )
            found = await self._collection(run)
            collection_id, renewed = _writable(run, found), found.reembedded if found else None
            await asyncio.gather(self._states.catch_up([partition]), memos.catch_up())
            guard = DeleteGuard(run, lister, documents, self._share)
            watch = self._patience.watch(run.invocation_id)
            made = Reconciliation(
                run, attempt, lister, documents, memos, self._blobs, collection_id, guard, watch, renewed
            )
            await made.carry_out()
        if not await attempt.documents_done(made.left_out, made.facts):
            return True
        if not await self._is_whole(run, documents, collection_id):
            return False
        await attempt.complete(made.left_out, made.facts)
        return True

    @asynccontextmanager
    async def _opened(self, run: RunRequested, known: KnownDocuments) -> AsyncIterator[Lister | None]:
        """The lister of a run; None for a run that deletes everything without listing."""
        if run.delete_documents:
            yield None
            return
        async with aclosing(self._origin.open(run, known)) as lister:
            yield lister

    @retry(
        retry=retry_if_exception_type(TransientError),
        wait=wait_random_exponential(max=10),
        stop=stop_after_delay(_LOOK_UP_SECONDS),
        reraise=True,
    )
    async def _collection(self, run: RunRequested) -> FoundCollection | None:
        return await self._collections.collection(run.source.tenant, run.source.database, run.collection)

    async def _is_whole(
        self, run: RunRequested, documents: IndexedDocuments, collection_id: str | None
    ) -> bool:
        """Whether all documents of the run are in the collection that exists now."""
        found = await self._collection(run)
        now = None if found is None else found.id
        if collection_id is not None:
            return now == collection_id
        # This run created the collection, perhaps more than once.
        await self._states.catch_up([documents.partition])
        return await asyncio.to_thread(_all_in, documents, digest(run.invocation_id), digest(now))


def _writable(run: RunRequested, found: FoundCollection | None) -> str | None:
    """The id of the collection. Raises RequestError if it is closed: the gateway refuses such runs, but runs
    that events and webhooks start do not pass its check."""
    if found is None:
        return None
    if found.closed and not run.delete_documents:
        raise RequestError(
            f"collection {run.collection!r} is closed: its metadata has finished_ingest = true; "
            "nothing was written"
        )
    return found.id


def _what(run: RunRequested) -> RunRequested:
    """A run without the fields in which identical runs differ."""
    return run.model_copy(update={"invocation_id": "", "trigger": "", "requested_at": datetime.min})


def _all_in(documents: IndexedDocuments, invocation: bytes, collection: bytes) -> bool:
    """Whether this collection contains everything that the invocation wrote."""
    rows = (Indexed.unpacked(row.essence) for page in documents.pages() for row in page)
    return all(
        known.collection == collection
        for known in rows
        if known.invocation == invocation and known.complete and not known.deleted and known.chunks
    )
