"""Plan the effects of the events of one document. Pure: no store, no clock, no Kafka.

    state, events ──► plan ──► rows to upsert ─► ids to delete ─► the next state, notes of progress

Plans are repeatable. After a crash the same events are read again before any newer ones. `extent` and
`metadata_keys` are upper bounds of what may be in the collection, so a plan only ever raises them, even for
versions that are superseded before they are written.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from schemas.errors import ContractError, DocumentError
from schemas.events import Document, DocumentDeleted, DocumentEmbedded, DocumentState, PartRequested, Step
from schemas.ids import fingerprint
from services.indexing.rows import Row, check_part, metadata_keys, row_id, rows_of
from services.indexing.sparse import check_sparse, sparse_total
from streams.engine.outputs import ProgressReport

Incoming = DocumentEmbedded | DocumentDeleted


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a plan, in this order: write `upserts`, delete `surplus`, record `state`, `notes` and what
    `written` and `sparse_surplus` have on `sparse-rows`.

    Attributes:
        upserts: rows for each event, empty for one that writes nothing.
        surplus: ids of chunks that the document no longer has.
        state: the document's next state; None if the events change nothing.
        largest: the largest state that may have to be recorded if the plan is executed only in part.
        notes: the progress to report, for each event.
        requests: the next parts to request.
        extent: upper bound of the chunks in the collection, even if the plan is executed only in part.
        keys: metadata keys that rows may have, even if the plan is executed only in part.
        written: the events whose rows are written.
        sparse_surplus: numbers of chunks that no longer have a sparse vector.
    """

    upserts: Sequence[Sequence[Row]]
    surplus: Sequence[str]
    state: DocumentState | None
    largest: DocumentState | None
    notes: Sequence[Sequence[ProgressReport]]
    requests: Sequence[PartRequested] = ()
    extent: int = 0
    keys: frozenset[str] = frozenset()
    written: Sequence[DocumentEmbedded] = ()
    sparse_surplus: range = range(0)


@dataclass(frozen=True, slots=True)
class _Version:
    """A version of the document on its way into the collection."""

    document: Document
    sequence: int
    deleted: bool
    parts: int
    total: int
    done: frozenset[int] = frozenset()

    @property
    def complete(self) -> bool:
        return len(self.done) == self.parts


@dataclass(slots=True)
class _Fold:
    """The events so far. `writers` are the indices of events whose rows belong to `version`."""

    version: _Version | None
    extent: int
    sparse_extent: int
    keys: frozenset[str]
    changed: bool = False
    writers: list[int] = field(default_factory=list)


def check(event: Incoming) -> None:
    """Raise ContractError for an invalid event."""
    if isinstance(event, DocumentEmbedded):
        check_part(event)
        check_sparse(event)
    elif event.sequence is None:
        raise ContractError(f"{event.document.document_key!r}: a delete without a sequence")


def plan(state: DocumentState | None, events: Sequence[Incoming], now: datetime) -> Plan:
    """Fold events of one document, in their order on the partition, into one plan.

    - A sequence smaller than the state's is stale: it writes nothing and still reports `indexed` (with 0
      chunks) or `deleted`, so that its invocation can end. The same holds for a version that a later event of
      `events` supersedes.
    - An equal sequence is a replay or a further part; parts come in any order. A part 0 of a new chunking
      restarts the document; parts of the earlier chunking, which may still be requested, are then stale.
    - A part requests the part that it names when it is recorded for the first time.
    - A greater sequence starts a new version: its metadata replaces the old (`None` clears a key), and
      surplus chunks of the old version are deleted once all its parts are written.

    The events must have passed `check`.
    """
    fold = _fold_of(state)
    for index, event in enumerate(events):
        _take(fold, index, event)
    upserts: list[Sequence[Row]] = [()] * len(events)
    written: list[DocumentEmbedded] = []
    for index in fold.writers:
        if isinstance(event := events[index], DocumentEmbedded):
            upserts[index] = rows_of(event, clear=fold.keys)
            written.append(event)
    state = _next_state(fold, now)
    largest = None if state is None else state.model_copy(update={"metadata_keys": sorted(_all_keys(fold))})
    notes = _notes(fold.version, events)
    keys = fold.keys | (_keys(fold.version) if fold.version else frozenset())
    requests, sparse_surplus = _requests(written), _sparse_surplus(fold)
    return Plan(
        upserts, _surplus(fold), state, largest, notes, requests, fold.extent, keys, written, sparse_surplus
    )


def in_collection(state: DocumentState | None, identity: str | None) -> DocumentState | None:
    """The part of a state that is valid for a collection with this id (None: no collection).

    A collection with another id than the state's holds no rows of the document. The sequence still counts.
    """
    if state is None or state.collection_id in (None, identity):
        return state
    nothing: dict[str, object] = {
        "complete": state.deleted,
        "parts_done": [],
        "extent": 0,
        "metadata_keys": [],
    }
    return state.model_copy(update={**nothing, "collection_id": identity})


def check_whole(state: DocumentState | None, identity: str | None, events: Sequence[Incoming]) -> None:
    """Raise DocumentError for a version that can never be complete, because some of its parts were in a
    deleted collection and only later parts are still to come."""
    if state is None or state.collection_id in (None, identity):
        return
    begun = set(state.parts_done)
    for event in events:
        if (
            isinstance(event, DocumentEmbedded)
            and (event.sequence, event.parts, event.total) == (state.sequence, state.parts, state.chunks)
            and begun
            and event.part not in begun
        ):
            raise DocumentError(
                f"the collection {event.document.collection!r} was deleted while this document was written: "
                f"{len(begun)} of its {event.parts} parts went with it; sync or upload the document again"
            )


def partly_written(state: DocumentState | None, event: DocumentEmbedded, now: datetime) -> DocumentState:
    """The state after only some rows of `event` were written: its version has begun, this part is missing.

    Keeps `state` if `event` is stale. The next version finds everything that it has to clear.
    """
    fold = _fold_of(state)
    _take(fold, 0, event)
    if fold.version is not None and fold.changed:
        fold.version = replace(fold.version, done=fold.version.done - {event.part})
    following = _next_state(fold, now) or state
    assert following is not None, "an event that is not stale changes the state"
    return following


def partly_deleted(state: DocumentState) -> DocumentState:
    """The state after only some rows may have been deleted: no part of the version counts as written."""
    return state.model_copy(update={"complete": False, "parts_done": []})


def _fold_of(state: DocumentState | None) -> _Fold:
    if state is None:
        return _Fold(None, 0, 0, frozenset())
    return _Fold(_version(state), state.extent, state.sparse_extent, frozenset(state.metadata_keys))


def _version(state: DocumentState) -> _Version:
    done = frozenset(state.parts_done)
    return _Version(state.document, state.sequence, state.deleted, state.parts, state.chunks, done)


def _take(fold: _Fold, index: int, event: Incoming) -> None:
    known, sequence = fold.version, event.sequence or 0
    if known is not None and sequence < known.sequence:
        return
    if isinstance(event, DocumentDeleted):
        if known is None or sequence > known.sequence or not known.deleted:
            bare = event.document.model_copy(update={"metadata": {}})  # nothing of it is in the collection
            _begin(fold, _Version(bare, sequence, True, 0, 0))
        return
    if known is not None and sequence == known.sequence and known.deleted:
        return
    # Equal sequence and another cut: the document came again through a newer chunker. Its part 0, which is
    # always the first to come, starts it anew too; other parts are late ones of the former cut.
    cut = (sequence, event.parts, event.total)
    if known is None or cut != (known.sequence, known.parts, known.total):
        if known is not None and sequence == known.sequence and event.part > 0:
            return
        _begin(fold, _Version(event.document, sequence, False, event.parts, event.total))
    assert fold.version is not None
    if event.part not in fold.version.done:
        fold.version = replace(fold.version, document=event.document, done=fold.version.done | {event.part})
        fold.changed = True
        fold.writers.append(index)


def _begin(fold: _Fold, version: _Version) -> None:
    if fold.version is not None:  # it may have been written before a crash
        fold.keys |= metadata_keys(fold.version.document) if not fold.version.deleted else frozenset()
    fold.version, fold.changed = version, True
    fold.extent = max(fold.extent, version.total)
    fold.sparse_extent = max(fold.sparse_extent, sparse_total(version.document, version.total))
    fold.writers.clear()


def _requests(written: Sequence[DocumentEmbedded]) -> list[PartRequested]:
    """Only parts that are in for the first time ask: a replay must not double all that follows."""
    return [
        PartRequested(document=event.document, sequence=event.sequence, part=event.next_part)
        for event in written
        if event.next_part is not None
    ]


def _surplus(fold: _Fold) -> list[str]:
    version = fold.version
    if version is None or not (fold.changed and version.complete):
        return []
    return [row_id(version.document, number) for number in range(version.total, fold.extent)]


def _sparse_surplus(fold: _Fold) -> range:
    version = fold.version
    if version is None or not (fold.changed and version.complete):
        return range(0)
    return range(sparse_total(version.document, version.total), fold.sparse_extent)


def _next_state(fold: _Fold, now: datetime) -> DocumentState | None:
    version = fold.version
    if version is None or not fold.changed:
        return None
    keys = _keys(version)
    return DocumentState(
        document=version.document,
        sequence=version.sequence,
        fingerprint=fingerprint(version.document),
        deleted=version.deleted,
        complete=version.complete,
        parts=version.parts,
        parts_done=sorted(version.done),
        chunks=version.total,
        extent=version.total if version.complete else fold.extent,
        metadata_keys=sorted(keys if version.complete else keys | fold.keys),
        indexed_at=now,
        sparse_extent=sparse_total(version.document, version.total)
        if version.complete
        else fold.sparse_extent,
    )


def _keys(version: _Version) -> frozenset[str]:
    return frozenset() if version.deleted else metadata_keys(version.document)


def _all_keys(fold: _Fold) -> frozenset[str]:
    if (
        fold.version is None or fold.version.deleted
    ):  # a delete that is carried out in part keeps the old state
        return frozenset()
    return fold.keys | _keys(fold.version)


def _notes(version: _Version | None, events: Sequence[Incoming]) -> list[list[ProgressReport]]:
    assert version is not None or not events
    current = [i for i, event in enumerate(events) if version and event.sequence == version.sequence]
    return [
        _note(version, event, last=index == current[-1] if current else False) if version else []
        for index, event in enumerate(events)
    ]


def _note(version: _Version, event: Incoming, last: bool) -> list[ProgressReport]:
    """A superseded event reports at once; the current version reports when complete, with its last event."""
    document = event.document
    superseded = event.sequence != version.sequence
    if document.run is None or not (superseded or (last and version.complete)):
        return []
    if isinstance(event, DocumentDeleted):
        return [ProgressReport(document.run, Step.DELETED, document_key=document.document_key)]
    chunks = 0 if superseded else version.total
    return [ProgressReport(document.run, Step.INDEXED, chunks, document.document_key)]
