"""HTTP servers of services, for callers that share a key with them."""

import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from schemas.errors import RequestError


def has_key(request: web.Request, key: str) -> bool:
    """Whether the request has this key as its bearer token; compared in constant time."""
    shown = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
    return hmac.compare_digest(shown, f"Bearer {key}".encode())


@asynccontextmanager
async def listening(runner: web.AppRunner, host: str, port: int, failure: str) -> AsyncIterator[int]:
    """Listen while the block runs; yields the port (a free one for 0).

    Raises RequestError, beginning with `failure`, if the port is not available.
    """
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise RequestError(f"{failure}: {error.strerror}") from error
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
