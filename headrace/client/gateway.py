"""A client for the gateway's HTTP API."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
from pydantic import BaseModel, TypeAdapter, ValidationError

from schemas import api
from schemas.errors import RequestError, TransientError
from streams.http.errors import reason_of

M = TypeVar("M")

#: Creating an invocation waits up to 10 s for tracking, a check of a source lists for 60 s at most; the rest
#: is for busy machines.
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


class GatewayClient:
    """A client for one gateway; an asynchronous context manager.

    Every call raises ApiError for a status of 400 and above, TransientError without a response. Calls are not
    retried here; `reconnect_s` is how long `headrace.client.reconnect` retries them.
    """

    def __init__(self, url: str, key: str, reconnect_s: float = 60) -> None:
        self.url, self.reconnect_s = url.rstrip("/"), reconnect_s
        self._session = aiohttp.ClientSession(headers={"x-chroma-token": key}, timeout=_TIMEOUT)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def fault(self) -> str | None:
        """Which component does not answer, the gateway included; None if all do."""
        try:
            async with self._session.get(f"{self.url}/health") as answer:
                return None if answer.status == 200 else _words(answer.status, await answer.text())
        except (aiohttp.ClientError, TimeoutError, OSError):
            return f"the gateway at {self.url} does not answer"

    async def remarks(self) -> list[str]:
        """The gateway's remarks on stages that are stuck or silent. Empty if it does not answer."""
        try:
            async with self._session.get(f"{self.url}/health") as answer:
                return api.HealthResponse.model_validate_json(await answer.text()).stages
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return []

    async def create_source(self, payload: Mapping[str, Any]) -> str:
        """The new source's id."""
        return (await self._post("/sources", payload, api.CreateSourceResponse)).source_id

    async def source(self, source_id: str) -> api.Source:
        """One source."""
        return await self._get(f"/sources/{source_id}", api.Source)

    async def sources(self, **query: str | None) -> list[api.Source]:
        """All sources that match, newest first."""
        return await self._all("/sources", list[api.Source], query)

    async def change_source(self, source_id: str, payload: Mapping[str, Any]) -> api.Source:
        """Change which documents of its origin a source selects."""
        async with self._request("PUT", f"/sources/{source_id}", body=payload) as answer:
            return self._read(api.Source, await answer.read())

    async def patch_source(
        self, source_id: str, payload: Mapping[str, Any], version: str | None = None
    ) -> api.ChangedSource:
        """Change single fields of a source, if it still has a version."""
        headers = None if version is None else {"If-Match": f'"{version}"'}
        path = f"/sources/{source_id}"
        async with self._request("PATCH", path, body=payload, headers=headers) as answer:
            return self._read(api.ChangedSource, await answer.read())

    async def check_source(self, payload: Mapping[str, Any]) -> api.SourceCheck:
        """What a source would sync."""
        return await self._post("/sources/check", payload, api.SourceCheck)

    async def delete_source(self, source_id: str) -> None:
        """Delete a source; its documents stay."""
        await self._send("DELETE", f"/sources/{source_id}")

    async def delete_source_and_documents(self, source_id: str) -> list[str]:
        """Delete a source and its documents. Returns the ids of the invocations that delete them."""
        path, query = f"/sources/{source_id}", {"documents": "true"}
        async with self._request("DELETE", path, query) as answer:
            return self._read(api.DeleteSourceResponse, await answer.read()).invocation_ids

    async def create_invocation(
        self,
        source_id: str,
        collection: str,
        options: Mapping[str, object] | None = None,
        key: str | None = None,
    ) -> str:
        """Run a source into a collection. Returns the invocation's id.

        `options` are members of the payload besides the collection (`schemas.api.CreateJobPayload`). `key`, a
        random text, makes the call idempotent.
        """
        body = {"target_collection_name": collection, **(options or {})}
        path, headers = f"/sources/{source_id}/invocations", {"Idempotency-Key": key} if key else {}
        return (await self._post(path, body, api.CreateJobResponse, headers)).invocation_id

    async def invocation(self, invocation_id: str) -> api.Job:
        """One invocation."""
        return await self._get(f"/invocations/{invocation_id}", api.Job)

    async def invocations(self, limit: int, **query: str | None) -> list[api.Job]:
        """The newest `limit` invocations that match."""
        return await self._get("/invocations", list[api.Job], {**query, "limit": str(limit)})

    async def cancel(self, invocation_id: str) -> None:
        """Cancel an invocation that has not started."""
        await self._send("PUT", f"/invocations/{invocation_id}")

    async def progress(self, invocation_id: str) -> api.InvocationProgress:
        """The progress of an invocation."""
        return await self._get(f"/invocations/{invocation_id}/progress", api.InvocationProgress)

    async def documents(
        self, invocation_id: str, status: str | None = None, limit: int | None = None, warned: bool = False
    ) -> list[api.DocumentOutcome]:
        """The outcomes of an invocation's documents, or of those with warnings: all, or the first `limit`."""
        path = f"/invocations/{invocation_id}/documents"
        query = {"status": status, "warnings": "true" if warned else None}
        return await self._all(path, list[api.DocumentOutcome], query, limit)

    async def search(self, payload: api.SearchPayload) -> api.SearchAnswer:
        """Search a collection."""
        return await self._post("/search", payload.model_dump(mode="json"), api.SearchAnswer)

    async def keys(self) -> list[api.KeySummary]:
        """The keys, without their secrets."""
        return await self._get("/keys", list[api.KeySummary])

    async def create_key(self, payload: Mapping[str, Any]) -> api.CreateKeyResponse:
        """Create a key. Only this response contains its secret."""
        return await self._post("/keys", payload, api.CreateKeyResponse)

    async def revoke_key(self, key_id: str) -> None:
        """Revoke a key."""
        await self._send("DELETE", f"/keys/{key_id}")

    async def credentials(self) -> list[api.CredentialSummary]:
        """The saved credentials of sources, without their secrets."""
        return await self._get("/credentials", list[api.CredentialSummary])

    async def create_credential(self, payload: Mapping[str, Any]) -> api.CredentialSummary:
        """Save a credential."""
        return await self._post("/credentials", payload, api.CredentialSummary)

    async def delete_credential(self, credential_id: int) -> None:
        """Delete a credential that no source uses."""
        await self._send("DELETE", f"/credentials/{credential_id}")

    async def rotate_credentials(self) -> api.RotatedCredentials:
        """Re-encrypt every credential with the newest key."""
        return await self._post("/credentials/rotate", {}, api.RotatedCredentials)

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
                    words = _words(answer.status, text)
                    if _REQUEST_ID not in answer.headers:
                        words = f"{self._no_gateway()}, but: {words}"
                    refusal = _refusal(text)
                    raise ApiError(words, answer.status, refusal.source_id if refusal else None)
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


def _words(status: int, body: str) -> str:
    """The gateway's message; for a refused key also where to get a valid one."""
    refusal = _refusal(body)
    message = refusal.message if refusal else f"{body.strip()[:300] or 'no reason given'} ({status})"
    return f"{message}; HEADRACE_API_KEY sets the key" if status == 401 else message


def to_json(value: BaseModel | list[Any]) -> Any:
    """Models as plain JSON values, without unset fields."""
    if isinstance(value, list):
        return [to_json(item) for item in value]
    return value.model_dump(mode="json", exclude_unset=True)
