"""Execute the plans for the documents of one collection, and find the record that caused a refusal."""

from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from schemas.errors import ContractError, DocumentError, FencedError, RateLimited, TransientError
from schemas.events import ChunkDigests, DocumentEmbedded, DocumentState, PartRequested
from services.indexing.digests import block_key
from services.indexing.faults import Faults
from services.indexing.lanes import Lanes
from services.indexing.plan import (
    Incoming,
    LoadBlock,
    Plan,
    no_block,
    partly_written,
    plan,
)
from services.indexing.rows import Collection
from services.indexing.sparse import sparse_deletes, sparse_sends
from services.indexing.states import check_whole, in_collection, partly_deleted, unsure
from services.indexing.switch import EmbedAgain, again
from services.indexing.vectors import MAX_IDS, CollectionFault, Guard, VectorStore, pack
from streams.engine.outputs import ProgressReport, Send
from streams.topics import DOCUMENT_STATES


class PartlyWritten(DocumentError):
    """Some rows may be written, the rest was refused. `state` describes what may be in the collection."""

    def __init__(self, message: str, state: DocumentState) -> None:
        super().__init__(message)
        self.state = state


@dataclass(slots=True)
class Work:
    """Events of one document that are written together; executed if there is no `error`.

    Attributes:
        state: the recorded state of the document; from `prepare` on, as far as it is valid for the current
            collection.
        load_block: returns the digests of a block after the first, as recorded with `state`.
        touched: a request was sent that may have been executed in part.
        given_up: the error applies to all its events; none is retried.
    """

    key: str
    state: DocumentState | None
    events: Sequence[Incoming]
    load_block: LoadBlock = no_block
    plan: Plan | None = None
    error: Exception | None = None
    touched: bool = False
    given_up: bool = False

    def prepare(
        self,
        identity: str | None,
        now: datetime,
        check_state: Callable[[DocumentState], None],
    ) -> None:
        """Plan the writes to the collection with this id. Refuses a state that cannot be recorded before
        writing anything."""
        try:
            check_whole(self.state, identity, self.events)
            recorded, self.state = self.state, in_collection(self.state, identity)
            if recorded is not self.state:
                self.load_block = no_block
            made = plan(self.state, self.events, now, self.load_block)
            if made.largest is not None:  # no recorded state is larger
                check_state(made.largest.model_copy(update={"collection_id": identity}))
            self.plan = made
        except (DocumentError, ContractError) as error:
            self.error = error

    def bound_by(self, longer: "Work") -> None:
        """Record upper bounds of what `longer`, which was executed instead of this work, may have left. A
        version superseded by `longer` has neither written its rows nor deleted its surplus. The content of
        the rows is unknown."""
        if self.plan and self.plan.state and longer.plan:
            keys = {*self.plan.state.metadata_keys, *longer.plan.keys}
            bounds = {"extent": longer.plan.extent, "metadata_keys": sorted(keys)}
            self.plan = replace(self.plan, state=unsure(self.plan.state.model_copy(update=bounds)), blocks={})

    def notes(self, at: int) -> Sequence[ProgressReport]:
        """The progress to report for the event at this index."""
        return self.plan.notes[at] if self.plan else ()

    def requests(self) -> Sequence[PartRequested]:
        """The parts to request, once the plan is executed."""
        return self.plan.requests if self.plan else ()

    def sparse(self, identity: str | None) -> Iterator[Send]:
        """What to write to `sparse-rows`, once the plan is executed in the collection with this id."""
        if self.plan is None or self.plan.state is None:
            return
        for part in self.plan.written if identity is not None else ():
            yield from sparse_sends(self.key, part, identity or "")
        yield from sparse_deletes(self.key, self.plan.state.document, self.plan.sparse_surplus)

    def blocks(self) -> Iterator[Send]:
        """The digests to record beside the state, once the plan is executed."""
        if self.plan is None or self.plan.state is None:
            return
        for number, packed in self.plan.blocks.items():
            epoch = self.plan.state.digest_epoch
            block = ChunkDigests(digest_epoch=epoch, digests=packed) if packed else None
            yield Send(DOCUMENT_STATES, block_key(self.key, number), block, partition_key=self.key)

    def next_state(self, identity: str | None) -> DocumentState | None:
        """The state to record once the plan is executed; None if nothing changed."""
        if self.plan is None or self.plan.state is None:
            return None
        return self.plan.state.model_copy(update={"collection_id": identity})


@dataclass(slots=True)
class Writer:
    """Writes the documents of a batch to one collection.

    Attributes:
        now: the time of the batch.
        check_state: raises DocumentError for a state that cannot be recorded.
        identity: the store's id of the collection, once known.
    """

    collection: Collection
    vectors: VectorStore
    lanes: Lanes
    faults: Faults
    guard: Guard
    now: datetime
    check_state: Callable[[DocumentState], None]
    identity: str | None = None

    async def write(self, documents: Sequence[Work]) -> list[list[Work]]:
        """Write all documents together, then the documents of a refused request one event at a time.

        Returns the result of each document: one `Work` for all its events, or one per event. Raises only
        FencedError.
        """
        await self._try(documents)
        return [
            [work]
            if work.error is None or isinstance(work.error, TransientError)
            else await self._one_by_one(work)
            for work in documents
        ]

    async def _one_by_one(self, document: Work) -> list[Work]:
        """Write events one by one; if one is retried, so are all later ones."""
        tried: list[Work] = []
        state, error = document.state, document.error if document.given_up else None
        for event in document.events:
            known = state and unsure(state)  # the failed request or the previous event may have written
            single = Work(document.key, known, [event], error=error, touched=document.touched)
            tried.append(single)
            if error is None:
                await self._try([single])
            if isinstance(single.error, TransientError):
                error = single.error
            elif single.error is not None:
                state = self._state_after(single, single.error)
            else:
                state = single.next_state(self.identity) or state
        return tried

    def _state_after(self, refused: Work, error: Exception) -> DocumentState | None:
        """The state after a refused event, which is recorded with its dead letter."""
        (event,), state = refused.events, refused.state
        if not refused.touched:
            return state
        if isinstance(event, DocumentEmbedded):
            state = partly_written(state, event, self.now)
        elif state is not None and not state.deleted:
            state = partly_deleted(state)
        else:
            return state
        if self.identity is not None:
            state = state.model_copy(update={"collection_id": self.identity})
        refused.error = PartlyWritten(str(error), state)
        return state

    async def _try(self, documents: Sequence[Work]) -> None:
        """Execute the plans of these documents, and note errors in each. Raises FencedError."""
        keys = {work.key for work in documents}
        broken = self.faults.broken(self.collection, keys)
        try:
            if broken is not None:
                raise broken
            await self._carry_out(documents)
        except FencedError:
            raise
        except CollectionFault as fault:
            error = await self.faults.judged(self.collection, keys, fault, self.guard)
            self._fail(documents, error, for_good=isinstance(error, DocumentError))
        except TransientError as error:
            if not isinstance(error, RateLimited):  # a store that limits requests is not away
                self.faults.away()
            self._fail(documents, error)
        except Exception as error:  # refused before anything was written; or a bug
            self._fail(documents, error, for_good=error is broken)

    def _fail(self, documents: Sequence[Work], error: Exception, for_good: bool = False) -> None:
        """Note an error. Even if it is final (`for_good`), the collection may have executed the request, now
        or in an earlier attempt."""
        for work in documents:
            if work.error is None:
                work.error, work.given_up = error, for_good
                work.touched = work.touched or for_good

    async def _carry_out(self, documents: Sequence[Work]) -> None:
        """Upsert and update, then delete surplus rows, so that readers never see a document vanish."""
        models = [
            event.model_fingerprint
            for work in documents
            for event in work.events
            if isinstance(event, DocumentEmbedded)
        ]
        if models:
            wanted = replace(self.collection, model=next(filter(None, models), ""))
            create = partial(self.vectors.create, wanted, self.guard)
            self.identity = await self.lanes.send(self.collection, create)
        else:
            look_up = partial(self.vectors.look_up, self.collection)
            self.identity = await self.lanes.send(self.collection, look_up)
        for work in documents:
            if work.error is None:
                work.error = self._of_another_model(work)
            if work.error is None:
                work.prepare(self.identity, self.now, self.check_state)
        if self.identity is not None:
            await self._upsert(documents, self.identity)
            await self._update(documents, self.identity)
            await self._delete(documents, self.identity)

    def _of_another_model(self, work: Work) -> DocumentError | None:
        """The error for a collection with another model's vectors: mixing them would silently ruin search."""
        if self.identity is None:
            return None
        renewed, held = self.vectors.reembedded(self.identity), self.vectors.model_of(self.identity)
        if renewed is not None and (sends := again(work.key, work.events, renewed)):
            return EmbedAgain(sends)
        for event in work.events:
            own = event.model_fingerprint if isinstance(event, DocumentEmbedded) else ""
            if held and own and own != held:
                return DocumentError(
                    f"{self.collection} holds vectors of another model than the one that serves "
                    f"{event.document.embedding.model!r} now (fingerprints {held} and {own}): the model, its "
                    "prompts or its dimensions were changed. Change them back, or embed the collection "
                    "again (`headrace reembed`)"
                )
        return None

    async def _upsert(self, documents: Sequence[Work], identity: str) -> None:
        planned = [(work.key, work.plan) for work in documents if work.error is None and work.plan]
        for request in pack((key, rows) for key, made in planned for rows in made.upserts if rows):
            send = partial(self.vectors.upsert, self.collection, identity, request.rows, self.guard)
            await self._send([work for work in documents if work.key in request.documents], send)

    async def _update(self, documents: Sequence[Work], identity: str) -> None:
        planned = [(work.key, work.plan) for work in documents if work.error is None and work.plan]
        for request in pack((key, some) for key, made in planned for some in made.updates if some):
            send = partial(self.vectors.update, self.collection, identity, request.rows, self.guard)
            await self._send([work for work in documents if work.key in request.documents], send)

    async def _delete(self, documents: Sequence[Work], identity: str) -> None:
        doomed = [
            (work, id_) for work in documents if work.error is None and work.plan for id_ in work.plan.surplus
        ]
        for start in range(0, len(doomed), MAX_IDS):
            some = doomed[start : start + MAX_IDS]
            ids = [id_ for _, id_ in some]
            send = partial(self.vectors.delete, self.collection, identity, ids, self.guard)
            await self._send(list({work.key: work for work, _ in some}.values()), send)

    async def _send(
        self, documents: Sequence[Work], request: Callable[[], Coroutine[object, object, None]]
    ) -> None:
        """Send one request for these documents. Notes a refusal in them; raises faults, and errors of an
        unavailable store."""
        try:
            await self.lanes.send(self.collection, request)
        except (TransientError, FencedError):
            raise
        except Exception as error:  # it must not harm the other documents
            self._fail(documents, error)
            return
        self.faults.well(self.collection, [work.key for work in documents])
        for work in documents:
            work.touched = True
