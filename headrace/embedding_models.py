"""The embedding models of a deployment, from its settings."""

import asyncio
from typing import TYPE_CHECKING

from headrace.settings import Settings
from headrace.usage_error import UsageError
from schemas.errors import RequestError
from schemas.models_file import ServedModels, served_models
from streams.gc_tuning import return_freed_memory

if TYPE_CHECKING:
    from services.embedding import Embedder, VectorCache


def models_of(settings: Settings) -> ServedModels:
    """What is served, and why. Raises UsageError with the setting for a file that cannot be read."""
    chosen, others, folder = settings.embedding_model, settings.embedding_models, settings.embedding_folder
    try:
        return served_models(settings.models, chosen, others, folder)
    except RequestError as error:
        raise UsageError(f"HEADRACE_MODELS: {error}") from error


def open_embedder(settings: Settings, name: str) -> "Embedder":
    """Load a model, let it prove itself and tell its speed. Blocks: call it in a thread.

    Raises UnknownModel or RequestError for a model that cannot be served, TransientError for a server that is
    away.
    """
    from services.embedding.catalogue import config_of, open_model
    from services.embedding.metrics import tell_speed
    from services.embedding.proof import Remembered, prove

    config = config_of(models_of(settings), name)
    embedder = open_model(name, config, settings.cache_dir)
    try:
        asyncio.run(prove(embedder, Remembered(settings.data_dir / "models")))
        asyncio.run(tell_speed(name, embedder.embed_documents))
    except BaseException:
        asyncio.run(embedder.close())
        raise
    return_freed_memory()  # 58 of 240 MB after the trial model
    return embedder


def open_cached(settings: Settings, name: str, cache: "VectorCache") -> "Embedder":
    """The same behind the vector cache."""
    from services.embedding import CachedEmbedder
    from services.embedding.catalogue import config_of, stored_every

    every = stored_every(config_of(models_of(settings), name))
    return CachedEmbedder(open_embedder(settings, name), cache, every)
