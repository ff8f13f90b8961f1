"""Execute each `$knn` of a search. Filters apply within every leg, so that it returns the requested number of
hits if there are as many.

Chroma decides which records exist and match a filter, for sparse legs too: a lagging index never returns
deleted records, and each operator has one meaning.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from api.errors import BadRequest, Unavailable
from api.search.embedding import QueryEmbedder
from api.search.expression import EMBEDDING, Filter, Knn, Query, Sparse, Where
from api.search.filters import metadata_part, names_documents
from api.search.records import Records, Target
from api.search.scoring import Hits
from api.search.sparse import SparseIndex
from schemas.api.searching import MAX_HITS, SparseKey, SparseQuery, SparseVector
from schemas.errors import TransientError
from streams.chroma import MODEL_KEY

#: Minimum results to request. The search breadth of Chroma's graph (`ef`) is the number of requested results,
#: or the collection's setting if that is more. With 300 the best chunk is found for 96 % of questions about
#: rare ones, with Chroma's default of 100 for 85 to 88 % (docs/indexing.md); it costs the server 0.7 ms of
#: CPU. Collections that Headrace creates have 300 as their setting.
BREADTH = 300

#: If no more records than this match a filter on documents, their ids are resolved first and the sparse index
#: searches among these. If more match, so do most of its hits.
MAX_RESOLVED = 20_000
#: Growth factor of the requested hits when too few of them match.
_GROWTH = 4


@dataclass(frozen=True)
class Legs:
    """Executes legs on Chroma and, if there is one, on the sparse index."""

    records: Records
    sparse: SparseIndex | None = None
    embedder: QueryEmbedder | None = None

    async def hits(self, target: Target, filter_: Filter, knns: Iterable[Knn]) -> dict[Knn, Hits]:
        """The hits of each leg, nearest first. Equal legs are executed once.

        Raises BadRequest for a leg that the collection does not support, Unavailable if there is no answer.
        """
        wanted = list(knns)
        legs = list(dict.fromkeys((knn.key, knn.query, knn.limit) for knn in wanted))
        vectors = await self._vectors(target, [query for key, query, _ in legs if key == EMBEDDING])
        hits = await asyncio.gather(
            *(
                self._dense(target, filter_, vectors[query], limit)
                if key == EMBEDDING
                else self._sparse(target, filter_, key, query, limit)
                for key, query, limit in legs
            )
        )
        found = dict(zip(legs, hits, strict=True))
        return {knn: found[knn.key, knn.query, knn.limit] for knn in wanted}

    async def keys(self, target: Target) -> Sequence[SparseKey]:
        """The sparse keys of a collection."""
        if self.sparse is None:
            return ()
        return (await self.sparse.keys([target.identity])).get(target.identity, ())

    async def _vectors(self, target: Target, queries: Iterable[Query]) -> dict[Query, Sequence[float]]:
        """Query vectors of the dense legs, in the dimension of the collection."""
        wanted = list(dict.fromkeys(queries))
        texts = [query for query in wanted if isinstance(query, str)]
        vectors: dict[Query, Sequence[float]] = {one: one for one in wanted if isinstance(one, tuple)}
        if texts:
            if refused := self.why_no_text(target):
                raise BadRequest(refused)
            assert target.embedding is not None  # why_no_text has checked
            assert self.embedder is not None
            model = (target.found.get("metadata") or {}).get(MODEL_KEY)
            try:
                embedded = await self.embedder.embed(target.embedding, texts, model)
            except TransientError as error:
                raise Unavailable(str(error)) from error
            vectors |= dict(zip(texts, embedded, strict=True))
        dimension = target.found.get("dimension")
        for vector in vectors.values():
            if dimension is not None and len(vector) != dimension:
                raise BadRequest(_other_dimension(target, len(vector), dimension))
        return vectors

    def why_no_text(self, target: Target) -> str | None:
        """Why a collection does not support dense search by text; None if it does."""
        embedding = target.embedding
        if embedding is None:
            return (
                f"collection {target.name!r} does not say with which model it was embedded: "
                "search it by a vector instead of a text"
            )
        if self.embedder is None:
            return "this gateway embeds no texts: search by a vector"
        if self.embedder.serves(embedding.model):
            return None
        return (
            f"collection {target.name!r} was embedded with {embedding.model!r}, which is not served here "
            "(HEADRACE_EMBEDDING_MODELS): search it by a vector instead of a text"
        )

    async def _dense(self, target: Target, filter_: Filter, vector: Sequence[float], limit: int) -> Hits:
        breadth = limit if searches_broadly(target) else max(limit, BREADTH)
        return (await self.records.nearest(target, vector, breadth, filter_))[:limit]

    async def _sparse(self, target: Target, filter_: Filter, key: str, query: Query, limit: int) -> Hits:
        if self.sparse is None:
            raise BadRequest(_NO_KEYS.format(target.name, key))
        if filter_.ids == ():
            return []
        ask = partial(self._ask, target, key, query)
        if names_documents(filter_.where):
            ids = await self.records.matching(target, filter_, MAX_RESOLVED + 1)
            if len(ids) <= MAX_RESOLVED:
                return (await ask(ids, None, limit)) if ids else []
        where, ids_ = metadata_part(filter_.where), None if filter_.ids is None else list(filter_.ids)
        wanted = limit
        while True:
            hits = await ask(ids_, where, wanted)
            present = Filter(filter_.where, tuple(id_ for id_, _ in hits))
            matching = set(await self.records.matching(target, present))
            kept = [hit for hit in hits if hit[0] in matching]
            if len(kept) >= limit or len(hits) < wanted or wanted >= MAX_HITS:
                return kept[:limit]
            wanted = min(wanted * _GROWTH, MAX_HITS)

    async def _ask(
        self, target: Target, key: str, query: Query, ids: list[str] | None, where: Where | None, limit: int
    ) -> Hits:
        """Hits of the sparse index with their distances: 1 minus the score, as in Chroma."""
        assert self.sparse is not None  # _sparse has checked
        asked = SparseQuery(
            tenant=target.place.tenant,
            database=target.place.database,
            collection_id=target.identity,
            key=key,
            text=query if isinstance(query, str) else None,
            vector=_vector(query) if isinstance(query, Sparse) else None,
            where=None if where is None else dict(where),
            ids=ids,
            limit=limit,
        )
        (found,) = await self.sparse.search([asked])
        if not found.indexed:
            await self._require_key(target, key)
        return sorted(((hit.id, 1.0 - hit.score) for hit in found.hits), key=lambda hit: (hit[1], hit[0]))

    async def _require_key(self, target: Target, key: str) -> None:
        """Raise BadRequest for a key that a collection with records does not have: the key is misspelt, or
        the collection has no sparse vectors. An empty collection has no keys yet."""
        keys = [one.key for one in await self.keys(target)]
        if key not in keys and await self.records.matching(target, Filter(), 1):
            known = f"; it has {', '.join(map(repr, keys))}" if keys else ""
            raise BadRequest(_NO_KEYS.format(target.name, key) + known)


_NO_KEYS = "collection {!r} has no sparse key {!r}"


def searches_broadly(target: Target) -> bool:
    """Whether the collection's own setting makes Chroma search its graph broadly enough."""
    graph = (target.found.get("configuration_json") or {}).get("hnsw") or {}
    return int(graph.get("ef_search") or 0) >= BREADTH


def _vector(query: Sparse) -> SparseVector:
    return SparseVector(indices=list(query.indices), values=list(query.values))


def _other_dimension(target: Target, found: int, expected: int) -> str:
    model = f", those of {target.embedding.model}," if target.embedding else ""
    return (
        f"the vector of the query has {found} numbers; the vectors of collection {target.name!r}{model} "
        f"have {expected}: embed the query with the model of the collection, or search by a text"
    )
