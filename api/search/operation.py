"""`POST /api/v1/search`: one query text, one collection, plain JSON."""

import json

from aiohttp import web

from api.access import Caller
from api.chroma.place import Place
from api.chroma.upstream import require_taken
from api.dependencies import PARTS, Dependencies
from api.errors import BadRequest, NotFound, Unavailable
from api.requests import caller_of, read_body
from api.search.expression import Filter
from api.search.filters import joined, parse_filter
from api.search.hybrid import Question
from api.search.parsing import read_json
from api.search.records import Target
from api.sync.render import json_response
from schemas.api import SearchAnswer, SearchPayload
from schemas.api.search import MAX_DEPTH
from schemas.checks import check_collection_name, check_database_name, require_text


async def search(request: web.Request) -> web.Response:
    """Search a collection: dense, sparse or hybrid."""
    parts, caller = request.app[PARTS], caller_of(request)
    read_json(await request.read())  # refuses NaN, which pydantic accepts in `where`
    return json_response(await answer(parts, caller, await read_body(request, SearchPayload)))


async def answer(parts: Dependencies, caller: Caller, asked: SearchPayload) -> SearchAnswer:
    """The hits of a search."""
    check_database_name(asked.database_name)
    check_collection_name(asked.collection_name)
    caller.require_database(asked.database_name)
    if not asked.query.strip():
        raise BadRequest("query is blank; expected what to look for")
    if asked.offset + asked.limit > MAX_DEPTH:
        raise BadRequest(
            f"offset and limit together must be at most {MAX_DEPTH}: a search has 300 candidates of each leg"
        )
    place = parts.place(caller.tenant, asked.database_name)
    question = Question(
        text=require_text("query", asked.query),
        mode=asked.mode,
        filter=_filter(asked),
        sparse_key=asked.sparse_key,
        limit=asked.limit,
        offset=asked.offset,
        rerank=asked.rerank,
    )
    target = await _collection(parts, caller, place, asked.collection_name)
    return await parts.search.answer(target, question)


def _filter(asked: SearchPayload) -> Filter:
    where = parse_filter(asked.where, "where")
    texts = {"$contains": asked.contains, "$regex": asked.regex}
    conditions = ({"#document": {name: value}} for name, value in texts.items() if value is not None)
    return Filter(joined(where.where, *conditions), where.ids)


async def _collection(parts: Dependencies, caller: Caller, place: Place, name: str) -> Target:
    """A collection by name. Raises NotFound, which lists the existing names."""
    answer = await parts.named(place, name)
    if answer.status == 200:
        return parts.target(place, json.loads(answer.body))
    require_taken(answer)
    if answer.status != 404:
        raise Unavailable(f"Chroma does not say whether collection {name!r} exists ({answer.status})")
    if (await parts.upstream.ask("GET", place.path)).status == 404:
        there = await _names(parts, place.databases)
        seen = ", ".join(one for one in there if caller.databases is None or one in caller.databases)
        raise NotFound(f"no database {place.database!r} in Chroma; there are {seen or 'none'}")
    held = ", ".join(await _names(parts, f"{place.path}/collections")) or "no collections"
    raise NotFound(f"no collection {name!r} in database {place.database!r}; it holds {held}")


async def _names(parts: Dependencies, path: str) -> list[str]:
    listed = await parts.upstream.ask("GET", path, query="limit=20")
    return sorted(one["name"] for one in json.loads(listed.body)) if listed.status == 200 else []
