"""Chroma as a vector store."""

import base64
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog

from schemas.errors import DocumentError, TransientError
from schemas.events import Embedding, MetadataValue
from schemas.limits import TRIAL_MODEL_NAMES
from services.indexing.limits import Limits, limits_at
from services.indexing.rows import Collection, Row, Update
from services.indexing.vectors import CollectionFault, CollectionReplaced, Guard, pack
from streams.chroma import (
    EMBEDDING_KEY,
    MODEL_KEY,
    ChromaClient,
    NotFound,
    ServerFault,
    Unanswered,
    segment,
    space_of,
)

log = structlog.get_logger(__name__)

#: Cached collection ids, about 300 bytes each.
_MAX_CACHED = 10_000

#: HNSW parameters of a collection. Chroma's defaults are 16, 100, 100. A chunk unlike all others has few
#: edges in the graph, and each replaced row removes some of them. With 2,970 chunks whose documents had been
#: rewritten twice on average (docs/indexing.md), the best chunk was among 10 hits for 85 to 88 % of questions
#: about rare chunks with Chroma's defaults, and for 99 to 100 % with these; 48, 400, 300 is no better. The
#: cost on the server: 0.7 ms of CPU per new row instead of 0.6, 2.0 per replaced row instead of 1.4 (the
#: model takes 48 per chunk), nothing measurable per query, and 128 bytes more per row (16 more edges of 4
#: bytes, twice as many in the bottom layer; the vector has 1,536). Chroma Cloud uses another index (SPANN)
#: and accepts only the space.
GRAPH = {"space": "cosine", "max_neighbors": 32, "ef_construction": 200, "ef_search": 300}

#: The temporary collection of `writable`. No user has a collection with this name.
PROBE = "headrace-probe-2f81d06c9be4"

#: The embedding function of collections that clients cannot query by text.
UNNAMED: Mapping[str, object] = {"type": "legacy"}

_QWEN = "Qwen/Qwen3-Embedding-0.6B"


class ChromaStore:
    """A `VectorStore` on a Chroma server or on Chroma Cloud.

    Args:
        url, token, tenant: see `ChromaClient`.
        limits: the server's limits on a row; None derives them from the URL's host.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        tenant: str | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._client = ChromaClient(url, token, tenant)
        self._limits = limits or limits_at(url)
        self._ids: dict[Collection, str] = {}
        self._models: dict[str, str] = {}
        self._base64: bool | None = None

    async def create(self, collection: Collection, guard: Guard) -> str:
        """See `VectorStore`."""
        if known := self._ids.get(collection):
            return known
        function = embedding_function(collection.embedding)
        body: dict[str, object] = {
            "name": collection.name,
            "get_or_create": True,
            "configuration": {"hnsw": GRAPH, "embedding_function": function},
        }
        metadata = {MODEL_KEY: collection.model} if collection.model else {}
        if function == UNNAMED:
            metadata[EMBEDDING_KEY] = collection.embedding.model_dump_json(exclude={"sparse"})
        if metadata:
            body["metadata"] = metadata
        guard()
        try:
            answer = await self._post(collection, "", json.dumps(body).encode(), "the collection")
        except NotFound as gone:
            raise DocumentError(f"Chroma has no database {collection.database!r}: {gone}") from gone
        return self._remember(collection, answer)

    async def look_up(self, collection: Collection) -> str | None:
        """See `VectorStore`."""
        if known := self._ids.get(collection):
            return known
        path = f"{self._path(collection)}/{segment(collection.name)}"
        try:
            return self._remember(collection, await self._request("GET", path, None, str(collection)))
        except NotFound:
            return None

    def model_of(self, identity: str) -> str:
        """See `VectorStore`."""
        return self._models.get(identity, "")

    async def upsert(self, collection: Collection, identity: str, rows: Sequence[Row], guard: Guard) -> None:
        """See `VectorStore`."""
        if self._limits is not None:
            self._limits.check(rows)
        if self._base64 is None:
            known = await self._request("GET", "/api/v2/pre-flight-checks", None, "the pre-flight checks")
            self._base64 = bool(known.get("supports_base64_encoding"))
        # A read after an upsert makes Chroma 1.5 write the rows to the graph again (docs/indexing.md); a read
        # after an add does not. An add ignores existing rows, so all of them must be new.
        new = not await self._present(collection, identity, [row.id for row in rows])
        body = _body(collection, rows, self._base64, nulls=not new)
        guard()
        way = "add" if new else "upsert"
        await self._change(collection, f"/{segment(identity)}/{way}", body, f"{len(rows)} chunks")

    async def update(
        self, collection: Collection, identity: str, updates: Sequence[Update], guard: Guard
    ) -> None:
        """See `VectorStore`. Chroma ignores updates of missing rows, so this first asks which rows exist."""
        if self._limits is not None:
            self._limits.check(update.row for update in updates)
        present = await self._present(collection, identity, [update.row.id for update in updates])
        some = [update for update in updates if update.row.id in present]
        if some:
            body = {"ids": [one.row.id for one in some], "metadatas": [one.metadata for one in some]}
            what = f"the metadata of {len(some)} chunks"
            packed = _json(body, collection)
            guard()
            await self._change(collection, f"/{segment(identity)}/update", packed, what)
        lost = [update.row for update in updates if update.row.id not in present]
        if lost:
            log.warning(
                "rows were missing in the collection and are written again",
                collection=collection.name,
                database=collection.database,
                rows=len(lost),
            )
        for request in pack([("", lost)]):
            await self.upsert(collection, identity, request.rows, guard)

    async def delete(self, collection: Collection, identity: str, ids: Sequence[str], guard: Guard) -> None:
        """See `VectorStore`."""
        body = json.dumps({"ids": list(ids)}).encode()
        guard()
        await self._change(collection, f"/{segment(identity)}/delete", body, f"a delete of {len(ids)} chunks")

    async def writable(self, beside: Collection, guard: Guard) -> bool:
        """See `VectorStore`: write one row to a temporary collection."""
        probe = replace(beside, name=PROBE)
        row = Row("probe", "probe", struct.pack("<f", 1.0), {"probe": True})
        try:
            await self.upsert(probe, await self.create(probe, guard), [row], guard)
            guard()
            await self._request("DELETE", f"{self._path(probe)}/{PROBE}", None, str(probe))
        except (NotFound, CollectionReplaced):  # another worker has just removed it
            pass
        except (TransientError, DocumentError):
            return False
        finally:
            self._ids.pop(probe, None)
        return True

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _present(self, collection: Collection, identity: str, ids: Sequence[str]) -> frozenset[str]:
        """The ids that exist in the collection."""
        body = _json({"ids": list(ids), "limit": len(ids), "include": []}, collection)
        what = f"a look at {len(ids)} chunks"
        answer = await self._change(collection, f"/{segment(identity)}/get", body, what)
        return frozenset(answer.get("ids") or ())

    async def _change(self, collection: Collection, path: str, body: bytes, what: str) -> Mapping[str, Any]:
        try:
            return await self._post(collection, path, body, what)
        except NotFound as gone:
            self._ids.pop(collection, None)
            raise CollectionReplaced(f"{collection} was deleted meanwhile") from gone

    def _remember(self, collection: Collection, answer: Mapping[str, Any]) -> str:
        if len(self._ids) >= _MAX_CACHED:
            self._ids.clear()
            self._models.clear()
        if not isinstance(identity := answer.get("id"), str):
            url = self._client.url
            raise TransientError(f"{url} (HEADRACE_CHROMA_URL) does not answer like a Chroma server: no id")
        self._ids[collection] = identity
        self._models[identity] = str((answer.get("metadata") or {}).get(MODEL_KEY, ""))
        space = space_of(answer.get("configuration_json") or {"hnsw": GRAPH})
        if space != "cosine":
            log.warning(
                "the space of the collection is not cosine: clients see distances of its own space",
                collection=collection.name,
                database=collection.database,
                space=space,
            )
        return identity

    def _path(self, collection: Collection) -> str:
        return self._client.collections(collection.tenant, collection.database)

    async def _post(self, collection: Collection, path: str, body: bytes, what: str) -> Mapping[str, Any]:
        return await self._request("POST", self._path(collection) + path, body, f"{what} for {collection}")

    async def _request(self, method: str, path: str, body: bytes | None, what: str) -> Mapping[str, Any]:
        try:
            found: Mapping[str, Any] = await self._client.request(method, path, body, what)
        except (ServerFault, Unanswered) as fault:
            raise CollectionFault(str(fault)) from fault
        return found


def embedding_function(embedding: Embedding) -> Mapping[str, object]:
    """The configuration with which a stock client embeds queries like the documents.

    MiniLM is Chroma's default. Other models are named as sentence-transformers models, which clients can run
    if they have that package. A model whose queries need an instruction is not named, because clients would
    omit the instruction; `headrace query` finds it in the collection's metadata.
    """
    model, task = embedding.model, embedding.task
    if model == _QWEN:
        prompts = {"documents": task.document_prompt or "", "query": task.query_prompt or ""} if task else {}
        config = {
            "model": model,
            "task": task.task_name if task else None,
            "instructions": {task.task_name: prompts} if task else {},
            "api_key_env_var": "CHROMA_API_KEY",
        }
        return {"type": "known", "name": "chroma-cloud-qwen", "config": config}
    if task and task.query_prompt:
        return UNNAMED
    if model in TRIAL_MODEL_NAMES:
        return {"type": "known", "name": "default", "config": {}}
    if "/" in model:
        local = {"model_name": model, "device": "cpu", "normalize_embeddings": True, "kwargs": {}}
        return {"type": "known", "name": "sentence_transformer", "config": local}
    return UNNAMED


def _body(collection: Collection, rows: Sequence[Row], packed: bool, nulls: bool) -> bytes:
    """Rows as JSON. Without `nulls`, metadata values of None are omitted, because an add refuses them. Raises
    DocumentError for values that JSON cannot hold: NaN, lone surrogates."""
    request = {
        "ids": [row.id for row in rows],
        "embeddings": [_vector(row.vector, packed) for row in rows],
        "documents": [row.text for row in rows],
        "metadatas": [row.metadata if nulls else _without_nulls(row.metadata) for row in rows],
    }
    return _json(request, collection)


def _without_nulls(metadata: Mapping[str, MetadataValue]) -> Mapping[str, MetadataValue]:
    return {key: value for key, value in metadata.items() if value is not None}


def _json(request: Mapping[str, object], collection: Collection) -> bytes:
    try:
        return json.dumps(request, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except ValueError as error:
        raise DocumentError(f"chunks for {collection} cannot be written as JSON: {error}") from error


def _vector(vector: bytes, packed: bool) -> str | list[float]:
    if packed:
        return base64.b64encode(vector).decode("ascii")
    return list(struct.unpack(f"<{len(vector) // 4}f", vector))
