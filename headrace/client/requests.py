"""Requests to a gateway: errors, pages, event streams."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
from pydantic import TypeAdapter, ValidationError

from schemas import api
from schemas.errors import RequestError, TransientError
from streams.http.errors import reason_of
from streams.http.traces import client_traces

M = TypeVar("M")

#: Creating an invocation waits up to 10 s for tracking, a check of a source lists for 60 s; the rest is for
#: busy machines.
_TIMEOUT = aiohttp.ClientTimeout(total=75, connect=5)
#: The gateway sends a heartbeat every 15 s; a stream that misses four is dead.
_STREAM_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=5, sock_read=60)
#: The header of every gateway response, also through a proxy.
_REQUEST_ID = "X-Request-Id"
#: The API's maximum page size.
_PAGE = 1000


class ApiError(RequestError):
    """An error response of the gateway. `status` is the HTTP status; `source_id` names a source that already
    exists."""

    def __init__(self, message: str, status: int, source_id: str | None = None) -> None:
        super().__init__(message)
        self.status, self.source_id = status, source_id


class Requests:
    """Requests to one gateway; an asynchronous context manager.

    Every call raises ApiError for a status of 400 and above, TransientError without a response. Calls are not
    retried here; `reconnect_s` is how long `headrace.client.reconnect` retries them.
    """

    def __init__(self, url: str, key: str, reconnect_s: float = 60) -> None:
        self.url, self.reconnect_s = url.rstrip("/"), reconnect_s
        self._session = aiohttp.ClientSession(
            headers={"x-chroma-token": key}, timeout=_TIMEOUT, trace_configs=client_traces()
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def events(self, path: str) -> AsyncIterator[tuple[str, str]]:
        """Server-sent events of a path: name and data. Ends with the stream."""
        name = ""
        async with self._request("GET", path, stream=True) as answer:
            async for line in _lines(answer.content):
                field, _, value = line.rstrip("\r\n").partition(": ")
                if field == "event":
                    name = value
                elif field == "data":
                    yield name, value

    async def _get(self, path: str, kind: type[M], query: Mapping[str, str | None] | None = None) -> M:
        async with self._request("GET", path, query) as answer:
            return self._read(kind, await answer.read())

    async def _all(
        self, path: str, kind: type[list[M]], query: Mapping[str, str | None], limit: int | None = None
    ) -> list[M]:
        found: list[M] = []
        while limit is None or len(found) < limit:
            size = _PAGE if limit is None else min(_PAGE, limit - len(found))
            page = await self._get(path, kind, {**query, "limit": str(size), "offset": str(len(found))})
            found += page
            if len(page) < size:
                break
        return found

    async def _post(
        self, path: str, body: Mapping[str, Any], kind: type[M], headers: Mapping[str, str] | None = None
    ) -> M:
        async with self._request("POST", path, body=body, headers=headers) as answer:
            return self._read(kind, await answer.read())

    async def _send(self, method: str, path: str) -> None:
        async with self._request(method, path):
            pass

    def _read(self, kind: type[M], body: bytes) -> M:
        try:
            return TypeAdapter(kind).validate_json(body)
        except ValidationError as error:
            raise TransientError(
                f"{self._no_gateway()}, but: {body[:200].decode(errors='replace')}"
            ) from error

    def _no_gateway(self) -> str:
        return f"{self.url} (HEADRACE_URL) does not answer as a Headrace gateway does"

    @contextlib.asynccontextmanager
    async def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | None] | None = None,
        body: Mapping[str, Any] | None = None,
        stream: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        given = {name: value for name, value in (query or {}).items() if value is not None}
        headers = {"Accept": "text/event-stream"} if stream else headers
        timeout = _STREAM_TIMEOUT if stream else _TIMEOUT
        url = f"{self.url}/api/v1{path}"
        try:
            async with self._session.request(
                method, url, params=given, json=body, headers=headers, timeout=timeout
            ) as answer:
                if answer.status >= 400:
                    text = await answer.text()
                    message = words(answer.status, text)
                    if _REQUEST_ID not in answer.headers:
                        message = f"{self._no_gateway()}, but: {message}"
                    refusal = _refusal(text)
                    raise ApiError(message, answer.status, refusal.source_id if refusal else None)
                yield answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TransientError(f"the gateway at {self.url} does not answer: {reason_of(error)}") from error


async def _lines(stream: aiohttp.StreamReader) -> AsyncIterator[str]:
    """Complete lines. Raises TransientError for a line that exceeds the reader's buffer (128 KiB)."""
    try:
        async for line in stream:
            if line.endswith(b"\n"):  # otherwise it was cut off
                yield line.decode()
    except ValueError as error:
        raise TransientError(f"an event of the gateway cannot be read: {error}") from error


def _refusal(body: str) -> api.ErrorResponse | None:
    """The gateway's error response; None if it is not from a gateway."""
    try:
        return api.ErrorResponse.model_validate_json(body)
    except ValidationError:
        return None


def words(status: int, body: str) -> str:
    """The gateway's message; for a refused key also where to get a valid one."""
    refusal = _refusal(body)
    message = refusal.message if refusal else f"{body.strip()[:300] or 'no reason given'} ({status})"
    return f"{message}; HEADRACE_API_KEY sets the key" if status == 401 else message
