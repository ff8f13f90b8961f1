"""The table of pages, and which requests are for them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from api.dashboard import assets, signing_in
from api.dashboard.live import respond
from api.dashboard.page import Page
from api.dashboard.pages import (
    access,
    collections,
    documents,
    growth,
    invocations,
    letters,
    original,
    overview,
    search,
    source,
    source_edit,
    sources,
    topics,
    upload,
    webhooks,
)
from api.dashboard.rendering import compile_all
from api.dashboard.sessions import SESSIONS, Sessions
from api.dashboard.shown.system import SYSTEM, SystemWatch
from api.dashboard.signing_in import THROTTLE, Throttle
from api.dependencies import PARTS
from api.gateway import Gateway
from api.health import HEALTH

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Show = Callable[[web.Request], Awaitable[Page]]

#: Pages: path, and what shows it.
PAGES: Sequence[tuple[str, Show]] = (
    ("/", overview.show),
    ("/search", search.show),
    ("/sources", sources.show),
    ("/sources/new", sources.show_new),
    ("/sources/{source_id}", source.show),
    ("/sources/{source_id}/edit", source_edit.show),
    ("/documents", documents.show),
    ("/documents/{document_id}", documents.show_one),
    ("/documents/{document_id}/original", original.show),
    ("/collections", collections.show),
    ("/collections/verification", collections.show_verification),
    ("/upload", upload.show),
    ("/invocations", invocations.show),
    ("/invocations/{invocation_id}", invocations.show_one),
    ("/dead-letters", letters.show),
    ("/dead-letters/{letter_id}", letters.show_one),
    ("/webhook-endpoints", webhooks.show),
    ("/webhook-endpoints/{endpoint_id}", webhooks.show_one),
    ("/topics", topics.show),
    ("/topics/grow", growth.show),
    ("/keys", access.show_keys),
    ("/credentials", access.show_credentials),
)

#: What forms send: path, and what does it.
ACTIONS: Sequence[tuple[str, Handler]] = (
    ("/sign-out", signing_in.sign_out),
    ("/sources/new", sources.create),
    ("/sources/{source_id}/run", source.run_now),
    ("/sources/{source_id}/edit", source_edit.change),
    ("/sources/{source_id}/pause", source_edit.pause),
    ("/sources/{source_id}/delete", source.delete),
    ("/invocations/{invocation_id}/cancel", invocations.cancel_one),
    ("/invocations/{invocation_id}/retry", invocations.retry),
    ("/documents/{document_id}/delete", documents.delete),
    ("/documents/{document_id}/retry", documents.retry),
    ("/collections/verification", collections.verify),
    ("/dead-letters", letters.settle),
    ("/upload/file", upload.receive),
    ("/webhook-endpoints", webhooks.create),
    ("/webhook-endpoints/{endpoint_id}", webhooks.change),
    ("/webhook-endpoints/{endpoint_id}/rotate", webhooks.rotate),
    ("/webhook-endpoints/{endpoint_id}/delete", webhooks.delete),
    ("/webhook-endpoints/{endpoint_id}/test", webhooks.test),
    ("/webhook-endpoints/{endpoint_id}/redeliver", webhooks.redeliver),
    ("/topics/grow", growth.begin),
    ("/topics/grow/cancel", growth.cancel),
    ("/keys", access.create_key),
    ("/keys/{key_id}/revoke", access.revoke_key),
    ("/credentials", access.create_credential),
    ("/credentials/{credential_id}/delete", access.delete_credential),
)

_SIGN_IN = "/sign-in"
_HANDLERS = web.AppKey("pages", set[Handler])


def add_dashboard(app: web.Application, gateway: Gateway) -> None:
    """Serve the dashboard."""
    app[SESSIONS], app[THROTTLE] = Sessions(gateway.admin_key, app[PARTS]), Throttle()
    app[SYSTEM] = SystemWatch(app[PARTS], app[HEALTH])
    app.on_startup.append(_prepare)
    app.on_cleanup.append(_close)
    table = [
        ("GET", "/documents/find", documents.find),
        ("GET", "/documents/{document_id}/original/file", original.send_file),
        *(("GET", path, _page(show)) for path, show in PAGES),
        *(("POST", path, act) for path, act in ACTIONS),
        ("GET", _SIGN_IN, signing_in.show),
        ("POST", _SIGN_IN, signing_in.sign_in),
        ("GET", assets.PATH, assets.serve_asset),
    ]
    app[_HANDLERS] = {handler for _, _, handler in table}
    for method, path, handler in table:
        app.router.add_route(method, path, handler)


async def _prepare(app: web.Application) -> None:
    """What the first page would wait for."""
    await asyncio.to_thread(compile_all)
    app[SYSTEM].begin()


async def _close(app: web.Application) -> None:
    await app[SYSTEM].close()


def is_page(request: web.Request) -> bool:
    """Whether a request is for a page, or a browser asks for a path that nothing serves."""
    if request.match_info.handler in request.app[_HANDLERS]:
        return True
    unknown = isinstance(request.match_info.http_exception, web.HTTPNotFound)
    is_ours = request.method == "GET" and not request.path.startswith("/api/")
    return unknown and is_ours and "text/html" in request.headers.get("Accept", "")


def is_open(request: web.Request) -> bool:
    """Whether a page needs no session."""
    return request.match_info.handler in (signing_in.show, signing_in.sign_in, assets.serve_asset)


def _page(show: Show) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await respond(request, await show(request))

    return handle
