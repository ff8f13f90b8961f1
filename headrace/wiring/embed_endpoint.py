"""The two ends of the embed endpoint: the embedding service serves it, gateways call it."""

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from headrace.embedding_models import models_of
from headrace.settings import Settings
from schemas.errors import RequestError

if TYPE_CHECKING:
    from api import EmbeddingAccess
    from services.embedding import LoadedModels
    from services.embedding.sparse import SparseEncoders


@contextlib.asynccontextmanager
async def embed_endpoint(
    settings: Settings, models: "LoadedModels", sparse: "SparseEncoders"
) -> AsyncIterator[None]:
    """Serve the models of this process while the block runs, if a port is set for it."""
    from services.embedding.serving import EmbedEndpoint, serve_embedding

    if settings.embed_port is None:
        yield
        return
    if settings.embed_key is None:
        raise RequestError("HEADRACE_EMBED_PORT needs HEADRACE_EMBED_KEY, the same on gateways")
    endpoint = EmbedEndpoint(
        settings.host,
        settings.embed_port,
        settings.embed_key.get_secret_value(),
        models_of(settings),
        settings.embedding_substitute,
    )
    async with serve_embedding(endpoint, models, sparse):
        yield


def embedding_access(settings: Settings) -> "EmbeddingAccess | None":
    """How a gateway reaches the endpoint; None if it is not configured."""
    from api import EmbeddingAccess

    if settings.embed_url is None:
        return None
    if settings.embed_key is None:
        raise RequestError("HEADRACE_EMBED_URL needs HEADRACE_EMBED_KEY, the same on the embedding service")
    return EmbeddingAccess(settings.embed_url.rstrip("/"), settings.embed_key.get_secret_value())
