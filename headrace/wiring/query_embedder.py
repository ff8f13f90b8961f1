"""Embeds queries inside the gateway's process, with the models that embedding is served with."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from headrace.settings import Settings
from schemas.events import Embedding
from schemas.limits import TRIAL_MODEL

if TYPE_CHECKING:
    from services.embedding import Embedder

#: Chroma's name for the trial model.
_ALIASES = {TRIAL_MODEL.rpartition("/")[2]: TRIAL_MODEL}


class LocalQueryEmbedder:
    """A `QueryEmbedder`. A model is loaded by the first query that needs it, and stays."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loading: dict[str, asyncio.Task[Embedder]] = {}

    def serves(self, model: str) -> bool:
        """See `QueryEmbedder`."""
        settings = self._settings
        return _name(model) in {settings.embedding_model, *settings.embedding_models, TRIAL_MODEL}

    async def embed(self, embedding: Embedding, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """See `QueryEmbedder`."""
        from services.embedding import task_of

        model = await self._model(_name(embedding.model))
        vectors = await model.embed_queries(texts, task_of(embedding.task))
        return [vector.tolist() for vector in vectors]

    async def close(self) -> None:
        """See `QueryEmbedder`."""
        for loading in self._loading.values():
            await (await loading).close()

    async def _model(self, name: str) -> "Embedder":
        """Load a model once, however many ask at the same time. A failure is not remembered."""
        loading = self._loading.get(name)
        if loading is None:
            loading = self._loading[name] = asyncio.create_task(asyncio.to_thread(self._load, name))
        try:
            return await asyncio.shield(loading)
        except Exception:
            self._loading.pop(name, None)
            raise

    def _load(self, name: str) -> "Embedder":
        from services.embedding import load_embedder

        settings = self._settings
        folder = settings.embedding_folder if name == settings.embedding_model else None
        return load_embedder(name, folder=folder, cache_dir=settings.cache_dir)


def _name(model: str) -> str:
    return _ALIASES.get(model, model)
