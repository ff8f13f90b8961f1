"""Queries of searches, embedded by the embedding service with the model of the collection."""

from collections.abc import Sequence

from api.embedding.service import EmbeddingService
from api.gateway import Models
from api.search.embedding import Vector
from schemas.events import Embedding
from schemas.limits import TRIAL_MODEL

#: Chroma's name for the trial model.
_ALIASES = {TRIAL_MODEL.rpartition("/")[2]: TRIAL_MODEL}


class ServedEmbedder:
    """A `QueryEmbedder`."""

    def __init__(self, service: EmbeddingService, models: Models) -> None:
        self._service, self._models = service, models

    def serves(self, model: str) -> bool:
        """See `QueryEmbedder`."""
        return _name(model) in self._models.names

    async def embed(self, embedding: Embedding, texts: Sequence[str]) -> Sequence[Vector]:
        """See `QueryEmbedder`."""
        named = embedding.model_copy(update={"model": _name(embedding.model)})
        return (await self._service.embed_queries(named, texts)).vectors

    async def close(self) -> None:
        """See `QueryEmbedder`."""
        await self._service.close()


def _name(model: str) -> str:
    return _ALIASES.get(model, model)
