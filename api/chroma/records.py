"""Chroma's routes about the records of a collection, by the collection's id."""

from aiohttp import web

from api.chroma.rights import json_body, place_of, require_writable, text_in
from api.dependencies import PARTS
from api.requests import caller_of, path_id
from streams.chroma import segment


async def read(request: web.Request) -> web.StreamResponse:
    """Get, query, count, and what Chroma says of a collection."""
    parts, place = request.app[PARTS], place_of(request)
    collection = path_id(request, "collection_id")
    await parts.collections.require(place, collection)
    return await parts.upstream.forward(request, _path(request, place.path, collection))


async def write(request: web.Request) -> web.StreamResponse:
    """Add, update, upsert, delete."""
    return await _write(request, None)


async def fork(request: web.Request) -> web.StreamResponse:
    """Copy a collection under a new name, which must not be one that Headrace keeps."""
    place, (body, given) = place_of(request), await json_body(request)
    if name := text_in(given, "new_name"):
        require_writable(request, place, name)
    parts, collection = request.app[PARTS], path_id(request, "collection_id")
    await parts.collections.require(place, collection)
    return await parts.upstream.forward(request, _path(request, place.path, collection), body)


async def attach(request: web.Request) -> web.StreamResponse:
    """Attach a function, which writes to a collection of its own; or detach it."""
    caller_of(request).require_admin("attach and detach functions")
    body, _ = await json_body(request)
    return await _write(request, body)


async def _write(request: web.Request, body: bytes | None) -> web.StreamResponse:
    parts, place = request.app[PARTS], place_of(request)
    collection = path_id(request, "collection_id")
    found = await parts.collections.require(place, collection, fresh=True)
    require_writable(request, place, found["name"])
    return await parts.upstream.forward(request, _path(request, place.path, collection), body)


def _path(request: web.Request, place: str, collection: str) -> str:
    """The route's own path in this database: what follows the id is the route's, but a function's name."""
    resource = request.match_info.route.resource
    assert resource is not None  # it was found by its path
    rest = resource.canonical.partition("{collection_id}")[2]
    function = request.match_info.get("function")
    if function is not None:
        rest = rest.replace("{function}", segment(function))
    return f"{place}/collections/{collection}{rest}"
