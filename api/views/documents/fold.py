"""Fold `document-states` and `progress` into the index of documents.

The topics are read independently, and again if the file is lost, so the result must not depend on the order
in which their records arrive. Of state and failure, the one with the later timestamp counts.
"""

import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime

from api.views.documents.tables import DELETED, FAILED, INDEXED, INDEXING
from schemas.events import (
    Document,
    DocumentState,
    Embedding,
    InvocationCreated,
    Progress,
    RunListed,
    Step,
)
from schemas.ids import document_id
from schemas.markers import invocation_of, is_marker
from schemas.sources import SOURCE_TYPES
from streams.state.reader import ChangelogRecord
from streams.topics import PROGRESS

#: Older failures could not be rebuilt.
FAILURES_MS = PROGRESS.retention_ms
#: Maximum characters of an error, so that rows stay small.
_ERROR_CHARACTERS = 2_000
_NO_NAME = 0
_NO_EMBEDDING = Embedding(model="")


@dataclass(frozen=True, slots=True)
class _Row:
    """The columns of `documents` after `row`; names are their ids.

    Attributes:
        fate: the state without failures; None if there is no record on `document-states`.
        ended_ms: when the document was last indexed completely or deleted. Earlier failures no longer count.
    """

    id: bytes
    place: int
    source: int
    key: str
    state: str
    namespace: int
    custom_id: str | None = None
    embedding: int | None = None
    version: str | None = None
    collection: int | None = None
    run: str | None = None
    chunks: int = 0
    parts: int = 0
    parts_done: int = 0
    fate: str | None = None
    indexed_ms: int | None = None
    ended_ms: int | None = None
    failed_ms: int | None = None
    failed_run: str | None = None
    error: str | None = None
    sequence: int | None = None
    number: int | None = None


_COLUMNS = tuple(_Row.__slots__)
_READ = f"SELECT {', '.join(_COLUMNS)} FROM documents WHERE id = ?"  # noqa: S608  (names of ours)
_WRITE = (
    f"INSERT INTO documents ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) "  # noqa: S608
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in _COLUMNS[1:])}"
)
_ADD = (
    "INSERT INTO totals VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
    "documents = documents + excluded.documents, chunks = chunks + excluded.chunks"
)


def fold_documents(database: sqlite3.Connection, change: ChangelogRecord) -> None:
    """Apply one record of `document-states` or `progress`."""
    event = change.event
    if isinstance(event, DocumentState):
        if not is_marker(event.document):
            _take_state(database, bytes.fromhex(change.key), event)
    elif isinstance(event, InvocationCreated):
        _take_run(database, event)
    elif isinstance(event, Progress) and event.stage in (Step.FAILED, Step.SKIPPED):
        _take_outcomes(database, event, change.timestamp_ms)
    elif isinstance(event, RunListed) and event.final and event.merged_into is None:
        _take_listing(database, event.invocation_id)
    elif event is None and change.topic != PROGRESS.name and "/" not in change.key:
        _put(database, _read(database, bytes.fromhex(change.key)), None)


def _take_state(database: sqlite3.Connection, id_: bytes, event: DocumentState) -> None:
    document, known = event.document, _read(database, id_) or _early_failure(database, event.document)
    fate = DELETED if event.deleted else INDEXED if event.complete else INDEXING
    indexed_ms, ended_ms = _milliseconds(event.indexed_at), known.ended_ms if known else None
    row = _Row(
        id=id_,
        place=_place(database, document.tenant, document.database, document.collection),
        source=_name(database, document.source_id),
        key=document.document_key,
        state="",
        namespace=_name(database, document.namespace),
        custom_id=document.custom_id,
        embedding=_name(database, document.embedding.model_dump_json()),
        version=document.version_key,
        collection=_name(database, event.collection_id),
        run=invocation_of(document),
        chunks=0 if event.deleted else event.chunks,
        parts=event.parts,
        parts_done=len(event.parts_done),
        fate=fate,
        indexed_ms=indexed_ms,
        ended_ms=ended_ms if fate == INDEXING else indexed_ms,
        failed_ms=known.failed_ms if known else None,
        failed_run=known.failed_run if known else None,
        error=known.error if known else None,
        sequence=event.sequence,
        number=document.version,
    )
    if known is not None and known.id != id_:
        _put(database, known, None)
        known = None
    _put(database, known, _judged(row))


def _early_failure(database: sqlite3.Connection, document: Document) -> _Row | None:
    """The row of a failure that was read before the first state of its document, which alone contains the
    custom id."""
    if document.custom_id is None:
        return None
    names = [document.tenant, document.database, document.collection]
    found = _read(database, _id_of(names, document.document_key, document.namespace, None))
    return found if found is not None and found.fate is None else None


def _judged(row: _Row) -> _Row | None:
    """The row with its state, without a failure that no longer counts. None if nothing remains."""
    if row.failed_ms is not None:
        if row.ended_ms is None or row.failed_ms > row.ended_ms:
            return replace(row, state=FAILED)
        row = _without_failure(row)
    return None if row.fate is None else replace(row, state=row.fate)


def _take_run(database: sqlite3.Connection, event: InvocationCreated) -> None:
    kind = SOURCE_TYPES.get(event.source_type)
    if kind is None:
        return
    created = _milliseconds(event.created_at)
    row = (
        event.invocation_id,
        _place(database, event.tenant, event.database, event.collection),
        _name(database, event.source_id),
        event.source_id if kind.own_tree else "",
        event.custom_id,
        event.single_document or event.object_key is not None,
        created,
    )
    database.execute("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    _forget(database, created - FAILURES_MS)


def _take_outcomes(database: sqlite3.Connection, event: Progress, at_ms: int) -> None:
    run = database.execute(
        "SELECT place, source, namespace, custom_id, tenant, database, places.collection FROM runs "
        "JOIN places ON places.id = place WHERE runs.id = ?",
        (event.invocation_id,),
    ).fetchone()
    if run is None:
        return
    place, source, namespace, custom_id, *names = run
    for passed in event.passed:
        if passed.document_key is None:
            continue
        id_ = _id_of(names, passed.document_key, namespace, custom_id)
        known = _read(database, id_) or _listed(database, source, place, passed.document_key)
        if event.stage is Step.SKIPPED:
            if known is not None and known.failed_ms is not None:
                _put(database, known, _judged(_without_failure(known)))
            continue
        if known is not None and known.failed_ms is not None and known.failed_ms > at_ms:
            continue
        fresh = _Row(id_, place, source, passed.document_key, "", _name(database, namespace), custom_id)
        error = (passed.error or "no reason was given")[:_ERROR_CHARACTERS]
        failed = replace(known or fresh, failed_ms=at_ms, failed_run=event.invocation_id, error=error)
        _put(database, known, _judged(failed))


def _listed(database: sqlite3.Connection, source: int, place: int, key: str) -> _Row | None:
    """A document of a source by its key, because only states contain custom ids."""
    found = database.execute(
        "SELECT id FROM documents WHERE source = ? AND place = ? AND key = ? AND state <> 'deleted' LIMIT 1",
        (source, place, key),
    ).fetchone()
    return None if found is None else _read(database, found[0])


def _id_of(names: list[str], key: str, namespace: str, custom_id: str | None) -> bytes:
    tenant, database, collection = names
    document = Document.model_construct(
        tenant=tenant,
        database=database,
        collection=collection,
        document_key=key,
        namespace=namespace,
        custom_id=custom_id,
        embedding=_NO_EMBEDDING,
    )
    return bytes.fromhex(document_id(document))


def _take_listing(database: sqlite3.Connection, invocation_id: str) -> None:
    """A run of a whole source has ended. Documents that failed in earlier runs and not in this one are no
    longer listed, or are unchanged since they were indexed, so their failures are removed."""
    run = database.execute(
        "SELECT place, source, created_ms FROM runs WHERE id = ? AND NOT partial", (invocation_id,)
    ).fetchone()
    if run is None:
        return
    place, source, created = run
    rows = database.execute(
        "SELECT id FROM documents WHERE source = ? AND place = ? AND state = 'failed' AND "
        "state <> 'indexed' AND failed_run <> ? AND failed_ms < ?",
        (source, place, invocation_id, created),
    ).fetchall()
    for (id_,) in rows:
        known = _read(database, id_)
        if known is not None:
            _put(database, known, _judged(_without_failure(known)))


def _without_failure(row: _Row) -> _Row:
    return replace(row, failed_ms=None, failed_run=None, error=None)


def _forget(database: sqlite3.Connection, before_ms: int) -> None:
    """Delete old runs and the failures in them."""
    old = database.execute(
        "SELECT id, source, place FROM runs WHERE created_ms < ? LIMIT 100", (before_ms,)
    ).fetchall()
    for run, source, place in old:
        rows = database.execute(
            "SELECT id FROM documents WHERE source = ? AND place = ? AND state = 'failed' AND "
            "state <> 'indexed' AND failed_run = ?",
            (source, place, run),
        ).fetchall()
        for (id_,) in rows:
            known = _read(database, id_)
            if known is not None:
                _put(database, known, _judged(_without_failure(known)))
        database.execute("DELETE FROM runs WHERE id = ?", (run,))


def _read(database: sqlite3.Connection, id_: bytes) -> _Row | None:
    found = database.execute(_READ, (id_,)).fetchone()
    return None if found is None else _Row(*found)


def _put(database: sqlite3.Connection, old: _Row | None, new: _Row | None) -> None:
    """Replace a row and update the totals."""
    if new is not None:
        database.execute(_WRITE, [getattr(new, column) for column in _COLUMNS])
    elif old is not None:
        database.execute("DELETE FROM documents WHERE id = ?", (old.id,))
    if old is not None:
        database.execute(_ADD, (*_total(old), -1, -old.chunks))
    if new is not None:
        database.execute(_ADD, (*_total(new), 1, new.chunks))


def _total(row: _Row) -> tuple[int, int, int, str]:
    return row.place, row.source, row.collection or _NO_NAME, row.state


def _name(database: sqlite3.Connection, name: str | None) -> int:
    """The id of a name; 0 for none."""
    if not name:
        return _NO_NAME
    found = database.execute("SELECT id FROM names WHERE name = ?", (name,)).fetchone()
    if found is None:
        found = database.execute("INSERT INTO names (name) VALUES (?) RETURNING id", (name,)).fetchone()
    return int(found[0])


def _place(database: sqlite3.Connection, tenant: str, name: str, collection: str) -> int:
    place = (tenant, name, collection)
    sql = "SELECT id FROM places WHERE tenant = ? AND database = ? AND collection = ?"
    found = database.execute(sql, place).fetchone()
    if found is None:
        sql = "INSERT INTO places (tenant, database, collection) VALUES (?, ?, ?) RETURNING id"
        found = database.execute(sql, place).fetchone()
    return int(found[0])


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
