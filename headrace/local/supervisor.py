"""Supervises the processes of `headrace up`: restarts them, and stops them in order within a deadline."""

import asyncio
import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType, TracebackType
from typing import Self

from headrace.local.running_file import stopping_signals
from schemas.errors import RequestError, TransientError
from streams.local import ChildProcess, ProcessSpec
from streams.local.exit_reason import exit_reason
from streams.local.process import cap_log

#: Everything stops in under 10 s; the last second is for SIGKILL.
STOP_WITHIN_S = 9.0

#: Time that is reserved for each later group if an earlier one does not stop. Chroma takes 0.1 s to stop, the
#: broker 0.3 s (measured idle), and a broker that is killed takes 2 s longer to start.
RESERVED_S = 1.5

#: How often the sizes of logs are checked; a child that writes 1 MB/s stays below twice `LOG_BYTES`.
LOGS_EVERY_S = 10.0


class ProcessState(StrEnum):
    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting"  # it ended and restarts after a delay
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class StateChange:
    """A change of a process's state: `pid` and `exit_status` of its last run, `pause_s` before the next.

    `reason` is the last line of its log if it ended by itself, empty if it was killed.
    """

    name: str
    state: ProcessState
    pid: int | None = None
    restarts: int = 0
    exit_status: int | None = None
    pause_s: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RestartDelay:
    """Delays before the restarts of a process: exponential backoff with jitter.

    The delay after the n-th consecutive end is between half and all of `first_s` · 2ⁿ⁻¹, at most `most_s`.
    The jitter keeps processes that ended for the same reason from restarting together. The count restarts
    after a process has run for `reset_after_s`.
    """

    first_s: float = 0.5
    most_s: float = 30.0
    reset_after_s: float = 60.0

    def pause_s(self, deaths: int, chance: float) -> float:
        """The delay after `deaths` (≥ 1) consecutive ends; `chance` is a random number in [0, 1)."""
        # 2 ** 32 exceeds every sensible `most_s`; the limit avoids an overflow.
        longest = min(self.most_s, self.first_s * 2.0 ** min(deaths - 1, 32))
        return longest * (1 + chance) / 2


class Supervisor:
    """Runs child processes; an asynchronous context manager around `start` and `wait`.

    SIGINT, SIGTERM and SIGHUP interrupt the body. Leaving the context stops every child, and suppresses the
    interruption, so that the code after the context runs. A second signal kills the remaining children at
    once. If the supervisor itself is killed, its children die with it.

    A child that ends with a status that is `final` for it also interrupts the body and stops all others. The
    context then raises RequestError with the last line of the child's log.

    Args:
        stop_order: groups of names. A group is stopped when the one before has ended, its members
            concurrently. Children without a group are stopped first.
        on_change: called with every change of state, in the event loop; must not raise.
        signals: signals to handle, `stopping_signals()` if None; empty if the caller handles signals.
    """

    def __init__(
        self,
        stop_order: Sequence[Sequence[str]] = (),
        on_change: Callable[[StateChange], None] = lambda change: None,
        backoff: RestartDelay = RestartDelay(),
        *,
        stop_within_s: float = STOP_WITHIN_S,
        signals: Sequence[signal.Signals] | None = None,
    ) -> None:
        self._stop_order = stop_order
        self._on_change = on_change
        self._backoff = backoff
        self._stop_within_s = stop_within_s
        self._signals = stopping_signals() if signals is None else signals
        self._children: dict[str, ChildProcess] = {}
        self._states: dict[str, StateChange] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._body: asyncio.Task[object] | None = None
        self._stopping = False
        #: The signal that interrupted the body, if one did.
        self.signalled: signal.Signals | None = None
        self._hopeless: RequestError | None = None

    @property
    def states(self) -> Mapping[str, StateChange]:
        """The latest state change of every child, by name."""
        return MappingProxyType(self._states)

    async def start(self, spec: ProcessSpec) -> None:
        """Start a child and wait until it is ready. From then on it is restarted whenever it ends.

        A child that ends before that is restarted as often as its spec says.

        Raises:
            TransientError: it ended too often or was not ready in time; the message has the last line of its
                log.
            RequestError: it ended with a final status.
        """
        child = self._children[spec.name] = ChildProcess(spec)
        restarts = await self._start_first(child)
        self._changed(spec.name, ProcessState.RUNNING, child.pid, restarts)
        keeping = self._keep_running(child, restarts)
        self._tasks.append(asyncio.create_task(keeping, name=f"keep {spec.name} running"))

    async def wait(self) -> None:
        """Wait for a signal or cancellation."""
        await asyncio.Event().wait()

    async def stop(self) -> None:
        """SIGTERM to all children in order, SIGKILL to those that take too long; keeps the deadline."""
        self._stopping = True
        await self._end_tasks()
        deadline = time.monotonic() + self._stop_within_s
        groups = self._groups()
        for later, group in zip(reversed(range(len(groups))), groups, strict=True):
            grace_s = max(0.0, deadline - time.monotonic() - later * RESERVED_S)
            await asyncio.gather(*(child.stop(min(grace_s, child.spec.stop_s)) for child in group))
            for child in group:
                self._changed(child.spec.name, ProcessState.STOPPED, exit_status=child.returncode)
        self._children.clear()

    async def __aenter__(self) -> Self:
        self._body = asyncio.current_task()
        for number in self._signals:
            asyncio.get_running_loop().add_signal_handler(number, self._on_signal, number)
        self._tasks.append(asyncio.create_task(self._cap_logs(), name="cap logs"))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        interrupted = kind is asyncio.CancelledError and bool(self.signalled or self._hopeless)
        if interrupted and self._body:
            self._body.uncancel()
        try:
            await self.stop()
        finally:
            for number in self._signals:
                asyncio.get_running_loop().remove_signal_handler(number)
        if interrupted and self._hopeless and not self.signalled:
            raise self._hopeless from None
        return interrupted

    def _on_signal(self, number: signal.Signals) -> None:
        if self._stopping:
            for child in self._children.values():
                child.signal(signal.SIGKILL)
        elif self.signalled is None:
            self.signalled = number
            self._interrupt()

    def _interrupt(self) -> None:
        if self._body and not self._body.cancelling():
            self._body.cancel()

    async def _start_first(self, child: ChildProcess) -> int:
        """Start a child, repeatedly if necessary, until it is ready for the first time. Returns the number of
        restarts."""
        spec, restarts, began = child.spec, 0, time.monotonic()
        while True:
            self._changed(spec.name, ProcessState.STARTING, None, restarts)
            try:
                await child.start_ready()
                return restarts
            except TransientError as error:
                if child.returncode in spec.final:
                    raise RequestError(str(error)) from None
                if restarts + 1 >= spec.starts or time.monotonic() - began >= spec.ready_s:
                    raise
            await self._pause(child, child.returncode or 0, restarts + 1, restarts)
            restarts += 1

    async def _keep_running(self, child: ChildProcess, restarts: int) -> None:
        deaths = 0
        began = time.monotonic()
        while True:
            status, reason = await _end_of(child)
            if status in child.spec.final:
                self._hopeless = RequestError(
                    f"{child.spec.name} ended with {status}: {exit_reason(child.spec.log)} ({child.spec.log})"
                )
                self._interrupt()
                return
            deaths = 1 if time.monotonic() - began > self._backoff.reset_after_s else deaths + 1
            await self._pause(child, status, deaths, restarts, reason)
            restarts += 1
            began = time.monotonic()
            self._changed(child.spec.name, ProcessState.STARTING, None, restarts)
            try:
                await self._start_again(child)
            except (TransientError, OSError):
                continue  # it has ended again; its log says why
            self._changed(child.spec.name, ProcessState.RUNNING, child.pid, restarts)

    async def _start_again(self, child: ChildProcess) -> None:
        if not child.spec.may_take_long:
            return await child.start_ready()
        await child.start()
        while True:
            try:
                return await child.wait_ready()
            except TransientError:
                if not child.running:
                    raise
                await asyncio.sleep(0.1)

    async def _pause(
        self, child: ChildProcess, status: int, deaths: int, restarts: int, reason: str = ""
    ) -> None:
        """Report the end of a child, and wait before its next start."""
        pause_s = self._backoff.pause_s(deaths, random.random())  # noqa: S311
        name, reason = child.spec.name, reason or (exit_reason(child.spec.log) if status > 0 else "")
        self._changed(name, ProcessState.WAITING, child.pid, restarts, status, pause_s, reason)
        await child.kill()  # the remaining processes of its group
        await asyncio.sleep(pause_s)

    def _groups(self) -> list[list[ChildProcess]]:
        named = {name for group in self._stop_order for name in group}
        names = [[name for name in self._children if name not in named], *self._stop_order]
        groups = [[self._children[name] for name in group if name in self._children] for group in names]
        return [group for group in groups if group]

    def _changed(
        self,
        name: str,
        state: ProcessState,
        pid: int | None = None,
        restarts: int = 0,
        exit_status: int | None = None,
        pause_s: float = 0.0,
        reason: str = "",
    ) -> None:
        self._states[name] = StateChange(name, state, pid, restarts, exit_status, pause_s, reason)
        self._on_change(self._states[name])

    async def _cap_logs(self) -> None:
        while True:
            await asyncio.sleep(LOGS_EVERY_S)
            for child in list(self._children.values()):
                await asyncio.to_thread(cap_log, child.spec.log)

    async def _end_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()


async def _end_of(child: ChildProcess) -> tuple[int, str]:
    """Wait for the end of a process. Stops it if it is stuck, and returns why beside its exit status."""
    if child.spec.stuck is None:
        return await child.wait(), ""
    ended, stuck = asyncio.ensure_future(child.wait()), asyncio.ensure_future(child.spec.stuck())
    try:
        await asyncio.wait({ended, stuck}, return_when=asyncio.FIRST_COMPLETED)
        reason = "" if ended.done() else stuck.result()
        if reason:
            await child.stop()
        return await ended, reason
    finally:
        stuck.cancel()
