"""The configuration of new collections: their graph, how clients embed queries, and their sparse keys where
the server keeps such vectors.

Chroma Cloud and a distributed Chroma keep them; a single node refuses a schema that has some.
"""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from schemas.events import Embedding, SparseEmbedding
from schemas.limits import BM25, QWEN_MODEL, TRIAL_MODEL_NAMES
from services.indexing.rows import Row

#: HNSW parameters of a collection. Chroma's defaults are 16, 100, 100. A chunk unlike all others has few
#: edges in the graph, and each replaced row removes some of them. With 2,970 chunks whose documents had been
#: rewritten twice on average (docs/indexing.md), the best chunk was among 10 hits for 85 to 88 % of questions
#: about rare chunks with Chroma's defaults, and for 99 to 100 % with these; 48, 400, 300 is no better. The
#: cost on the server: 0.7 ms of CPU per new row instead of 0.6, 2.0 per replaced row instead of 1.4 (the
#: model takes 48 per chunk), nothing measurable per query, and 128 bytes more per row (16 more edges of 4
#: bytes, twice as many in the bottom layer; the vector has 1,536). Chroma Cloud uses another index (SPANN)
#: and accepts only the space.
GRAPH = {"space": "cosine", "max_neighbors": 32, "ef_construction": 200, "ef_search": 300}

#: The embedding function of collections that clients cannot query by text.
UNNAMED: Mapping[str, object] = {"type": "legacy"}


def embedding_function(embedding: Embedding) -> Mapping[str, object]:
    """The configuration with which a stock client embeds queries like the documents.

    MiniLM is Chroma's default. Other models are named as sentence-transformers models, which clients can run
    if they have that package. A model whose queries need an instruction is not named, because clients would
    omit the instruction; `headrace query` finds it in the collection's metadata.
    """
    model, task = embedding.model, embedding.task
    if model == QWEN_MODEL:
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


#: The embedding functions of sparse models that stock clients know.
_SPARSE_FUNCTIONS: Mapping[str, Mapping[str, object]] = {
    BM25: {
        "type": "known",
        "name": "chroma_bm25",
        "config": {
            "k": 1.2,
            "b": 0.75,
            "avg_doc_length": 256.0,
            "token_max_length": 40,
            "include_tokens": False,
        },
    },
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


def schema_with(embedding: Embedding, sparse: SparseEmbedding) -> Mapping[str, Any]:
    """The schema of a collection that keeps sparse vectors beside dense ones of cosine space."""
    dense = {
        "space": "cosine",
        "embedding_function": embedding_function(embedding),
        "source_key": "#document",
    }
    config = {
        "source_key": "#document",
        "bm25": sparse.model == BM25,
        "embedding_function": _SPARSE_FUNCTIONS.get(sparse.model, {"type": "unknown"}),
    }
    return {
        "defaults": {},
        "keys": {
            "#embedding": {"float_list": {"vector_index": {"enabled": True, "config": dense}}},
            sparse.key: {"sparse_vector": {"sparse_vector_index": {"enabled": True, "config": config}}},
        },
    }


def sparse_keys(found: Mapping[str, Any]) -> frozenset[str]:
    """The keys under which a collection, as Chroma shows it, keeps sparse vectors."""
    keys: Mapping[str, Any] = (found.get("schema") or {}).get("keys") or {}
    return frozenset(
        key
        for key, types in keys.items()
        if (((types or {}).get("sparse_vector") or {}).get("sparse_vector_index") or {}).get("enabled")
    )


def sparse_metadata(row: Row, keys: Collection[str]) -> Mapping[str, Any]:
    """The sparse vector of a row as Chroma takes it, if it is under one of these keys."""
    sparse = row.sparse
    if sparse is None or sparse.key not in keys:
        return {}
    indices, values = np.frombuffer(sparse.indices, "<u4"), np.frombuffer(sparse.values, "<f4")
    vector = {"#type": "sparse_vector", "indices": indices.tolist(), "values": values.tolist()}
    return {sparse.key: vector}
