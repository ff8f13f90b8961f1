"""A sparse index in memory, and an embedder of queries: what the gateway asks in tests of searches."""

import asyncio
from collections.abc import Mapping, Sequence

from api.errors import Unavailable
from schemas.api.searching import SparseHit, SparseHits, SparseKey, SparseQuery, SparseVector
from schemas.errors import TransientError
from schemas.events import Embedding


def words(text: str) -> dict[int, float]:
    """A sparse vector: each word has the weight 1."""
    return {sum(word.encode()) * 31 + len(word): 1.0 for word in text.lower().split()}


class FakeSparse:
    """`SparseIndex` by brute force. `asked` are its queries."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Be as new."""
        self.rows: dict[tuple[str, str], dict[str, dict[int, float]]] = {}
        self.models: dict[str, str] = {}
        self.asked: list[SparseQuery] = []
        self.away = False

    def index(self, collection_id: str, key: str, texts: Mapping[str, str]) -> None:
        rows = self.rows.setdefault((collection_id, key), {})
        rows.update({id_: words(text) for id_, text in texts.items()})

    async def search(self, queries: Sequence[SparseQuery]) -> Sequence[SparseHits]:
        await asyncio.sleep(0)
        if self.away:
            raise Unavailable("the sparse index (service searching) does not answer")
        self.asked += queries
        return [self._hits(query) for query in queries]

    def _hits(self, query: SparseQuery) -> SparseHits:
        rows = self.rows.get((query.collection_id, query.key), {})
        wanted = _weights(query.vector) if query.vector else words(query.text or "")
        scores = {
            id_: sum(weight * row.get(index, 0.0) for index, weight in wanted.items())
            for id_, row in rows.items()
            if query.ids is None or id_ in query.ids
        }
        best = sorted(((-score, id_) for id_, score in scores.items() if score > 0))[: query.limit]
        return SparseHits(hits=[SparseHit(id=id_, score=-score) for score, id_ in best], indexed=len(rows))

    async def keys(self, collection_ids: Sequence[str]) -> Mapping[str, Sequence[SparseKey]]:
        if self.away:
            raise Unavailable("the sparse index (service searching) does not answer")
        found: dict[str, list[SparseKey]] = {}
        for (collection_id, key), rows in sorted(self.rows.items()):
            if collection_id in collection_ids:
                one = SparseKey(key=key, model=self.models.get(key, "Chroma/BM25"), indexed=len(rows))
                found.setdefault(collection_id, []).append(one)
        return found

    async def close(self) -> None:
        pass


def _weights(vector: SparseVector) -> dict[int, float]:
    return dict(zip(vector.indices, vector.values, strict=True))


class FakeEmbedder:
    """`QueryEmbedder`: the vector of a text is looked up. `asked` are the models and their texts."""

    def __init__(self, vectors: Mapping[str, Sequence[float]]) -> None:
        self._vectors = vectors
        self.forget()

    def forget(self) -> None:
        """Be as new."""
        self.asked: list[tuple[str, Sequence[str]]] = []
        self.away = False

    def serves(self, model: str) -> bool:
        return model.endswith("MiniLM-L6-v2")

    async def embed(
        self, embedding: Embedding, texts: Sequence[str], fingerprint: str | None = None
    ) -> Sequence[Sequence[float]]:
        if self.away:
            raise TransientError("the embedding service does not answer")
        self.asked.append((embedding.model, texts))
        return [self._vectors.get(text, [1.0, 0.0]) for text in texts]
