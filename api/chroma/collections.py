"""Chroma's routes about collections, which are shown with the sparse keys by which they can be searched."""

import json
from typing import Any

from aiohttp import web

from api.chroma.place import Place
from api.chroma.rights import json_body, place_in, place_of, require_writable, tenant_of, text_in
from api.chroma.schema import with_sparse_keys
from api.chroma.upstream import Answer
from api.dependencies import PARTS
from api.errors import BadRequest
from api.requests import caller_of, path_id
from streams.chroma import segment
from streams.reembedded import identity_of


async def list_collections(request: web.Request) -> web.StreamResponse:
    """The collections of a database."""
    return await _shown(request, f"{place_of(request).path}/collections")


async def count_collections(request: web.Request) -> web.StreamResponse:
    """How many there are."""
    parts = request.app[PARTS]
    path = f"{place_of(request).path}/collections_count"
    return await parts.upstream.forward(request, path)


async def create_collection(request: web.Request) -> web.StreamResponse:
    """Create a collection, or with `get_or_create` get it. A name that Headrace keeps can only be got."""
    parts, place = request.app[PARTS], place_of(request)
    body, given = await json_body(request)
    name = text_in(given, "name")
    if name is not None and not (given.get("get_or_create") is True and await _exists(request, place, name)):
        require_writable(request, place, name)
    answer = await parts.upstream.ask("POST", f"{place.path}/collections", body)
    return await _with_keys(request, answer)


async def get_collection(request: web.Request) -> web.StreamResponse:
    """A collection by its name."""
    return await _named(request, place_of(request), request.match_info["collection_id"])


async def get_collection_by_id(request: web.Request) -> web.StreamResponse:
    """A collection by its id."""
    found = path_id(request, "collection_id")
    return await _shown(request, f"{place_of(request).path}/collections/by-id/{found}")


async def get_collection_by_crn(request: web.Request) -> web.StreamResponse:
    """A collection by `tenant:database:name`."""
    parts = request.match_info["crn"].split(":")
    if len(parts) != 3:
        raise BadRequest("the name of a resource is tenant:database:collection")
    tenant, stored = tenant_of(request, parts[0])
    place = place_in(caller_of(request), tenant, stored, parts[1])
    return await _named(request, place, parts[2])


async def change_collection(request: web.Request) -> web.StreamResponse:
    """Change name, metadata or configuration, by the collection's id."""
    parts, place = request.app[PARTS], place_of(request)
    body, given = await json_body(request)
    collection = path_id(request, "collection_id")
    found = await parts.collections.require(place, collection, fresh=True)
    for name in (found["name"], text_in(given, "new_name")):
        if name is not None:
            require_writable(request, place, name)
    path = f"{place.path}/collections/{collection}"
    return await parts.upstream.forward(request, path, body)


async def delete_collection(request: web.Request) -> web.StreamResponse:
    """Delete a collection, by its name."""
    parts, place = request.app[PARTS], place_of(request)
    require_writable(request, place, request.match_info["collection_id"])
    path = f"{place.path}/collections/{_name(request)}"
    return await parts.upstream.forward(request, path)


def _name(request: web.Request) -> str:
    # Chroma calls it an id in this path, and takes it for a name.
    return segment(request.match_info["collection_id"])


async def _exists(request: web.Request, place: Place, name: str) -> bool:
    answer = await request.app[PARTS].upstream.ask("GET", f"{place.path}/collections/{segment(name)}")
    return answer.status == 200


async def _named(request: web.Request, place: Place, name: str) -> web.Response:
    answer = await request.app[PARTS].named(place, name, request.rel_url.raw_query_string)
    return await _with_keys(request, answer)


async def _shown(request: web.Request, path: str) -> web.Response:
    parts = request.app[PARTS]
    answer = await parts.upstream.ask("GET", path, query=request.rel_url.raw_query_string)
    return await _with_keys(request, answer)


async def _with_keys(request: web.Request, answer: Answer) -> web.Response:
    """An answer of Chroma, with the sparse keys in the schema of each collection."""
    if answer.status not in (200, 201):
        return answer.response()
    found: Any = json.loads(answer.body)
    many = found if isinstance(found, list) else [found]
    ids = [identity_of(one) for one in many if "id" in one]
    keys = await request.app[PARTS].sparse_keys.of(ids) if ids else {}
    if not keys:
        return answer.response()
    for one in many:
        if "id" in one and (of := keys.get(identity_of(one))):
            one["schema"] = with_sparse_keys(one.get("schema"), of)
    return answer.response(json.dumps(found, ensure_ascii=False).encode())
