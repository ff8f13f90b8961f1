"""Embed queries through the embedding service, with the models that the deployment serves."""

from collections.abc import Collection, Sequence

from api.embedding.service import EmbeddingService
from api.errors import BadRequest
from api.search.embedding import Vector
from schemas.errors import TransientError
from schemas.events import Embedding
from schemas.limits import TRIAL_MODEL

#: sentence-transformers' short name of the trial model.
_ALIASES = {TRIAL_MODEL.rpartition("/")[2]: TRIAL_MODEL}


class ServedQueries:
    """A `QueryEmbedder`: the models of the embedding service.

    Args:
        models: names of the models that the service serves.
    """

    def __init__(self, service: EmbeddingService, models: Collection[str]) -> None:
        self._service, self._models = service, frozenset(models)

    def serves(self, model: str) -> bool:
        """See `QueryEmbedder`."""
        return _ALIASES.get(model, model) in self._models

    async def embed(
        self, embedding: Embedding, texts: Sequence[str], fingerprint: str | None = None
    ) -> Sequence[Vector]:
        """See `QueryEmbedder`."""
        asked = embedding.model_copy(update={"model": _ALIASES.get(embedding.model, embedding.model)})
        found = await self._service.embed_queries(asked, texts)
        if found.model != asked.model:  # vectors of different models are not comparable
            raise TransientError(
                f"the embedding service has embedded with {found.model!r} instead of {asked.model!r}"
            )
        if fingerprint and found.fingerprint != fingerprint:
            raise BadRequest(
                f"the collection holds vectors of another model than the one that serves {asked.model!r} now "
                f"(fingerprints {fingerprint} and {found.fingerprint}): change the model back, or embed the "
                "collection again (`headrace reembed`)"
            )
        return found.vectors
