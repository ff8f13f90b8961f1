"""Collections: what is in each, which sources fill it, and whether it is what is recorded."""

from functools import partial
from urllib.parse import urlencode

from aiohttp import web

from api.collections.queries import list_collections, require_collection
from api.collections.verification import newest_verification, start_verification
from api.dashboard.forms import read_form
from api.dashboard.page import Context, Page
from api.dashboard.rendering import see_other
from api.dashboard.shown.names import name_of
from api.dependencies import PARTS
from api.errors import BadRequest, NotFound
from api.requests import caller_of, query_number, query_text

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


def _named(text: str | None) -> tuple[str, str]:
    """Database and collection of `database/collection`."""
    database, _, name = (text or "").rpartition("/")
    if not database or not name:
        raise BadRequest(f"collection {(text or '')[:80]!r} is not of the form database/collection")
    return database, name


async def show_verification(request: web.Request) -> Page:
    """The newest comparison of a collection."""
    database, name = _named(query_text(request, "collection"))
    await require_collection(request.app[PARTS], caller_of(request), database, name)
    load = partial(_verification, request, database, name)
    return Page("verification.html", f"Verify {name}", load, live=True, every_s=0.5)


async def _verification(request: web.Request, database: str, name: str) -> Context:
    try:
        found = newest_verification(request.app[PARTS], caller_of(request), database, name).shown()
    except NotFound:
        found = None
    return {"one": found, "name": name, "collection": f"{database}/{name}"}


async def verify(request: web.Request) -> web.StreamResponse:
    """Compare a collection, and repair it if that is asked for."""
    form = await read_form(request)
    database, name = _named(form.text("collection"))
    repair = form.ticked("repair")
    await start_verification(request.app[PARTS], caller_of(request), database, name, repair)
    return see_other("/collections/verification?" + urlencode({"collection": f"{database}/{name}"}))
