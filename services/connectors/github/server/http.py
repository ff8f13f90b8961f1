"""Requests of our own to a git server and its API.

Who was told to wait does not ask again before that, whichever run it is for: one `Limits` for a process,
in which each token has its own.
"""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from hashlib import sha256
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from schemas.errors import RateLimited, RequestError, TransientError

#: A list of refs: 64 MB are half a million of them.
MOST_BYTES = 64 * 1024 * 1024
_MOST_REDIRECTS = 5
#: Where GitHub limits without saying for how long it wants a minute, then more and more.
_FIRST_WAIT_S = 60.0
_LONGEST_WAIT_S = 3600.0
_SAYS_LIMIT = re.compile(rb"rate limit|abuse detection", re.IGNORECASE)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `url` is where it came from, after redirects; `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    def date(self) -> float | None:
        """The server's clock, seconds since 1970."""
        return _moment(self.headers.get("date"))


class Limits:
    """Until when each token must not ask again.

    Args:
        clock: seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self._until: dict[str, float] = {}
        self._unsaid: dict[str, int] = {}  # limits in a row that did not say for how long

    def check(self, who: str) -> None:
        """Raises RateLimited as long as this one was told to wait."""
        left = self._until.get(who, 0.0) - self.clock()
        if left > 0:
            raise RateLimited(f"the git server limits requests; the next one in {left:.0f} s", left)

    def learn(self, who: str, answer: Answer) -> None:
        """Raises RateLimited for an answer that says to wait."""
        if not _is_limit(answer):
            if answer.status < 400:
                self._unsaid.pop(who, None)
            return
        wait = self._said(answer)
        if wait is None:
            tries = self._unsaid[who] = self._unsaid.get(who, 0) + 1
            wait = min(_FIRST_WAIT_S * 2 ** (tries - 1), _LONGEST_WAIT_S)
        self._until[who] = self.clock() + wait
        self.check(who)

    def _said(self, answer: Answer) -> float | None:
        """Seconds to wait, if the answer says so; times are by the server's clock."""
        now = answer.date() or self.clock()
        after = answer.headers.get("retry-after", "")
        if after.isdigit():
            return max(1.0, float(after))
        if (moment := _moment(after)) is not None:
            return max(1.0, moment - now)
        reset = answer.headers.get("x-ratelimit-reset", "")
        if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
            return max(1.0, float(reset) - now + 1)
        return None


@dataclass(slots=True)
class Http:
    """Asks, and follows redirects on the same host only. `seconds` is the longest wait for any bytes."""

    seconds: float = 60.0
    limits: Limits = field(default_factory=Limits)

    async def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        who: str = "",
        most_bytes: int = MOST_BYTES,
    ) -> Answer:
        """The answer, whatever its status, but for those that say to wait.

        Raises RateLimited; TransientError without an answer or for one that breaks off; RequestError for a
        redirect that leaves the host.
        """
        for _ in range(_MOST_REDIRECTS):
            self.limits.check(who)
            answer = await self._once(method, url, headers, body, most_bytes)
            self.limits.learn(who, answer)
            target = answer.headers.get("location")
            if answer.status not in _REDIRECTS or target is None:
                return answer
            url = _followed(url, target)
        raise RequestError(f"{shown_url(url)} redirects again and again")

    async def _once(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, most_bytes: int
    ) -> Answer:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self.seconds, sock_read=self.seconds)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.request(
                    method, url, headers=headers, data=body, allow_redirects=False, proxy=_proxy(url)
                ) as answer,
            ):
                found = bytearray()
                async for piece in answer.content.iter_chunked(256 * 1024):
                    found += piece
                    if len(found) > most_bytes:
                        raise RequestError(f"{shown_url(url)} answers more than {most_bytes:,} bytes")
                names = {name.lower(): value for name, value in answer.headers.items()}
                return Answer(answer.status, names, bytes(found), url)
        except TimeoutError as error:
            raise TransientError(f"{shown_url(url)} does not answer for {self.seconds:g} s") from error
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise TransientError(
                f"{shown_url(url)} does not answer: {error or type(error).__name__}"
            ) from error


def identity(token: str | None) -> str:
    """Who asks, without the token itself."""
    return sha256(token.encode()).hexdigest() if token else ""


def shown_url(url: str) -> str:
    """A URL without its query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _followed(url: str, target: str) -> str:
    """Where a redirect leads. Raises RequestError when that is another host: the token is not for it."""
    found = urljoin(url, target)
    here, there = urlsplit(url), urlsplit(found)
    safer = here.scheme == "http" and there.scheme == "https" and here.hostname == there.hostname
    if (here.scheme, here.netloc) != (there.scheme, there.netloc) and not safer:
        raise RequestError(
            f"{shown_url(url)} redirects to another host, {there.scheme}://{there.hostname}; it is not "
            "followed"
        )
    return found


def _proxy(url: str) -> str | None:
    """The proxy that the environment names; not by `trust_env`, which reads `.netrc` as well."""
    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    return getproxies().get(parts.scheme)


def _is_limit(answer: Answer) -> bool:
    if answer.status == 429:
        return True
    if answer.status != 403:
        return False
    headers = answer.headers
    return (
        "retry-after" in headers
        or headers.get("x-ratelimit-remaining") == "0"
        or _SAYS_LIMIT.search(answer.body[:10_000]) is not None
    )


def _moment(text: str | None) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except ValueError:
        return None
