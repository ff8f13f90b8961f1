"""Read the records of collections in Chroma for searches."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic_core import from_json

from api.chroma.place import Place
from api.chroma.upstream import Upstream
from api.errors import BadRequest, NotFound, Unavailable
from api.search.expression import Filter
from api.search.scoring import Hits
from schemas.events import Embedding
from streams.reembedded import identity_of

#: What Chroma says of a pattern, before the reason.
_PATTERN = re.compile(r"^Regex syntax er+or: (?:regex parse error:.*\nerror: )?", re.DOTALL)

#: Numbers of vectors, and rows without vectors, that are decoded at once: no other request has its turn
#: meanwhile, in 15 ms.
_NUMBERS_AT_ONCE, _ROWS_AT_ONCE = 200_000, 2_000


@dataclass(frozen=True)
class Target:
    """A collection that the caller may read: its place, Chroma's description of it, and how its chunks were
    embedded (None if unknown)."""

    place: Place
    found: Mapping[str, Any]
    embedding: Embedding | None

    @property
    def id(self) -> str:
        """Chroma's id of the collection."""
        return str(self.found["id"])

    @property
    def identity(self) -> str:
        """The collection's name in records, also in those of its sparse vectors."""
        return identity_of(self.found)

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.found.get("name"))


@dataclass(frozen=True)
class Record:
    """A record. Columns that were not requested, or do not exist, are None."""

    id: str
    document: str | None = None
    metadata: Mapping[str, Any] | None = None
    embedding: Sequence[float] | None = None


class Records:
    """Sends `query` and `get` requests to Chroma.

    Every method raises BadRequest with Chroma's message if it refuses the request, NotFound if the collection
    does not exist, Unavailable if there is no answer.
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def nearest(self, target: Target, vector: Sequence[float], count: int, filter_: Filter) -> Hits:
        """Ids and distances of the records nearest to a vector, ordered by distance and id."""
        if filter_.ids == ():
            return []
        body = {"query_embeddings": [vector], "n_results": count, "include": ["distances"]}
        found = await self._ask(target, "query", body | _conditions(filter_))
        hits = zip(found["ids"][0], found["distances"][0], strict=True)
        return sorted(hits, key=lambda hit: (hit[1], hit[0]))

    async def matching(
        self, target: Target, filter_: Filter, limit: int | None = None, offset: int = 0
    ) -> list[str]:
        """Ids of records that match."""
        if filter_.ids == ():
            return []
        asked: dict[str, Any] = {"include": [], "limit": limit, "offset": offset}
        found = await self._ask(target, "get", asked | _conditions(filter_))
        return list(found["ids"])

    async def count(self, target: Target) -> int:
        """The number of records in the collection."""
        path = f"{target.place.path}/collections/{target.id}/count"
        return int(await self._read("GET", path, None))

    async def get(
        self,
        target: Target,
        filter_: Filter,
        include: Collection[str],
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Record]:
        """Records that match, in the order of the collection, or of many ids. Many are read some at a time:
        one that changes meanwhile may be missing.

        Args:
            include: any of documents, metadatas, embeddings.
        """
        if filter_.ids == ():
            return []
        most = _rows_at_once(target, include)
        ids: Sequence[str] | None = filter_.ids
        if (limit is not None and limit <= most) or (ids is not None and len(ids) <= most):
            return await self._get(target, filter_, include, limit, offset)
        if ids is None or limit is not None or offset:
            ids = await self.matching(target, filter_, limit, offset)
        found: dict[str, Record] = {}
        for start in range(0, len(ids), most):
            some = replace(filter_, ids=tuple(ids[start : start + most]))
            found |= {record.id: record for record in await self._get(target, some, include)}
        return [found[id_] for id_ in ids if id_ in found]

    async def _get(
        self,
        target: Target,
        filter_: Filter,
        include: Collection[str],
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Record]:
        body = {"include": sorted(include), "limit": limit, "offset": offset}
        found = await self._ask(target, "get", body | _conditions(filter_))
        ids = found["ids"]
        columns = [found.get(name) or [None] * len(ids) for name in ("documents", "metadatas", "embeddings")]
        return [Record(*row) for row in zip(ids, *columns, strict=True)]

    async def _ask(self, target: Target, route: str, body: Mapping[str, Any]) -> dict[str, Any]:
        path = f"{target.place.path}/collections/{target.id}/{route}"
        return dict(await self._read("POST", path, json.dumps(body).encode()))

    async def _read(self, method: str, path: str, body: bytes | None) -> Any:
        answer = await self._upstream.ask(method, path, body)
        if answer.status == 200:
            return from_json(answer.body)  # `json` takes twice as long, and a thread would keep the lock
        words = _words(answer.body)
        if answer.status == 404:
            raise NotFound(words)
        if answer.status < 500:
            raise BadRequest(_PATTERN.sub("the regular expression cannot be read: ", words))
        raise Unavailable(f"Chroma has failed ({answer.status}): {words}")


def _rows_at_once(target: Target, include: Collection[str]) -> int:
    if "embeddings" not in include:
        return _ROWS_AT_ONCE
    return max(1, _NUMBERS_AT_ONCE // (target.found.get("dimension") or 1))


def _conditions(filter_: Filter) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if filter_.where is not None:
        found["where"] = filter_.where
    if filter_.ids is not None:
        found["ids"] = filter_.ids
    return found


def _words(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body[:200].decode(errors="replace") or "no reason given"
