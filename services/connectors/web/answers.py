"""Decide what a response means for the requested page: a document, a skipped one, or unknown.

visit ─► refused? no answer? ─► moved? ─► status ─► a page (verdicts), a file, "not modified" ─► its links
"""

import hashlib
from collections import Counter
from dataclasses import replace

from services.connectors.web.access import WebAccess
from services.connectors.web.browser import NotRendered
from services.connectors.web.frontier import Frontier
from services.connectors.web.memo import Page
from services.connectors.web.not_found import NotFound
from services.connectors.web.outcome import NOT_FOUND, Found
from services.connectors.web.pages import verdicts
from services.connectors.web.pages.content import is_html, refused_type
from services.connectors.web.pages.page import Html, robots_header
from services.connectors.web.pages.parser import NotParsed
from services.connectors.web.reading import Reader
from services.connectors.web.remembered import Remembered
from services.connectors.web.scope import Scope, links_in
from services.connectors.web.transport.fetch import Answer
from services.connectors.web.transport.visit import Visit

ROBOTS = "disallowed by robots.txt"
NOINDEX = "the page asks not to be indexed (noindex)"
SOFT_404 = "says 'not found' with status 200"
_ROUTES = "behind a # that only a script follows, which needs a browser"
#: Number of pages with equal text after which their links are not followed: endless sites repeat themselves.
_SAME_TEXT_STOPS = 3
#: Statuses of a page that no longer exists.
GONE = frozenset({404, 410})


class Answers:
    """Interprets the responses of one crawl.

    Args:
        frontier: receives the links of pages.
        not_found: the site's "not found" page.

    Attributes:
        gone: known keys that are no longer documents.
        changed: last modification of pages according to the sitemap.
    """

    def __init__(
        self,
        scope: Scope,
        access: WebAccess,
        remembered: Remembered,
        frontier: Frontier,
        not_found: NotFound,
        reader: Reader,
    ) -> None:
        self._scope, self._access, self._remembered = scope, access, remembered
        self._frontier, self._not_found, self._reader = frontier, not_found, reader
        self._known = remembered.keys
        self._texts: Counter[str] = Counter()
        self.found = Found()
        self.gone: set[str] = set()
        self.changed: dict[str, str] = {}

    async def settle(self, url: str, depth: int, visit: Visit) -> None:
        """Interpret a visit, for the requested page and the one where redirects ended."""
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

    def leave_out(self, url: str, reason: str) -> None:
        """Record that it is not a document; it is only counted."""
        if url in self._known:  # it is deleted, and counted as deleted
            self.gone.add(url)
        else:
            self.found.left_out[reason] += 1

    def _skip(self, key: str, reason: str) -> None:
        """Record that it is not a document; it is shown with the reason."""
        self.found.skipped[key] = reason
        if key in self._known:
            self.gone.add(key)

    def _keep(self, key: str, reason: str) -> None:
        """Record that its state is unknown; the indexed version stays."""
        self.found.unreadable.setdefault(key, reason)

    def _known_or_skip(self, key: str, reason: str) -> None:
        """Record a page that has no content at present, which does not replace indexed text."""
        if key in self._known:
            self._keep(key, reason)
        else:
            self._skip(key, reason)

    # ------------------------------------------------------------------------------------- redirects

    def _refused(self, url: str, visit: Visit) -> None:
        if visit.moved and not visit.permanent and url in self._known:
            self._keep(url, f"redirects for now to {visit.url}, which is {visit.reason}")
            return
        reason = visit.reason if not visit.moved else f"redirects to a page that is {visit.reason}"
        if visit.reason == ROBOTS and url in self._known:
            self._skip(url, reason)
        else:
            self.leave_out(url, reason)

    async def _moved(self, url: str, key: str, visit: Visit) -> None:
        """A known page that redirects is gone if the redirect is permanent or the target has exactly its
        text."""
        if url not in self._known:
            return
        if visit.permanent or await self._has_text_of(url, key, visit.answer):
            self.gone.add(url)
        else:
            self._keep(url, f"redirects for now to {key}")

    async def _has_text_of(self, url: str, key: str, answer: Answer | None) -> bool:
        before = self._remembered.of(url)
        if before is None or answer is None or answer.status != 200 or not is_html(answer):
            return False
        try:
            html, _ = await self._reader.read(key, answer)
        except (NotRendered, NotParsed):
            return False
        return Page(key, numbers=html.numbers, whole=html.whole).digest == before.digest

    def _is_settled(self, key: str) -> bool:
        found = self.found
        return key in found.pages or key in found.unreadable or key in found.skipped or key in self.gone

    # ---------------------------------------------------------------------------------------- status

    async def _answered(self, key: str, depth: int, answer: Answer) -> None:
        status = answer.status
        if verdicts.is_challenge({name.lower(): value for name, value in answer.headers.items()}):
            self._keep(key, verdicts.CHALLENGE)
        elif status in (200, 203):
            self.found.fetched += 1
            await self._content(key, depth, answer)
        elif status == 304:
            self._not_modified(key, depth, answer)
        elif status in GONE:
            self.leave_out(key, NOT_FOUND)
        elif status >= 500 or status == 429:
            self._keep(key, f"answers {status}")
        else:
            self._known_or_skip(key, f"answers {status}")

    def _not_modified(self, key: str, depth: int, answer: Answer) -> None:
        before = self._remembered.of(key)
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

    # --------------------------------------------------------------------------------------- content

    async def _content(self, key: str, depth: int, answer: Answer) -> None:
        if is_html(answer):
            try:
                await self._html(key, depth, *await self._reader.read(key, answer))
            except NotRendered as error:
                self._keep(key, f"{verdicts.SHELL}, and {error}")
            except NotParsed as error:
                self._keep(key, str(error))
        elif reason := refused_type(answer):
            if key in self._known:
                self._keep(key, reason)
            else:
                self.leave_out(key, reason)
        elif self._asks_not_to_be_indexed(answer):
            self._skip(key, NOINDEX)
        else:
            content = hashlib.sha256(answer.body).hexdigest()
            self._add(self._page(key, depth, answer, content_sha256=content), answer)

    async def _html(self, key: str, depth: int, html: Html, answer: Answer) -> None:
        scope = self._scope
        if html.refresh is not None and (target := links_in([html.refresh], key, scope)) != [key]:
            self.leave_out(key, "leads to another page at once")
            if target:
                self._frontier.add(target[0], depth)
            return
        if html.fault in (verdicts.CHALLENGE, verdicts.CONSENT):
            self._keep(key, html.fault)
            return
        page = self._described(key, depth, html, answer)
        if depth and self._is_not_found(page):
            return
        self._follow(page)
        if html.routes:
            self.found.left_out[_ROUTES] += html.routes
        if html.fault is not None:
            self._known_or_skip(key, html.fault)
        elif html.noindex or self._asks_not_to_be_indexed(answer):
            self._skip(key, NOINDEX)
        else:
            self._add(page, answer)

    def _is_not_found(self, page: Page) -> bool:
        if self._not_found.is_it(page):
            self._skip(page.key, SOFT_404)
        elif self._not_found.is_like_it(page):
            self._known_or_skip(page.key, SOFT_404)
        else:
            return False
        return True

    def _described(self, key: str, depth: int, html: Html, answer: Answer) -> Page:
        """The page, with its content and the links that may be followed."""
        canonicals = links_in(html.canonicals, key, self._scope)
        page = self._page(key, depth, answer)
        page.numbers, page.whole = html.numbers, html.whole
        page.title, page.language = html.title, html.language
        page.canonical = canonicals[0] if len(canonicals) == 1 and canonicals != [key] else None
        if not self._directives(answer) & {"nofollow", "none"}:
            page.links = tuple(links_in(html.links, key, self._scope))
        return page

    def _page(self, key: str, depth: int, answer: Answer, content_sha256: str = "") -> Page:
        modified = answer.headers.get("Last-Modified")
        return Page(
            key,
            depth,
            content_sha256=content_sha256,
            last_modified=modified or self.changed.get(key) or None,
            etag=answer.headers.get("ETag"),
            modified=modified,
        )

    def _directives(self, answer: Answer) -> frozenset[str]:
        return robots_header(answer.headers.getall("X-Robots-Tag", []), self._access.product)

    def _asks_not_to_be_indexed(self, answer: Answer) -> bool:
        return bool(self._directives(answer) & {"noindex", "none"})

    def _add(self, page: Page, answer: Answer) -> None:
        self.found.pages[page.key] = page
        self.found.answers[page.key], self.found.sizes[page.key] = answer.url, len(answer.body)

    def _follow(self, page: Page) -> None:
        """Queue the links of a page, unless it is another copy of the same text."""
        self._texts[page.digest] += 1
        if self._texts[page.digest] >= _SAME_TEXT_STOPS:
            return
        for link in (*page.links, *((page.canonical,) if page.canonical else ())):
            self._frontier.add(self._scope.at_home(link), (page.depth or 0) + 1)
