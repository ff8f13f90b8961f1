"""The routes of collections."""

from collections.abc import AsyncIterator

from aiohttp import web

from api.collections.queries import list_collections
from api.collections.verification import newest_verification, start_verification
from api.dependencies import PARTS
from api.errors import BadRequest
from api.requests import MAX_LIMIT, caller_of, query_number, query_text, read_body
from api.sse import ServerEvent, end_event, wants_events
from api.sync.options import require_collection_name
from api.sync.render import json_response, json_text
from api.verification.running import Verification, follow
from schemas.api import VerifyPayload


async def get_collections(request: web.Request) -> web.Response:
    """Collections with what fills them."""
    found = await list_collections(
        request.app[PARTS],
        caller_of(request),
        query_text(request, "database_name"),
        query_number(request, "limit", 100, MAX_LIMIT),
        query_number(request, "offset", 0, 2**31),
    )
    return json_response(list(found))


async def verify(request: web.Request) -> web.StreamResponse:
    """Begin to compare a collection with what is recorded of it."""
    return await _begin(request, repair=False)


async def repair(request: web.Request) -> web.StreamResponse:
    """Begin to compare a collection, and have what differs written again."""
    return await _begin(request, repair=True)


async def get_verification(request: web.Request) -> web.StreamResponse:
    """The newest comparison of a collection in this process."""
    database = query_text(request, "database_name")
    if database is None:
        raise BadRequest("database_name is required")
    found = newest_verification(request.app[PARTS], caller_of(request), database, _name(request))
    return await _answer(request, found, 200)


async def _begin(request: web.Request, repair: bool) -> web.StreamResponse:
    database = (await read_body(request, VerifyPayload)).database_name
    made = await start_verification(request.app[PARTS], caller_of(request), database, _name(request), repair)
    return await _answer(request, made, 202)


async def _answer(request: web.Request, one: Verification, status: int) -> web.StreamResponse:
    if not (wants_events(request) or wants_events(request, "POST")):
        return json_response(one.shown(), status)
    parts = request.app[PARTS]
    events = _events(one, parts.streams.heartbeat_s)
    return await parts.streams.send(request, events, parts.revoked(caller_of(request)))


async def _events(one: Verification, heartbeat_s: float) -> AsyncIterator[ServerEvent | None]:
    """An event `progress` at changes, `end` with the comparison."""
    yield ServerEvent("progress", json_text(one.shown()))
    async for changed in follow(one, heartbeat_s):
        yield ServerEvent("progress", json_text(one.shown())) if changed else None
    yield ServerEvent("progress", json_text(one.shown()))
    yield end_event(one.state)


def _name(request: web.Request) -> str:
    return require_collection_name(request.match_info["collection_name"])
