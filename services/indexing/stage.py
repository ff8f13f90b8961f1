"""The indexing stage: reads embedded parts, writes rows to the vector store and document states."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from schemas.errors import ContractError, FencedError, TransientError
from schemas.events import ChunkDigests, DocumentState, Event
from schemas.ids import document_id
from services.indexing.digests import block_key
from services.indexing.faults import LASTING_SECONDS, Faults
from services.indexing.lanes import PATIENCE_SECONDS, Lanes
from services.indexing.plan import Incoming, LoadBlock, check, no_block
from services.indexing.rows import Collection
from services.indexing.switch import EmbedAgain, Switches, is_switch
from services.indexing.vectors import VectorStore
from services.indexing.writer import PartlyWritten, Work, Writer
from streams.engine.outputs import Output, Send
from streams.engine.stage import Context, Outcome, Record, StatefulStage
from streams.state.store import PartitionStore
from streams.topics import DOCUMENT_STATES, EMBEDDINGS, PART_REQUESTS, SOURCE_DOCUMENTS

#: The byte limit of this stage's window. A row is about 3 KB on the topic (384 floats, a text of 1 KB, its
#: document), so a batch has 1,400 rows at most. Chroma rewrites existing rows at 120 rows/s at worst, so that
#: takes 12 s, a tenth of the time after which the engine considers a batch stuck.
BATCH_BYTES = 4 * 1024 * 1024


@dataclass(slots=True)
class _Waiting:
    """The records of one document in a batch: their indices, their events, and their outcomes in the
    collection with the id `identity`."""

    key: str
    partition: int
    state: DocumentState | None
    places: list[int] = field(default_factory=list)
    events: list[Incoming] = field(default_factory=list)
    works: Sequence[Work] = ()
    identity: str | None = None

    @property
    def collection(self) -> Collection:
        return Collection.of(self.events[-1].document)


class IndexingStage(StatefulStage[Incoming]):
    """Keeps collections at the newest version of each document.

    Args:
        vectors: the vector store.
        states: the topic `document-states`; partitioned like `embeddings`.
        now: the clock, in UTC.
        clock: monotonic seconds.
        patience: maximum seconds that a batch waits for one request; see `Lanes`.
        lasting: seconds of failures after which documents become dead letters; see `Faults`.
    """

    name = "indexing"
    topic = EMBEDDINGS
    #: Some parts of a big document with long vectors fill a window.
    fetch_seconds = 1.0
    #: 64 documents of 8 chunks fill two requests; more are not faster (`benchmarks/indexing.py`).
    max_records = 64

    def __init__(
        self,
        vectors: VectorStore,
        states: PartitionStore[DocumentState],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE_SECONDS,
        lasting: float = LASTING_SECONDS,
    ) -> None:
        self.stores: Sequence[PartitionStore[Any]] = (states,)
        self._vectors, self._states, self._now = vectors, states, now
        self._faults = Faults(vectors, clock, lasting)
        self._lanes = Lanes(patience)
        self._switches = Switches(vectors.settled, clock)

    async def revoked(self, partitions: Sequence[int]) -> None:
        """Cancel running requests: their documents may belong to another worker now."""
        await self._lanes.abandon()

    async def close(self) -> None:
        """Close the connections to the vector store."""
        await self._lanes.abandon()
        await self._vectors.close()

    def failed(self, record: Record[Incoming], error: Exception) -> Sequence[Output]:
        """Record the rows that a refused part left behind, so that the next version clears them."""
        outputs = list(super().failed(record, error))
        if isinstance(error, PartlyWritten):
            before = self._states.get(record.partition, record.key)
            outputs.extend(_sends(record.key, before, error.state))
        return outputs

    async def process_batch(self, records: Sequence[Record[Incoming]], context: Context) -> Sequence[Outcome]:
        """Write the documents of the batch, grouped by collection, collections in parallel.

        If a collection or the store fails, its records are retried. Raises only FencedError; then nothing is
        recorded and the whole batch can be repeated.
        """
        outcomes: list[Outcome] = [()] * len(records)
        waiting = await self._switches.waiting(records, context)
        documents = self._group(records, outcomes, waiting)
        collections: dict[Collection, list[_Waiting]] = {}
        for each in documents:
            collections.setdefault(each.collection, []).append(each)
        try:
            async with asyncio.TaskGroup() as tasks:
                for collection, some in collections.items():
                    tasks.create_task(self._write(collection, some, context))
        except ExceptionGroup as failed:  # `except*` would wrap what is raised in it, before Python 3.11.4
            if fenced := failed.subgroup(FencedError):
                raise FencedError(str(fenced.exceptions[0])) from failed
            raise
        cuts = _cuts(documents)
        for each in documents:
            self._settle(each, cuts.get(each.partition, len(records)), outcomes)
        return outcomes

    def _group(
        self,
        records: Sequence[Record[Incoming]],
        outcomes: list[Outcome],
        held: Mapping[int, tuple[int, TransientError]],
    ) -> list[_Waiting]:
        """Group records by document, in order. Sets the outcomes of invalid records, and of those `held`: by
        partition, from which index on and why."""
        waiting: dict[str, _Waiting] = {}
        for place, record in enumerate(records):
            first, error = held.get(record.partition, (len(records), None))
            if error is not None and place >= first:
                outcomes[place] = error
                continue
            if is_switch(record.event):
                continue
            try:
                _check(record)
            except ContractError as error:
                outcomes[place] = error
                continue
            if record.key not in waiting:
                state = self._states.get(record.partition, record.key)
                waiting[record.key] = _Waiting(record.key, record.partition, state)
            waiting[record.key].places.append(place)
            waiting[record.key].events.append(record.event)
        return list(waiting.values())

    async def _write(self, collection: Collection, documents: Sequence[_Waiting], context: Context) -> None:
        """Write documents of one collection."""
        check_state, guard = self._states.check, context.check_alive
        writer = Writer(collection, self._vectors, self._lanes, self._faults, guard, self._now(), check_state)
        works = [Work(one.key, one.state, one.events, self._blocks_of(one)) for one in documents]
        written = await writer.write(works)
        for each, works in zip(documents, written, strict=True):
            each.works, each.identity = works, writer.identity

    def _blocks_of(self, document: _Waiting) -> LoadBlock:
        """Loads the digests that are recorded beside a document's state."""
        if document.state is None:
            return no_block
        epoch = document.state.digest_epoch

        def load(number: int) -> bytes:
            found: Event | None = self._states.get(document.partition, block_key(document.key, number))
            return found.digests if isinstance(found, ChunkDigests) and found.digest_epoch == epoch else b""

        return load

    def _settle(self, document: _Waiting, cut: int, outcomes: list[Outcome]) -> None:
        """The outcomes of a document's records; records from index `cut` on are retried.

        The state of events that were written together is sent with the last of them. If that one is retried,
        the state of the last event before the cut is sent, with upper bounds of what is in the collection:
        as after a crash, later events come again.
        """
        works, kept = document.works, sum(place < cut for place in document.places)
        if len(works) == 1 and works[0].error is None and 0 < kept < len(document.places):
            before = Work(document.key, document.state, document.events[:kept])
            before.prepare(document.identity, self._now(), self._states.check)
            before.bound_by(works[0])
            works = [before]
        places, before_it = iter(document.places), document.state
        for work in works:
            mine = list(islice(places, len(work.events)))
            for at, place in enumerate(mine):
                outcomes[place] = work.error or [*work.notes(at)]
                if isinstance(work.error, EmbedAgain):
                    outcomes[place] = work.error.sends
            if work.error is None and (state := work.next_state(document.identity)):
                requests = [Send(PART_REQUESTS, work.key, request) for request in work.requests()]
                written = [*_sends(document.key, before_it, state), *work.blocks()]
                rows = work.sparse(document.identity)
                outcomes[mine[-1]] = [*written, *rows, *requests, *work.notes(-1)]
                before_it = state


def _cuts(documents: Sequence[_Waiting]) -> dict[int, int]:
    """The index of the first retried record of each partition."""
    cuts: dict[int, int] = {}
    for document in documents:
        events = [work for work in document.works for _ in work.events]
        for place, work in zip(document.places, events, strict=True):
            if isinstance(work.error, TransientError):
                cuts[document.partition] = min(place, cuts.get(document.partition, place))
    return cuts


def _sends(key: str, before: DocumentState | None, state: DocumentState) -> Iterable[Send]:
    yield Send(DOCUMENT_STATES, key, state)
    document = state.document
    former = before.document.source_id if before is not None else None
    if former and former != document.source_id:
        # For example an upload that replaced an object: the bucket's source must not consider it its own.
        yield Send(SOURCE_DOCUMENTS, key, None, partition_key=former)
    if document.source_id:
        bare = state.model_copy(update={"digests": b""})  # connectors do not need them
        yield Send(SOURCE_DOCUMENTS, key, bare, partition_key=document.source_id)


def _check(record: Record[Incoming]) -> None:
    check(record.event)
    expected = document_id(record.event.document)
    if record.key != expected:
        raise ContractError(
            f"{record.topic}, partition {record.partition}, offset {record.offset}: key {record.key!r} "
            f"of document {record.event.document.document_key!r}; {expected!r} expected"
        )
