"""Sparse vectors of parts, by the models that their documents name."""

import asyncio
import struct
from collections.abc import Sequence

import numpy as np
import pytest
from prometheus_client import REGISTRY

from schemas.errors import DocumentError, TransientError
from schemas.events import DocumentChunked, Embedding, SparseEmbedding, SparseVectors
from schemas.limits import BM25, SPLADE
from services.embedding.sparse import Bm25, SparseEncoder, SparseEncoders, load_encoder
from services.embedding.sparse.splade import Splade
from tests.services.embedding.sparse.test_splade import tokenizer
from tests.services.embedding.test_stage import part


def sparse_part(*texts: str, model: str = BM25) -> DocumentChunked:
    made = part(*texts, context="A heading")
    embedding = Embedding(model="m1", sparse=SparseEmbedding(model=model, key="sparse_embedding"))
    return made.model_copy(update={"document": made.document.model_copy(update={"embedding": embedding})})


async def test_parts_of_many_documents_get_the_vectors_of_their_texts_alone() -> None:
    encoders = SparseEncoders()
    first, plain, second = sparse_part("a commit log", ""), part("dense"), sparse_part("log")

    found = await encoders.of_parts([first, plain, second])

    assert found.keys() == {id(first), id(second)}
    vectors, expected = found[id(first)], Bm25().encode(["a commit log"])[0]
    assert isinstance(vectors, SparseVectors)
    assert vectors.counts == [2, 0]
    assert struct.unpack("<2I", vectors.indices) == tuple(expected.indices)
    assert struct.unpack("<2f", vectors.values) == tuple(expected.values)
    other = found[id(second)]
    assert isinstance(other, SparseVectors)
    assert other.indices in vectors.indices
    await encoders.close()


async def test_a_model_that_cannot_be_had_fails_only_its_own_parts_and_is_tried_again() -> None:
    away = [True]

    def load(model: str) -> SparseEncoder:
        if model != BM25 and away[0]:
            raise TransientError("the hub is away")
        return load_encoder(BM25)

    encoders = SparseEncoders(load)
    parts: Sequence[DocumentChunked] = [sparse_part("one"), sparse_part("one", model="other")]

    found = await encoders.of_parts(parts)
    away.clear()
    away.append(False)
    again = await encoders.of_parts(parts)

    assert isinstance(found[id(parts[0])], SparseVectors)
    assert isinstance(found[id(parts[1])], TransientError)
    assert isinstance(again[id(parts[1])], SparseVectors)
    await encoders.close()


async def test_an_unknown_model_is_named() -> None:
    made = sparse_part("one", model="unheard/of")

    found = await SparseEncoders().of_parts([made])

    assert isinstance(found[id(made)], DocumentError)
    assert "unheard/of" in str(found[id(made)])


async def test_the_speed_of_splade_is_told_when_it_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Splade(lambda ids, mask: np.ones((*ids.shape, 4), np.float32), tokenizer(), 64)
    monkeypatch.setattr("services.embedding.sparse.splade.load_splade", lambda name, cache_dir: model)

    assert await asyncio.to_thread(load_encoder, SPLADE) is model
    assert (REGISTRY.get_sample_value("headrace_model_chunks_per_second", {"model": SPLADE}) or 0) > 0
    await model.close()
