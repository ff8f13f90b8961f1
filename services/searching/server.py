"""The HTTP interface (`schemas.api.searching`)."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

import structlog
from aiohttp import web
from pydantic import BaseModel, ValidationError

from schemas.api import ErrorResponse
from schemas.api.searching import (
    MAX_BODY_BYTES,
    AuditRequest,
    AuditResponse,
    KeysRequest,
    KeysResponse,
    SearchRequest,
    SearchResponse,
    SparseHits,
    SparseKey,
    SparseQuery,
)
from schemas.errors import DocumentError, RequestError, TransientError
from services.searching.audit import Audit
from services.searching.index import SparseIndex
from services.searching.metrics import QUERIES, SECONDS
from services.searching.points import VectorName
from services.searching.shard import IndexDamaged, Shard
from services.searching.where import compile_where
from streams.http.served import middlewares
from streams.http.server import has_key, listening

log = structlog.get_logger(__name__)

T = TypeVar("T")
B = TypeVar("B", bound=BaseModel)

#: A query takes less than a millisecond, so these keep a core busy while some wait for the disk.
_THREADS = 4
#: The gateway gives up after 30 s.
_PATIENCE_SECONDS = 10.0

#: Encodes a text with the model of the documents; returns indices and values.
Encode = Callable[[str, str], Awaitable[tuple[Sequence[int], Sequence[float]]]]


class Following(Protocol):
    """Keeps the index in sync with its topic."""

    @property
    def ready(self) -> bool: ...

    @property
    def fault(self) -> str | None: ...

    def rebuild(self) -> None: ...

    def audit(self, collection: str, repair: bool) -> "Future[Audit | None]": ...


class _Refused(Exception):
    """A response other than 200."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status, self.error = status, error


class SearchServer:
    """Answers queries from an index.

    Args:
        token: what a caller must present.
        encode: encodes the text of a query. Raises DocumentError for an unknown model, and TransientError.
        patience_s: for this long after the start, searches wait for the index to be ready instead of being
            refused.
    """

    def __init__(
        self,
        index: SparseIndex,
        follower: Following,
        token: str,
        encode: Encode,
        patience_s: float = _PATIENCE_SECONDS,
    ) -> None:
        self._index, self._follower, self._encode, self._patience_s = index, follower, encode, patience_s
        self._token = token
        self._started = time.monotonic()
        self._threads = ThreadPoolExecutor(_THREADS, "search")

    def app(self) -> web.Application:
        """The application."""
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[*middlewares(), self._middleware])
        app.router.add_get("/health", self._health)
        app.router.add_post("/search", self._search)
        app.router.add_post("/keys", self._keys)
        app.router.add_post("/audit", self._audit)
        return app

    @asynccontextmanager
    async def serve(self, host: str, port: int) -> AsyncIterator[int]:
        """Listen while the block runs; yields the port (a free one for 0). Raises RequestError."""
        runner = web.AppRunner(self.app(), access_log=None, shutdown_timeout=0.5)
        failure = f"searching cannot listen at {host}:{port} (HEADRACE_HOST, HEADRACE_SEARCH_PORT)"
        try:
            async with listening(runner, host, port, failure) as found:
                yield found
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)

    @web.middleware
    async def _middleware(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            if request.path != "/health":
                self._authorize(request)
            with SECONDS.time():
                return await handler(request)
        except _Refused as refused:
            return _error(refused.status, refused.error, str(refused))
        except web.HTTPException as error:
            return _error(error.status, "InvalidArgumentError", error.reason)
        except (RequestError, DocumentError) as error:
            return _error(400, "InvalidArgumentError", str(error))
        except TransientError as error:
            return _error(503, "Unavailable", str(error))
        except Exception as error:
            log.exception("a request has failed")
            return _error(500, "InternalError", f"{type(error).__name__}: see the log of searching")

    def _authorize(self, request: web.Request) -> None:
        if not has_key(request, self._token):
            raise _Refused(
                401, "Unauthorized", "wrong token: gateway and searching need the same HEADRACE_SEARCH_TOKEN"
            )

    async def _health(self, request: web.Request) -> web.Response:
        if (fault := self._follower.fault) is not None:
            raise _Refused(503, "Unavailable", fault)
        return web.json_response({"status": "ok"})

    async def _search(self, request: web.Request) -> web.Response:
        asked = await _body(request, SearchRequest)
        await self._until_ready()
        results = await asyncio.gather(*(self._answer(query) for query in asked.queries))
        return _json(SearchResponse.model_construct(results=results))

    async def _answer(self, query: SparseQuery) -> SparseHits:
        try:
            found = await self._hits(query)
        except Exception:
            QUERIES.labels("refused").inc()
            raise
        QUERIES.labels("answered").inc()
        return found

    async def _hits(self, query: SparseQuery) -> SparseHits:
        where = compile_where(query.where, query.ids)
        if query.vector is None:
            vector = await self._in_thread(lambda: self._vector(query)[1])
            if vector is None:
                return SparseHits(hits=[], indexed=0)
            indices, values = await self._encode(vector.model, query.text or "")
        else:
            indices, values = query.vector.indices, query.vector.values

        def search() -> SparseHits:
            shard, vector = self._vector(query)
            if shard is None or vector is None:
                return SparseHits(hits=[], indexed=0)
            hits = shard.search(vector, indices, values, where, query.limit)
            return SparseHits.model_construct(hits=hits, indexed=shard.counts().get(vector, 0))

        return await self._in_thread(search)

    async def _keys(self, request: web.Request) -> web.Response:
        asked = await _body(request, KeysRequest)
        self._require_ready()
        found = await self._in_thread(lambda: {id_: self._keys_of(id_) for id_ in asked.collection_ids})
        return _json(KeysResponse(collections={id_: keys for id_, keys in found.items() if keys}))

    async def _audit(self, request: web.Request) -> web.Response:
        asked = await _body(request, AuditRequest)
        self._require_ready()
        audit = await asyncio.wrap_future(self._follower.audit(asked.collection_id, asked.repair))
        found = Audit(0) if audit is None else audit
        missing, wrong, surplus = map(len, (found.missing, found.wrong, found.surplus))
        return _json(AuditResponse(rows=found.rows, missing=missing, wrong=wrong, surplus=surplus))

    def _keys_of(self, collection: str) -> list[SparseKey]:
        shard = self._index.shard(collection)
        if shard is None:
            return []
        counts = sorted(shard.counts().items(), key=lambda item: (item[0].key, item[0].model))
        return [SparseKey(key=vector.key, model=vector.model, indexed=n) for vector, n in counts]

    def _vector(self, query: SparseQuery) -> tuple[Shard | None, VectorName | None]:
        """The shard of a query and the vectors to search.

        Scores of different models are not comparable. If a key has two models, for example while a source is
        being migrated, the one with more rows is searched, and `indexed` counts only its rows.
        """
        known, shard = self._index.collection(query.collection_id), self._index.shard(query.collection_id)
        if known is None or shard is None or (known.tenant, known.database) != (query.tenant, query.database):
            return None, None
        counts = [
            (n, vector.model, vector) for vector, n in shard.counts().items() if vector.key == query.key
        ]
        return shard, max(counts)[2] if counts else None

    async def _until_ready(self) -> None:
        """Wait for the index, which is ready within seconds of a start."""
        deadline = self._started + self._patience_s
        while not self._follower.ready and time.monotonic() < deadline:  # noqa: ASYNC110  (set in a thread)
            await asyncio.sleep(0.05)
        self._require_ready()

    def _require_ready(self) -> None:
        if not self._follower.ready:
            raise TransientError(self._follower.fault or "the sparse index is being read from its topic")

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Run blocking work of the index. Raises TransientError if the index itself fails."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except IndexDamaged as error:
            self._follower.rebuild()
            raise TransientError(f"{error}; the index is rebuilt") from error
        except Exception as error:
            if type(error) is not Exception:
                raise
            # From Qdrant, for example because the shard was closed to make room for others.
            log.warning("a search has failed", error=str(error))
            raise TransientError(f"the sparse index cannot be read now: {error}") from error


async def _body(request: web.Request, kind: type[B]) -> B:
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise _Refused(413, "PayloadTooLarge", f"the body is larger than {MAX_BODY_BYTES:,} bytes") from None
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the body"
        raise _Refused(400, "InvalidArgumentError", f"{where}: {first['msg']}") from None


def _json(body: BaseModel) -> web.Response:
    return web.Response(body=body.model_dump_json().encode(), content_type="application/json")


def _error(status: int, error: str, message: str) -> web.Response:
    body = ErrorResponse(error=error, message=message)
    return web.Response(
        status=status, body=body.model_dump_json(exclude_unset=True).encode(), content_type="application/json"
    )
