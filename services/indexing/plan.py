"""Plan the effects of the events of one document. Pure: no store, no clock, no Kafka.

    state, events ──► plan ──► rows to upsert ─► metadata to update ─► ids to delete ─► the next state, notes

A row is upserted, unless the collection is known to have it with the same text and vector; then only its
metadata are updated.
Plans are repeatable. After a crash the same events are read again before any newer ones. `extent` and
`metadata_keys` are upper bounds of what may be in the collection, so a plan only ever raises them, even for
versions that are superseded before they are written.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from schemas.errors import ContractError
from schemas.events import DocumentDeleted, DocumentEmbedded, DocumentState, PartRequested, Step
from schemas.ids import fingerprint
from services.indexing.digests import Digests, blocks_between, digest_of
from services.indexing.fold import Fold, Incoming, Version, fold_of, take
from services.indexing.rows import (
    VERSION_KEYS,
    Row,
    Update,
    check_part,
    metadata_keys,
    row_id,
    rows_of,
)
from services.indexing.sparse import check_sparse, sparse_total
from services.indexing.states import unsure
from streams.engine.outputs import ProgressReport

__all__ = ["Incoming", "Plan", "check", "plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a plan, in this order: write `upserts` and `updates`; delete `surplus`; record `state`,
    `blocks`, `notes`, and the records of `written` and `sparse_surplus` on `sparse-rows`.

    Attributes:
        upserts: rows for each event, empty for one that writes nothing.
        updates: changes of metadata for each event.
        surplus: ids of chunks that the document no longer has.
        state: the document's next state; None if the events change nothing.
        largest: the largest state that may be recorded if the plan is executed only in part.
        notes: the progress to report, for each event.
        requests: the next parts to request.
        extent: upper bound of the chunks in the collection, even if the plan is executed only in part.
        keys: metadata keys that rows may have, even if the plan is executed only in part.
        written: the events whose rows are written.
        sparse_surplus: numbers of chunks that no longer have a sparse vector.
        blocks: digests after the first block, by block number; empty to remove a block.
    """

    upserts: Sequence[Sequence[Row]]
    updates: Sequence[Sequence[Update]]
    surplus: Sequence[str]
    state: DocumentState | None
    largest: DocumentState | None
    notes: Sequence[Sequence[ProgressReport]]
    requests: Sequence[PartRequested] = ()
    extent: int = 0
    keys: frozenset[str] = frozenset()
    written: Sequence[DocumentEmbedded] = ()
    sparse_surplus: range = range(0)
    blocks: Mapping[int, bytes] = field(default_factory=dict)


#: The packed digests of a block of a document; empty if nothing is known.
LoadBlock = Callable[[int], bytes]


def no_block(number: int) -> bytes:
    """A `LoadBlock` that knows nothing."""
    return b""


def check(event: Incoming) -> None:
    """Raise ContractError for an invalid event."""
    if isinstance(event, DocumentEmbedded):
        check_part(event)
        check_sparse(event)
    elif event.sequence is None:
        raise ContractError(f"{event.document.document_key!r}: a delete without a sequence")


def plan(
    state: DocumentState | None,
    events: Sequence[Incoming],
    now: datetime,
    load_block: LoadBlock = no_block,
) -> Plan:
    """Fold events of one document, in partition order, into one plan.

    - A sequence smaller than the state's is stale: it writes nothing and still reports `indexed` (with 0
      chunks) or `deleted`, so that its invocation can end. The same holds for a version that a later event of
      `events` supersedes.
    - An equal sequence is a replay or a further part; parts come in any order. A part 0 of a new chunking
      restarts the document; parts of the earlier chunking, which may still be requested, are then stale.
    - A part requests the part that it names when it is recorded for the first time.
    - A greater sequence starts a new version: its metadata replaces the old (`None` clears a key), and
      surplus chunks of the old version are deleted once all its parts are written.

    `load_block` gives the digests of the document after the first block. The events must have passed `check`.
    """
    fold = fold_of(state)
    for index, event in enumerate(events):
        take(fold, index, event)
    digests = _digests(state, fold, load_block)
    upserts: list[Sequence[Row]] = [()] * len(events)
    updates: list[Sequence[Update]] = [()] * len(events)
    written: list[DocumentEmbedded] = []
    for index in fold.writers:
        if isinstance(event := events[index], DocumentEmbedded):
            upserts[index], updates[index] = _changes(event, fold.keys, digests)
            written.append(event)
    following = _next_state(fold, now, digests)
    return Plan(
        upserts,
        updates,
        _surplus(fold),
        following,
        following and following.model_copy(update={"metadata_keys": sorted(_all_keys(fold))}),
        _notes(fold.version, events),
        _requests(written),
        fold.extent,
        fold.keys | (_keys(fold.version) if fold.version else frozenset()),
        written,
        _sparse_surplus(fold),
        _blocks(fold, digests),
    )


def _digests(state: DocumentState | None, fold: Fold, load_block: LoadBlock) -> Digests:
    """The known digests of the rows. None are known after a superseded version that may have been written."""
    if state is None or fold.unsure:
        return Digests(no_block)
    return Digests(lambda number: state.digests if number == 0 else load_block(number))


def _changes(
    event: DocumentEmbedded, clear: frozenset[str], digests: Digests
) -> tuple[list[Row], list[Update]]:
    """The rows to write and the metadata to update for one part. Records both in `digests`."""
    upserts: list[Row] = []
    updates: list[Update] = []
    for number, row in enumerate(rows_of(event, clear), event.first):
        known, wanted = digests.get(number), digest_of(row)
        if known is None or known.content != wanted.content:
            upserts.append(row)
        elif known.metadata != wanted.metadata:
            updates.append(Update(row, row.metadata))
        else:  # also if unchanged: an update detects missing rows
            updates.append(Update(row, {key: row.metadata[key] for key in VERSION_KEYS}))
        digests.put(number, wanted)
    return upserts, updates


def _blocks(fold: Fold, digests: Digests) -> dict[int, bytes]:
    if (version := fold.completed) is None:
        return dict(digests.changed())
    return {**digests.changed(), **dict.fromkeys(blocks_between(version.total, fold.extent), b"")}


def partly_written(state: DocumentState | None, event: DocumentEmbedded, now: datetime) -> DocumentState:
    """The state after only some rows of `event` were written: its version has begun, this part is missing.

    Keeps `state` if `event` is stale. The next version will clear everything that may be left.
    """
    fold = fold_of(state)
    take(fold, 0, event)
    if fold.version is not None and fold.changed:
        fold.version = replace(fold.version, done=fold.version.done - {event.part})
    following = _next_state(fold, now, Digests(no_block)) or state
    assert following is not None, "an event that is not stale changes the state"
    return unsure(following)


def _requests(written: Sequence[DocumentEmbedded]) -> list[PartRequested]:
    """The parts to request. A replayed part requests nothing, because that would duplicate all later
    parts."""
    return [
        PartRequested(document=event.document, sequence=event.sequence, part=event.next_part)
        for event in written
        if event.next_part is not None
    ]


def _surplus(fold: Fold) -> list[str]:
    if (version := fold.completed) is None:
        return []
    return [row_id(version.document, number) for number in range(version.total, fold.extent)]


def _sparse_surplus(fold: Fold) -> range:
    if (version := fold.completed) is None:
        return range(0)
    return range(sparse_total(version.document, version.total), fold.sparse_extent)


def _next_state(fold: Fold, now: datetime, digests: Digests) -> DocumentState | None:
    version = fold.version
    if version is None or not fold.changed:
        return None
    keys = _keys(version)
    if version.complete:
        digests.cut(version.total)
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
        digests=digests.first,
        digest_epoch=fold.epoch + fold.unsure,
    )


def _keys(version: Version) -> frozenset[str]:
    return frozenset() if version.deleted else metadata_keys(version.document)


def _all_keys(fold: Fold) -> frozenset[str]:
    if fold.version is None or fold.version.deleted:
        return frozenset()  # a delete that is carried out in part keeps the old state
    return fold.keys | _keys(fold.version)


def _notes(version: Version | None, events: Sequence[Incoming]) -> list[list[ProgressReport]]:
    assert version is not None or not events
    current = [i for i, event in enumerate(events) if version and event.sequence == version.sequence]
    return [
        _note(version, event, last=index == current[-1] if current else False) if version else []
        for index, event in enumerate(events)
    ]


def _note(version: Version, event: Incoming, last: bool) -> list[ProgressReport]:
    """The progress of an event. A superseded one reports at once, the current version with its last event."""
    document = event.document
    superseded = event.sequence != version.sequence
    if document.run is None or not (superseded or (last and version.complete)):
        return []
    if isinstance(event, DocumentDeleted):
        return [ProgressReport(document.run, Step.DELETED, document_key=document.document_key)]
    chunks = 0 if superseded else version.total
    return [ProgressReport(document.run, Step.INDEXED, chunks, document.document_key)]
