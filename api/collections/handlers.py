"""The routes of collections."""

from aiohttp import web

from api.collections.queries import list_collections
from api.dependencies import PARTS
from api.requests import MAX_LIMIT, caller_of, query_number, query_text
from api.sync.render import json_response


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
