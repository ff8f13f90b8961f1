"""The service's end of one worker."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from streams.processes import wire
from streams.processes.errors import BadAnswer, PoolStopped, WorkerDied
from streams.processes.forks import ForkServer

#: Bytes per write; the socket's buffer is drained between writes.
_PIECE_BYTES = 1024 * 1024
#: Seconds that a worker may take to end after it closed its channel; then it is killed.
_END_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """An undecoded answer: an error, or a value and the long texts of its fields."""

    is_error: bool
    body: bytes
    texts: Sequence[bytes]


class Worker:
    """A worker process, one call at a time."""

    def __init__(
        self,
        server: ForkServer,
        number: int,
        ended: asyncio.Future[int],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._server, self._number, self._ended = server, number, ended
        self._reader, self._writer = reader, writer
        self.calls = 0

    @classmethod
    async def forked(cls, server: ForkServer) -> Worker:
        """A new worker. Raises PoolStopped if the fork server has ended."""
        await asyncio.shield(server.ready)
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                number, ended = server.fork(theirs)
            except PoolStopped:
                ours.close()
                raise
        return cls(server, number, ended, *await asyncio.open_unix_connection(sock=ours))

    @property
    def alive(self) -> bool:
        """Whether it is not known to have ended."""
        return not self._ended.done() and not self._reader.at_eof()

    async def call(self, buffers: Sequence[bytes], max_answer_bytes: int) -> Answer:
        """Send a call and receive its answer. Raises WorkerDied, BadAnswer, PoolStopped."""
        self.calls += 1
        texts: list[bytes] = []
        try:
            await self._send(buffers)
            while True:
                kind, body = await self._frame(max_answer_bytes - sum(map(len, texts)))
                if kind != wire.TEXT:
                    return Answer(kind == wire.ERROR, body, texts)
                texts.append(body)
        except (asyncio.IncompleteReadError, ConnectionError):
            raise WorkerDied(await self._exit_code()) from None

    async def _frame(self, most: int) -> tuple[bytes, bytes]:
        kind, length = wire.FRAME.unpack(await self._reader.readexactly(wire.FRAME.size))
        if kind not in (wire.TEXT, wire.VALUE, wire.ERROR) or (kind == wire.TEXT and length == 0):
            raise BadAnswer("the answer has an unknown format")
        if kind == wire.ERROR:
            most = wire.MAX_ERROR_BYTES
        if length > most:
            raise BadAnswer(f"the answer has {length} bytes, the limit is {most}")
        return kind, await self._reader.readexactly(length)

    async def _send(self, buffers: Sequence[bytes]) -> None:
        for buffer in buffers:
            view = memoryview(buffer)
            for at in range(0, len(view), _PIECE_BYTES):
                self._writer.write(view[at : at + _PIECE_BYTES])
                await self._writer.drain()

    async def _exit_code(self) -> int | None:
        """Raises PoolStopped when the worker ended because the pool did."""
        try:
            async with asyncio.timeout(_END_SECONDS):
                return await asyncio.shield(self._ended)
        except TimeoutError:  # it closed its channel but is still running
            return None

    def discard(self) -> None:
        """Kill the worker."""
        self._server.kill(self._number)
        self.close()

    def close(self) -> None:
        """Close the channel. The worker ends after its current call."""
        with contextlib.suppress(RuntimeError):  # the event loop is closed
            self._writer.transport.abort()
