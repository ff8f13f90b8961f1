"""Around every handler: request id, log line, metrics, errors as JSON, authentication.

observe ─► refusals ─► authenticate ─► plain ─► handler
        └► pages (api.dashboard) ─► page
"""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from api.access import TOKEN_HEADER
from api.connection import REQUEST_ID_HEADER, SERVER
from api.dependencies import PARTS
from api.embedding.routes import OPENAI_PATH, is_for_embedding, refused
from api.errors import Encoded, HttpError, describe_status, error_response
from api.metrics import REQUESTS, SECONDS
from api.requests import CALLER
from api.webhooks.github import GITHUB_PATH
from schemas.errors import IngestError, RequestError, TransientError

log = structlog.get_logger("api")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: Paths that need no key; what comes to those of webhooks is signed.
OPEN_PATHS = frozenset({"/health", "/docs", "/openapi.json", GITHUB_PATH})
_REQUEST_ID = web.RequestKey("request_id", str)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the request id of the log to every response, including event streams; remove versions."""
    response.headers["Server"] = SERVER
    if _REQUEST_ID in request:
        response.headers[REQUEST_ID_HEADER] = request[_REQUEST_ID]


def _route(request: web.Request) -> str:
    """The template of the path: limited in number, without ids."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """One log line and one count per request. Headers, queries and bodies may hold secrets: not logged."""
    # From Python 3.12 on aiohttp begins handlers eagerly: thousands of requests that a client sends in one go
    # and that wait for nothing would be answered in one round of the loop.
    await asyncio.sleep(0)
    request[_REQUEST_ID] = uuid.uuid4().hex
    route, began, status = _route(request), time.perf_counter(), 499  # 499: the caller left
    requests = request.app[PARTS].requests
    with requests.one(), structlog.contextvars.bound_contextvars(request_id=request[_REQUEST_ID]):
        try:
            response = await handler(request)
            status = response.status
            if requests.stopping:  # the next request on this connection would not be answered
                response.force_close()
            return response
        finally:
            seconds = time.perf_counter() - began
            REQUESTS.labels(request.method, route, status).inc()
            SECONDS.labels(request.method, route).observe(seconds)
            caller = request.get(CALLER)
            log.info(
                "request",
                method=request.method,
                route=route,
                status=status,
                milliseconds=round(seconds * 1000, 1),
                key_id=None if caller is None else caller.key_id,
                tenant=None if caller is None else caller.tenant,
            )


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn errors into `{"error", "message"}`; an unexpected error shows only its request id."""
    path = request.path
    try:
        return await handler(request)
    except HttpError as error:
        if is_for_embedding(request):
            return refused(request, error.status, str(error), error.headers)
        return error_response(error.status, str(error), error.headers, error.fields, path)
    except web.HTTPException as error:
        kept = {name: error.headers[name] for name in ("Allow",) if name in error.headers}
        return error_response(error.status, describe_status(error), kept, path=path)
    except TransientError as error:
        log.warning("a component behind the gateway does not answer", error=str(error))
        return error_response(500, str(error))
    except (RequestError, IngestError) as error:
        return error_response(400, str(error))
    except (ConnectionError, web.RequestPayloadError):
        return error_response(400, "the request ended, or its framing broke, before the end of its body")
    except Exception:
        log.exception("request failed", route=_route(request))
        return error_response(500, f"unexpected error; see request {request[_REQUEST_ID]}")


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Authenticate before anything of the body is read."""
    if request.path not in OPEN_PATHS:
        token = request.headers.get(TOKEN_HEADER) or _bearer(request)
        request[CALLER] = await request.app[PARTS].doorkeeper.caller(token)
    return await handler(request)


def _bearer(request: web.Request) -> str | None:
    """The key as clients of OpenAI send it, for their path."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if request.path == OPENAI_PATH and kind.lower() == "bearer" else None


@web.middleware
async def plain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse compressed bodies: a few kilobytes can unpack to gigabytes."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise Encoded("the body has a Content-Encoding; send bodies unencoded")
    return await handler(request)
