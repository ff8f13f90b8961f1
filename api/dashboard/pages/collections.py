"""Collections: what is in each, and which sources fill it."""

from functools import partial

from aiohttp import web

from api.collections.queries import list_collections
from api.dashboard.names import name_of
from api.dashboard.page import Context, Page
from api.dependencies import PARTS
from api.requests import caller_of, query_number

_PAGE = 50


async def show(request: web.Request) -> Page:
    """The list."""
    return Page("collections.html", "Collections", partial(_load, request))


async def _load(request: web.Request) -> Context:
    parts, caller = request.app[PARTS], caller_of(request)
    offset = query_number(request, "offset", 0, 2**31)
    found = await list_collections(parts, caller, limit=_PAGE + 1, offset=offset)
    ids = {id_ for one in found for id_ in one.source_ids}
    sources = {id_: parts.catalogue.source(id_) for id_ in ids}
    return {
        "collections": found[:_PAGE],
        "names": {id_: name_of(source) for id_, source in sources.items() if source is not None},
        "offset": offset,
        "next_offset": offset + _PAGE if len(found) > _PAGE else None,
    }
