"""The application: routes from the table of operations, middlewares, and their dependencies."""

from collections.abc import AsyncIterator

from aiohttp import web

from api.chroma.routes import add_chroma
from api.dashboard import add_dashboard, pages
from api.dependencies import PARTS, Dependencies
from api.embedding.routes import add_embedding
from api.gateway import Gateway
from api.health import HEALTH, Health
from api.idempotency import idempotent
from api.letters.settling import Settling
from api.middleware import add_headers, authenticate, observe, plain, refusals
from api.operations import OPERATIONS
from api.reference import add_reference
from api.webhooks.github import BODIES, GITHUB_PATH, receive
from api.webhooks.signature import SignedBodies
from streams.http.served import middlewares

#: Most bytes of a JSON body. A thousand object keys of 1,024 bytes, S3's longest, fit.
MAX_BODY_BYTES = 2 * 1024 * 1024


def create_app(gateway: Gateway) -> web.Application:
    """The gateway's application; it connects at its start. `api.serve` runs it and stops it gracefully."""
    app = web.Application(
        middlewares=[*middlewares(), observe, pages, refusals, authenticate, plain, idempotent()],
        client_max_size=MAX_BODY_BYTES,
    )
    parts = Dependencies(gateway)
    app[PARTS], app[HEALTH] = parts, Health(parts)
    for operation in OPERATIONS:
        app.router.add_route(operation.method, operation.path, operation.handler)
        if operation.method == "GET":
            app.router.add_route("HEAD", operation.path, operation.handler)
    add_chroma(app)
    add_embedding(app)
    add_dashboard(app, gateway)
    add_reference(app)
    app.router.add_post(GITHUB_PATH, receive)
    if gateway.github_webhook_secret is not None:
        app[BODIES] = SignedBodies(gateway.github_webhook_secret)
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(_end_streams)
    app.cleanup_ctx.append(_alive)
    return app


async def _end_streams(app: web.Application) -> None:
    app[PARTS].streams.stop()


async def _alive(app: web.Application) -> AsyncIterator[None]:
    parts = app[PARTS]
    await parts.start()
    gateway = parts.gateway
    async with Settling(gateway.cluster, gateway.codec, parts.letters, parts.index, parts.catalogue):
        yield
    await parts.close()
