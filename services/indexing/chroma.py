"""Chroma as a vector store: its HTTP API v2, spoken directly.

The package `chromadb` writes no more rows a second, the server being the limit. For 384 dimensions and 300
rows a request (`benchmarks/indexing.py`) it takes 35 µs of our CPU for a row where this module takes 18
(vectors go from the event into the request without becoming Python floats), 40 MB more memory and a second
more to start, and its errors drop the status and `Retry-After`, which decide here what happens to a document.
"""

import base64
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from schemas.errors import DocumentError, DocumentTooLarge, RateLimited, TransientError
from schemas.events import Embedding
from schemas.limits import TRIAL_MODEL
from services.indexing.rows import Collection, Row
from services.indexing.vectors import CollectionFault, Guard

#: A request of 300 rows takes 0.2 s; a server that compacts or swaps may take long without being gone.
_TIMEOUT = aiohttp.ClientTimeout(total=60, connect=5)
#: Ids kept of collections: about 300 bytes each.
_MAX_CACHED = 10_000

#: How Chroma builds and walks the graph of a collection; its own figures are 16, 100, 100. A chunk unlike
#: all others hangs on the graph by few edges, and each row that is replaced takes some away. Of 2,970 chunks,
#: when each document had been rewritten twice on average (docs/indexing.md), Chroma's figures had the best
#: chunk among 10 hits for 85 to 88 % of questions about rare ones, these for 99 to 100 %; 48, 400, 300 do no
#: better. A new row costs the server 0.7 ms of CPU instead of 0.6, a replaced one 2.0 instead of 1.4 (a chunk
#: takes the model 48), a question no more than the noise; a row has 128 bytes more (16 edges of 4, twice as
#: many at the bottom; its vector has 1,536). Chroma Cloud has another index (SPANN) and takes only the space.
GRAPH = {"space": "cosine", "max_neighbors": 32, "ef_construction": 200, "ef_search": 300}

#: The collection that `writable` makes and removes; nobody has one of this name of their own.
PROBE = "headrace-probe-2f81d06c9be4"

_MINILM = {TRIAL_MODEL, "all-MiniLM-L6-v2"}
_QWEN = "Qwen/Qwen3-Embedding-0.6B"


class _NoCollection(Exception):
    """The collection with this id is not there any more."""


class ChromaStore:
    """A `VectorStore` on a Chroma server or on Chroma Cloud.

    Args:
        url: where it answers, without a path: `http://127.0.0.1:8000`, `https://api.trychroma.com`.
        token: sent as `x-chroma-token`; Chroma Cloud needs one.
        tenant: replaces the tenant of every document, for an account that has only one.
    """

    def __init__(self, url: str, token: str | None = None, tenant: str | None = None) -> None:
        self._url, self._tenant = url.rstrip("/"), tenant
        self._headers = {"x-chroma-token": token} if token else {}
        self._opened: aiohttp.ClientSession | None = None
        self._ids: dict[Collection, str] = {}
        self._base64: bool | None = None

    async def upsert(self, collection: Collection, rows: Sequence[Row], guard: Guard) -> None:
        """See `VectorStore`. A collection that was deleted meanwhile is created again."""
        if not rows:
            return
        if self._base64 is None:
            known = await self._request("GET", "/api/v2/pre-flight-checks", None, "the pre-flight checks")
            self._base64 = bool(known.get("supports_base64_encoding"))
        body = _body(collection, rows, self._base64)
        for attempt in (1, 2):
            identity = await self._get_or_create(collection, guard)
            try:
                guard()
                await self._post(collection, f"/{identity}/upsert", body, f"{len(rows)} chunks")
                return
            except _NoCollection as gone:
                self._ids.pop(collection, None)
                if attempt == 2:
                    raise TransientError(f"{collection} is deleted as often as it is created") from gone

    async def delete(self, collection: Collection, ids: Sequence[str], guard: Guard) -> None:
        """See `VectorStore`."""
        for _ in (1, 2) if ids else ():
            identity = self._ids.get(collection) or await self._look_up(collection)
            if identity is None:
                return
            try:
                guard()
                body = json.dumps({"ids": list(ids)}).encode()
                await self._post(collection, f"/{identity}/delete", body, f"a delete of {len(ids)} chunks")
                return
            except _NoCollection:
                self._ids.pop(collection, None)

    def identity(self, collection: Collection) -> str | None:
        """See `VectorStore`."""
        return self._ids.get(collection)

    async def writable(self, beside: Collection, guard: Guard) -> bool:
        """See `VectorStore`: one row into a collection made for it, which is then removed."""
        probe = replace(beside, name=PROBE)
        row = Row("probe", "probe", struct.pack("<f", 1.0), {"probe": True})
        try:
            await self.upsert(probe, [row], guard)
            guard()
            await self._request("DELETE", f"{self._path(probe)}/{PROBE}", None, str(probe))
        except _NoCollection:  # another worker has just removed it
            pass
        except (TransientError, DocumentError):
            return False
        finally:
            self._ids.pop(probe, None)
        return True

    async def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            await self._opened.close()

    async def _get_or_create(self, collection: Collection, guard: Guard) -> str:
        if known := self._ids.get(collection):
            return known
        configuration = {
            "hnsw": GRAPH,
            "embedding_function": embedding_function(collection.embedding),
        }
        body = {"name": collection.name, "get_or_create": True, "configuration": configuration}
        guard()
        try:
            answer = await self._post(collection, "", json.dumps(body).encode(), "the collection")
        except _NoCollection as gone:
            raise DocumentError(f"Chroma knows no database {collection.database!r}: {gone}") from gone
        return self._remember(collection, answer)

    async def _look_up(self, collection: Collection) -> str | None:
        path = f"{self._path(collection)}/{_segment(collection.name)}"
        try:
            return self._remember(collection, await self._request("GET", path, None, str(collection)))
        except _NoCollection:
            return None

    def _remember(self, collection: Collection, answer: Mapping[str, Any]) -> str:
        if len(self._ids) >= _MAX_CACHED:
            self._ids.clear()
        if not isinstance(identity := answer.get("id"), str):
            raise TransientError(f"{self._url} (HEADRACE_CHROMA_URL) does not answer as Chroma does: no id")
        self._ids[collection] = identity
        return identity

    def _path(self, collection: Collection) -> str:
        tenant = _segment(self._tenant or collection.tenant)
        return f"/api/v2/tenants/{tenant}/databases/{_segment(collection.database)}/collections"

    async def _post(self, collection: Collection, path: str, body: bytes, what: str) -> Mapping[str, Any]:
        return await self._request("POST", self._path(collection) + path, body, f"{what} for {collection}")

    async def _request(self, method: str, path: str, body: bytes | None, what: str) -> Mapping[str, Any]:
        """The answer's JSON. Raises _NoCollection for 404 and what `_refusal` makes of the other errors."""
        url = URL(self._url + path, encoded=True)
        headers = self._headers | {"content-type": "application/json"}
        try:
            async with self._session().request(method, url, data=body, headers=headers) as answer:
                text = await answer.text(errors="replace")
                if answer.status >= 300:
                    raise _refusal(answer.status, answer.headers, _words(text), what)
                found: Mapping[str, Any] = json.loads(text)
                return found
        except (aiohttp.ClientError, OSError, ValueError) as error:
            reason = str(error) or type(error).__name__
            raise TransientError(
                f"Chroma does not answer at {self._url} (HEADRACE_CHROMA_URL): {reason}"
            ) from error

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            self._opened = aiohttp.ClientSession(timeout=_TIMEOUT)
        return self._opened


def embedding_function(embedding: Embedding) -> Mapping[str, object]:
    """The configuration by which a stock client embeds a query as the documents were embedded.

    MiniLM is Chroma's own default. Other models are named as sentence-transformers models, which a client
    runs if it has that package and refuses clearly if not; but one that wants an instruction with a query is
    left unnamed, for a client would query it without.
    """
    model, task = embedding.model, embedding.task
    if model in _MINILM:
        return {"type": "known", "name": "default", "config": {}}
    if model == _QWEN:
        prompts = {"documents": task.document_prompt or "", "query": task.query_prompt or ""} if task else {}
        config = {
            "model": model,
            "task": task.task_name if task else None,
            "instructions": {task.task_name: prompts} if task else {},
            "api_key_env_var": "CHROMA_API_KEY",
        }
        return {"type": "known", "name": "chroma-cloud-qwen", "config": config}
    if "/" in model and not (task and task.query_prompt):
        local = {"model_name": model, "device": "cpu", "normalize_embeddings": True, "kwargs": {}}
        return {"type": "known", "name": "sentence_transformer", "config": local}
    return {"type": "legacy"}


def _body(collection: Collection, rows: Sequence[Row], packed: bool) -> bytes:
    """An upsert as JSON. Raises DocumentError for what JSON cannot say: NaN, half a surrogate pair."""
    request = {
        "ids": [row.id for row in rows],
        "embeddings": [_vector(row.vector, packed) for row in rows],
        "documents": [row.text for row in rows],
        "metadatas": [row.metadata for row in rows],
    }
    try:
        return json.dumps(request, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except ValueError as error:
        raise DocumentError(f"chunks for {collection} cannot be written as JSON: {error}") from error


def _vector(vector: bytes, packed: bool) -> str | list[float]:
    if packed:
        return base64.b64encode(vector).decode("ascii")
    return list(struct.unpack(f"<{len(vector) // 4}f", vector))


def _segment(name: str) -> str:
    """A name as one segment of a path. Raises DocumentError for one that would be taken for another path."""
    if name in ("", ".", ".."):
        raise DocumentError(f"{name!r} is no name for a tenant, a database or a collection")
    return quote(name, safe="")


def _words(text: str) -> str:
    """What the server says, out of its `{"error", "message"}` or as it stands."""
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text.strip()[:500] or "no reason given"


def _refusal(status: int, headers: Mapping[str, str], words: str, what: str) -> Exception:
    """What an error status means for the document.

    A refused token is no document's fault and may be put right: transient, with the setting's name.
    """
    message = f"Chroma refused {what} ({status}): {words}"
    if status == 404:
        return _NoCollection(words)
    if status == 429:
        return RateLimited(message, _seconds(headers.get("Retry-After")))
    if status in (401, 403):
        return TransientError(f"{message}; the token is set by HEADRACE_CHROMA_API_KEY")
    if status == 413:
        return DocumentTooLarge(message)
    if status in (409, 500):  # Chroma's own words; those of a proxy before a server that is away: 502 to 504
        return CollectionFault(message)
    if status == 408 or (status > 501) or status < 400:
        return TransientError(message)
    return DocumentError(message)


def _seconds(retry_after: str | None) -> float:
    """`Retry-After` (RFC 9110: seconds or a date) as seconds from now; 1 when it says nothing usable."""
    try:
        return max(0.0, float(retry_after or 1))
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(retry_after or "")
    except ValueError:
        return 1.0
    return max(0.0, (when.astimezone(UTC) - datetime.now(UTC)).total_seconds())
