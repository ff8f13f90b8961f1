"""Upload: files and folders from the browser, each its own request with its own progress."""

from functools import partial

from aiohttp import web

from api.dashboard.forms import TOKEN_HEADER, require_own_origin, require_token
from api.dashboard.page import Context, Page
from api.dashboard.pages.sources import DEFAULT_DATABASE
from api.dashboard.scope import scope_of
from api.dependencies import PARTS
from api.requests import caller_of, query_text
from api.sync.uploads import add_file
from schemas.limits import BM25


async def show(request: web.Request) -> Page:
    """The page."""
    return Page("upload.html", "Upload", partial(_load, request))


async def _load(request: web.Request) -> Context:
    parts, caller = request.app[PARTS], caller_of(request)
    return {
        "collections": sorted({name for _, name in parts.catalogue.browse.targets(scope_of(caller))}),
        "collection": query_text(request, "collection") or "",
        "database": min(caller.databases) if caller.databases else DEFAULT_DATABASE,
        "sparse": BM25 if parts.gateway.sparse is not None else "",
        "most_bytes": parts.gateway.max_file_bytes,
        "at_once": min(3, parts.gateway.uploads_per_tenant),
    }


async def receive(request: web.Request) -> web.StreamResponse:
    """One file, as `POST /api/v1/add-file` takes it; the token is a header."""
    require_own_origin(request)
    require_token(request, request.headers.get(TOKEN_HEADER, ""))
    return await add_file(request)
