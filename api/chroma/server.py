"""Chroma's routes about the server and its tenants, and the answer to clients of its API v1."""

from aiohttp import web

from api.chroma.rights import json_body, tenant_of
from api.dependencies import PARTS
from api.errors import CHROMA_ROOT, Forbidden, Gone
from api.requests import caller_of
from streams.chroma import segment


async def pass_on(request: web.Request) -> web.StreamResponse:
    """What Chroma says of itself: heartbeat, version, most records of a request."""
    parts = request.app[PARTS]
    return await parts.upstream.forward(request, request.path)


async def identity(request: web.Request) -> web.Response:
    """Who asks: the id of the key, its tenant and its databases, `*` for all."""
    caller = caller_of(request)
    databases = ["*"] if caller.databases is None else sorted(caller.databases)
    return web.json_response({"user_id": caller.key_id, "tenant": caller.tenant, "databases": databases})


async def reset(request: web.Request) -> web.StreamResponse:
    """Delete everything of all tenants, if Chroma allows it: for the preset key only."""
    _require_preset(request, "reset Chroma, which deletes the collections of all tenants")
    return await pass_on(request)


async def create_tenant(request: web.Request) -> web.StreamResponse:
    """Create a tenant."""
    _require_preset(request, "create tenants")
    return await pass_on(request)


async def get_tenant(request: web.Request) -> web.StreamResponse:
    """The key's own tenant."""
    parts = request.app[PARTS]
    _, stored = tenant_of(request, request.match_info["tenant"])
    path = f"{CHROMA_ROOT}/tenants/{segment(stored)}"
    return await parts.upstream.forward(request, path)


async def change_tenant(request: web.Request) -> web.StreamResponse:
    """Give a tenant a resource name."""
    _require_preset(request, "change tenants")
    body, _ = await json_body(request)
    parts = request.app[PARTS]
    _, stored = tenant_of(request, request.match_info["tenant"])
    path = f"{CHROMA_ROOT}/tenants/{segment(stored)}"
    return await parts.upstream.forward(request, path, body)


async def gone(request: web.Request) -> web.StreamResponse:
    """Chroma's API v1."""
    raise Gone(
        f"{request.path} belongs to version 1 of Chroma's API, which Chroma has removed: "
        "use chromadb 1.0 or newer"
    )


def _require_preset(request: web.Request, action: str) -> None:
    if not caller_of(request).preset:
        raise Forbidden(f"only the preset admin key (HEADRACE_API_KEY) may {action}")
