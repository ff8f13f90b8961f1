"""The service's end of the fork server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from streams.processes.environment import worker_environment
from streams.processes.errors import PoolStopped
from streams.processes.server import FORK, KILL, REPORT, REQUEST

#: Sets the service's `sys.path`, which the environment alone does not determine.
_BOOT = (
    "import json, sys; control, sys.path[:], *how = json.loads(sys.argv[1]); "
    "from streams.processes.server import serve; serve(control, *how)"
)
#: What the workers of a pool do.
ANSWER_CALLS = "streams.processes.worker:work"
#: Timeout for a closed server to kill its workers and end; it usually takes milliseconds.
_CLOSE_SECONDS = 3.0


class ForkServer:
    """A running fork server; belongs to the event loop in which it was created.

    `ended` of a worker is a future of its exit code. It fails with PoolStopped when the server ends.

    Args:
        preload: modules that are loaded before workers are forked.
        work: `module:function` that a worker calls with its channel.
        environment: of the server; `worker_environment` by default.
        apart: whether it leads a session of its own, is silent, and dies with the thread that created it.
    """

    def __init__(
        self,
        preload: Sequence[str],
        work: str = ANSWER_CALLS,
        environment: Mapping[str, str] | None = None,
        *,
        apart: bool = False,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended: dict[int, asyncio.Future[int]] = {}
        self._last = 0
        self._heard = bytearray()
        self.ready: asyncio.Future[None] = self._loop.create_future()
        self.alive = True
        self._control, theirs = socket.socketpair()
        with theirs:
            boot = json.dumps(
                [theirs.fileno(), sys.path, list(preload), work, os.getpid() if apart else None]
            )
            self._process = subprocess.Popen(  # noqa: S603 – this Python, and the code above
                [sys.executable, "-P", "-c", _BOOT, boot],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL if apart else None,
                stderr=subprocess.DEVNULL if apart else None,
                env=worker_environment() if environment is None else environment,
                pass_fds=[theirs.fileno()],
                start_new_session=apart,
            )
        self._apart = apart
        self._control.setblocking(False)
        self._loop.add_reader(self._control, self._hear)

    def fork(self, channel: socket.socket) -> tuple[int, asyncio.Future[int]]:
        """Fork a worker that serves `channel`. Returns its number and the future of its exit code."""
        if not self.alive:
            raise PoolStopped("the worker processes were stopped")
        self._last += 1
        ended = self._ended[self._last] = self._loop.create_future()
        try:
            socket.send_fds(self._control, [REQUEST.pack(FORK, self._last)], [channel.fileno()])
        except OSError as error:  # it has just died; `_hear` will say so
            raise PoolStopped(f"the server of the worker processes does not answer: {error}") from error
        return self._last, ended

    def kill(self, number: int) -> None:
        """Kill a worker if it is still running."""
        if self.alive and number in self._ended:
            with contextlib.suppress(OSError):  # it has just died, and its workers with it
                self._control.send(REQUEST.pack(KILL, number))

    def close(self) -> None:
        """End the server and its workers immediately."""
        self._stop("the worker processes were stopped")
        if self._apart:  # its workers die with it
            self._process.kill()
        try:
            self._process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _hear(self) -> None:
        try:
            heard = self._control.recv(64 * 1024)
        except (BlockingIOError, InterruptedError):
            return
        except ConnectionError:
            heard = b""
        if not heard:
            self._lost()
            return
        self._heard += heard
        while len(self._heard) >= REPORT.size:
            number, exit_code = REPORT.unpack_from(self._heard)
            del self._heard[: REPORT.size]
            if number == 0:
                self.ready.set_result(None)
            elif (ended := self._ended.pop(number, None)) is not None:
                ended.set_result(exit_code)

    def _lost(self) -> None:
        """The server has ended by itself: it cannot load a module, or was killed."""
        try:
            exit_code: int | None = self._process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            exit_code = self._process.wait()
        if not self._apart:
            import structlog  # it takes as long as a tenth of a start, before the broker's has begun

            structlog.get_logger(__name__).error(
                "the server of the worker processes has ended", exit_code=exit_code
            )
        self._stop(f"the worker processes ended by themselves (exit code {exit_code}); the log says why")

    def _stop(self, why: str) -> None:
        if not self.alive:
            return
        self.alive = False
        if not self._loop.is_closed():
            self._loop.remove_reader(self._control)
        self._control.close()
        waiting: list[asyncio.Future[Any]] = [self.ready, *self._ended.values()]
        self._ended.clear()
        for future in waiting:
            if not future.done() and not self._loop.is_closed():
                future.set_exception(PoolStopped(why))
                future.exception()  # marks it as retrieved: nobody may be waiting for it
