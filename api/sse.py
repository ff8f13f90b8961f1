"""Server-sent events (the `text/event-stream` format of the HTML standard): writing, heartbeats, ending."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass

import structlog
from aiohttp import web

from api.metrics import EVENT_STREAMS
from streams.state.watch import Watch

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event: its name and one line of JSON."""

    name: str
    json: str

    def encode(self) -> bytes:
        """The event in wire format."""
        return f"event: {self.name}\ndata: {self.json}\n\n".encode()


#: A comment, which readers of the format pass over.
HEARTBEAT = b": heartbeat\n\n"


def wants_events(request: web.Request, method: str = "GET") -> bool:
    """Whether the caller of this method accepts server-sent events."""
    return request.method == method and "text/event-stream" in request.headers.get("Accept", "")


def end_event(status: str) -> ServerEvent:
    """The last event of every stream: the invocation's final status."""
    return ServerEvent("end", json.dumps({"status": status}))


async def any_change(watches: list[Watch], timeout: float) -> bool:
    """Wait until one of the watched views changes. False after `timeout` seconds."""
    tasks = [asyncio.ensure_future(watch.wait()) for watch in watches]
    try:
        done, _ = await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        for task in tasks:
            task.cancel()


class EventStreams:
    """The open streams; all end when the gateway stops."""

    def __init__(self, heartbeat_s: float) -> None:
        self.heartbeat_s = heartbeat_s
        self._open: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def send(
        self,
        request: web.Request,
        source: AsyncIterator[ServerEvent | None],
        until: Awaitable[None] | None = None,
    ) -> web.StreamResponse:
        """Write the events of `source` until it ends, the caller disconnects or the gateway stops. None is
        written as a heartbeat.

        Args:
            until: ends the stream when it returns: the caller may no longer read.
        """
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-cache",
                "X-Accel-Buffering": "no",  # nginx would hold the events back
            }
        )
        await response.prepare(request)
        task = asyncio.ensure_future(_write(response, source))
        if self._stopping:
            task.cancel()
        ending = asyncio.ensure_future(until) if until is not None else None
        self._open.add(task)
        EVENT_STREAMS.inc()
        try:
            await asyncio.wait([task, *([ending] if ending else [])], return_when=asyncio.FIRST_COMPLETED)
        finally:
            task.cancel()  # where the request itself was cancelled, or may no longer be answered
            if ending is not None:
                ending.cancel()
            self._open.discard(task)
            EVENT_STREAMS.dec()
        if task.done() and not task.cancelled() and (error := task.exception()) is not None:
            log.error("event stream interrupted", error=str(error), exc_info=error)
        return response

    def stop(self) -> None:
        """End all streams."""
        self._stopping = True
        for task in self._open:
            task.cancel()


async def _write(response: web.StreamResponse, source: AsyncIterator[ServerEvent | None]) -> None:
    try:
        async for event in source:
            await response.write(HEARTBEAT if event is None else event.encode())
        await response.write_eof()
    except ConnectionError:
        return  # the caller has left
