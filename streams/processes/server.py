"""The fork server: a process that has loaded the common libraries and forks workers on request.

It has one thread, reads no user input and holds no secrets, so forks are safe and take milliseconds. It ends,
together with its workers, when the service closes the control socket or dies. What a worker does is a
function of its channel: it answers calls (`worker.py`), or becomes a service (`forked.py`).

    request   b"f"  number (4 bytes), with the worker's socket     fork a worker
              b"k"  number                                         kill it
    report    number  exit code                                    a worker has ended
              0  0                                                 ready: everything is loaded
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from struct import Struct

from streams.gc_tuning import collect_seldom

REQUEST, REPORT = Struct("!cI"), Struct("!Ii")
FORK, KILL = b"f", b"k"
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
#: Reported for a worker that could not be forked.
NOT_FORKED = 255
#: What a worker does with its channel.
Work = Callable[[socket.socket], object]


def serve(control: int, preload: Sequence[str], work: str, parent: int | None = None) -> None:
    """Serve requests on this socket until it is closed.

    Args:
        preload: modules to load first.
        work: `module:function` of the workers.
        parent: process id of the service, if this process ends with it at once, whatever it does.
    """
    if parent is not None:
        _die_with(parent)
    # A signal to the whole process group (Ctrl-C, a service manager) is meant for the service, which then
    # lets its workers finish.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # Little of a module is garbage, and objects of workers live until their call ends: scanning them took a
    # fifth of the time.
    collect_seldom()
    for module in preload:
        importlib.import_module(module)
    module, _, name = work.partition(":")
    function: Work = getattr(importlib.import_module(module), name)
    gc.collect()
    gc.freeze()  # collections in the workers would otherwise copy the pages that they share
    _Server(socket.socket(fileno=control), function).run()


class _Server:
    def __init__(self, control: socket.socket, work: Work) -> None:
        self._control, self._work = control, work
        self._numbers: dict[int, int] = {}  # of running workers, by process id
        self._woken, self._wake = os.pipe()
        for end in (self._woken, self._wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def run(self) -> None:
        try:
            self._report(0, 0)
            while True:
                ready, _, _ = select.select([self._control.fileno(), self._woken], [], [])
                if self._woken in ready:
                    os.read(self._woken, 4096)
                    self._reap()
                if self._control.fileno() in ready and not self._serve_one():
                    break
        except ConnectionError:  # the service is gone
            pass
        for process in self._numbers:
            os.kill(process, signal.SIGKILL)
        for process in self._numbers:
            os.waitpid(process, 0)

    def _serve_one(self) -> bool:
        request, descriptors, _, _ = socket.recv_fds(self._control, REQUEST.size, 1)
        if len(request) < REQUEST.size:
            return False
        kind, number = REQUEST.unpack(request)
        if kind == FORK:
            self._fork(number, socket.socket(fileno=descriptors[0]))
        else:
            for process, known in self._numbers.items():
                if known == number:  # not reaped yet, so the id is still its own
                    os.kill(process, signal.SIGKILL)
        return True

    def _fork(self, number: int, channel: socket.socket) -> None:
        server = os.getpid()
        with channel:
            try:
                process = os.fork()
            except OSError:  # too many processes, or no memory
                self._report(number, NOT_FORKED)
                return
            if process == 0:
                self._become_worker(server, channel)
        self._numbers[process] = number

    def _become_worker(self, server: int, channel: socket.socket) -> None:
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._control.close()
            os.close(self._woken)
            os.close(self._wake)
            _die_with(server)
            self._work(channel)
            status = 0
        finally:
            os._exit(status)

    def _reap(self) -> None:
        while self._numbers:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                return
            if (number := self._numbers.pop(process, None)) is not None:
                self._report(number, os.waitstatus_to_exitcode(status))

    def _report(self, number: int, exit_code: int) -> None:
        self._control.sendall(REPORT.pack(number, exit_code))


def _die_with(server: int) -> None:
    """Have the kernel kill this worker when the server ends. Except on Linux, a worker whose server was
    killed lives until its call ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:
        os._exit(1)
