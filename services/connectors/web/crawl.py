"""A crawl: which page is asked for next, and what each answer means.

start ─► frontier ─► visit ─► meaning of the answer ─► page, its links ─► frontier …
known pages that were not met ─► frontier: only their own answer says that they are gone
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from schemas.errors import RequestError
from services.connectors.lister import Known
from services.connectors.web.access import WebAccess
from services.connectors.web.frontier import Frontier
from services.connectors.web.memo import Page, unpacked
from services.connectors.web.not_found import NotFound
from services.connectors.web.outcome import NOT_FOUND, Found
from services.connectors.web.pages import verdicts
from services.connectors.web.pages.content import content_type_of, is_html, refused_type
from services.connectors.web.pages.page import Html, read_page, robots_header
from services.connectors.web.scope import Scope, links_in
from services.connectors.web.sitemaps import pages_named
from services.connectors.web.spool import Spool
from services.connectors.web.transport.addresses import refusal
from services.connectors.web.transport.fetch import Answer
from services.connectors.web.transport.visit import Visit, Visitor
from services.connectors.web.traps import Traps

ROBOTS = "disallowed by robots.txt"
NOINDEX = "the page asks not to be indexed (noindex)"
SOFT_404 = "says 'not found' with status 200"
_ROUTES = "behind a # that only a script follows, which needs a browser"
_TRAP = "looks endless (repeating paths, calendars, filters)"
#: Equal texts from which on their links are not followed: an endless site looks the same everywhere.
_SAME_TEXT_STOPS = 3
_GONE = frozenset({404, 410})


class Crawl:
    """One crawl of one source.

    Args:
        limit: documents at most.
        spool: keeps what was fetched for this run.
    """

    def __init__(
        self, scope: Scope, access: WebAccess, visitor: Visitor, known: Known, limit: int, spool: Spool
    ) -> None:
        self._scope, self._access, self._visitor, self._spool = scope, access, visitor, spool
        self._memos, self._limit = known, limit
        self.known = frozenset(known.keys())
        self._gone: set[str] = set()  # known keys that are not documents any more
        self._frontier = Frontier(self.known)
        self._traps = Traps(limit)
        self._texts: Counter[str] = Counter()
        self._not_found = NotFound()
        self._changed: dict[str, str] = {}  # by the sitemap
        self._asked_new = 0
        self.found = Found()

    def remembered(self, key: str) -> Page | None:
        """What an earlier crawl has kept of a page."""
        return unpacked(key, self._memos.memo(key), self._scope.mode) if key in self.known else None

    async def run(self) -> Found:
        """Raises RequestError when the start cannot be read: nothing is known of the site then."""
        await self._start()
        await self._not_found.learn(self._visitor, self._scope, self._access.product)
        if self._scope.max_depth is None:  # how deep a page of a sitemap is nobody knows
            async for link, changed in pages_named(self._scope, self._access, self._visitor):
                self._frontier.add(link, 1)
                self._changed.setdefault(link, changed)
        await self._take_all()
        for key in sorted(self.known):
            if not self._frontier.met(key):
                self._ask_again(key)
        await self._take_all()
        return self.found

    async def _start(self) -> None:
        start = self._scope.start
        visit = await self._visitor.visit(start, self._validators, lambda url: refusal(url, self._access))
        if visit.answer is None:
            raise RequestError(f"{visit.url}: {visit.reason}; nothing was crawled and nothing deleted")
        if not self._scope.is_ours(visit.url) and not visit.permanent:
            raise RequestError(
                f"{start} redirects for now to another host, {visit.url}; "
                "make that the starting_url if it is meant"
            )
        status = visit.answer.status
        if status not in (200, 203, 304) and not (status in _GONE and self.known):
            raise RequestError(f"{visit.url} answers {status}; nothing was crawled and nothing deleted")
        self._scope.anchor(visit.url)
        self._frontier.add(start, 0)
        self._frontier.next(room=True)
        await self._settle(start, 0, visit)
        if reason := self.found.unreadable.get(visit.url):
            raise RequestError(f"{visit.url}: {reason}; nothing was crawled and nothing deleted")

    async def _take_all(self) -> None:
        while (found := self._frontier.next(self._has_room())) is not None:
            depth, url = found
            if url not in self.known:
                if self._traps.refuses(url):
                    self.found.left_out[_TRAP] += 1
                    continue
                self._asked_new += 1
            home = self._scope.at_home(url)
            if home != url and url not in self.known:  # proven since it was met
                self._frontier.add(home, depth)
                continue
            if reason := self._scope.refuses(url, depth):
                self._leave_out(url, reason)
                continue
            await self._settle(
                url, depth, await self._visitor.visit(url, self._validators, self._scope.refuses)
            )

    def _has_room(self) -> bool:
        """Whether a page that is not indexed yet may be asked for: known ones have their place."""
        new = sum(key not in self.known for key in self.found.pages)
        return (
            new + len(self.known) - len(self._gone) < self._limit
            and self._asked_new < 3 * self._limit + 100
            and self._visitor.down is None
        )

    def _ask_again(self, key: str) -> None:
        """A known page that no link led to: out of scope for sure, or to be asked itself."""
        before = self.remembered(key)
        depth = before.depth if before else None
        if reason := self._scope.refuses(key, depth):
            self._leave_out(key, reason)
        else:
            self._frontier.add(key, depth if depth is not None else 1)

    def _validators(self, url: str) -> Mapping[str, str]:
        before = self.remembered(self._scope.at_home(url))
        return before.validators() if before else {}

    def _leave_out(self, url: str, reason: str) -> None:
        if url in self.known:  # deleted, and counted as that
            self._gone.add(url)
        else:
            self.found.left_out[reason] += 1

    def _skip(self, key: str, reason: str) -> None:
        """Not a document, and shown with the reason."""
        self.found.skipped[key] = reason
        self._gone.add(key) if key in self.known else None

    def _keep(self, key: str, reason: str) -> None:
        """Nothing is known of it: what is indexed stays."""
        self.found.unreadable.setdefault(key, reason)

    def _known_or_skip(self, key: str, reason: str) -> None:
        """No content for now: good text that is indexed is not replaced by it."""
        self._keep(key, reason) if key in self.known else self._skip(key, reason)

    async def _settle(self, url: str, depth: int, visit: Visit) -> None:
        """What a visit says of the page that was asked for, and of the one where it ended."""
        if visit.refused:
            self._refused(url, visit)
            return
        if visit.answer is None:
            self._keep(url, visit.reason)
            return
        key = self._scope.at_home(visit.url)
        if key != url:
            self._scope.learn(url, key)
            self._frontier.add(key, depth)
            await self._moved(url, key, visit)
            if self._is_settled(key):
                return
        await self._answered(key, depth, visit.answer)

    def _refused(self, url: str, visit: Visit) -> None:
        if not visit.moved or visit.permanent or url not in self.known:
            reason = visit.reason if not visit.moved else f"redirects to a page that is {visit.reason}"
            if visit.reason == ROBOTS and url in self.known:
                self._skip(url, reason)
            else:
                self._leave_out(url, reason)
        else:
            self._keep(url, f"redirects for now to {visit.url}, which is {visit.reason}")

    async def _moved(self, url: str, key: str, visit: Visit) -> None:
        """A known page that redirects is gone if it does so for good, or if the target has its very text."""
        if url not in self.known:
            return
        before = self.remembered(url)
        if visit.permanent:
            self._gone.add(url)
        elif before is not None and visit.answer is not None and visit.answer.status == 200:
            html = await self._read(key, visit.answer) if is_html(visit.answer) else None
            same = (
                html is not None and Page(key, numbers=html.numbers, whole=html.whole).digest == before.digest
            )
            self._gone.add(url) if same else self._keep(url, f"redirects for now to {key}")
        else:
            self._keep(url, f"redirects for now to {key}")

    def _is_settled(self, key: str) -> bool:
        found = self.found
        return key in found.pages or key in found.unreadable or key in found.skipped or key in self._gone

    async def _answered(self, key: str, depth: int, answer: Answer) -> None:
        status = answer.status
        if verdicts.is_challenge({name.lower(): value for name, value in answer.headers.items()}):
            self._keep(key, verdicts.CHALLENGE)
        elif status in (200, 203):
            self.found.fetched += 1
            await self._content(key, depth, answer)
        elif status == 304:
            self._not_modified(key, depth, answer)
        elif status in _GONE:
            self._leave_out(key, NOT_FOUND)
        elif status >= 500 or status == 429:
            self._keep(key, f"answers {status}")
        else:
            self._known_or_skip(key, f"answers {status}")

    def _not_modified(self, key: str, depth: int, answer: Answer) -> None:
        before = self.remembered(key)
        if before is None or not before.validators():
            self._keep(key, "answers 304 though nothing was known of it")
            return
        self.found.not_modified += 1
        page = replace(before, depth=depth, furniture=frozenset())
        self._follow(page)
        if self._asks_not_to_be_indexed(answer):
            self._skip(key, NOINDEX)
        else:
            self.found.pages[key] = page

    async def _content(self, key: str, depth: int, answer: Answer) -> None:
        if is_html(answer):
            await self._html(key, depth, answer, await self._read(key, answer))
        elif reason := refused_type(answer):
            self._known_or_skip(key, reason) if key in self.known else self._leave_out(key, reason)
        elif self._asks_not_to_be_indexed(answer):
            self._skip(key, NOINDEX)
        else:
            content = hashlib.sha256(answer.body).hexdigest()
            await self._add(self._page(key, depth, answer, content_sha256=content), answer)

    async def _read(self, key: str, answer: Answer) -> Html:
        content_type = answer.headers.get("Content-Type")
        product, whole = self._access.product, self._scope.whole
        return await asyncio.to_thread(read_page, answer.body, content_type, key, product, whole)

    def _asks_not_to_be_indexed(self, answer: Answer) -> bool:
        directives = robots_header(answer.headers.getall("X-Robots-Tag", []), self._access.product)
        return bool(directives & {"noindex", "none"})

    async def _html(self, key: str, depth: int, answer: Answer, html: Html) -> None:
        scope = self._scope
        if html.refresh is not None and (target := links_in([html.refresh], key, scope)) != [key]:
            self._leave_out(key, "leads to another page at once")
            self._frontier.add(target[0], depth) if target else None
            return
        if html.fault in (verdicts.CHALLENGE, verdicts.CONSENT):
            self._keep(key, html.fault)
            return
        canonicals = links_in(html.canonicals, key, scope)
        page = self._page(key, depth, answer)
        page.numbers, page.whole = html.numbers, html.whole
        page.title, page.language = html.title, html.language
        page.links = tuple(links_in(html.links, key, scope))
        page.canonical = canonicals[0] if len(canonicals) == 1 and canonicals != [key] else None
        if depth and (self._not_found.is_it(page) or self._not_found.is_like_it(page)):
            exactly = self._not_found.is_it(page)
            self._skip(key, SOFT_404) if exactly else self._known_or_skip(key, SOFT_404)
            return
        headers = robots_header(answer.headers.getall("X-Robots-Tag", []), self._access.product)
        if headers & {"nofollow", "none"}:
            page.links = ()
        self._follow(page)
        if html.routes:
            self.found.left_out[_ROUTES] += html.routes
        if html.fault is not None:
            self._known_or_skip(key, html.fault)
        elif html.noindex or headers & {"noindex", "none"}:
            self._skip(key, NOINDEX)
        else:
            await self._add(page, answer)

    def _page(self, key: str, depth: int, answer: Answer, content_sha256: str = "") -> Page:
        modified = answer.headers.get("Last-Modified")
        return Page(
            key,
            depth,
            content_sha256=content_sha256,
            last_modified=modified or self._changed.get(key) or None,
            etag=answer.headers.get("ETag"),
            modified=modified,
        )

    async def _add(self, page: Page, answer: Answer) -> None:
        self.found.pages[page.key] = page
        await self._spool.put(page.key, answer.body, content_type_of(answer))

    def _follow(self, page: Page) -> None:
        """Queue what a page links to, unless it is one more copy of the same."""
        self._texts[page.digest] += 1
        if self._texts[page.digest] >= _SAME_TEXT_STOPS:
            return
        for link in (*page.links, *((page.canonical,) if page.canonical else ())):
            self._frontier.add(self._scope.at_home(link), (page.depth or 0) + 1)
