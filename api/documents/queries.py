"""What is asked of documents: lists, one with its chunks and history, a delete."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from api.access import Caller
from api.chroma.place import Place as Database
from api.chroma.upstream import require_taken
from api.cursor import cursor_of, none_of_this_list, values_of
from api.dependencies import Dependencies
from api.errors import BadRequest, Conflict, NotFound, Unavailable
from api.search.expression import Filter
from api.search.records import Record
from api.views.documents import DocumentFilter, DocumentRow, PageStart, Place
from api.views.documents.tables import DELETED, FAILED
from api.views.outcomes import Outcome
from schemas import api
from schemas.errors import TransientError
from schemas.events import Document, DocumentDeleted, Embedding, TopicLayout
from schemas.ids import DOCUMENT_ID, DOCUMENT_ID_BEGINNING, chunk_id_base
from schemas.limits import RESERVED_METADATA_KEYS
from schemas.sources import FILE_UPLOAD
from streams.engine.outputs import Send
from streams.reembedded import identity_of
from streams.topics import DOCUMENTS

#: How long a request waits for the layout.
_LAYOUT_SECONDS = 4.0
#: Outcomes of a document that its history shows, of the last 7 days.
_HISTORY = 50
#: Runs that they are looked for in: those of 7 days, where one begins each minute.
_RUNS = 10_000
#: Chunks of one answer: Chroma Cloud's maximum of a request.
MAX_CHUNKS = 300


async def list_documents(
    parts: Dependencies,
    caller: Caller,
    *,
    source_id: str | None = None,
    database: str | None = None,
    collection: str | None = None,
    state: str | None = None,
    prefix: str | None = None,
    contains: str | None = None,
    cursor: str | None = None,
    limit: int = 100,
) -> api.DocumentPage:
    """A page of documents, in the order of database, collection and key.

    Args:
        state: one of `api.views.documents.tables.STATES`; without it, all but deleted ones.
        prefix: what keys begin with.
        contains: text within keys, in any case; reads all keys of the source or collection.

    Raises BadRequest for a collection without its database, Forbidden for a database that the caller may not
    see, Unavailable while the index is being built.
    """
    if collection is not None and database is None:
        raise BadRequest("collection_name needs database_name: collections of two databases may share a name")
    if database is not None:
        caller.require_database(database)
    await parts.index.ready()
    wanted = DocumentFilter(
        caller.tenant, caller.databases, database, collection, source_id, state, prefix, contains
    )
    start = None if cursor is None else _start_of(cursor)
    rows = await parts.index.page(wanted, start, limit + 1)
    shown = rows[:limit]
    next_cursor = None
    if len(rows) > limit:
        last = shown[-1] if shown else None
        next_cursor = cursor if last is None else _cursor(last)
    return api.DocumentPage(documents=[summary_of(row) for row in shown], next_cursor=next_cursor)


async def find_document(parts: Dependencies, caller: Caller, document_id: str) -> DocumentRow:
    """A document that the caller may see, by its id or the first digits of it. Raises NotFound, BadRequest if
    several documents begin so."""
    absent = NotFound(f"document {document_id[:80]!r} does not exist")
    if not DOCUMENT_ID_BEGINNING.fullmatch(document_id):
        raise absent
    # Of databases that the caller may not see, whole ids are refused, and others are not told.
    databases = None if DOCUMENT_ID.fullmatch(document_id) else caller.databases
    found = parts.index.beginning(document_id, caller.tenant, databases)
    if not found:
        await parts.index.refresh()
        found = parts.index.beginning(document_id, caller.tenant, databases)
    if not found:
        raise absent
    if len(found) > 1:
        ids = ", ".join(row.id for row in found[:2])
        raise BadRequest(f"several documents begin with {document_id!r} ({ids}, …): give more of the id")
    caller.require_database(found[0].place.database)
    return found[0]


async def known_layout(parts: Dependencies) -> TopicLayout:
    """The layout of the topics. Raises TransientError if no broker answers within some seconds."""
    try:
        async with asyncio.timeout(_LAYOUT_SECONDS):
            return await parts.layout.current()
    except TimeoutError as error:
        raise TransientError(f"no broker has answered within {_LAYOUT_SECONDS:g} s") from error


async def show_document(
    parts: Dependencies, caller: Caller, document_id: str, first: int = 0, limit: int = 100
) -> api.DocumentDetail:
    """A document with its history, and its chunks from number `first` on.

    Raises NotFound, and Unavailable if Chroma does not answer.
    """
    row = await find_document(parts, caller, document_id)
    end = first + min(limit, MAX_CHUNKS)
    gone, chunks = await _chunks(parts, row, first, end)
    # By numbers, not by what was found: rows may be missing, also a whole page of them.
    more = not gone and row.embedding is not None and end < row.chunks
    embedding = row.embedding
    return api.DocumentDetail(
        **dict(summary_of(row)),
        custom_id=row.custom_id,
        embedding_model=embedding.model if embedding else None,
        sparse_key=embedding.sparse.key if embedding and embedding.sparse else None,
        parts=row.parts,
        parts_done=row.parts_done,
        gone=gone,
        history=list(_history(parts, row)),
        chunk_list=chunks,
        next_chunk=end if more else None,
    )


async def delete_document(parts: Dependencies, caller: Caller, document_id: str) -> api.DeletedDocument:
    """Send a delete of a document through the pipeline.

    Raises NotFound, Conflict for one that is not in its collection, Forbidden for a key that is not an
    admin's, unless the document was uploaded.
    """
    row = await find_document(parts, caller, document_id)
    source = None if row.source_id is None else parts.catalogue.source(row.source_id)
    uploaded = source is not None and source.type == FILE_UPLOAD.name
    if not uploaded:
        caller.require_admin("delete documents that were not uploaded")
    if row.state == DELETED or row.embedding is None:
        what = "is deleted already" if row.state == DELETED else "was never indexed"
        raise Conflict(f"document {row.key!r} {what}; there is nothing to delete")
    await parts.write(Send(DOCUMENTS, row.id, DocumentDeleted(document=_document(row, row.embedding))))
    message = "deleted as soon as the records before it are indexed"
    if source is not None and not uploaded:
        message += f"; the next run of source {source.id} brings it back while it is still there"
    return api.DeletedDocument(id=row.id, document_key=row.key, message=message)


def summary_of(row: DocumentRow) -> api.DocumentSummary:
    """A row as a body."""
    failed = row.state == FAILED
    return api.DocumentSummary.model_validate(
        {
            "id": row.id,
            "document_key": row.key,
            "database_name": row.place.database,
            "collection_name": row.place.collection,
            "source_id": row.source_id,
            "state": row.state,
            "chunks": row.chunks,
            "version_key": row.version_key,
            "indexed_at": _time(row.indexed_ms),
            "invocation_id": row.failed_run_id if failed else row.run_id,
            "error": row.error,
            "failed_at": _time(row.failed_ms),
        }
    )


def _cursor(row: DocumentRow) -> str:
    return cursor_of(row.place.database, row.place.collection, row.key, row.id)


def _start_of(cursor: str) -> PageStart:
    start = PageStart(*map(str, values_of(cursor, (str, str, str, str))))
    if not DOCUMENT_ID.fullmatch(start.id):
        raise none_of_this_list(cursor)
    return start


def _time(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


def _document(row: DocumentRow, embedding: Embedding) -> Document:
    return Document(
        tenant=row.place.tenant,
        database=row.place.database,
        collection=row.place.collection,
        document_key=row.key,
        namespace=row.namespace,
        custom_id=row.custom_id,
        version_key=row.version_key or "",
        embedding=embedding,
        source_id=row.source_id,
    )


def _history(parts: Dependencies, row: DocumentRow) -> Iterable[api.DocumentEvent]:
    """Outcomes in runs of the document's source into its collection, newest first."""
    if row.source_id is None:
        return
    runs = parts.catalogue.runs_into(row.source_id, row.place.collection, _RUNS)
    for run_id, outcome in parts.outcomes.of_document(row.key, runs, _HISTORY):
        run = parts.catalogue.invocation(run_id)
        if run is not None and Place(run.tenant, run.database, run.collection) == row.place:
            at = run.finished_at or run.started_at or run.created_at
            yield _event(run_id, outcome, run.trigger, at)


def _event(run_id: str, outcome: Outcome, trigger: str, at: datetime) -> api.DocumentEvent:
    skipped = outcome.status == "skipped"
    return api.DocumentEvent.model_validate(
        {
            "invocation_id": run_id,
            "status": outcome.status,
            "chunks": outcome.chunks,
            "error": None if skipped else outcome.error,
            "reason": outcome.error if skipped else None,
            "warnings": list(outcome.warnings),
            "trigger": trigger,
            "at": at,
        }
    )


async def _chunks(
    parts: Dependencies, row: DocumentRow, first: int, end: int
) -> tuple[bool, list[api.DocumentChunk]]:
    """Whether the document's collection is gone, and the chunks from number `first` to `end`, which is not
    among them, as they are in Chroma."""
    if not row.chunks or row.embedding is None:
        return False, []
    database = parts.place(row.place.tenant, row.place.database)
    found = await collection_of(parts, database, row.place.collection)
    if found is None or identity_of(found) != row.collection_id:
        return True, []
    base = chunk_id_base(_document(row, row.embedding))
    numbers = range(first, min(row.chunks, end))
    if not numbers:
        return False, []
    ids = tuple(f"{base}-{number}" for number in numbers)
    target = parts.target(database, found)
    records = await parts.legs.records.get(target, Filter(None, ids), ("documents", "metadatas"), len(ids))
    by_id = {record.id: record for record in records}
    return False, [
        _chunk(number, by_id[id_]) for number, id_ in zip(numbers, ids, strict=True) if id_ in by_id
    ]


async def collection_of(parts: Dependencies, database: Database, name: str) -> Mapping[str, Any] | None:
    """A collection as Chroma shows it; None if there is none."""
    answer = await parts.named(database, name)
    if answer.status == 404:
        return None
    require_taken(answer)
    if answer.status != 200:
        raise Unavailable(f"Chroma does not say whether collection {name!r} exists ({answer.status})")
    return dict(json.loads(answer.body))


def _chunk(number: int, record: Record) -> api.DocumentChunk:
    metadata = dict(record.metadata or {})
    return api.DocumentChunk(
        id=record.id,
        number=number,
        text=record.document or "",
        start_line=metadata.get("start_line"),
        end_line=metadata.get("end_line"),
        page=metadata.get("page"),
        context=metadata.get("context"),
        language=metadata.get("language"),
        metadata={
            name: value
            for name, value in metadata.items()
            if name not in RESERVED_METADATA_KEYS and isinstance(value, str | int | float | bool | list)
        },
    )
