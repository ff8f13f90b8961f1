"""Freezes processes for a moment, and has them go on whatever happens to us.

    with Freezer([broker, chroma]) as freezer:      a guard starts, which waits for the end of a pipe
        freezer.freeze(broker)                      SIGSTOP
        …
                                                    the pipe ends, also if we are killed: SIGCONT to all

Linux only: nothing else tells portably that each thread of a process has stopped.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from schemas.errors import TransientError

#: A thread that waits for the disk stops once that is done.
STOPPED_WITHIN_S = 10.0
_GUARD = """\
import contextlib, os, signal, sys
sys.stdin.buffer.read()
for pid in sys.argv[1:]:
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(pid), signal.SIGCONT)
"""


class Freezer:
    """Stops processes (SIGSTOP) until its context ends, or until this process does."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._pids = pids
        self._frozen: list[int] = []
        self._guard: subprocess.Popen[bytes] | None = None

    def freeze(self, pid: int) -> None:
        """Stop one of the processes. Returns once each of its threads has stopped.

        Raises TransientError if it has ended, or does not stop.
        """
        assert pid in self._pids, "the guard does not know it"
        deadline = time.monotonic() + STOPPED_WITHIN_S
        try:
            os.kill(pid, signal.SIGSTOP)
        except ProcessLookupError:
            raise TransientError(f"process {pid} has ended; try again") from None
        while not _is_stopped(pid):
            if time.monotonic() > deadline:
                raise TransientError(f"process {pid} did not stop within {STOPPED_WITHIN_S:g} s; try again")
            time.sleep(0.005)
        self._frozen.append(pid)

    def require_frozen(self) -> None:
        """Raise TransientError unless everything that was frozen still is."""
        for pid in self._frozen:
            if not _is_stopped(pid):
                raise TransientError(f"process {pid} has gone on or ended meanwhile; try again")

    def __enter__(self) -> Self:
        # Of another session: Ctrl-C reaches us, and not the guard.
        argv = [sys.executable, "-I", "-S", "-c", _GUARD, *map(str, self._pids)]
        self._guard = subprocess.Popen(argv, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._guard is not None, "the context has begun"
        assert self._guard.stdin is not None, "it is a pipe"
        self._guard.stdin.close()
        if self._guard.wait() != 0:  # somebody has killed it
            for pid in self._frozen:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)


def children_in(parent: int, folder: Path) -> list[int]:
    """The processes that `parent` has started in a working directory. Linux only."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                here = Path(os.readlink(entry / "cwd"))
                ours = int(_fields(entry / "stat")[1]) == parent
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
            if ours and here == folder:
                found.append(int(entry.name))
    return found


def _is_stopped(pid: int) -> bool:
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        return bool(threads) and all(_fields(thread / "stat")[0] == "T" for thread in threads)
    except (FileNotFoundError, ProcessLookupError):
        return False


def _fields(stat: Path) -> list[str]:
    """State, parent and so on (proc_pid_stat(5)): what follows the name, which may hold anything."""
    return stat.read_text().rpartition(")")[2].split()
