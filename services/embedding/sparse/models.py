"""The available sparse models, loading by name, and the loaded models of a process."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from schemas.errors import DocumentError, IngestError, TransientError
from schemas.events import DocumentChunked, SparseVectors
from schemas.limits import BM25, SPARSE_MODELS, SPLADE
from services.embedding.loaded import Loaded
from services.embedding.metrics import tell_speed
from services.embedding.sparse.encoder import Bm25Encoder, SparseEncoder
from services.embedding.sparse.vectors import packed

Load = Callable[[str], SparseEncoder]


def load_encoder(name: str, cache_dir: Path | None = None) -> SparseEncoder:
    """Load a sparse model; downloads are in `cache_dir`. Blocks: call it in a thread.

    Raises DocumentError for an unknown name, TransientError for a model that could not be downloaded.
    """
    if name == BM25:
        return Bm25Encoder()
    if name == SPLADE:
        from services.embedding.sparse.splade import load_splade  # fastembed takes 0.5 s to import

        splade = load_splade(name, cache_dir)
        asyncio.run(tell_speed(name, splade.encode_documents))
        return splade
    raise DocumentError(f"the sparse model {name!r} is not served; served are {', '.join(SPARSE_MODELS)}")


class SparseEncoders:
    """Sparse encoders by model; `load` is that of `Loaded`."""

    def __init__(self, load: Load = load_encoder) -> None:
        self._loaded = Loaded(load)

    async def encoder(self, model: str) -> SparseEncoder:
        """The encoder of a model. Raises what `load` raises."""
        return await self._loaded.get(model)

    async def of_parts(self, parts: Sequence[DocumentChunked]) -> dict[int, SparseVectors | IngestError]:
        """The sparse vectors of the parts whose documents want some, by the identity of the part, or the
        error of their model."""
        by_model: dict[str, list[DocumentChunked]] = {}
        for part in parts:
            if part.document.embedding.sparse is not None:
                by_model.setdefault(part.document.embedding.sparse.model, []).append(part)
        found: dict[int, SparseVectors | IngestError] = {}
        for model, some in by_model.items():
            found.update(await self._encoded(model, some))
        return found

    async def query(self, model: str, text: str) -> tuple[list[int], list[float]]:
        """Indices and weights of the text of a query."""
        [vector] = await (await self.encoder(model)).encode_queries([text])
        return vector.indices.tolist(), vector.values.tolist()

    async def close(self) -> None:
        """Unload the models."""
        await self._loaded.close()

    async def _encoded(
        self, model: str, parts: Sequence[DocumentChunked]
    ) -> dict[int, SparseVectors | IngestError]:
        try:
            encoder = await self.encoder(model)
        except (DocumentError, TransientError) as error:  # of this model, not of the others
            return {id(part): error for part in parts}
        # Only the text, without its context, as Chroma clients do.
        vectors = await encoder.encode_documents([chunk.text for part in parts for chunk in part.chunks])
        found: dict[int, SparseVectors | IngestError] = {}
        at = 0
        for part in parts:
            found[id(part)] = packed(vectors[at : at + len(part.chunks)])
            at += len(part.chunks)
        return found
