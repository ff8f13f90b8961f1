"""Chroma's routes about databases. A limited key only sees its own."""

import asyncio
import json

from aiohttp import web

from api.chroma.place import Place
from api.chroma.rights import json_body, place_of, tenant_of
from api.dependencies import PARTS
from api.errors import CHROMA_ROOT
from api.requests import MAX_LIMIT, caller_of, query_number
from streams.chroma import segment


async def list_databases(request: web.Request) -> web.StreamResponse:
    """The databases of the tenant that the key may see, by name if it is limited."""
    parts, caller = request.app[PARTS], caller_of(request)
    tenant, stored = tenant_of(request, request.match_info["tenant"])
    if caller.databases is None:
        path = f"{CHROMA_ROOT}/tenants/{segment(stored)}/databases"
        return await parts.upstream.forward(request, path)
    limit, offset = (
        query_number(request, "limit", MAX_LIMIT, 2**31),
        query_number(request, "offset", 0, 2**31),
    )
    places = (Place(tenant, stored, name) for name in sorted(caller.databases))
    asked = await asyncio.gather(*(parts.upstream.ask("GET", place.path) for place in places))
    found = [json.loads(answer.body) for answer in asked if answer.status == 200]
    return web.json_response(found[offset : offset + limit])


async def create_database(request: web.Request) -> web.StreamResponse:
    """Create a database."""
    caller_of(request).require_unlimited("create databases")
    parts = request.app[PARTS]
    body, _ = await json_body(request)
    _, stored = tenant_of(request, request.match_info["tenant"])
    path = f"{CHROMA_ROOT}/tenants/{segment(stored)}/databases"
    return await parts.upstream.forward(request, path, body)


async def get_database(request: web.Request) -> web.StreamResponse:
    """One database."""
    parts = request.app[PARTS]
    return await parts.upstream.forward(request, place_of(request).path)


async def delete_database(request: web.Request) -> web.StreamResponse:
    """Delete a database with its collections."""
    caller_of(request).require_unlimited("delete databases")
    return await get_database(request)
