"""The successor of a collection: made beside it, found again by a later command, and put in its place."""

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from headrace.admin.reembed.copying import Successor
from schemas.errors import RequestError
from schemas.events import CollectionSwitched, Embedding, SparseEmbedding
from services.indexing.comparing.recorded import Target
from services.indexing.configuration import GRAPH, embedding_function, schema_with, sparse_keys
from services.indexing.rows import Collection
from streams.chroma import EMBEDDING_KEY, MODEL_KEY, ChromaClient, NotFound, segment
from streams.reembedded import REEMBEDDED_KEY, Reembedded, identity_of, reembedded

#: The metadata key of a successor before it knows its own id: Chroma's id of the collection that it copies.
_BUILDING_KEY = "headrace_reembeds"
#: What a command that gave up its switch has left; `services.indexing.switch` makes it.
_GIVEN_UP_KEY = "headrace_given_up"
_GRAPH_KEYS = frozenset(GRAPH)
#: Chroma takes names of 512 characters; the successor's have a suffix.
_NAME = 480
_PAGE = 1_000


class Collections:
    """The collections of a database in Chroma, as Chroma shows them."""

    def __init__(self, chroma: ChromaClient, target: Target) -> None:
        self._chroma, self._target = chroma, target
        self._path = chroma.collections(target.tenant, target.database)

    async def named(self, name: str) -> dict[str, Any] | None:
        """The collection of this name."""
        return await self._found(f"{self._path}/{segment(name)}")

    async def with_id(self, at: str) -> dict[str, Any] | None:
        """The collection with this id of Chroma's."""
        return await self._found(f"{self._path}/by-id/{segment(at)}")

    async def successor(self, old: Mapping[str, Any], embedding: Embedding, fingerprint: str) -> Successor:
        """The collection to copy into: the one that an earlier command has begun with the same model, else a
        new one."""
        name = f"{self._target.collection[:_NAME]}.reembed-{fingerprint[:8]}"
        found = await self.named(name)
        if found is not None and not _continues(found, old, fingerprint):
            if not _is_ours(found):
                raise RequestError(f"collection {name!r} is in the way; rename or delete it")
            await self.drop(name)
            found = None
        if found is None:
            found = await self._make(name, old, embedding, fingerprint)
        target = self._target
        place = Collection(target.tenant, target.database, name, embedding, fingerprint)
        return Successor(str(found["id"]), identity_of(old), fingerprint, place)

    async def drop(self, name: str) -> None:
        """Delete the collection of this name, if there is one."""
        with contextlib.suppress(NotFound):
            await self._chroma.request("DELETE", f"{self._path}/{segment(name)}", None, f"{name!r}")

    async def drop_given_up(self) -> None:
        """Delete what switches that were given up have left."""
        offset = 0
        doomed: list[str] = []
        while page := await self._chroma.get(f"{self._path}?limit={_PAGE}&offset={offset}", "collections"):
            offset += len(page)
            doomed += [
                str(one["name"])
                for one in page
                if str(one["name"]).startswith(f"{self._target.collection[:_NAME]}.before-")
                and _GIVEN_UP_KEY in (one.get("metadata") or {})
            ]
        for name in doomed:
            await self.drop(name)

    async def _make(
        self, name: str, old: Mapping[str, Any], embedding: Embedding, fingerprint: str
    ) -> dict[str, Any]:
        own = {EMBEDDING_KEY, MODEL_KEY, REEMBEDDED_KEY, _BUILDING_KEY}
        metadata = {
            **{key: value for key, value in (old.get("metadata") or {}).items() if key not in own},
            MODEL_KEY: fingerprint,
            EMBEDDING_KEY: embedding.model_dump_json(exclude={"sparse"}),
        }
        body = {
            "name": name,
            "get_or_create": False,
            **_configured(old, embedding),
            "metadata": {**metadata, _BUILDING_KEY: old["id"]},
        }
        made = await self._chroma.post(self._path, body, f"collection {name!r}")
        renewed = Reembedded(at=made["id"], identity=identity_of(old), former=old["id"], embedding=embedding)
        changed = {"new_metadata": {**metadata, REEMBEDDED_KEY: renewed.model_dump_json()}}
        path = f"{self._path}/{segment(made['id'])}"
        await self._chroma.request("PUT", path, json.dumps(changed).encode(), f"collection {name!r}")
        found = await self.named(name)
        assert found is not None
        return found

    async def _found(self, path: str) -> dict[str, Any] | None:
        try:
            return dict(await self._chroma.get(path, "a collection"))
        except NotFound:
            return None


def switch_of(target: Target, old: str, new: Successor, token: str) -> CollectionSwitched:
    """The event that announces a switch."""
    return CollectionSwitched(
        tenant=target.tenant,
        database=target.database,
        collection=target.collection,
        old=old,
        new=new.at,
        former=f"{target.collection[:_NAME]}.before-{token}",
    )


def is_former(name: str, target: Target) -> bool:
    """Whether a name is one that a switch has given to the old collection."""
    return name.startswith(f"{target.collection[:_NAME]}.before-")


def _continues(found: Mapping[str, Any], old: Mapping[str, Any], fingerprint: str) -> bool:
    renewed = reembedded(found)
    model = (found.get("metadata") or {}).get(MODEL_KEY)
    return renewed is not None and renewed.former == old["id"] and model == fingerprint


def _is_ours(found: Mapping[str, Any]) -> bool:
    return bool({REEMBEDDED_KEY, _BUILDING_KEY} & set(found.get("metadata") or {}))


def _configured(old: Mapping[str, Any], embedding: Embedding) -> dict[str, Any]:
    """The sparse keys of the old collection, if it keeps sparse vectors, else its graph."""
    keys = sparse_keys(old)
    if keys:
        schema = schema_with(embedding, SparseEmbedding(model="", key=""))
        own = {key: types for key, types in old["schema"]["keys"].items() if key in keys}
        return {"schema": {**schema, "keys": {"#embedding": schema["keys"]["#embedding"], **own}}}
    return {"configuration": {**_graph(old), "embedding_function": embedding_function(embedding)}}


def _graph(old: Mapping[str, Any]) -> dict[str, Any]:
    """The graph of the old collection; of Chroma Cloud's index, the space."""
    known = old.get("configuration_json") or {}
    if known.get("spann"):
        return {"spann": {"space": known["spann"].get("space", "cosine")}}
    hnsw = known.get("hnsw") or GRAPH
    return {"hnsw": {key: value for key, value in hnsw.items() if key in _GRAPH_KEYS}}
