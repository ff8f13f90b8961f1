import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import REGISTRY

from services.embedding import CachedEmbedder, Embedder, Prompts, VectorCache, Vectors
from tests.services.embedding.test_cache import stored


class CountingEmbedder:
    """A small model of our own: the vector of a text is its length; notes what it was asked."""

    model = "length"
    dimension = 2
    max_tokens = 8

    def __init__(self, fingerprint: str = "1") -> None:
        self.fingerprint = fingerprint
        self.asked: list[list[str]] = []
        self.closed = False

    async def embed_documents(
        self, texts: Sequence[str], task: Prompts | None = None, *, urgent: bool = False
    ) -> Vectors:
        self.asked.append(list(texts))
        return np.array([[len(text), 1] for text in texts], dtype=np.float32).reshape(-1, 2)

    async def embed_queries(self, texts: Sequence[str], task: Prompts | None = None) -> Vectors:
        return -(await self.embed_documents(texts, task))

    async def count_tokens(self, texts: Sequence[str]) -> int:
        raise NotImplementedError

    async def check_reading(self) -> None:
        pass

    async def close(self) -> None:
        self.closed = True


def counted() -> list[float]:
    """Texts so far: found in the cache, computed, and met again within a call."""
    name = "headrace_embedded_texts_total"
    sources = ("cache", "model", "duplicate")
    return [REGISTRY.get_sample_value(name, {"source": source}) or 0.0 for source in sources]


@pytest.fixture
def model() -> CountingEmbedder:
    return CountingEmbedder()


@pytest.fixture
def cached(model: CountingEmbedder, tmp_path: Path) -> CachedEmbedder:
    return CachedEmbedder(model, VectorCache(tmp_path / "vectors.sqlite"))


async def test_only_misses_are_computed_and_each_once(
    cached: CachedEmbedder, model: CountingEmbedder
) -> None:
    await cached.embed_documents(["a", "bb"])
    before = counted()
    vectors = await cached.embed_documents(["ccc", "bb", "ccc", "a"])
    assert vectors[:, 0].tolist() == [3, 2, 3, 1]
    assert model.asked == [["a", "bb"], ["ccc"]]
    assert [now - then for now, then in zip(counted(), before, strict=True)] == [2, 1, 1]


async def test_a_call_of_known_texts_asks_the_model_nothing(
    cached: CachedEmbedder, model: CountingEmbedder
) -> None:
    await cached.embed_documents(["a"])
    await cached.embed_documents(["a", "a"])
    assert model.asked == [["a"]]


async def test_no_texts_give_no_rows(cached: CachedEmbedder, model: CountingEmbedder) -> None:
    assert (await cached.embed_documents([])).shape == (0, 2)
    assert model.asked == []


async def test_sides_prompts_and_models_do_not_share_vectors(
    cached: CachedEmbedder, model: CountingEmbedder, tmp_path: Path
) -> None:
    await cached.embed_documents(["a"])
    assert (await cached.embed_queries(["a"]))[0].tolist() == [-1, -1]
    await cached.embed_documents(["a"], Prompts("t", document_prompt="passage: "))
    assert len(model.asked) == 3
    await cached.embed_documents(["a"], Prompts("another name, the same prompts"))
    assert len(model.asked) == 3

    other = CountingEmbedder(fingerprint="2")
    await CachedEmbedder(other, VectorCache(tmp_path / "vectors.sqlite")).embed_documents(["a"])
    assert other.asked == [["a"]]


async def test_a_vector_of_another_dimension_is_a_miss(
    cached: CachedEmbedder, model: CountingEmbedder, tmp_path: Path
) -> None:
    wider = CountingEmbedder()
    wider.dimension = 3
    await cached.embed_documents(["a"])
    stranger = CachedEmbedder(wider, VectorCache(tmp_path / "vectors.sqlite"))
    await stranger.embed_documents(["a"])
    assert wider.asked == [["a"]]


async def test_without_a_usable_cache_everything_is_computed(model: CountingEmbedder, tmp_path: Path) -> None:
    embedder = CachedEmbedder(model, VectorCache(tmp_path))
    for _ in range(2):
        assert (await embedder.embed_documents(["a", "bb"]))[:, 0].tolist() == [1, 2]
    assert model.asked == [["a", "bb"]] * 2


async def test_a_cached_embedder_is_an_embedder(trial: Embedder, tmp_path: Path) -> None:
    embedder: Embedder = CachedEmbedder(trial, VectorCache(tmp_path / "vectors.sqlite"))
    computed = await embedder.embed_documents(["a commit log", "", "分区"])
    again = await embedder.embed_documents(["分区", "a commit log", ""])
    assert again.tobytes() == computed[[2, 0, 1]].tobytes()
    assert (embedder.model, embedder.dimension) == (trial.model, trial.dimension)


async def test_closing_closes_the_model(cached: CachedEmbedder, model: CountingEmbedder) -> None:
    await cached.close()
    assert model.closed


async def test_a_cancelled_call_stores_nothing(tmp_path: Path) -> None:
    class Stuck(CountingEmbedder):
        async def embed_documents(
            self, texts: Sequence[str], task: Prompts | None = None, *, urgent: bool = False
        ) -> Vectors:
            await asyncio.Event().wait()
            raise AssertionError

    cache = VectorCache(tmp_path / "vectors.sqlite")
    call = asyncio.ensure_future(CachedEmbedder(Stuck(), cache).embed_documents(["a"]))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert stored(cache) == 0
