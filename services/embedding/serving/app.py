"""The endpoint's application: authentication, errors, listening."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pydantic import ValidationError

from schemas.api.embedding import MAX_EMBED_BYTES, EmbedError
from schemas.errors import DocumentTooLarge, IngestError, RateLimited, TransientError
from schemas.models_file import ServedModels
from services.embedding.loaded import LoadedModels
from services.embedding.models import UnknownModel
from services.embedding.serving.handlers import Handlers
from services.embedding.sparse import SparseEncoders
from streams.http.served import middlewares
from streams.http.server import has_key, listening

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class EmbedEndpoint:
    """Where to listen (port 0: a free one), the key required of callers, and the models to serve."""

    host: str
    port: int
    key: str = field(repr=False)
    served: ServedModels
    substitutes: bool = False


@asynccontextmanager
async def serve_embedding(
    endpoint: EmbedEndpoint, models: LoadedModels, sparse: SparseEncoders
) -> AsyncIterator[int]:
    """Listen while the block runs; yields the port. Raises RequestError if the port is not available."""
    handlers = Handlers(models, sparse, endpoint.served, endpoint.substitutes)
    app = web.Application(
        middlewares=[*middlewares(), _keys(endpoint.key), _refusals], client_max_size=MAX_EMBED_BYTES
    )
    app.router.add_post("/", handlers.dense)
    app.router.add_post("/embed", handlers.dense)
    app.router.add_post("/embed_sparse", handlers.sparse)
    app.router.add_post("/v1/embeddings", handlers.openai)
    # When a client disconnects, its batches are cancelled.
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
    where = f"{endpoint.host}:{endpoint.port} (HEADRACE_HOST, HEADRACE_EMBED_PORT)"
    failure = f"texts cannot be embedded at {where}"
    async with listening(runner, endpoint.host, endpoint.port, failure) as port:
        yield port


def _keys(key: str) -> Middleware:
    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not has_key(request, key):
            return _error(401, "the key is not that of HEADRACE_EMBED_KEY")
        return await handler(request)

    return check


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Return errors as JSON. Texts must not be logged, so of an unexpected error only the type is."""
    try:
        return await handler(request)
    except ValidationError as error:
        return _error(400, _first_fault(error))
    except RateLimited as error:
        return _error(429, str(error), {"Retry-After": str(max(1, round(error.retry_after)))})
    except TransientError as error:
        return _error(503, str(error), {"Retry-After": "1"})
    except UnknownModel as error:
        return _error(404, str(error))
    except DocumentTooLarge as error:
        return _error(413, str(error))
    except IngestError as error:
        return _error(400, str(error))
    except web.HTTPRequestEntityTooLarge:
        return _error(413, f"the body has more than {MAX_EMBED_BYTES:,} bytes")
    except web.HTTPException as error:
        return _error(error.status, error.reason)
    except Exception as error:
        log.error("a text was not embedded", path=request.path, error_class=type(error).__name__)
        return _error(500, f"the model failed: {type(error).__name__}")


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in fault["loc"])
    return f"the body: {place}: {fault['msg']}" if place else f"the body: {fault['msg']}"


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    body = EmbedError(error=message, message=message)
    return web.json_response(text=body.model_dump_json(), status=status, headers=headers)
