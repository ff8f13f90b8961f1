"""Request a page politely: delays, redirects, retries, and hosts that are down.

visit ──► each hop: in scope? allowed by robots.txt? ──► in the spool? ──► delay ──► fetch ──► retry
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from schemas.urls import canonical, origin_of
from services.connectors.web.access import WebAccess
from services.connectors.web.transport.fetch import Answer, Fetcher, NoAnswer
from services.connectors.web.transport.robots import Robots, RobotsUnavailable, read_robots
from services.connectors.web.transport.spool import Spool
from streams.http.errors import asked_seconds

MAX_HOPS = 10
_TRIES = 3
#: A longer `Retry-After` ends the requests of the run.
MAX_RETRY_AFTER_S = 120.0
#: Consecutive pages without a response after which a host counts as down.
_DOWN_AFTER = 5
_PERMANENT = frozenset({301, 308})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BUSY = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Visit:
    """The result of requesting a page.

    Attributes:
        url: the URL after all redirects.
        answer: the response; None if there is none, and `reason` says why.
        permanent: whether all redirects were permanent.
        refused: whether the last hop must not be requested (scope, robots.txt); `reason` says why.
    """

    asked: str
    url: str
    answer: Answer | None = None
    reason: str = ""
    permanent: bool = True
    refused: bool = False

    @property
    def moved(self) -> bool:
        """Whether the request was redirected."""
        return self.url != self.asked


class Visitor:
    """Sends the requests of a run, one at a time.

    Args:
        pause_s: delay before the first retry of a request; doubles with each retry.
        spool: responses that are not requested again.
    """

    def __init__(
        self, access: WebAccess, fetcher: Fetcher, pause_s: float = 1.0, spool: Spool | None = None
    ) -> None:
        self._access, self._fetcher, self._pause_s = access, fetcher, pause_s
        self._spool = spool if spool is not None else Spool(max_bytes=0)
        self._robots: dict[str, Robots] = {}
        self._delay_s = access.delay_s
        self._next_at = 0.0
        self._one_at_a_time = asyncio.Lock()
        self._silent = 0
        self._ended: str | None = None
        self.requests = 0

    @property
    def down(self) -> str | None:
        """Why the run sends no more requests (the host is down, or asked for a long delay), else None."""
        return self._ended

    async def visit(
        self,
        url: str,
        headers_of: Callable[[str], Mapping[str, str]] = lambda url: {},
        refuses: Callable[[str], str | None] = lambda url: None,
    ) -> Visit:
        """Request a page and follow redirects.

        Args:
            headers_of: the validators to send for a URL.
            refuses: why a URL must not be requested; None if it may be.
        """
        at, permanent = url, True
        for _ in range(MAX_HOPS):
            try:
                if reason := refuses(at) or await self._robots_refuse(at):
                    return Visit(url, at, None, reason, permanent, refused=True)
                answer = await self._tried(at, headers_of(at))
                target = _target(answer)
            except (NoAnswer, RobotsUnavailable) as error:
                return Visit(url, at, None, str(error), permanent)
            if target is None:
                return Visit(url, at, answer, "", permanent)
            permanent = permanent and answer.status in _PERMANENT
            at = target
        return Visit(url, at, None, f"more than {MAX_HOPS} redirects", permanent)

    async def follow(self, url: str) -> Answer:
        """Request a robots.txt or a sitemap, for which robots.txt does not count, and follow redirects.

        Raises NoAnswer.
        """
        for _ in range(MAX_HOPS):
            answer = await self._tried(url, {})
            target = _target(answer)
            if target is None:
                return answer
            url = target
        raise NoAnswer(f"more than {MAX_HOPS} redirects", passing=False)

    async def robots(self, origin: str) -> Robots:
        """The rules of an origin. Its Crawl-delay applies from now on. Raises RobotsUnavailable."""
        if not self._access.obeys_robots:
            return Robots()
        if origin not in self._robots:
            try:
                found = read_robots(await self.follow(f"{origin}/robots.txt"), self._access.product)
            except NoAnswer as error:
                raise RobotsUnavailable(f"{origin}/robots.txt: {error}") from error
            except RobotsUnavailable as error:
                raise RobotsUnavailable(f"{origin}/robots.txt {error}") from error
            self._robots[origin] = found
            self._delay_s = max(self._delay_s, found.crawl_delay_s)
        return self._robots[origin]

    async def _robots_refuse(self, url: str) -> str | None:
        return None if (await self.robots(origin_of(url))).allows(url) else "disallowed by robots.txt"

    async def _tried(self, url: str, headers: Mapping[str, str]) -> Answer:
        """The response from the spool or, after retries, from the host. Raises NoAnswer."""
        if (kept := await self._spool.get(url, headers)) is not None:
            return kept
        answer = await self._tries(url, headers)
        if _is_lasting(answer):
            await self._spool.put(answer, headers)
        return answer

    async def _tries(self, url: str, headers: Mapping[str, str]) -> Answer:
        for number in range(1, _TRIES + 1):
            if self._ended:
                raise NoAnswer(self._ended)
            try:
                async with self._one_at_a_time:
                    await self._wait()
                    answer = await self._asked(url, headers)
            except NoAnswer as error:
                if not error.passing or number == _TRIES or self._ended:
                    raise
            else:
                if answer.status not in _BUSY or number == _TRIES or self._ended:
                    return answer
                self._be_slower(answer)
            await asyncio.sleep(self._pause_s * 2 ** (number - 1))
        raise AssertionError

    async def _asked(self, url: str, headers: Mapping[str, str]) -> Answer:
        self.requests += 1
        try:
            answer = await self._fetcher.get(url, headers)
        except NoAnswer as error:
            self._silent = self._silent + 1 if error.unreachable else 0
            if self._silent >= _DOWN_AFTER * _TRIES:
                self._ended = f"the host no longer answers ({error})"
            raise
        finally:
            self._next_at = max(self._next_at, time.monotonic() + self._delay_s)
        self._silent = 0
        return answer

    async def _wait(self) -> None:
        if (left := self._next_at - time.monotonic()) > 0:
            await asyncio.sleep(left)

    def _be_slower(self, answer: Answer) -> None:
        """Increase the delay for a busy server, and respect its `Retry-After`."""
        wanted = asked_seconds(answer.headers.get("Retry-After"))
        if wanted is not None and wanted > MAX_RETRY_AFTER_S:
            self._ended = f"the host answers {answer.status} and wants to be left alone for {wanted:.0f} s"
        if answer.status == 429 or wanted is not None:
            self._delay_s = min(max(self._delay_s * 2, 0.05), max(self._access.delay_s, 10.0))
            self._next_at = time.monotonic() + min(max(wanted or 0.0, self._delay_s), MAX_RETRY_AFTER_S)


def _is_lasting(answer: Answer) -> bool:
    """Whether a repeated request would get the same response. It would not if the server was busy, or tests
    with a redirect whether its cookie comes back."""
    if answer.status in _BUSY or answer.status >= 500:
        return False
    return answer.status < 300 or "Set-Cookie" not in answer.headers


def _target(answer: Answer) -> str | None:
    """The target of a redirect, None for other responses. Raises NoAnswer if it has no valid target."""
    if answer.status not in _REDIRECTS:
        return None
    location = answer.headers.get("Location")
    if location is None:
        raise NoAnswer(f"answers {answer.status} without saying where to", passing=False)
    try:
        # aiohttp decodes header bytes that are not UTF-8 to surrogates.
        raw = location.encode("utf-8", "surrogateescape")
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            text = raw.decode("latin-1")
        return canonical(text, answer.url)
    except ValueError as error:
        raise NoAnswer(f"redirects to what is no address of a page: {error}", passing=False) from error
