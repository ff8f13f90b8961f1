"""The paths of the embed endpoint: any key of this gateway may use them."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from api.dependencies import PARTS
from schemas.api.embedding import MODEL_HEADER
from schemas.errors import TransientError

#: Paths in Chroma's form; a client posts dense requests to the bare address.
_CHROMA = ("/", "/embed", "/embed_sparse")
#: In OpenAI's form; a key may come as a bearer token, as its clients send it.
OPENAI_PATH = "/v1/embeddings"


def add_embedding(app: web.Application) -> None:
    """Add the paths to the gateway."""
    for path in _CHROMA:
        app.router.add_post(path, _pass_on)
    app.router.add_post(OPENAI_PATH, _pass_on)


async def _pass_on(request: web.Request) -> web.Response:
    """The service's answer. What it refuses is said in the form that the client of this path shows."""
    headers = {name: request.headers[name] for name in (MODEL_HEADER,) if name in request.headers}
    try:
        answer = await request.app[PARTS].embedding.pass_on(request.path, await request.read(), headers)
    except TransientError as error:
        return refused(request, 503, str(error), {"Retry-After": "1"})
    if answer.status != 200:
        return refused(request, answer.status, answer.message, answer.headers)
    return web.Response(body=answer.body, content_type="application/json")


def is_for_embedding(request: web.Request) -> bool:
    """Whether a request is for the embed endpoint."""
    return request.method == "POST" and request.path in (*_CHROMA, OPENAI_PATH)


def refused(request: web.Request, status: int, message: str, headers: Mapping[str, str]) -> web.Response:
    """Why there are no vectors, where clients of the path look for it."""
    body: dict[str, Any] = {"error": message, "message": message}
    if request.path == OPENAI_PATH:
        body = {"error": {"message": message, "type": "invalid_request_error" if status < 500 else "error"}}
    return web.Response(
        text=json.dumps(body), status=status, headers=headers, content_type="application/json"
    )
