"""Processes that are forked from one that has loaded their modules, instead of starting Python each.

    supervisor ── Forks.start: arguments, environment, log ──► fork server ── fork ──► service
               ◄────────────── process id, exit status ──────  (server.py)             (own session, log
                                                                                        and environment)

A service that is forked runs the same code as one that is started as a program, is killed and restarted
alone, and dies with the supervisor. If the fork server dies, its services die with it, and from then on each
start is that of a program.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from struct import Struct

from setproctitle import setproctitle

from streams.processes.ending import end_process
from streams.processes.errors import ProcessError
from streams.processes.forks import ForkServer

#: Length of what follows; process id.
_NUMBER = Struct("!I")
_MOST_FDS = 16
#: How long the fork server may load modules, or not answer, before services start as programs.
_ANSWER_SECONDS = 60.0
_WORK = f"{__name__}:become"
#: Settings of services are secrets in part, and come with each start.
_SETTINGS = "HEADRACE_"


class ForkedProcess:
    """A running service, with what `asyncio.subprocess.Process` tells of one."""

    def __init__(self, pid: int, ended: asyncio.Future[int]) -> None:
        self.pid = pid
        self._ended = asyncio.ensure_future(_exit_status(pid, ended))

    @property
    def returncode(self) -> int | None:
        """Exit status, minus the signal's number if one ended it; None while it runs."""
        return self._ended.result() if self._ended.done() else None

    async def wait(self) -> int:
        """Wait for the end of the process. Returns its exit status."""
        return await asyncio.shield(self._ended)


class Forks:
    """Starts services by fork. Create it in the event loop of the main thread, `close` it when they have
    ended.

    Args:
        preload: modules that services load.
        main: `module:function` that runs a service with its arguments and returns its exit status.
    """

    def __init__(self, preload: Sequence[str], main: str) -> None:
        self._main = main
        self._server: ForkServer | None = None
        if sys.platform == "linux":  # elsewhere system libraries do not survive a fork
            environment = {
                name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)
            }
            modules = [*preload, main.partition(":")[0]]
            self._server = ForkServer(modules, _WORK, environment, apart=True)

    async def start(
        self, arguments: Sequence[str], environment: Mapping[str, str], log: int, keep_fds: Sequence[int]
    ) -> ForkedProcess | None:
        """Fork a service. Returns None if that is impossible, and it must be started as a program.

        Args:
            arguments: of `main`; also shown in the list of processes.
            environment: its whole environment.
            log: the file of its output.
            keep_fds: stay open in it, under other numbers.
        """
        if self._server is None:
            return None
        ours, theirs = socket.socketpair()
        with ours:
            try:
                # A process that answers too late finds the channel closed, and ends.
                async with asyncio.timeout(_ANSWER_SECONDS):
                    with theirs:
                        await asyncio.shield(self._server.ready)
                        _, ended = self._server.fork(theirs)
                    pid = await _describe(
                        ours, [self._main, list(arguments), dict(environment)], [log, *keep_fds]
                    )
            except (ProcessError, OSError, EOFError):  # a TimeoutError is an OSError
                return None
        return ForkedProcess(pid, ended)

    def close(self) -> None:
        """End the fork server, and kill what is left of its services."""
        if self._server is not None:
            self._server.close()


async def _describe(channel: socket.socket, described: object, fds: Sequence[int]) -> int:
    """Tell a forked process what it is. Returns its process id; raises EOFError if it has died."""
    loop = asyncio.get_running_loop()
    body = json.dumps(described).encode()
    channel.setblocking(False)
    socket.send_fds(channel, [_NUMBER.pack(len(body))], fds)  # four bytes fit into an empty buffer
    await loop.sock_sendall(channel, body)
    answer = await loop.sock_recv(channel, _NUMBER.size)
    if len(answer) < _NUMBER.size:
        raise EOFError
    (pid,) = _NUMBER.unpack(answer)
    return int(pid)


async def _exit_status(pid: int, ended: asyncio.Future[int]) -> int:
    """The exit status of a process: as the server tells, or of SIGKILL if the server is gone.

    The kernel kills what the server has forked; this waits until it has done so.
    """
    loop, gone, handle = asyncio.get_running_loop(), asyncio.Event(), None
    with contextlib.suppress(OSError):  # it has ended, or the kernel is too old
        handle = os.pidfd_open(pid)
    try:
        return await ended
    except ProcessError:
        if handle is not None:
            loop.add_reader(handle, gone.set)
            await gone.wait()
            loop.remove_reader(handle)
        return -signal.SIGKILL
    finally:
        if handle is not None:
            os.close(handle)


# ------------------------------------------------------------------------------------- in the forked process


def become(channel: socket.socket) -> None:
    """Become the service that is described on the channel. Ends the process."""
    main, arguments, environment, log = _described(channel)
    os.setsid()
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    sys.argv = ["headrace", *arguments]
    setproctitle(" ".join(sys.argv))
    os.environ.clear()
    os.environ.update(environment)
    channel.sendall(_NUMBER.pack(os.getpid()))
    channel.close()
    end_process(_run(main, arguments))


def _described(channel: socket.socket) -> tuple[str, list[str], dict[str, str], int]:
    head, fds, _, _ = socket.recv_fds(channel, _NUMBER.size, _MOST_FDS)
    (length,) = _NUMBER.unpack(head)
    body = b""
    while len(body) < length:
        part = channel.recv(length - len(body))
        if not part:
            raise EOFError
        body += part
    main, arguments, environment = json.loads(body)
    return main, arguments, environment, fds[0]


def _run(main: str, arguments: Sequence[str]) -> int:
    """Run a function as a program; its exit status. The frames of the fork server must not end."""
    module, _, name = main.partition(":")
    status = 1
    try:
        status = getattr(importlib.import_module(module), name)(arguments)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    return status
