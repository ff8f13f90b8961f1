"""Run the processes of one machine: restart them when they die, stop them in order within a deadline."""

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

#: All is stopped in under 10 s; the last of them for what SIGKILL and the kernel take.
STOP_WITHIN_S = 9.0

#: What each later group still has of that time when an earlier one does not end: Chroma takes 0.1 s to
#: stop, the broker 0.3 s (measured idle), and a broker that had no time starts 2 s slower.
RESERVED_S = 1.5

#: How often logs are looked at; a child that writes 1 MB/s stays below twice `LOG_BYTES`.
LOGS_EVERY_S = 10.0


class ProcessState(StrEnum):
    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting"  # it died; the next start is after a pause
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class StateChange:
    """What became of a process: `pid` and `exit_status` of its last run, `pause_s` before the next.

    `reason` is its last words when it ended by itself; who was killed could not say why.
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
    """Pauses between the deaths of a process and its next start.

    The n-th death in a row is followed by a pause between half and all of `first_s` · 2ⁿ⁻¹, at most
    `most_s`; the random half keeps processes that died of one cause from coming back as one. Living for
    `reset_after_s` ends the row.
    """

    first_s: float = 0.5
    most_s: float = 30.0
    reset_after_s: float = 60.0

    def pause_s(self, deaths: int, chance: float) -> float:
        """The pause after `deaths` (≥ 1) in a row; `chance` is a random number in [0, 1)."""
        # 2 ** 32 is beyond every sensible `most_s`, and the power stays a small number.
        longest = min(self.most_s, self.first_s * 2.0 ** min(deaths - 1, 32))
        return longest * (1 + chance) / 2


class Supervisor:
    """Children that run until we stop: an asynchronous context around `start` and `wait`.

    SIGINT, SIGTERM and SIGHUP interrupt the body wherever it is; leaving the context, for whatever reason,
    stops every child, and a signal ends there: the code after the context runs. A second signal while
    they stop kills what is left at once. When we are killed ourselves, the children die with us.

    A child that ends with a status that is `final` for it also interrupts the body and stops all others;
    the context then raises RequestError with the child's last words.

    Args:
        stop_order: groups of names; a group is stopped when the one before is gone, its members at the
            same time. Children not named are stopped first.
        on_change: called with every change of state, in the event loop; must not raise.
        signals: what stops us, `stopping_signals()` if None; empty where somebody else handles signals.
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
        #: What interrupted the body, if a signal did.
        self.signalled: signal.Signals | None = None
        self._hopeless: RequestError | None = None

    @property
    def states(self) -> Mapping[str, StateChange]:
        """The last change of every child, by name."""
        return MappingProxyType(self._states)

    async def start(self, spec: ProcessSpec) -> None:
        """Start a child, wait until it is ready, and from then on start it again whenever it ends.

        Raises:
            TransientError: it ended or was not ready in time; the message has the last line of its log.
            RequestError: it ended with a final status.
        """
        child = self._children[spec.name] = ChildProcess(spec)
        self._changed(spec.name, ProcessState.STARTING)
        try:
            await child.start_ready()
        except TransientError as error:
            if child.returncode in spec.final:
                raise RequestError(str(error)) from None
            raise
        self._changed(spec.name, ProcessState.RUNNING, pid=child.pid)
        self._tasks.append(asyncio.create_task(self._keep_running(child), name=f"keep {spec.name} running"))

    async def wait(self) -> None:
        """Wait for a signal (or to be cancelled)."""
        await asyncio.Event().wait()

    async def stop(self) -> None:
        """SIGTERM to all children in order, SIGKILL to those that take too long; returns in time."""
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

    async def _keep_running(self, child: ChildProcess) -> None:
        deaths = restarts = 0
        began = time.monotonic()
        while True:
            status = await child.wait()
            if status in child.spec.final:
                self._hopeless = RequestError(
                    f"{child.spec.name} ended with {status}: {exit_reason(child.spec.log)} ({child.spec.log})"
                )
                self._interrupt()
                return
            deaths = 1 if time.monotonic() - began > self._backoff.reset_after_s else deaths + 1
            pause_s = self._backoff.pause_s(deaths, random.random())  # noqa: S311
            name, reason = child.spec.name, exit_reason(child.spec.log) if status > 0 else ""
            self._changed(name, ProcessState.WAITING, child.pid, restarts, status, pause_s, reason)
            await child.kill()  # what it left in its process group
            await asyncio.sleep(pause_s)
            restarts += 1
            began = time.monotonic()
            self._changed(name, ProcessState.STARTING, None, restarts)
            try:
                await child.start_ready()
            except (TransientError, OSError):
                continue  # it is dead now: the next death in the row, and its log says why
            self._changed(name, ProcessState.RUNNING, child.pid, restarts)

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
