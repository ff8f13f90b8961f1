"""Queries on the index of documents. Only a search within keys reads more rows than it returns."""

import asyncio
import json
import sqlite3
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.errors import Unavailable
from api.views.documents.fates import FATE, Fate
from api.views.documents.fold import fold_documents
from api.views.documents.tables import DELETED, INDEXED, TABLES
from schemas.codec import Codec
from schemas.errors import TransientError
from schemas.events import Embedding
from schemas.ids import DOCUMENT_ID_DIGITS
from streams.kafka.cluster import Cluster
from streams.state.topic_view import TopicView
from streams.state.views import View
from streams.topics import DOCUMENT_STATES, PROGRESS

#: A search within keys reads all keys: about 0.3 s for a million.
_SCAN_SECONDS = 5.0
#: How many ids of one beginning are told apart: more is one answer.
_MOST_ALIKE = 2


@dataclass(frozen=True, slots=True)
class Place:
    """A collection by name."""

    tenant: str
    database: str
    collection: str


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Filters of documents. `databases` None selects all; the other filters are optional.

    Args:
        state: by default all states but `deleted`.
        contains: text within the key, ignoring ASCII case.
        prefix: of the key.
    """

    tenant: str
    databases: Set[str] | None = None
    database: str | None = None
    collection: str | None = None
    source_id: str | None = None
    state: str | None = None
    prefix: str | None = None
    contains: str | None = None


@dataclass(frozen=True, slots=True)
class PageStart:
    """The last document of the previous page."""

    database: str
    collection: str
    key: str
    id: str


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One document.

    Attributes:
        chunks: number of chunks of its newest version; those indexed so far if `state` is `indexing`.
        run_id: the invocation that sent the newest version; None if another producer did.
        collection_id: id of the collection that contains it.
        failed_run_id, failed_ms, error: its newest failure, if `state` is `failed`.
        sequence: of the version that is indexed; it says where its record is on `documents`.
    """

    id: str
    place: Place
    key: str
    state: str
    source_id: str | None
    namespace: str
    custom_id: str | None
    embedding: Embedding | None
    version_key: str | None
    collection_id: str | None
    run_id: str | None
    chunks: int
    parts: int
    parts_done: int
    indexed_ms: int | None
    failed_ms: int | None
    failed_run_id: str | None
    error: str | None
    sequence: int | None


@dataclass(frozen=True, slots=True)
class Total:
    """The number of documents of a source in a collection with one state, and of their chunks."""

    place: Place
    source_id: str | None
    collection_id: str | None
    state: str
    documents: int
    chunks: int


_FIELDS = """
lower(hex(documents.id)), places.tenant, places.database, places.collection, key, state, sources.name,
namespaces.name, custom_id, embeddings.name, version, collections.name, run, chunks, parts, parts_done,
indexed_ms, failed_ms, failed_run, error, documents.sequence
"""
_JOINS = """
JOIN places ON places.id = place
LEFT JOIN names AS sources ON sources.id = source
LEFT JOIN names AS namespaces ON namespaces.id = namespace
LEFT JOIN names AS embeddings ON embeddings.id = embedding
LEFT JOIN names AS collections ON collections.id = documents.collection
"""
_BEGINNING = (
    f"SELECT {_FIELDS} FROM documents {_JOINS} "  # noqa: S608
    "WHERE documents.id BETWEEN ? AND ? AND tenant = ? "
    "AND (? IS NULL OR database IN (SELECT value FROM json_each(?))) ORDER BY documents.id LIMIT ?"
)
_TOTALS = """
SELECT tenant, database, places.collection, sources.name, collections.name, state, documents, chunks, place,
source FROM totals JOIN places ON places.id = place
LEFT JOIN names AS sources ON sources.id = source
LEFT JOIN names AS collections ON collections.id = totals.collection
WHERE documents > 0 AND tenant = :tenant AND (:databases IS NULL OR database IN
(SELECT value FROM json_each(:databases))) AND (:database IS NULL OR database = :database)
AND (:collection IS NULL OR places.collection = :collection) AND (:source IS NULL OR sources.name = :source)
AND (CASE WHEN :state IS NULL THEN state <> 'deleted' ELSE state = :state END)
ORDER BY database, places.collection, sources.name
"""


class DocumentIndex(TopicView):
    """Documents by source, collection, state and key, and their totals.

    It is built in the background, so that the gateway serves while a million documents are read.
    """

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._ready = asyncio.Event()

    @classmethod
    def of(cls, cluster: Cluster, codec: Codec, folder: Path) -> "DocumentIndex":
        """The index of a cluster; its file is in this folder."""
        path = folder / "documents.sqlite"
        return cls(View(cluster, codec, (DOCUMENT_STATES, PROGRESS), path, TABLES, fold_documents))

    async def start(self) -> None:
        """Start to follow the topics. Returns immediately if the index must be built first."""
        await self._view.begin()
        self._building = asyncio.create_task(self._build())

    async def close(self) -> None:
        """Stop following the topics."""
        self._building.cancel()
        await super().close()

    async def ready(self, timeout: float = 10) -> None:
        """Wait until the index has once caught up. Raises Unavailable after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._ready.wait()
        except TimeoutError as error:
            raise Unavailable(
                "the gateway still builds its index of documents from the topics; try again in a minute"
            ) from error

    async def refresh(self, timeout: float = 10) -> None:
        """Catch up with the current ends of the topics."""
        await self.ready(timeout)
        await self._view.caught_up(timeout)

    def beginning(self, digits: str, tenant: str, databases: Set[str] | None = None) -> list[DocumentRow]:
        """The first documents of a tenant whose ids begin with these hex digits, also deleted ones; those in
        some `databases`, None for all."""
        bounds = (bytes.fromhex(digits.ljust(DOCUMENT_ID_DIGITS, end)) for end in "0f")
        within = None if databases is None else json.dumps(sorted(databases))
        found = self._view.query(_BEGINNING, (*bounds, tenant, within, within, _MOST_ALIKE))
        return [_row(row) for row in found]

    def fates(self, ids: Sequence[str]) -> dict[str, Fate]:
        """What has become of documents, by id: of at most a thousand, if they are known."""
        sql = f"SELECT {FATE} FROM documents WHERE id IN ({', '.join('?' * len(ids))})"  # noqa: S608
        rows = self._view.query(sql, [bytes.fromhex(id_) for id_ in ids])
        return {row[0]: Fate(*row[1:]) for row in rows}

    def totals(self, wanted: DocumentFilter) -> list[Total]:
        """Sums by collection, source and state."""
        return [_total(row) for row in self._totals(wanted)]

    async def page(self, wanted: DocumentFilter, start: PageStart | None, limit: int) -> list[DocumentRow]:
        """The next documents, by database, collection, key and id."""
        found: list[DocumentRow] = []
        places = {row["place"]: row for row in self._totals(wanted)}
        source = next((row["source"] for row in places.values()), None) if wanted.source_id else None
        for place, row in places.items():
            where = (row["database"], row["collection"])
            if start is not None and where < (start.database, start.collection):
                continue
            behind = start if start is not None and where == (start.database, start.collection) else None
            sql, values = _select(wanted, place, source, behind, limit - len(found))
            if wanted.contains is None:
                rows = self._view.query(sql, values)
            else:
                rows = await self._view.scan(sql, values, _SCAN_SECONDS)
            found += map(_row, rows)
            if len(found) >= limit:
                break
        return found

    def _totals(self, wanted: DocumentFilter) -> list[sqlite3.Row]:
        databases = None if wanted.databases is None else json.dumps(sorted(wanted.databases))
        values = {
            "tenant": wanted.tenant,
            "databases": databases,
            "database": wanted.database,
            "collection": wanted.collection,
            "source": wanted.source_id,
            "state": wanted.state,
        }
        return self._view.query(_TOTALS, values)

    async def _build(self) -> None:
        while True:
            try:
                await self._view.caught_up(timeout=3600)
            except TransientError:  # the view says why in the log
                await asyncio.sleep(1)
            else:
                self._ready.set()
                return


def _select(
    wanted: DocumentFilter, place: int, source: int | None, start: PageStart | None, limit: int
) -> tuple[str, dict[str, Any]]:
    """The query for documents of one collection. The terms on `state` decide which index SQLite uses."""
    values: dict[str, Any] = {"place": place, "limit": limit, "state": wanted.state}
    terms = ["place = :place"]
    if source is not None:
        terms.append("source = :source")
        values["source"] = source
    if wanted.state in (None, INDEXED):
        terms.append(f"state <> '{DELETED}'")
        if wanted.state is not None:
            terms.append("+state = :state")  # the plus keeps SQLite from using an index on it
    else:
        terms += [f"state <> '{INDEXED}'", "state = :state"]
    if wanted.prefix is not None:
        terms.append("key >= :prefix AND key < :after")
        values |= {"prefix": wanted.prefix, "after": wanted.prefix + "\U0010ffff"}
    if wanted.contains is not None:
        terms.append("key LIKE :contains ESCAPE '\\'")
        values["contains"] = f"%{_escaped(wanted.contains)}%"
    if start is not None:
        terms.append("(key, documents.id) > (:key, :id)")
        values |= {"key": start.key, "id": bytes.fromhex(start.id)}
    sql = (
        f"SELECT {_FIELDS} FROM documents {_JOINS} WHERE {' AND '.join(terms)} "  # noqa: S608
        "ORDER BY key, documents.id LIMIT :limit"
    )
    return sql, values


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _row(found: Sequence[Any]) -> DocumentRow:
    id_, tenant, database, collection, key, state, source, namespace, custom_id, embedding, *rest = found
    return DocumentRow(
        id_,
        Place(tenant, database, collection),
        key,
        state,
        source,
        namespace or "",
        custom_id,
        Embedding.model_validate_json(embedding) if embedding else None,
        *rest,
    )


def _total(found: Sequence[Any]) -> Total:
    tenant, database, collection, source, collection_id, state, documents, chunks, *_ = found
    return Total(Place(tenant, database, collection), source, collection_id, state, documents, chunks)
