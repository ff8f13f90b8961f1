"""Collections of the databases that a caller may see."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from api.access import Caller
from api.chroma.place import Place as Database
from api.chroma.upstream import require_taken
from api.dependencies import Dependencies
from api.documents.queries import collection_of
from api.errors import NotFound, Unavailable
from api.views.documents import DocumentFilter, Total
from api.views.documents.tables import DELETED, FAILED, INDEXED, INDEXING
from schemas import api
from schemas.checks import check_database_name
from streams.chroma import space_of
from streams.reembedded import identity_of

#: Collections whose rows are counted at once.
_AT_ONCE = 8
#: Databases and collections of one request to Chroma.
_PAGE = 1000
_FLOAT32_BYTES = 4


async def list_collections(
    parts: Dependencies, caller: Caller, database: str | None = None, limit: int = 100, offset: int = 0
) -> list[api.CollectionSummary]:
    """Collections by database and name, with what Headrace has put into each.

    Raises Forbidden for a database that the caller may not see, Unavailable if Chroma does not answer.
    """
    await parts.index.ready()
    found: list[tuple[Database, Mapping[str, Any]]] = []
    for place in await _databases(parts, caller, database):
        listed = await _listed(parts, f"{place.path}/collections")
        found += [(place, one) for one in sorted(listed, key=lambda one: str(one["name"]))]
        if len(found) >= offset + limit:  # those of the databases behind come later in the list
            break
    shown = found[offset : offset + limit]
    slots = asyncio.Semaphore(_AT_ONCE)
    return list(await asyncio.gather(*(_summary(parts, slots, *one) for one in shown)))


async def show_collection(
    parts: Dependencies, caller: Caller, database: str, name: str
) -> api.CollectionSummary:
    """One collection. Raises NotFound."""
    await parts.index.ready()
    place, found = await require_collection(parts, caller, database, name)
    return await _summary(parts, asyncio.Semaphore(1), place, found)


async def require_collection(
    parts: Dependencies, caller: Caller, database: str, name: str
) -> tuple[Database, Mapping[str, Any]]:
    """A collection that the caller may see, as Chroma shows it. Raises NotFound, Forbidden, Unavailable."""
    check_database_name(database)
    caller.require_database(database)
    place = parts.place(caller.tenant, database)
    found = await collection_of(parts, place, name)
    if found is None:
        raise NotFound(f"no collection {name!r} in database {database!r}")
    return place, found


async def _databases(parts: Dependencies, caller: Caller, database: str | None) -> list[Database]:
    if database is not None:
        check_database_name(database)
        caller.require_database(database)
        return [parts.place(caller.tenant, database)]
    if caller.databases is not None:
        return [parts.place(caller.tenant, name) for name in sorted(caller.databases)]
    listed = await _listed(parts, parts.place(caller.tenant, "").databases)
    return [parts.place(caller.tenant, name) for name in sorted(str(one["name"]) for one in listed)]


async def _listed(parts: Dependencies, path: str) -> list[dict[str, Any]]:
    """All entries of a list of Chroma; none if its database does not exist."""
    found: list[dict[str, Any]] = []
    while True:
        answer = await parts.upstream.ask("GET", path, query=f"limit={_PAGE}&offset={len(found)}")
        if answer.status == 404:
            return []
        require_taken(answer)
        if answer.status != 200:
            raise Unavailable(f"Chroma does not list what it holds ({answer.status})")
        page = json.loads(answer.body)
        found += page
        if len(page) < _PAGE:
            return found


async def _summary(
    parts: Dependencies, slots: asyncio.Semaphore, place: Database, found: Mapping[str, Any]
) -> api.CollectionSummary:
    name, dimension = str(found["name"]), found.get("dimension")
    async with slots:
        target = parts.target(place, found)
        try:
            rows = await parts.legs.records.count(target)
        except NotFound:  # deleted just now
            rows = 0
    wanted = DocumentFilter(place.tenant, database=place.database, collection=name)
    identity = identity_of(found)
    totals = [one for one in parts.index.totals(wanted) if one.collection_id == identity]
    own, metadata = target.embedding, found.get("metadata") or {}
    sparse = own.sparse if own is not None else None
    if sparse is None:  # Chroma's own configuration has no place for it
        source = parts.catalogue.filling(place.tenant, place.database, name)
        sparse = None if source is None else source.embedding.sparse
    return api.CollectionSummary(
        id=str(found["id"]),
        name=name,
        database_name=place.database,
        documents=_by_state(totals),  # type: ignore[arg-type]
        chunks=sum(one.chunks for one in totals if one.state != DELETED),
        rows=rows,
        dimension=dimension,
        vector_bytes=rows * dimension * _FLOAT32_BYTES if dimension else None,
        embedding_model=own.model if own is not None else None,
        sparse_key=sparse.key if sparse is not None else None,
        space=space_of(found.get("configuration_json")),
        closed=metadata.get("finished_ingest") is True,
        source_ids=sorted({one.source_id for one in totals if one.source_id is not None}),
    )


def _by_state(totals: Sequence[Total]) -> dict[str, int]:
    counts = dict.fromkeys((INDEXED, INDEXING, FAILED), 0)
    for one in totals:
        if one.state in counts:
            counts[one.state] += one.documents
    return counts
