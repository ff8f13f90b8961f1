"""Listening, and stopping without interrupting clients."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from api.app import create_app
from api.connection import MAX_LINE_BYTES, Connection
from api.dependencies import PARTS
from api.gateway import Gateway

#: Requests that are on the wire when the port closes begin to be answered in this time.
_GRACE_S = 0.05
#: A connection on which no whole request comes for so long is closed, also one that has sent half of one.
#: Proxies keep theirs for a minute; aiohttp's hour would let a client hold all that a process may have.
IDLE_S = 75.0


@asynccontextmanager
async def serve(gateway: Gateway, host: str, port: int, drain_s: float = 8.0) -> AsyncIterator[int]:
    """Listen while the block runs; yields the port (a free one for 0).

    At its end new connections are refused, event streams end, and active requests, including uploads, have
    `drain_s` seconds to finish. This happens before aiohttp's own shutdown, which immediately drops what
    clients still send, so that an upload could never end.
    """
    app = create_app(gateway)
    # What the drain has not waited for is cut off at once.
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        listening = await _listen(runner, host, port)
        try:
            yield int(listening.sockets[0].getsockname()[1])
        finally:
            listening.close()
            await asyncio.sleep(_GRACE_S)
            app[PARTS].streams.stop()
            await app[PARTS].requests.ended(drain_s)
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int) -> asyncio.Server:
    """Use our connection class for the runner's application. Bodies are never decompressed."""
    loop, server = asyncio.get_running_loop(), runner.server
    assert server is not None  # it was set up

    def connect() -> Connection:
        return Connection(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # "observe" logs; None is what AppRunner documents
            auto_decompress=False,
            keepalive_timeout=IDLE_S,
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_LINE_BYTES,
        )

    return await loop.create_server(connect, host, port, backlog=128)
