"""Find pages by the sitemaps of a site."""

from collections import deque
from collections.abc import AsyncIterator

from schemas.urls import canonical, origin_of
from services.connectors.web.access import WebAccess
from services.connectors.web.pages.parser import NotParsed
from services.connectors.web.pages.sitemap import MAX_FILES, Sitemap
from services.connectors.web.reading import Reader
from services.connectors.web.scope import Scope, links_in
from services.connectors.web.transport.addresses import refusal
from services.connectors.web.transport.fetch import NoAnswer
from services.connectors.web.transport.robots import RobotsUnavailable
from services.connectors.web.transport.visit import Visitor


async def pages_named(
    scope: Scope, access: WebAccess, visitor: Visitor, reader: Reader
) -> AsyncIterator[tuple[str, str]]:
    """The canonical URLs in a site's sitemaps that are on its hosts, with `lastmod` (empty if missing).

    The date suppresses no request: many sites never change it, or write the present time.
    """
    origin = origin_of(scope.at_home(scope.start))
    try:
        named = (await visitor.robots(origin)).sitemaps
    except RobotsUnavailable:
        return
    waiting, read = deque(named or (f"{origin}/sitemap.xml",)), set[str]()
    while waiting and len(read) < MAX_FILES:
        try:
            url = canonical(waiting.popleft(), f"{origin}/")
        except ValueError:
            continue
        # A sitemap on another host counts only if robots.txt names it.
        if url in read or refusal(url, access) or not (scope.is_ours(url) or url in named):
            continue
        read.add(url)
        found = await _read(url, visitor, reader)
        waiting += found.sitemaps
        for place, changed in found.pages.items():
            for link in links_in([place], f"{origin}/", scope):
                yield link, changed


async def _read(url: str, visitor: Visitor, reader: Reader) -> Sitemap:
    """Fetch a sitemap; an empty one if it cannot be fetched or parsed."""
    try:
        answer = await visitor.follow(url)
        return await reader.sitemap(answer) if answer.status == 200 else Sitemap()
    except (NoAnswer, NotParsed):
        return Sitemap()
