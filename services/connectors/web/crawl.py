"""A crawl: decide which page to request next.

start ─► frontier ─► visit ─► meaning of the answer (`answers`) ─► page, its links ─► frontier …
known pages that were not met ─► frontier: only their own answer says that they are gone
"""

import asyncio
from collections.abc import Mapping

from schemas.errors import RequestError
from services.connectors.web.access import WebAccess
from services.connectors.web.answers import GONE, Answers
from services.connectors.web.frontier import Frontier
from services.connectors.web.not_found import NotFound
from services.connectors.web.outcome import Found
from services.connectors.web.reading import Reader
from services.connectors.web.remembered import Remembered
from services.connectors.web.scope import Scope
from services.connectors.web.sitemaps import pages_named
from services.connectors.web.transport.addresses import refusal
from services.connectors.web.transport.visit import Visit, Visitor
from services.connectors.web.traps import Traps

_TRAP = "looks endless (repeating paths, calendars, filters)"


class Crawl:
    """One crawl of one source.

    Args:
        limit: maximum documents.
    """

    def __init__(
        self,
        scope: Scope,
        access: WebAccess,
        visitor: Visitor,
        reader: Reader,
        remembered: Remembered,
        limit: int,
    ) -> None:
        self._scope, self._access, self._visitor, self._reader = scope, access, visitor, reader
        self._remembered, self._limit = remembered, limit
        self._known = remembered.keys
        self._frontier = Frontier(self._known)
        self._traps = Traps(limit)
        self._not_found = NotFound()
        self._answers = Answers(scope, access, remembered, self._frontier, self._not_found, reader)
        self._found = self._answers.found
        self._asked_new = 0
        self._ahead: tuple[str, asyncio.Task[Visit]] | None = None

    @property
    def found(self) -> Found:
        """What was found until now."""
        return self._found

    async def run(self) -> Found:
        """Crawl the site. Raises RequestError if the start page cannot be read, because then nothing is known
        of the site."""
        await self._start()
        await self._not_found.learn(self._visitor, self._scope, self._reader)
        if self._scope.max_depth is None:  # the depth of a page in a sitemap is unknown
            named = pages_named(self._scope, self._access, self._visitor, self._reader)
            async for link, changed in named:
                self._frontier.add(link, 1)
                if changed and self._frontier.met(link):
                    self._answers.changed.setdefault(link, changed)
        await self._take_all()
        for key in sorted(self._known):
            if not self._frontier.met(key):
                self._ask_again(key)
        await self._take_all()
        return self._found

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
        if status not in (200, 203, 304) and not (status in GONE and self._known):
            raise RequestError(f"{visit.url} answers {status}; nothing was crawled and nothing deleted")
        self._scope.anchor(visit.url)
        self._frontier.add(start, 0)
        self._frontier.next(room=True)
        await self._answers.settle(start, 0, visit)
        if reason := self._found.unreadable.get(visit.url):
            raise RequestError(f"{visit.url}: {reason}; nothing was crawled and nothing deleted")

    async def _take_all(self) -> None:
        try:
            await self._take_each()
        finally:
            await self._drop_ahead()

    async def _take_each(self) -> None:
        while (found := self._frontier.next(self._has_room())) is not None:
            depth, url = found
            if url not in self._known:
                if self._traps.refuses(url):
                    self._found.left_out[_TRAP] += 1
                    continue
                self._asked_new += 1
            home = self._scope.at_home(url)
            if home != url and url not in self._known:  # its host was proven since it was queued
                self._frontier.add(home, depth)
                continue
            if reason := self._scope.refuses(url, depth):
                self._answers.leave_out(url, reason)
                continue
            visit = await self._visit(url)
            self._look_ahead()
            await self._answers.settle(url, depth, visit)

    # -------------------------------------------------------------------------- the next page, ahead

    def _look_ahead(self) -> None:
        """Request the likely next page while the current one is parsed. This does not change the order: if a
        link of the current page comes first, the response waits in the spool."""
        found = self._frontier.peek(self._has_room(pending=1))
        if found is None:
            return
        depth, url = found
        if self._scope.at_home(url) != url or self._scope.refuses(url, depth):
            return
        if url in self._known or not self._traps.would_refuse(url):
            self._ahead = url, asyncio.create_task(self._ask(url))

    async def _visit(self, url: str) -> Visit:
        if self._ahead is not None and self._ahead[0] == url:
            coming, self._ahead = self._ahead[1], None
            return await coming
        if self._ahead is not None:  # one request at a time
            await self._ahead[1]
            self._ahead = None
        return await self._ask(url)

    async def _ask(self, url: str) -> Visit:
        return await self._visitor.visit(url, self._validators, self._scope.refuses)

    async def _drop_ahead(self) -> None:
        """Cancel a request whose page is not needed, for example because the run was cancelled."""
        if self._ahead is not None:
            self._ahead[1].cancel()
            await asyncio.gather(self._ahead[1], return_exceptions=True)
            self._ahead = None

    # ----------------------------------------------------------------------------------------- scope

    def _has_room(self, pending: int = 0) -> bool:
        """Whether a new page may be requested. Indexed pages and `pending` responses have reserved room."""
        new = sum(key not in self._known for key in self._found.pages) + pending
        return (
            new + len(self._known) - len(self._answers.gone) < self._limit
            and self._asked_new < 3 * self._limit + 100
            and self._visitor.down is None
        )

    def _ask_again(self, key: str) -> None:
        """Handle a known page that no link led to: it is out of scope, or must be requested itself."""
        before = self._remembered.of(key)
        depth = before.depth if before else None
        if reason := self._scope.refuses(key, depth):
            self._answers.leave_out(key, reason)
        else:
            self._frontier.add(key, depth if depth is not None else 1)

    def _validators(self, url: str) -> Mapping[str, str]:
        before = self._remembered.of(self._scope.at_home(url))
        return before.validators() if before else {}
