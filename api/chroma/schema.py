"""The sparse keys of a collection, in the form in which stock clients look for them in its schema.

A client that searches by text embeds the text itself: `Knn(query="text", key="sparse_embedding")` takes the
embedding function that the schema names under that key (chromadb 1.5, `CollectionCommon._embed_knn_string_
queries`), so it has to be one that clients know by name.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from api.errors import HttpError
from api.search.sparse import SparseIndex
from schemas.api.searching import SparseKey

log = structlog.get_logger("api")

#: What the index is asked about at once.
MAX_COLLECTIONS = 1_000

#: Parameters of `Chroma/BM25`, as Chroma's own function has them.
_BM25 = {
    "type": "known",
    "name": "chroma_bm25",
    "config": {"k": 1.2, "b": 0.75, "avg_doc_length": 256.0, "token_max_length": 40, "include_tokens": False},
}
_FUNCTIONS: Mapping[str, Mapping[str, Any]] = {
    "Chroma/BM25": _BM25,
    "prithivida/Splade_PP_en_v1": {
        "type": "known",
        "name": "chroma-cloud-splade",
        "config": {
            "model": "prithivida/Splade_PP_en_v1",
            "api_key_env_var": "CHROMA_API_KEY",
            "include_tokens": False,
        },
    },
}
#: A model that no client knows: it searches by vector, or sends its text to `/api/v1/search`.
_UNKNOWN: Mapping[str, Any] = {"type": "unknown"}


class SparseKeys:
    """The sparse keys of collections, for those who look at them."""

    def __init__(self, sparse: SparseIndex | None) -> None:
        self._sparse = sparse

    async def of(self, collection_ids: Sequence[str]) -> Mapping[str, Sequence[SparseKey]]:
        """The keys of each collection that has some. Without an answer of the index there are none: that it
        is away must not keep anybody from looking at a collection."""
        if self._sparse is None:
            return {}
        found: dict[str, Sequence[SparseKey]] = {}
        try:
            for first in range(0, len(collection_ids), MAX_COLLECTIONS):
                found |= await self._sparse.keys(collection_ids[first : first + MAX_COLLECTIONS])
        except HttpError as error:
            log.warning("collections are shown without their sparse keys", error=str(error))
        return found


def with_sparse_keys(schema: Mapping[str, Any] | None, keys: Sequence[SparseKey]) -> dict[str, Any]:
    """A schema as Chroma shows it, with an index of each sparse key."""
    found = dict(schema or {"defaults": {}})
    found["keys"] = {**(found.get("keys") or {}), **{key.key: _value_types(key.model) for key in keys}}
    return found


def _value_types(model: str) -> dict[str, Any]:
    config = {
        "source_key": "#document",
        "bm25": model == "Chroma/BM25",
        "embedding_function": _FUNCTIONS.get(model, _UNKNOWN),
    }
    return {"sparse_vector": {"sparse_vector_index": {"enabled": True, "config": config}}}
