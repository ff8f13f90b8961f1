"""`Idempotency-Key`: a POST that is sent again gets the answer of the first, and has no second effect.

The answers of a day are kept in the memory of the process. Runs do not depend on it: their ids follow from
the key (`api.sync.invocations`), so any gateway recognises them, also after a restart.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256

from aiohttp import web
from aiohttp.typedefs import Middleware

from api.errors import BadRequest
from api.requests import caller_of
from api.sync.invocations import IDEMPOTENCY_HEADER, MAX_IDEMPOTENCY_KEY
from api.sync.options import require_text

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_ROOT = "/api/v1/"
#: Uploads are read as they come: their key alone counts, not their body.
_STREAMED = frozenset({"/api/v1/add-file"})
#: Answers that are kept, and for how long.
_MOST, _KEPT_SECONDS = 10_000, 24 * 60 * 60
#: Maximum bytes of one answer, and of all.
_MOST_BYTES, _MOST_BYTES_TOGETHER = 64 * 1024, 16 * 1024 * 1024

_Name = tuple[str, str, str, str]


@dataclass
class _First:
    """The first request with a key, while it is handled. `ended` says when to look for its answer."""

    digest: bytes
    ended: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True)
class _Answer:
    """The answer to a key."""

    digest: bytes
    since: float
    status: int
    body: bytes
    content_type: str


class Answers:
    """The answers to requests with a key."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._under_way: dict[_Name, _First] = {}
        #: The oldest first.
        self._kept: OrderedDict[_Name, _Answer] = OrderedDict()
        self._bytes = 0

    async def answer(self, request: web.Request, key: str, handler: Handler) -> web.StreamResponse:
        """The handler's answer, or the one that it has given to the same request before.

        Raises BadRequest for a key that came with another body.
        """
        caller = caller_of(request)
        name = (caller.key_id, caller.tenant, request.path, key)
        body = b"" if request.path in _STREAMED else await request.read()
        digest = sha256(body).digest()
        self._forget()
        while (known := self._under_way.get(name) or self._kept.get(name)) is not None:
            if known.digest != digest:
                raise BadRequest(f"{IDEMPOTENCY_HEADER} {key[:80]!r} came before with another body")
            if isinstance(known, _Answer):
                return web.Response(status=known.status, body=known.body, content_type=known.content_type)
            await known.ended.wait()
        first = self._under_way[name] = _First(digest)
        try:
            response = await handler(request)
            self._keep(name, digest, response)
            return response
        finally:
            del self._under_way[name]
            first.ended.set()

    def _keep(self, name: _Name, digest: bytes, response: web.StreamResponse) -> None:
        """Only a success is kept: what was refused, or broke off, may be sent again."""
        if not isinstance(response, web.Response) or response.status >= 300:
            return
        whole = response.body if isinstance(response.body, bytes) else b""
        if len(whole) <= _MOST_BYTES:
            answer = _Answer(digest, self._clock(), response.status, whole, response.content_type)
            self._kept[name] = answer
            self._bytes += len(whole)
            self._forget()

    def _forget(self) -> None:
        """Forget the oldest answers: those of an earlier day, and more than there is room for."""
        before = self._clock() - _KEPT_SECONDS
        while self._kept:
            oldest = next(iter(self._kept.values()))
            fits = len(self._kept) <= _MOST and self._bytes <= _MOST_BYTES_TOGETHER
            if fits and oldest.since > before:
                return
            self._kept.popitem(last=False)
            self._bytes -= len(oldest.body)


def idempotent() -> Middleware:
    """The middleware, with answers of its own."""
    answers = Answers()

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        key = request.headers.get(IDEMPOTENCY_HEADER)
        runs = request.path.endswith("/invocations")  # they recognise it themselves
        if key is None or request.method != "POST" or not request.path.startswith(_ROOT) or runs:
            return await handler(request)
        if not 0 < len(require_text(IDEMPOTENCY_HEADER, key)) <= MAX_IDEMPOTENCY_KEY:
            raise BadRequest(f"{IDEMPOTENCY_HEADER} must have 1 to {MAX_IDEMPOTENCY_KEY} characters")
        return await answers.answer(request, key, handler)

    return middleware
