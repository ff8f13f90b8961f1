"""The stage: embedded parts in, rows in the vector store and document states out."""

import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from schemas.errors import ContractError, DocumentError, FencedError, RateLimited, TransientError
from schemas.events import DocumentEmbedded, DocumentState
from schemas.ids import document_id
from services.indexing.faults import Faults
from services.indexing.plan import Incoming, Plan, check, partly_deleted, partly_written, plan
from services.indexing.rows import Collection
from services.indexing.vectors import MAX_IDS, CollectionFault, Guard, VectorStore, pack
from streams.engine.outputs import Output, Send
from streams.engine.stage import Context, Outcome, Record, StatefulStage
from streams.state.store import PartitionStore
from streams.topics import DOCUMENT_STATES, EMBEDDINGS, PART_REQUESTS, SOURCE_DOCUMENTS

#: What to give the engine as the bytes of this stage's window. A row is about 3 KB on the topic (384 floats,
#: a text of 1 KB, its document), so a batch has 1,400 rows at most: 12 s where Chroma is slowest (it rewrites
#: 120 rows/s that exist), a tenth of what the engine calls stuck.
BATCH_BYTES = 4 * 1024 * 1024


class PartlyWritten(DocumentError):
    """Some of it may be done, and the rest was refused. `state` says what is known to be there now."""

    def __init__(self, message: str, state: DocumentState) -> None:
        super().__init__(message)
        self.state = state


@dataclass(slots=True)
class _Waiting:
    """The records of one document in a batch: their places in the batch, and their events."""

    key: str
    state: DocumentState | None
    places: list[int]
    events: list[Incoming]

    @property
    def collection(self) -> Collection:
        return Collection.of(self.events[-1].document)


@dataclass(frozen=True, slots=True)
class _Result:
    """Documents that were refused something, and why; documents that something was done for, or may have
    been."""

    refused: dict[str, Exception]
    touched: set[str]
    faults: dict[Collection, Exception]

    def refuse(self, documents: set[str], error: Exception) -> None:
        self.refused.update(dict.fromkeys(documents, error))

    def refuse_unsure(self, documents: set[str], error: Exception) -> None:
        """What answers with an error of its own may have done it all the same, now or in an earlier try."""
        self.touched.update(documents)
        self.refuse(documents, error)


class IndexingStage(StatefulStage[Incoming]):
    """Keeps collections true to the newest version of each document.

    Args:
        vectors: where the collections live.
        states: what is indexed now; partitioned as `embeddings` is.
        now: the clock, in UTC.
        clock: seconds that only grow.
    """

    name = "indexing"
    topic = EMBEDDINGS
    #: 64 documents of 8 chunks are two full requests; more are not faster (`benchmarks/indexing.py`).
    max_records = 64

    def __init__(
        self,
        vectors: VectorStore,
        states: PartitionStore[DocumentState],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stores: Sequence[PartitionStore[Any]] = (states,)
        self._vectors, self._states, self._now = vectors, states, now
        self._faults = Faults(vectors, clock)

    async def close(self) -> None:
        """Close the connections to the vector store."""
        await self._vectors.close()

    def failed(self, record: Record[Incoming], error: Exception) -> Sequence[Output]:
        """What a refused part left behind goes into the state, so that the next version clears it away."""
        outputs = list(super().failed(record, error))
        if isinstance(error, PartlyWritten):
            outputs.extend(_sends(record.key, error.state))
        return outputs

    async def process_batch(self, records: Sequence[Record[Incoming]], context: Context) -> Sequence[Outcome]:
        """Write all documents of the batch together; those of a refused request once more, one by one.

        Raises TransientError, when the store is away, and FencedError only: then nothing is recorded and all
        of it can be repeated. A collection that answers with errors costs the documents of others nothing.
        """
        outcomes: list[Outcome] = [()] * len(records)
        waiting = self._group(records, outcomes)
        plans = {key: plan(each.state, each.events, self._now()) for key, each in waiting.items()}
        result = await self._carry_out([(waiting[key], made) for key, made in plans.items()], context)
        joint: list[_Waiting] = []
        for key, each in waiting.items():
            error = result.refused.get(key)
            if error is None:
                self._settle(each, plans[key], outcomes)
                joint.append(each)
            elif isinstance(error, TransientError):
                _answer(outcomes, each.places, error)
            else:
                await self._one_by_one(each, key in result.touched, outcomes, context)
        _keep_whole(joint, [record.partition for record in records], outcomes)
        return outcomes

    def _group(self, records: Sequence[Record[Incoming]], outcomes: list[Outcome]) -> dict[str, _Waiting]:
        """Records by document, in their order; an outcome for those that break the contract."""
        waiting: dict[str, _Waiting] = {}
        for place, record in enumerate(records):
            try:
                _check(record)
            except ContractError as error:
                outcomes[place] = error
                continue
            if record.key not in waiting:
                state = self._states.get(record.partition, record.key)
                waiting[record.key] = _Waiting(record.key, state, [], [])
            waiting[record.key].places.append(place)
            waiting[record.key].events.append(record.event)
        return waiting

    async def _one_by_one(
        self, document: _Waiting, touched: bool, outcomes: list[Outcome], context: Context
    ) -> None:
        """Each event on its own, so that a refusal is the outcome of the record that earned it."""
        state = document.state
        for place, event in zip(document.places, document.events, strict=True):
            single = _Waiting(document.key, state, [place], [event])
            made = plan(state, single.events, self._now())
            result = await self._carry_out([(single, made)], context)
            touched = touched or document.key in result.touched
            if error := result.refused.get(document.key):
                if isinstance(error, TransientError):
                    _answer(outcomes, [at for at in document.places if at >= place], error)
                    return
                if touched and isinstance(event, DocumentEmbedded):
                    state = partly_written(state, event, self._now())
                    error = PartlyWritten(str(error), state)
                elif touched and state is not None and not state.deleted:
                    state = partly_deleted(state)
                    error = PartlyWritten(str(error), state)
                outcomes[place] = error
            else:
                self._settle(single, made, outcomes)
                state = made.state or state

    async def _carry_out(self, work: Sequence[tuple[_Waiting, Plan]], context: Context) -> _Result:
        """Upsert, then delete what is surplus: a reader never sees a document vanish."""
        result = _Result({}, set(), {})
        guard = context.check_alive
        parts = [(each.key, each.collection, rows) for each, made in work for rows in made.upserts if rows]
        for request in pack(parts):
            upsert = partial(self._vectors.upsert, request.collection, request.rows, guard)
            await self._request(result, request.collection, request.documents, upsert, guard)
        surplus: dict[Collection, list[tuple[str, str]]] = {}
        for each, made in work:
            if each.key not in result.refused:
                surplus.setdefault(each.collection, []).extend((each.key, id_) for id_ in made.surplus)
        for collection, doomed in surplus.items():
            for start in range(0, len(doomed), MAX_IDS):
                some = doomed[start : start + MAX_IDS]
                delete = partial(self._vectors.delete, collection, [id_ for _, id_ in some], guard)
                await self._request(result, collection, {key for key, _ in some}, delete, guard)
        return result

    async def _request(
        self,
        result: _Result,
        collection: Collection,
        documents: set[str],
        send: Callable[[], Awaitable[None]],
        guard: Guard,
    ) -> None:
        """One request for these documents. Raises TransientError when the store is away, and FencedError."""
        if error := result.faults.get(collection) or self._faults.broken(collection):
            result.refuse_unsure(documents, error)
            return
        try:
            await send()
            self._faults.well(collection, documents)
            result.touched.update(documents)
        except CollectionFault as fault:
            if lone := self._faults.of_document(collection, documents, fault):
                result.refuse_unsure(documents, lone)
                return
            error = result.faults[collection] = await self._faults.judged(collection, fault, guard)
            result.refuse_unsure(documents, error)
        except (RateLimited, FencedError):  # neither says that the store is away
            raise
        except TransientError:
            self._faults.away()
            raise
        except Exception as unforeseen:  # it must not harm the other documents
            result.refuse(documents, unforeseen)

    def _settle(self, document: _Waiting, made: Plan, outcomes: list[Outcome]) -> None:
        """Outputs of a document whose plan is carried out: the state goes with its last record."""
        for place, notes in zip(document.places, made.notes, strict=True):
            outcomes[place] = [*notes]
        if made.state is not None:
            identity = self._vectors.identity(document.collection)
            state = made.state.model_copy(update={"collection_id": identity})
            requests = [Send(PART_REQUESTS, document.key, request) for request in made.requests]
            outcomes[document.places[-1]] = [*_sends(document.key, state), *requests, *made.notes[-1]]


def _keep_whole(documents: Sequence[_Waiting], partitions: Sequence[int], outcomes: list[Outcome]) -> None:
    """Documents with a record before and one behind a record that is due again are due again whole: their
    state hangs on their last record, which goes back with all that stands behind."""
    due: dict[int, tuple[int, TransientError]] = {}  # partition → place of its first, and why
    for place, outcome in enumerate(outcomes):
        if isinstance(outcome, TransientError):
            due.setdefault(partitions[place], (place, outcome))
    moved = bool(due)
    while moved:  # one that is drawn in may draw in others
        moved = False
        for each in documents:
            home, first = partitions[each.places[0]], each.places[0]
            if home in due and first < due[home][0] <= each.places[-1]:
                due[home] = first, due[home][1]
                _answer(outcomes, each.places, due[home][1])
                moved = True


def _answer(outcomes: list[Outcome], places: Iterable[int], error: Exception) -> None:
    for place in places:
        outcomes[place] = error


def _sends(key: str, state: DocumentState) -> Iterable[Send]:
    yield Send(DOCUMENT_STATES, key, state)
    document = state.document
    if document.source_id and document.namespace:
        yield Send(SOURCE_DOCUMENTS, key, state, partition_key=document.source_id)


def _check(record: Record[Incoming]) -> None:
    check(record.event)
    expected = document_id(record.event.document)
    if record.key != expected:
        raise ContractError(
            f"{record.topic}, partition {record.partition}, offset {record.offset}: key {record.key!r} "
            f"of document {record.event.document.document_key!r}; {expected!r} expected"
        )
