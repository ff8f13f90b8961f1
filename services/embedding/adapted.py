"""Configured additions to a model: shorter vectors, and prompts where a source names no task."""

import hashlib
from collections.abc import Sequence

from schemas.errors import RequestError
from services.embedding.embedder import Embedder, Prompts, Vectors
from services.embedding.onnx import normalise


class Adapted:
    """An `Embedder` around another one. Vectors are cut to the first `dimension` dimensions and normalised
    again; texts without a task get `prompts`."""

    def __init__(self, embedder: Embedder, prompts: Prompts, dimension: int) -> None:
        self._embedder, self._prompts = embedder, prompts
        self.model, self.max_tokens, self.dimension = embedder.model, embedder.max_tokens, dimension
        said = (embedder.fingerprint, dimension, prompts.document_prompt, prompts.query_prompt)
        self.fingerprint = hashlib.sha256(repr(said).encode()).hexdigest()

    @classmethod
    def around(cls, embedder: Embedder, prompts: Prompts, dimensions: int | None) -> Embedder:
        """The embedder itself if nothing is added. Raises RequestError for more dimensions than it has."""
        if dimensions is not None and dimensions > embedder.dimension:
            raise RequestError(
                f"dimensions of the embedding model {embedder.model!r} is {dimensions}, but its vectors have "
                f"{embedder.dimension}"
            )
        if (dimensions or embedder.dimension) == embedder.dimension and not (
            prompts.document_prompt or prompts.query_prompt
        ):
            return embedder
        return cls(embedder, prompts, dimensions or embedder.dimension)

    async def embed_documents(
        self, texts: Sequence[str], task: Prompts | None = None, *, urgent: bool = False
    ) -> Vectors:
        """Embed texts for indexing."""
        return self._cut(await self._embedder.embed_documents(texts, task or self._prompts, urgent=urgent))

    async def embed_queries(self, texts: Sequence[str], task: Prompts | None = None) -> Vectors:
        """Embed texts for searching."""
        return self._cut(await self._embedder.embed_queries(texts, task or self._prompts))

    async def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens of the texts."""
        return await self._embedder.count_tokens(texts)

    async def check_reading(self) -> None:
        """Check the embedder."""
        await self._embedder.check_reading()

    async def close(self) -> None:
        """Close the embedder."""
        await self._embedder.close()

    def _cut(self, vectors: Vectors) -> Vectors:
        return vectors if self.dimension == vectors.shape[1] else normalise(vectors[:, : self.dimension])
