"""A site on this machine whose every answer a test can set, and a crawl of it."""

import gzip
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from schemas.sources.web_scrape import WebScrapeConfig
from services.connectors.lister import Item, LeftOut
from services.connectors.web.access import WebAccess
from services.connectors.web.lister import WebLister
from services.connectors.web.pages.parser import PageParser
from tests.services.connectors.listing import Listing

Handler = Callable[[web.Request], web.StreamResponse]


def page(text: str = "", *links: str, title: str = "A page", head: str = "", lang: str = "en") -> str:
    """A page that says something and links somewhere."""
    listed = "".join(f'<p><a href="{link}">{link}</a></p>' for link in links)
    return (
        f'<!doctype html><html lang="{lang}"><head><title>{title}</title>{head}</head>'
        f"<body><main><h1>{title}</h1><p>{text}</p>{listed}</main></body></html>"
    )


@dataclass
class Site:
    """Paths (with query) and what is answered there: HTML, a status, or a function of the request."""

    port: int = 0
    scheme: str = "http"
    pages: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: dict[str, Mapping[str, str]] = field(default_factory=dict)
    #: What every path answers that is not listed.
    other: Any = 404
    requests: list[web.Request] = field(default_factory=list)
    etags: bool = False

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def counts(self) -> Counter[str]:
        return Counter(self.asked)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path_qs
        self.asked.append(path)
        self.requests.append(request)
        found = self.pages.get(path, 404 if path in ("/robots.txt", "/sitemap.xml") else self.other)
        if callable(found):
            found = found(request)
            if hasattr(found, "__await__"):
                found = await found
        if isinstance(found, web.StreamResponse):
            return found
        headers = dict(self.headers.get(path, {}))
        if isinstance(found, int):
            return web.Response(status=found, headers=headers)
        body = found.encode() if isinstance(found, str) else found
        if self.etags:
            headers["ETag"] = f'"{hash(body)}"'
            if request.headers.get("If-None-Match") == headers["ETag"]:
                return web.Response(status=304, headers=headers)
        headers.setdefault("Content-Type", "text/html; charset=utf-8")
        return web.Response(body=body, headers=headers)


@asynccontextmanager
async def served() -> AsyncIterator[Site]:
    site = Site()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", site.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        tcp = web.TCPSite(runner, "127.0.0.1", 0)
        await tcp.start()
        site.port = runner.addresses[0][1]
        yield site
    finally:
        await runner.cleanup()


class Indexed:
    """What earlier crawls have left: keys and memos, as the run keeps them."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}

    def keys(self) -> Iterator[str]:
        yield from sorted(self.items)

    def memo(self, key: str) -> bytes | None:
        return self.items[key].memo if key in self.items else None

    def version(self, key: str) -> str | None:
        return self.items[key].version if key in self.items else None


@dataclass
class Crawled:
    """A listing, and what it means for what is indexed."""

    listing: Listing
    written: dict[str, str]
    deleted: set[str]
    facts: Mapping[str, Any]

    @property
    def keys(self) -> set[str]:
        return set(self.listing.items)


def access(site: Site, **fields: Any) -> WebAccess:
    return WebAccess(**{"allowed_hosts": frozenset({"127.0.0.1"}), "delay_s": 0, **fields})


async def crawl(
    site: Site,
    indexed: Indexed | None = None,
    path: str = "/",
    fields: Any = None,
    parser: PageParser | None = None,
    **config: Any,
) -> Crawled:
    """Crawl, and carry the difference out as a run does: `written` is key → the page as it was sent.

    Keys are shown as paths of the site.
    """
    indexed = indexed if indexed is not None else Indexed()
    start = path if path.startswith("http") else site.url + path
    lister = WebLister(
        WebScrapeConfig(starting_url=start, **config),
        access(site, **(fields or {})),
        indexed,
        pause_s=0.001,
        parser=parser,
    )
    try:
        listing = await Listing.of(lister)
        written = {}
        for key, item in listing.items.items():
            before = indexed.items.get(key)
            if before is None or before.version != item.version or dict(before.facts) != dict(item.facts):
                written[key] = (await lister.read(item)).body.decode("utf-8", "replace")
        deleted = {key for key in indexed.items if key not in listing.items and key not in listing.unreadable}
        for key in deleted:
            del indexed.items[key]
        indexed.items |= listing.items
        return _shown(site, Crawled(listing, written, deleted, lister.facts()))
    finally:
        await lister.aclose()


def _shown(site: Site, crawled: Crawled) -> Crawled:
    def short(key: str) -> str:
        return key.removeprefix(site.url)

    listing = crawled.listing
    return Crawled(
        Listing(
            {short(key): item for key, item in listing.items.items()},
            {short(key): why for key, why in listing.skipped.items()},
            {short(key): why for key, why in listing.unreadable.items()},
            listing.left_out,
        ),
        {short(key): text for key, text in crawled.written.items()},
        {short(key) for key in crawled.deleted},
        crawled.facts,
    )


def redirect(to: str, status: int = 301) -> web.Response:
    return web.Response(status=status, headers={"Location": to})


def packed(body: bytes, **headers: str) -> web.Response:
    return web.Response(body=gzip.compress(body), headers={"Content-Encoding": "gzip", **headers})


__all__ = ["Crawled", "Indexed", "LeftOut", "Site", "access", "crawl", "packed", "page", "redirect", "served"]
