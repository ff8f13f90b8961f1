"""The source type `web_scrape`."""

import asyncio
import hashlib
import posixpath
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from schemas.errors import DocumentError, RequestError
from schemas.events import MetadataValue, RunRequested
from schemas.ids import text_sha256
from schemas.sources.web_scrape import DEFAULT_PAGE_LIMIT, WEB_SCRAPE, WebScrapeConfig
from schemas.urls import canonical
from services.connectors.lister import Access, Content, Entry, Item, Known, Lister, Skipped
from services.connectors.states import place_of
from services.connectors.web.access import WebAccess
from services.connectors.web.ahead import ReadAhead
from services.connectors.web.browser import Browser, NotRendered, Renderer, Visitors
from services.connectors.web.crawl import Crawl
from services.connectors.web.memo import Page
from services.connectors.web.outcome import Documents, Found, documents
from services.connectors.web.pages.content import content_type_of
from services.connectors.web.pages.parser import NotParsed, PageParser, page_workers
from services.connectors.web.reading import Reader
from services.connectors.web.remembered import Remembered
from services.connectors.web.scope import Scope
from services.connectors.web.transport.addresses import refusal
from services.connectors.web.transport.fetch import Answer, Fetcher
from services.connectors.web.transport.spool import Spool
from services.connectors.web.transport.visit import Visitor

_PAGE = 1000


class WebOrigin:
    """Websites with public addresses, and internal hosts that are allowed by name."""

    def __init__(self, access: Access) -> None:
        self._access = access.web
        self._browser = Browser(access.web.browser) if access.web.browser else None
        self._parser = PageParser(page_workers())  # starts with the first page

    async def check(self, config: WebScrapeConfig, tenant: str) -> WebScrapeConfig:
        """The same configuration. Raises RequestError for a private address or a page limit that is too high.
        Sends no request, because the host may be reachable for connectors only."""
        if reason := refusal(canonical(config.starting_url), self._access):
            raise RequestError(f"web_scrape.starting_url: {reason}")
        if (config.page_limit or 0) > self._access.max_pages:
            raise RequestError(
                f"web_scrape.page_limit is {config.page_limit:,}, at most {self._access.max_pages:,} are "
                "possible (HEADRACE_WEB_PAGE_LIMIT)"
            )
        return config

    def open(self, run: RunRequested, known: Known) -> Lister:
        """A lister for one run. Raises RequestError if the site may no longer be read."""
        spool = Spool(self.folder_of(run.invocation_id))
        config = WEB_SCRAPE.of(run.source)
        return WebLister(config, self._access, known, spool=spool, browser=self._browser, parser=self._parser)

    def forget(self, invocation_id: str) -> None:
        """Delete the responses of a run that has ended."""
        if (folder := self.folder_of(invocation_id)) is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def folder_of(self, invocation_id: str) -> Path | None:
        """The folder of a run's responses. It depends on the invocation alone, so the next attempt finds it
        from any process of this machine."""
        return self._access.folder and self._access.folder / text_sha256(invocation_id)[:32]


class WebLister:
    """Lists the pages of a site. Versions are hashes of the extracted text, so listing fetches every changed
    page; `read` takes it from the disk.

    Args:
        pause_s: delay before the first retry of a request.
        spool: responses that an earlier attempt at the run received.
        browser: renders pages that show no text without JavaScript.
        parser: parses pages; by default in threads.
    """

    when_empty = "Does the site still link to its pages?"
    in_order = False
    only: Sequence[str] | None = None

    def __init__(
        self,
        config: WebScrapeConfig,
        access: WebAccess,
        known: Known,
        pause_s: float = 1.0,
        spool: Spool | None = None,
        browser: Browser | None = None,
        parser: PageParser | None = None,
    ) -> None:
        self._access, self._known, self._scope = access, known, Scope(config, access)
        self._limit = min(config.page_limit or DEFAULT_PAGE_LIMIT, access.max_pages)
        self._fetcher, self._spool = Fetcher(access), spool or Spool()
        self._visitor = Visitor(access, self._fetcher, pause_s, self._spool)
        self._renderer = None if browser is None else self._rendering(browser, pause_s)
        self._parser = parser or PageParser()
        self._reader = Reader(self._scope, access, self._parser, self._renderer)
        self._found = Found()
        self._listed = Documents([], frozenset(), frozenset())
        self._ahead = ReadAhead({}, self._read_kept)

    def facts(self) -> Mapping[str, MetadataValue]:
        """How many pages were fetched, and how many were not modified (304)."""
        return {"pages_fetched": self._found.fetched, "pages_not_modified": self._found.not_modified}

    async def pages(self) -> AsyncIterator[Sequence[Entry]]:
        """All entries at once, because only the whole site shows which text repeats."""
        if reason := refusal(self._scope.start, self._access):
            raise RequestError(f"{self._scope.start}: {reason}")
        before = await asyncio.to_thread(Remembered, self._known, self._scope.mode)
        crawl = Crawl(self._scope, self._access, self._visitor, self._reader, before, self._limit)
        self._found = crawl.found
        await crawl.run()
        self._listed = await asyncio.to_thread(
            documents, self._found, before.of, before.keys, self._limit, self._scope.mode
        )
        self._ahead = ReadAhead(await asyncio.to_thread(self._to_read, before), self._read_kept)
        for start in range(0, len(self._listed.entries), _PAGE):
            yield self._listed.entries[start : start + _PAGE]

    def so_far(self) -> Sequence[Entry]:
        """The pages that a crawl in progress has met."""
        skipped = [Skipped(key, reason) for key, reason in self._found.skipped.items()]
        return [*(Item(key) for key in self._found.pages), *skipped]

    async def read(self, item: Item) -> Content:
        """The page without text that repeats on the site, or with its whole text if the source is configured
        so. Raises DocumentError if it can no longer be fetched."""
        kept = await self._ahead.take(item.key)
        return kept or await self._content(item.key, await self._fetched(item))

    async def aclose(self) -> None:
        """Close connections and delete temporary files."""
        await self._ahead.aclose()
        if self._renderer is not None:
            await self._renderer.aclose()
        await self._fetcher.close()
        await asyncio.to_thread(self._spool.close)

    def _rendering(self, browser: Browser, pause_s: float) -> Renderer:
        def other() -> Visitor:
            return Visitor(self._access, self._fetcher, pause_s, self._spool)

        visitors = Visitors(self._visitor, self._scope.is_ours, other)
        return Renderer(browser, self._access, visitors, self._spool)

    def _furniture_of(self, key: str) -> frozenset[int]:
        """The blocks of a page that repeat on the site."""
        page = self._found.pages.get(key)
        return self._listed.furniture.intersection((page and page.numbers) or ())

    def _to_read(self, before: Remembered) -> dict[str, int]:
        """Sizes of the new and changed pages in the spool, in key order, in which they are read. Blocking."""
        found: dict[str, int] = {}
        items = [entry for entry in self._listed.entries if isinstance(entry, Item)]
        for item in sorted(items, key=lambda item: place_of(item.key)):
            known = before.of(item.key)
            if item.key in self._found.answers and (known is None or known.version != item.version):
                found[item.key] = self._found.sizes[item.key]
        return found

    async def _read_kept(self, key: str) -> Content | None:
        """The content from the response with which the page was listed; None if that is not in the spool."""
        url = self._found.answers.get(key)
        answer = None if url is None else await self._spool.get(url)
        return None if answer is None else await self._content(key, answer)

    async def _content(self, key: str, answer: Answer) -> Content:
        body, content_type = answer.body, content_type_of(answer)
        if key not in self._listed.html:
            return Content(body, content_type or None, filename=_filename(key))
        if self._scope.whole:
            page = self._parser.whole_text(body, content_type)
        else:
            page = self._parser.stripped(body, content_type, self._furniture_of(key))
        try:
            return Content(await page, "text/html; charset=utf-8", filename="page.html")
        except NotParsed as error:
            raise DocumentError(f"{key}: {error}") from error

    async def _fetched(self, item: Item) -> Answer:
        """Fetch a page that was not modified when it was listed, or did not fit into the spool."""
        visit = await self._visitor.visit(item.key, refuses=self._scope.refuses)
        if visit.answer is None or visit.answer.status not in (200, 203):
            reason = visit.reason or f"answers {visit.answer.status}" if visit.answer else visit.reason
            raise DocumentError(f"{item.key}: {reason}")
        html, answer = None, visit.answer
        if item.key in self._listed.html:
            try:
                html, answer = await self._reader.read(item.key, answer)
            except (NotRendered, NotParsed) as error:
                raise DocumentError(f"{item.key}: {error}") from error
        page = Page(
            item.key,
            numbers=html.numbers if html else None,
            whole=html.whole if html else "",
            content_sha256=hashlib.sha256(answer.body).hexdigest(),
            title=html.title if html else None,
            language=html.language if html else None,
        )
        if page.version_without(self._listed.furniture) != item.version:
            raise DocumentError(f"{item.key}: it has changed since it was listed; the next run reads it")
        return answer


def _filename(url: str) -> str | None:
    """The last part of the path; its suffix tells the format if the content does not."""
    return unquote(posixpath.basename(urlsplit(url).path)) or None
