"""Forward requests to Chroma: bodies stream both ways, connections are kept alive."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import aiohttp
import structlog
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from api.access import TOKEN_HEADER
from api.errors import BadRequest, PayloadTooLarge, Unavailable
from api.gateway import ChromaAccess
from streams.http.errors import reason_of
from streams.http.traces import chroma_template, client_traces

log = structlog.get_logger("api")

#: Most bytes of a request. Chroma itself takes 40 MiB unless it is configured otherwise.
MAX_BODY_BYTES = 64 * 1024 * 1024

#: A request or an answer up to this size is sent in one piece: half the system calls of a stream.
_WHOLE_BYTES = 64 * 1024

#: How long Chroma may be silent. A query over a large collection that is not in memory takes seconds.
_SILENT_SECONDS = 60.0
_CONNECT_SECONDS = 5.0
_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=_CONNECT_SECONDS, sock_read=_SILENT_SECONDS)

#: Hop-by-hop headers (RFC 9110, 7.6.1), and headers that identify the caller or are set again.
_DROPPED = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "expect",
        "host",
        "content-length",
        "authorization",
        "cookie",
        "set-cookie",
        "server",
        TOKEN_HEADER,
    }
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of Chroma."""

    status: int
    headers: "CIMultiDict[str]"
    body: bytes

    def response(self, body: bytes | None = None) -> web.Response:
        """As the gateway's answer; with another body if one is given."""
        return web.Response(
            status=self.status, headers=self.headers, body=self.body if body is None else body
        )


class Upstream:
    """The Chroma server behind the gateway.

    Every method raises Unavailable if it cannot be reached, or is silent for a minute.

    Args:
        stalled_s: a caller that sends nothing for this long is refused.
    """

    def __init__(self, access: ChromaAccess, stalled_s: float) -> None:
        self._url, self._stalled_s = access.url.rstrip("/"), stalled_s
        self._own = {TOKEN_HEADER: access.token} if access.token else {}
        self._opened: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            await self._opened.close()

    async def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: "CIMultiDict[str] | None" = None,
        query: str = "",
    ) -> Answer:
        """Send a request and read the whole answer."""
        given = self._own | {"content-type": "application/json"} if headers is None else headers
        try:
            async with self._session().request(
                method, self._to(path, query), data=body, headers=given
            ) as got:
                return Answer(got.status, _kept(got.headers), await got.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._away(error) from error

    async def forward(self, request: web.Request, path: str, body: bytes | None = None) -> web.StreamResponse:
        """Send a request on to `path`, and its answer back, both as they come.

        Args:
            body: sent in place of the request's.
        """
        headers = _kept(request.headers)
        headers.update(self._own)
        coming = Body(request, self._stalled_s)
        if body is None and request.body_exists:
            coming.check()
            body = await coming.whole() if coming.is_small else None
            if coming.length is not None:
                headers["content-length"] = str(coming.length)
        streamed = coming if body is None and request.body_exists else None
        try:
            got = await self._session().request(
                request.method,
                self._to(path, request.rel_url.raw_query_string),
                data=body if streamed is None else streamed.pieces(),
                headers=headers,
            )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if coming.failure is not None:  # it is the caller's body that broke off, not Chroma
                raise coming.failure from error
            raise self._away(error) from error
        async with got:
            return await self._answer(request, got)

    async def _answer(self, request: web.Request, got: aiohttp.ClientResponse) -> web.StreamResponse:
        headers, length = _kept(got.headers), got.content_length
        if length is not None and length <= _WHOLE_BYTES:
            try:
                return web.Response(status=got.status, headers=headers, body=await got.read())
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise self._away(error) from error
        response = web.StreamResponse(status=got.status, headers=headers)
        response.content_length = length
        await response.prepare(request)
        try:
            async for piece in got.content.iter_any():
                await response.write(piece)
        except (aiohttp.ClientPayloadError, TimeoutError, OSError) as error:
            log.warning("an answer of Chroma broke off", reason=reason_of(error))
            if request.transport is not None:  # a regular end would make the response look complete
                request.transport.abort()
            raise ConnectionError("the answer of Chroma broke off") from error
        return response

    def _to(self, path: str, query: str) -> URL:
        return URL(self._url + path + (f"?{query}" if query else ""), encoded=True)

    def _away(self, error: Exception) -> Unavailable:
        if isinstance(error, TimeoutError):
            return Unavailable(f"Chroma has not answered within {_SILENT_SECONDS:g} s; try again later")
        return Unavailable(f"Chroma does not answer (HEADRACE_CHROMA_URL): {reason_of(error)}")

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            # As many connections as there are requests; kept as long as Chroma keeps them.
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
            self._opened = aiohttp.ClientSession(
                connector=connector,
                timeout=_TIMEOUT,
                # Bodies are forwarded unchanged, in the encoding that the caller accepts.
                auto_decompress=False,
                skip_auto_headers=("accept-encoding", "user-agent", "accept"),
                trace_configs=client_traces(chroma_template),
            )
        return self._opened


class Body:
    """The body of a request on its way to Chroma. `failure` is what ended it before its end."""

    def __init__(self, request: web.Request, stalled_s: float) -> None:
        self._request, self._stalled_s = request, stalled_s
        self.length = request.content_length
        self.failure: Exception | None = None

    @property
    def is_small(self) -> bool:
        """Whether it may be read as a whole before it is sent."""
        return self.length is not None and self.length <= _WHOLE_BYTES

    def check(self) -> None:
        """Raise PayloadTooLarge for what is announced too large."""
        if self.length is not None and self.length > MAX_BODY_BYTES:
            raise _too_large(self.length)

    async def whole(self) -> bytes:
        """All of it."""
        return b"".join([piece async for piece in self.pieces()])

    async def pieces(self) -> AsyncIterator[bytes]:
        """It, as it comes. Raises BadRequest if the caller stalls, PayloadTooLarge if it has no end."""
        received = 0
        try:
            while piece := await self._next():
                received += len(piece)
                if received > MAX_BODY_BYTES:
                    raise _too_large(received)
                yield piece
        except Exception as failure:
            self.failure = failure
            raise

    async def _next(self) -> bytes:
        try:
            async with asyncio.timeout(self._stalled_s):
                return await self._request.content.readany()
        except TimeoutError as error:
            raise BadRequest(
                f"the request sent nothing for {self._stalled_s:g} s before the end of its body"
            ) from error


def _too_large(found: int) -> PayloadTooLarge:
    return PayloadTooLarge(
        f"the body has {found:,} bytes or more, at most {MAX_BODY_BYTES:,} are taken; send smaller batches"
    )


def _kept(headers: Mapping[str, str]) -> "CIMultiDict[str]":
    """Headers without those of one connection."""
    named = {name.strip().lower() for name in headers.get("Connection", "").split(",")}
    return CIMultiDict(
        (name, value)
        for name, value in headers.items()
        if (low := name.lower()) not in _DROPPED and low not in named
    )


def require_taken(answer: Answer) -> None:
    """Raises BadRequest, with Chroma's words, for a name that Chroma does not take."""
    if answer.status == 400:
        raise BadRequest(str(json.loads(answer.body).get("message", "Chroma does not take this name")))
