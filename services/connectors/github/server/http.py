"""Our own requests to a git server and its API.

Rate limits apply across runs: a process has one `Limits`, with an entry per token.
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

#: Maximum size of a response: half a million refs have 64 MB.
MOST_BYTES = 64 * 1024 * 1024
_MOST_REDIRECTS = 5
#: A server that sends a byte now and then would hold a run for ever; 64 MB in ten minutes are 100 KB/s.
_WHOLE = 10
#: If GitHub gives no time to wait, it expects a minute, and longer after each further limit.
_FIRST_WAIT_S = 60.0
_LONGEST_WAIT_S = 3600.0
_NUMBER = re.compile("[0-9]{1,12}")
_SAYS_LIMIT = re.compile(rb"rate limit|abuse detection", re.IGNORECASE)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. `url` is the final one after redirects; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    def date(self) -> float | None:
        """The server's clock, seconds since 1970."""
        return _moment(self.headers.get("date"))


class Limits:
    """Until when each token must wait.

    Args:
        clock: seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self._until: dict[str, float] = {}
        self._unsaid: dict[str, int] = {}  # consecutive limits without a time to wait

    def check(self, who: str) -> None:
        """Raise RateLimited while this token must wait."""
        left = self._until.get(who, 0.0) - self.clock()
        if left > 0:
            raise RateLimited(f"the git server limits requests; the next one in {left:.0f} s", left)

    def learn(self, who: str, answer: Answer) -> None:
        """Raise RateLimited for a response that demands waiting."""
        if not _is_limit(answer):
            if answer.status < 400:
                self._unsaid.pop(who, None)
            return
        wait = self._said(answer)
        if wait is None:
            tries = self._unsaid[who] = self._unsaid.get(who, 0) + 1
            wait = min(_FIRST_WAIT_S * 2 ** (tries - 1), _LONGEST_WAIT_S)
        self._until[who] = self.clock() + min(wait, _LONGEST_WAIT_S)
        self.check(who)

    def _said(self, answer: Answer) -> float | None:
        """Seconds to wait, if the response demands it; times are those of the server's clock."""
        now = answer.date() or self.clock()
        after = answer.headers.get("retry-after", "")
        if _NUMBER.fullmatch(after):
            return max(1.0, float(after))
        if (moment := _moment(after)) is not None:
            return max(1.0, moment - now)
        reset = answer.headers.get("x-ratelimit-reset", "")
        if answer.headers.get("x-ratelimit-remaining") == "0" and _NUMBER.fullmatch(reset):
            return max(1.0, float(reset) - now + 1)
        return None


@dataclass(slots=True)
class Http:
    """An HTTP client that follows redirects only on the same host. `seconds` limits the wait for any bytes,
    ten times as many that for all."""

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
        """Send a request; returns the response, whatever its status, unless it is a rate limit.

        Raises RateLimited; TransientError if there is no complete response; RequestError for a redirect that
        leaves the host.
        """
        who = f"{urlsplit(url).netloc.rpartition('@')[2]} {who}"  # one server's limits are not another's
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
        whole = _WHOLE * self.seconds
        timeout = aiohttp.ClientTimeout(total=whole, sock_connect=self.seconds, sock_read=self.seconds)
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
            silent = isinstance(error, aiohttp.ServerTimeoutError)
            what = f"does not answer for {self.seconds:g} s" if silent else f"sends too slowly: {whole:g} s"
            raise TransientError(f"{shown_url(url)} {what}") from error
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise TransientError(
                f"{shown_url(url)} does not answer: {error or type(error).__name__}"
            ) from error


def identity(token: str | None) -> str:
    """Identifies a token without revealing it."""
    return sha256(token.encode()).hexdigest() if token else ""


def shown_url(url: str) -> str:
    """A URL without its query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _followed(url: str, target: str) -> str:
    """The target of a redirect. Raises RequestError if it is another host, which must not get the token."""
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
    """The proxy from the environment. Not with `trust_env`, which also reads `.netrc`."""
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
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
