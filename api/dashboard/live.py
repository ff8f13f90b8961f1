"""Live pages: their changed blocks as server-sent events, one stream for each page that is open.

The page is loaded and its live blocks rendered anew whenever a view changes; what differs from what was sent
is sent. So there is one template for a page and for its changes.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack

from aiohttp import web

from api.dashboard.page import Page
from api.dashboard.rendering import complete, live_blocks, render
from api.dashboard.sessions import SESSION, SESSIONS
from api.dependencies import PARTS
from api.sse import ServerEvent, any_change, wants_events

#: Loading a page takes some milliseconds, and a person reads no faster.
_FRAME_SECONDS = 0.4


async def respond(request: web.Request, page: Page) -> web.StreamResponse:
    """The page; its changes for who accepts events."""
    if page.live and wants_events(request):
        return await request.app[PARTS].streams.send(request, _changes(request, page))
    return render(request, page, await page.load())


async def _changes(request: web.Request, page: Page) -> AsyncIterator[ServerEvent | None]:
    """Ends with the session."""
    parts, sessions, session = request.app[PARTS], request.app[SESSIONS], request[SESSION]
    shown: dict[str, str] = {}
    silent_s = 0.0
    with ExitStack() as stack:
        watches = [stack.enter_context(view.changed()) for view in (parts.catalogue, parts.outcomes)]
        while sessions.goes_on(session):
            context = complete(request, page, await page.load())
            for name, html in live_blocks(page, context):
                if shown.get(name) != html:
                    shown[name], silent_s = html, 0.0
                    yield ServerEvent("part", json.dumps({"id": name, "html": html}))
            await asyncio.sleep(_FRAME_SECONDS)
            if not await any_change(watches, page.every_s):
                silent_s += page.every_s
            if silent_s >= parts.streams.heartbeat_s:
                silent_s = 0.0
                yield None
    yield ServerEvent("over", "{}")
