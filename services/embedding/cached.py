"""An embedder with a cache."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import numpy as np
from prometheus_client import Counter

from services.embedding.cache import VectorCache, vector_key
from services.embedding.embedder import Embedder, Prompts, Vectors

#: A duplicate is a text that occurs again within the same call.
TEXTS = Counter("headrace_embedded_texts", "Texts to embed, by the origin of their vector", ["source"])


class CachedEmbedder:
    """A cache in front of an embedder, itself an `Embedder`.

    Documents and queries, and different prompts, have separate entries. `close` closes the embedder but
    not the cache. A cancelled call stores nothing.

    Args:
        stored_every: number of texts after which vectors are stored, so that the retry of a failed call
            continues from there; None stores at the end of the call.
    """

    def __init__(self, embedder: Embedder, cache: VectorCache, stored_every: int | None = None) -> None:
        self._embedder = embedder
        self._cache = cache
        self._stored_every = stored_every
        self.model = embedder.model
        self.fingerprint = embedder.fingerprint
        self.dimension = embedder.dimension
        self.max_tokens = embedder.max_tokens

    async def embed_documents(
        self, texts: Sequence[str], task: Prompts | None = None, *, urgent: bool = False
    ) -> Vectors:
        """Vectors of `texts`; computes only missing ones, each once."""
        side = f"document:{task.document_prompt if task else ''}"
        return await self._embed(
            texts, side, lambda missing: self._embedder.embed_documents(missing, task, urgent=urgent)
        )

    async def embed_queries(self, texts: Sequence[str], task: Prompts | None = None) -> Vectors:
        """Vectors of `texts`; computes only missing ones, each once."""
        side = f"query:{task.query_prompt if task else ''}"
        return await self._embed(texts, side, lambda missing: self._embedder.embed_queries(missing, task))

    async def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens of the texts, as the embedder counts them."""
        return await self._embedder.count_tokens(texts)

    async def check_reading(self) -> None:
        """Check the embedder."""
        await self._embedder.check_reading()

    async def close(self) -> None:
        """Close the embedder."""
        await self._embedder.close()

    async def _embed(
        self, texts: Sequence[str], side: str, compute: Callable[[list[str]], Awaitable[Vectors]]
    ) -> Vectors:
        keys = [vector_key(self.fingerprint, side, text) for text in texts]
        wanted = dict(zip(keys, texts, strict=True))
        read = await asyncio.to_thread(self._cache.get_many, list(wanted))
        known = {key: vector for key, vector in read.items() if vector.shape == (self.dimension,)}
        missing = [key for key in wanted if key not in known]
        step = self._stored_every or max(len(missing), 1)
        for first in range(0, len(missing), step):
            taken = missing[first : first + step]
            computed = dict(zip(taken, await compute([wanted[key] for key in taken]), strict=True))
            await asyncio.to_thread(self._cache.put_many, computed)
            known.update(computed)
        for source, count in (
            ("cache", len(wanted) - len(missing)),
            ("model", len(missing)),
            ("duplicate", len(keys) - len(wanted)),
        ):
            TEXTS.labels(source).inc(count)
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, self.dimension), np.float32)
