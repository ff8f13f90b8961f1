"""Streamable HTTP: without sessions, so any instance answers any request, also one that was just started."""

import hmac
import socket
from collections.abc import Callable
from typing import Any

from mcp.server.mcpserver import MCPServer

from schemas.errors import RequestError

#: Where clients connect.
PATH = "/mcp"


class RequireKey:
    """Answers 401 to requests without the key as bearer token: whoever connects reads what the key may."""

    def __init__(self, app: Any, key: str) -> None:
        self._app, self._expected = app, f"Bearer {key}".encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One ASGI connection."""
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._expected):
                await _refuse(send)
                return
        await self._app(scope, receive, send)


async def serve(server: MCPServer[None], key: str, host: str, port: int, started: Callable[[], None]) -> None:
    """Serve until the process is told to stop. `started` is called when clients can connect.

    Raises RequestError if the port is not free.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise RequestError(
                f"cannot listen on {host}:{port} (--http-port, HEADRACE_HOST): {error.strerror}"
            ) from error
        started()
        await _serve(server, key, host, listener)


async def _serve(server: MCPServer[None], key: str, host: str, listener: socket.socket) -> None:
    import uvicorn

    app = server.streamable_http_app(
        streamable_http_path=PATH, stateless_http=True, json_response=True, host=host
    )
    config = uvicorn.Config(RequireKey(app, key), log_level="warning")
    await uvicorn.Server(config).serve([listener])


async def _refuse(send: Any) -> None:
    body = b"send the gateway's key: Authorization: Bearer KEY"
    headers = [(b"content-type", b"text/plain"), (b"www-authenticate", b"Bearer")]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": body})
