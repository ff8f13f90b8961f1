"""`POST …/collections/{id}/search`: Chroma's `Search`, which its single node does not implement."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from aiohttp import web
from pydantic_core import to_json

from api.chroma import records
from api.chroma.place import Place
from api.chroma.rights import place_of
from api.dependencies import PARTS
from api.requests import path_id
from api.search.execution import Room, Row, run_search
from api.search.expression import Search
from api.search.parsing import parse_searches, read_json
from api.search.records import Target

#: Rows of a column that are encoded at once: no other request has its turn meanwhile.
ROWS_AT_ONCE = 200


async def search(request: web.Request) -> web.StreamResponse:
    """Carry out the searches of a request on one collection, in the columns that Chroma answers with."""
    parts = request.app[PARTS]
    if parts.gateway.chroma.searches:
        return await records.read(request)
    place, collection = place_of(request), path_id(request, "collection_id")
    target = await target_of(request, place, collection)
    searches = parse_searches(read_json(await request.read()))
    room = Room()
    found = await asyncio.gather(*(run_search(parts.legs, target, one, room) for one in searches))
    answer = answer_of(searches, found)
    whole = sum(map(len, found)) <= ROWS_AT_ONCE
    return web.Response(body=to_json(answer) if whole else pieces(answer), content_type="application/json")


async def target_of(request: web.Request, place: Place, collection_id: str) -> Target:
    """A collection that the caller may read, with its dimension as soon as it has one."""
    parts = request.app[PARTS]
    found = await parts.collections.require(place, collection_id)
    if found.get("dimension") is None:
        found = await parts.collections.require(place, collection_id, fresh=True)
    return parts.target(place, found)


def answer_of(searches: list[Search], found: list[list[Row]]) -> dict[str, Any]:
    """Chroma's `SearchResponse`: a list for each search, a column for each selected key."""
    pairs = list(zip(searches, found, strict=True))

    def column(wanted: Callable[[Search], bool], value: Callable[[Search, Row], Any]) -> list[Any]:
        return [[value(one, row) for row in rows] if wanted(one) else None for one, rows in pairs]

    return {
        "ids": [[row.record.id for row in rows] for rows in found],
        "documents": column(lambda one: "#document" in one.select, lambda _, row: row.record.document),
        "embeddings": column(lambda one: "#embedding" in one.select, lambda _, row: row.record.embedding),
        "metadatas": column(_selects_metadata, lambda one, row: _selected(one, row.record.metadata)),
        "scores": column(lambda one: "#score" in one.select, lambda _, row: row.score),
        "select": [sorted(one.select) for one in searches],
    }


async def pieces(answer: Mapping[str, list[list[Any] | None]]) -> AsyncIterator[bytes]:
    """The JSON of an answer."""
    between = b"{"
    for name, column in answer.items():
        yield between + to_json(name) + b":["
        between = b"],"
        for number, rows in enumerate(column):
            opens = b",[" if number else b"["
            if not rows:
                yield opens[:-1] + to_json(rows)
                continue
            for start in range(0, len(rows), ROWS_AT_ONCE):
                yield (b"," if start else opens) + to_json(rows[start : start + ROWS_AT_ONCE])[1:-1]
                await asyncio.sleep(0)
            yield b"]"
    yield b"]}"


def _selects_metadata(search: Search) -> bool:
    return any(key == "#metadata" or not key.startswith("#") for key in search.select)


def _selected(search: Search, metadata: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if metadata is None or "#metadata" in search.select:
        return metadata or None
    return {key: value for key, value in metadata.items() if key in search.select} or None
