"""A child process: logs to a file, stops on SIGTERM within a deadline, dies with its parent."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from schemas.errors import RequestError, TransientError
from streams.local import die_with_parent as guard
from streams.local.exit_reason import exit_reason
from streams.private import append_private

#: A larger log is moved to NAME.log.1, so the logs of a child take about twice this much at most.
LOG_BYTES = 10 * 1024 * 1024
_ASK_AT_LEAST_EVERY_S = 0.5


class RunningProcess(Protocol):
    """What is used of `asyncio.subprocess.Process`."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    async def wait(self) -> int: ...


#: Starts a process that leads its own session and writes to this file; None if only the program can be run.
Fork = Callable[["ProcessSpec", int], Awaitable[RunningProcess | None]]


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """A program to run, and how to check that it is ready.

    `ready` returns when the process serves; until then it may raise or wait forever. `ready_s` limits that
    time, and `stop_s` the time from SIGTERM to the end of the process. `env` is the whole environment; None
    passes ours. `keep_fds` stay open in the child. `final` are exit statuses after which a restart is
    pointless. `starts` limits the starts, within `ready_s`, until the process is ready for the first time.
    `fork` starts the same faster than the program, where it can. With `may_take_long`, a process that was
    started again is waited for without a limit. `stuck` returns, with the reason, if the running
    process has to be started again.
    """

    name: str
    argv: Sequence[str]
    log: Path
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    ready: Callable[[], Awaitable[None]] | None = None
    ready_s: float = 120.0
    stop_s: float = 10.0
    keep_fds: Sequence[int] = field(default=())
    final: Collection[int] = field(default=())
    starts: int = 1
    fork: Fork | None = None
    may_take_long: bool = False
    stuck: Callable[[], Awaitable[str]] | None = None


class ChildProcess:
    """Runs a `ProcessSpec`; can be restarted after it ended.

    The child leads its own session, so a Ctrl-C in our terminal does not reach it directly.
    Use it from the main thread: on Linux the child dies with the *thread* that started it.
    """

    def __init__(self, spec: ProcessSpec) -> None:
        self.spec = spec
        self._process: RunningProcess | None = None

    @property
    def pid(self) -> int:
        """The process id of the current or last run.

        Raises:
            RequestError: the process was never started.
        """
        if self._process is None:
            raise RequestError(f"{self.spec.name} was not started")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def returncode(self) -> int | None:
        """Exit status of the last run, minus the signal's number if one ended it; None while it runs."""
        return self._process.returncode if self._process else None

    async def start(self) -> None:
        """Start the process without waiting until it is ready. Does nothing if it is running."""
        if self.running:
            return
        spec = self.spec
        spec.log.parent.mkdir(parents=True, exist_ok=True)
        cap_log(spec.log)
        # The child writes to the file directly (O_APPEND), so its output does not depend on us.
        with append_private(spec.log) as log:
            forked = await spec.fork(spec, log.fileno()) if spec.fork else None
            self._process = forked or await self._execute(log)

    async def _execute(self, log: BinaryIO) -> RunningProcess:
        spec = self.spec
        return await asyncio.create_subprocess_exec(
            *[sys.executable, "-I", "-S", guard.__file__, str(os.getpid()), *spec.argv],
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=spec.env,
            cwd=spec.cwd,
            pass_fds=spec.keep_fds,
            start_new_session=True,
        )

    async def start_ready(self) -> None:
        """Start the process and wait until it is ready. Kills it if it does not become ready.

        Raises:
            TransientError: it ended or was not ready in `ready_s`; the message has the last line of its log.
        """
        await self.start()
        try:
            await self.wait_ready()
        except BaseException:
            await self.kill()
            raise

    async def wait_ready(self) -> None:
        """Wait until the process serves.

        Raises:
            TransientError: it ended or was not ready in `ready_s`; the message has the last line of its log.
        """
        if self.spec.ready is None:
            return
        serving = asyncio.ensure_future(self.spec.ready())
        ended = asyncio.ensure_future(self.wait())
        try:
            await asyncio.wait(
                {serving, ended}, timeout=self.spec.ready_s, return_when=asyncio.FIRST_COMPLETED
            )
            if serving.done() and serving.exception() is None:
                return
            why = f"was not ready in {self.spec.ready_s:g} s"
            if ended.done():
                why = f"ended with {self.returncode}"
            elif serving.done():
                why = f"could not be asked whether it is ready: {serving.exception()!r}"
            raise TransientError(f"{self.spec.name} {why}: {exit_reason(self.spec.log)} ({self.spec.log})")
        finally:
            for task in (serving, ended):
                task.cancel()
            await asyncio.gather(serving, ended, return_exceptions=True)

    async def wait(self) -> int:
        """Wait for the end of the process. Returns its exit status, minus the signal's number if one ended
        it."""
        assert self._process is not None, "wait() before start()"
        return await self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process. Does nothing if it is not running."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def stop(self, grace_s: float | None = None) -> None:
        """Send SIGTERM, wait `grace_s` (default: the spec's `stop_s`), then SIGKILL the whole process
        group."""
        self.signal(signal.SIGTERM)
        if self.running:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.wait(), self.spec.stop_s if grace_s is None else grace_s)
        await self.kill()

    async def kill(self) -> None:
        """SIGKILL the process and the rest of its group. Returns when it is gone."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        await self.wait()


def cap_log(log: Path, most: int = LOG_BYTES) -> None:
    """Move the content of a log of more than `most` bytes to NAME.log.1, without disturbing its writers.

    The content is copied and the file truncated, not renamed, because a child holds it open (O_APPEND, so it
    continues at the new end). Lines written between these two steps, within microseconds, are lost.
    """
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > most:
            aside = log.with_name(log.name + ".1")
            append_private(aside).close()
            shutil.copyfile(log, aside)
            os.truncate(log, 0)


async def wait_until(condition: Callable[[], Awaitable[bool]], every_s: float = 0.05) -> None:
    """Return as soon as `condition` is true. The caller sets the deadline.

    Asks every `every_s` seconds, and less often once it has waited for long: each question takes time from
    what is starting.
    """
    first = time.monotonic()
    while True:
        began = time.monotonic()
        if await condition():
            return
        pause_s = max(every_s, min(_ASK_AT_LEAST_EVERY_S, (began - first) / 20))
        await asyncio.sleep(max(0.0, began + pause_s - time.monotonic()))
