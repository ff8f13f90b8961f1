"""Chroma as a vector store."""

import base64
import contextlib
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from schemas.errors import DocumentError, TransientError
from schemas.events import CollectionSwitched, Embedding, MetadataValue
from services.indexing.configuration import (
    GRAPH,
    UNNAMED,
    embedding_function,
    schema_with,
    sparse_keys,
    sparse_metadata,
)
from services.indexing.limits import Limits, limits_at
from services.indexing.rows import Collection, Row, Update
from services.indexing.switch import settled
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
from streams.reembedded import Reembedded, identity_of, reembedded

log = structlog.get_logger(__name__)

#: Cached collection ids, about 300 bytes each.
_MAX_CACHED = 10_000

#: The temporary collection of `writable`. No user has a collection with this name.
PROBE = "headrace-probe-2f81d06c9be4"


@dataclass(frozen=True, slots=True)
class _Found:
    """Chroma's id of a collection, the fingerprint of its model, whether it was embedded again, and the keys
    under which it keeps sparse vectors."""

    at: str
    model: str
    reembedded: Reembedded | None
    sparse: frozenset[str]


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
        self._found: dict[str, _Found] = {}
        self._base64: bool | None = None
        #: Whether it keeps sparse vectors; None until it was asked to.
        self._keeps_sparse: bool | None = None

    async def create(self, collection: Collection, guard: Guard) -> str:
        """See `VectorStore`."""
        if known := self._ids.get(collection):
            return known
        function, sparse = embedding_function(collection.embedding), collection.embedding.sparse
        body: dict[str, object] = {"name": collection.name, "get_or_create": True}
        metadata = {MODEL_KEY: collection.model} if collection.model else {}
        if function == UNNAMED:
            metadata[EMBEDDING_KEY] = collection.embedding.model_dump_json(exclude={"sparse"})
        if metadata:
            body["metadata"] = metadata
        try:
            if sparse is not None and self._keeps_sparse is not False:
                with contextlib.suppress(DocumentError):  # a single node: it says what is wrong below, too
                    schema = {"schema": schema_with(collection.embedding, sparse)}
                    answer = await self._created(collection, body | schema, guard)
                    self._keeps_sparse = True
                    return answer
            plain = {"configuration": {"hnsw": GRAPH, "embedding_function": function}}
            answer = await self._created(collection, body | plain, guard)
        except NotFound as gone:
            raise DocumentError(f"Chroma has no database {collection.database!r}: {gone}") from gone
        if sparse is not None:
            self._keeps_sparse = bool(self._keeps_sparse)
        return answer

    async def _created(self, collection: Collection, body: Mapping[str, object], guard: Guard) -> str:
        guard()
        answer = await self._post(collection, "", json.dumps(body).encode(), "the collection")
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
        found = self._found.get(identity)
        return found.model if found else ""

    def reembedded(self, identity: str) -> Reembedded | None:
        """See `VectorStore`."""
        found = self._found.get(identity)
        return found.reembedded if found else None

    async def settled(self, switch: CollectionSwitched, waited_s: float, guard: Guard) -> bool:
        """See `VectorStore`."""
        names = switch.tenant, switch.database, switch.collection
        self._ids.pop(Collection(*names, Embedding(model="")), None)
        return await settled(self._client, switch, waited_s, guard)

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
        kept = [replace(row, metadata=self._metadata(identity, row, row.metadata)) for row in rows]
        body = _body(collection, kept, self._base64, nulls=not new)
        guard()
        way = "add" if new else "upsert"
        await self._change(collection, f"{self._at(identity)}/{way}", body, f"{len(rows)} chunks")

    async def update(
        self, collection: Collection, identity: str, updates: Sequence[Update], guard: Guard
    ) -> None:
        """See `VectorStore`. Chroma ignores updates of missing rows, so this first asks which rows exist."""
        if self._limits is not None:
            self._limits.check(update.row for update in updates)
        present = await self._present(collection, identity, [update.row.id for update in updates])
        some = [update for update in updates if update.row.id in present]
        if some:
            changes = [self._metadata(identity, one.row, one.metadata) for one in some]
            body = {"ids": [one.row.id for one in some], "metadatas": changes}
            what = f"the metadata of {len(some)} chunks"
            packed = _json(body, collection)
            guard()
            await self._change(collection, f"{self._at(identity)}/update", packed, what)
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
        await self._change(collection, f"{self._at(identity)}/delete", body, f"a delete of {len(ids)} chunks")

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

    def _metadata(self, identity: str, row: Row, metadata: Mapping[str, Any]) -> Mapping[str, Any]:
        """Metadata with the sparse vector of the row, if the collection keeps some."""
        found = self._found.get(identity)
        if found is None or not found.sparse:
            return metadata
        return {**metadata, **dict.fromkeys(found.sparse), **sparse_metadata(row, found.sparse)}

    def _at(self, identity: str) -> str:
        """The path of a collection below those of its database."""
        found = self._found.get(identity)
        return f"/{segment(found.at if found else identity)}"

    async def _present(self, collection: Collection, identity: str, ids: Sequence[str]) -> frozenset[str]:
        """The ids that exist in the collection."""
        body = _json({"ids": list(ids), "limit": len(ids), "include": []}, collection)
        what = f"a look at {len(ids)} chunks"
        answer = await self._change(collection, f"{self._at(identity)}/get", body, what)
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
            self._found.clear()
        if not isinstance(at := answer.get("id"), str):
            url = self._client.url
            raise TransientError(f"{url} (HEADRACE_CHROMA_URL) does not answer like a Chroma server: no id")
        identity = self._ids[collection] = identity_of(answer)
        model = str((answer.get("metadata") or {}).get(MODEL_KEY, ""))
        self._found[identity] = _Found(at, model, reembedded(answer), sparse_keys(answer))
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
