"""The gateway's client of the sparse index: the service `searching` over HTTP."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

import aiohttp
from pydantic import BaseModel, ValidationError

from api.errors import BadRequest, Unavailable
from schemas.api import ErrorResponse
from schemas.api.searching import (
    KeysRequest,
    KeysResponse,
    SearchRequest,
    SearchResponse,
    SparseHits,
    SparseKey,
    SparseQuery,
)
from streams.http.errors import reason_of
from streams.http.traces import client_traces

M = TypeVar("M", bound=BaseModel)

_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=2)


class SparseIndex(Protocol):
    """The sparse vectors of collections that Headrace maintains."""

    async def search(self, queries: Sequence[SparseQuery]) -> Sequence[SparseHits]:
        """The hits of each query. Raises BadRequest for a key or filter that it does not support, Unavailable
        if there is no answer."""
        ...

    async def keys(self, collection_ids: Sequence[str]) -> Mapping[str, Sequence[SparseKey]]:
        """The sparse keys of each collection that has any. Raises Unavailable if there is no answer."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class SparseService:
    """The service `searching`.

    Args:
        url: of the service, without a path.
        token: sent as a bearer token.
    """

    def __init__(self, url: str, token: str) -> None:
        self._url, self._headers = url.rstrip("/"), {"Authorization": f"Bearer {token}"}
        self._opened: aiohttp.ClientSession | None = None

    async def search(self, queries: Sequence[SparseQuery]) -> Sequence[SparseHits]:
        """See `SparseIndex`."""
        return (await self._ask("/search", SearchRequest(queries=list(queries)), SearchResponse)).results

    async def keys(self, collection_ids: Sequence[str]) -> Mapping[str, Sequence[SparseKey]]:
        """See `SparseIndex`."""
        asked = KeysRequest(collection_ids=list(collection_ids))
        return (await self._ask("/keys", asked, KeysResponse)).collections

    async def close(self) -> None:
        """See `SparseIndex`."""
        if self._opened is not None:
            await self._opened.close()

    async def _ask(self, path: str, body: BaseModel, kind: type[M]) -> M:
        sent = body.model_dump_json(exclude_none=True).encode()
        try:
            async with self._session().post(self._url + path, data=sent) as answer:
                text = await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(
                f"the sparse index (service searching) does not answer: {reason_of(error)}"
            ) from error
        if answer.status in (400, 413, 422):
            raise BadRequest(_words(text))
        if answer.status != 200:
            raise Unavailable(f"the sparse index (service searching) cannot be searched: {_words(text)}")
        try:
            return kind.model_validate_json(text)
        except ValidationError as error:
            raise Unavailable("the sparse index (service searching) does not answer as it should") from error

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            connector = aiohttp.TCPConnector(limit=0)
            headers = {"content-type": "application/json", **self._headers}
            self._opened = aiohttp.ClientSession(
                connector=connector, timeout=_TIMEOUT, headers=headers, trace_configs=client_traces(str)
            )
        return self._opened


def _words(text: bytes) -> str:
    try:
        return ErrorResponse.model_validate_json(text).message
    except ValidationError:
        return text[:200].decode(errors="replace") or "no reason given"
