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
#: Answers that are kept, for how long, and how large: some 20 MB at most.
_MOST, _KEPT_SECONDS, _MOST_BYTES = 10_000, 24 * 60 * 60, 64 * 1024

_Name = tuple[str, str, str, str]


@dataclass
class _Kept:
    """The answer to a key, once it is there."""

    digest: bytes
    since: float
    answer: "asyncio.Future[tuple[int, bytes, str] | None]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Answers:
    """The answers to requests with a key."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[_Name, _Kept] = OrderedDict()

    async def answer(self, request: web.Request, key: str, handler: Handler) -> web.StreamResponse:
        """The handler's answer, or the one that it has given to the same request before.

        Raises BadRequest for a key that came with another body.
        """
        caller = caller_of(request)
        name = (caller.key_id, caller.tenant, request.path, key)
        body = b"" if request.path in _STREAMED else await request.read()
        digest = sha256(body).digest()
        self._forget()
        while (known := self._kept.get(name)) is not None:
            if known.digest != digest:
                raise BadRequest(f"{IDEMPOTENCY_HEADER} {key[:80]!r} came before with another body")
            if (answer := await asyncio.shield(known.answer)) is not None:
                return web.Response(status=answer[0], body=answer[1], content_type=answer[2])
        kept = self._kept[name] = _Kept(digest, self._clock())
        return await self._first(request, name, kept, handler)

    async def _first(
        self, request: web.Request, name: _Name, kept: _Kept, handler: Handler
    ) -> web.StreamResponse:
        """Only a success is kept: what was refused, or broke off, may be sent again."""
        found = None
        try:
            response = await handler(request)
            if isinstance(response, web.Response) and response.status < 300:
                whole = response.body if isinstance(response.body, bytes) else b""
                if len(whole) <= _MOST_BYTES:
                    found = (response.status, whole, response.content_type)
            return response
        finally:
            if found is None:
                del self._kept[name]
            kept.answer.set_result(found)

    def _forget(self) -> None:
        before = self._clock() - _KEPT_SECONDS
        while self._kept:
            name, first = next(iter(self._kept.items()))
            if not first.answer.done() or (first.since > before and len(self._kept) < _MOST):
                return
            del self._kept[name]


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
