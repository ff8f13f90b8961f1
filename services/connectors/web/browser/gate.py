"""Answer every request of a rendered page through the run's transport, or refuse it.

Chromium sends nothing itself, so resources are fetched under the same rules as pages: address checks on every
redirect, robots.txt, one request per host at a time with its delay. Responses are kept in the spool, so a
script that all pages use is fetched once.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urlsplit

from schemas.urls import origin_of
from services.connectors.web.access import WebAccess
from services.connectors.web.transport.addresses import refusal
from services.connectors.web.transport.fetch import Answer
from services.connectors.web.transport.visit import Visit, Visitor

if TYPE_CHECKING:
    from playwright.async_api import Frame, Request, Route

#: Maximum number of requests of a page, including those answered from the spool.
MAX_REQUESTS = 60
MAX_BYTES = 32 * 1024 * 1024
_ASKED = frozenset(("script", "xhr", "fetch"))
#: Headers of the page's requests that are passed on; all others are the crawler's.
_PASSED_ON = frozenset(("accept", "authorization"))
_HEADERS_BACK = frozenset(("content-type", "access-control-allow-origin", "access-control-allow-credentials"))


class Visitors:
    """Selects the visitor for a request: the crawl's for the site, a separate one for each other origin, so
    that a third party that is slow or down does not end the crawl."""

    def __init__(self, site: Visitor, is_ours: Callable[[str], bool], other: Callable[[], Visitor]) -> None:
        self._site, self._is_ours, self._other = site, is_ours, other
        self._others: dict[str, Visitor] = {}
        self._locks: dict[Visitor, asyncio.Lock] = {}

    def is_ours(self, url: str) -> bool:
        """Whether a URL is on the crawled site."""
        return self._is_ours(url)

    async def visit(self, url: str, headers: Mapping[str, str], access: WebAccess) -> Visit:
        """Request a resource of a page; one request per origin at a time."""
        visitor = self._site
        if not self._is_ours(url):
            visitor = self._others.setdefault(origin_of(url), self._other())
        async with self._locks.setdefault(visitor, asyncio.Lock()):
            return await visitor.visit(url, lambda at: headers, lambda at: refusal(at, access))


@dataclass
class Gate:
    """The requests of one page.

    Attributes:
        page: its URL.
        body: of the page itself, which was fetched already.
        pending: number of requests in progress.
        quiet_since: when the last request ended (`time.monotonic`).
        failed: why a script or data of the site itself could not be loaded.
        leads_to: URL that a script of the page navigates to.
    """

    page: Answer
    access: WebAccess
    visitors: Visitors
    pending: int = 0
    quiet_since: float = 0.0
    failed: str = ""
    leads_to: str = ""
    _requests: int = 0
    _bytes: int = 0
    _shown: bool = False
    _frame: Frame | None = None

    async def answer(self, route: Route) -> None:
        """Answer a request of the page, or refuse it."""
        self.pending += 1
        try:
            await self._answered(route, route.request)
        finally:
            self.pending -= 1
            self.quiet_since = time.monotonic()

    async def _answered(self, route: Route, request: Request) -> None:
        from playwright.async_api import Error

        with contextlib.suppress(Error):  # the page is closed, or has cancelled the request
            if request.is_navigation_request():
                await self._navigation(route, request)
            elif request.resource_type == "stylesheet":  # applications wait for styles, the text needs none
                await route.fulfill(status=200, content_type="text/css", body="")
            elif (found := await self._fetched(request)) is None:
                await route.abort("blockedbyclient")
            else:
                headers = {
                    name: value for name, value in found.headers.items() if name.lower() in _HEADERS_BACK
                }
                await route.fulfill(status=found.status, headers=headers, body=found.body)

    async def _navigation(self, route: Route, request: Request) -> None:
        """Answer the navigation to the page itself, once; refuse frames, pop-ups and other pages."""
        if self._shown or request.frame.parent_frame is not None or not self._is_page(request.url):
            if self._shown and request.frame == self._frame:
                self.leads_to = self.leads_to or request.url
            await route.abort("blockedbyclient")
            return
        self._shown, self._frame = True, request.frame
        content_type = self.page.headers.get("Content-Type", "text/html")
        await route.fulfill(status=200, headers={"Content-Type": content_type}, body=self.page.body)

    def _is_page(self, url: str) -> bool:
        return urldefrag(url).url == urldefrag(self.page.url).url

    async def _fetched(self, request: Request) -> Answer | None:
        """The response; None if the request is refused, fails, or exceeds the limits of a page."""
        url = urldefrag(request.url).url
        parts = urlsplit(url)
        if request.resource_type not in _ASKED or request.method != "GET":
            return None
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            return None
        self._requests += 1
        if self._requests > MAX_REQUESTS or self._bytes > MAX_BYTES:
            self.failed = self.failed or (
                f"all that it asks for: at most {MAX_REQUESTS} files of {MAX_BYTES // 1024**2} MiB together"
            )
            return None
        headers = {
            name: value
            for name, value in request.headers.items()
            if name in _PASSED_ON or name.startswith("x-")
        }
        visit = await self.visitors.visit(url, headers, self.access)
        if visit.answer is not None and visit.answer.status < 500 and visit.answer.status != 429:
            self._bytes += len(visit.answer.body)
            return visit.answer
        if not visit.refused and self.visitors.is_ours(
            url
        ):  # the page may show an error in place of its text
            self.failed = self.failed or f"{url}: {visit.reason or (visit.answer and visit.answer.status)}"
        return None
