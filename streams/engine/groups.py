"""The groups of records that are being processed: a task for each, from the schedule and back to it."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

import structlog

from schemas.errors import TransientError
from streams import metrics
from streams.engine.blame import Blame
from streams.engine.retries import Retry
from streams.engine.schedule import Schedule
from streams.engine.window import Entry, EntryState, PartitionWindow
from streams.engine.windows import Windows
from streams.partitions import Partition

log = structlog.get_logger(__name__)

#: A suspect that takes long (a run) runs alone for this time; a record that kills a worker mostly does so at
#: once.
_PROBATION_SECONDS = 10.0
#: States of an entry that is not being processed, so it may leave with its partition.
_AT_REST = (EntryState.WAITING, EntryState.ACKNOWLEDGED)


class Groups:
    """Starts what the schedule offers, and holds what is to be tried again.

    Args:
        name: the stage's.
        lasting: the stage has records that take hours.
        work: processes a group; returns what waits for a retry.
        failed: the future of the engine's end; nothing starts once it is done.
        fail: ends the engine with an error.
    """

    def __init__(
        self,
        name: str,
        lasting: bool,
        schedule: Schedule,
        windows: Windows,
        blame: Blame,
        work: Callable[[list[Entry]], Awaitable[list[Retry]]],
        failed: "asyncio.Future[None]",
        fail: Callable[[BaseException], None],
    ) -> None:
        self._name, self._lasting = name, lasting
        self._schedule, self._windows, self._blame = schedule, windows, blame
        self._work, self._failed, self._fail = work, failed, fail
        self._running: dict[asyncio.Task[list[Retry]], list[Entry]] = {}
        #: Set whenever a group has ended.
        self.changed = asyncio.Event()

    def start(self) -> None:
        """Start every group that may run now."""
        while not self._failed.done() and (group := self._schedule.next_group()):
            self._blame.begin(group, alone=not self._running)
            for entry in group:
                entry.begun_at = entry.begun_at or time.time()
            task = asyncio.ensure_future(self._work(group))
            self._running[task] = group
            metrics.IN_FLIGHT.labels(self._name).inc(len(group))
            task.add_done_callback(self._ended)
            if group[0].suspect and self._lasting:
                asyncio.get_running_loop().call_later(_PROBATION_SECONDS, self._end_probation)

    def fail_over(self, error: BaseException, entries: Sequence[Entry]) -> None:
        """Processing of these records has ended with an error that it must never raise."""
        self._blame.announce(error, entries)
        self._fail(error)

    async def settled(self, windows: Sequence[PartitionWindow], deadline: float) -> None:
        """Wait until nothing of these windows is in progress, `deadline` seconds at most."""
        try:
            async with asyncio.timeout(deadline):
                while not all(window.settled for window in windows) and not self._failed.done():
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            log.warning("records returned unfinished", stage=self._name, after_seconds=deadline)

    def doomed(self, leaving: Mapping[Partition, object], whole: bool) -> "list[asyncio.Task[list[Retry]]]":
        """The tasks to cancel when these partitions leave: those with records in progress of them; with
        `whole` only those that have records of no other partition."""
        touched = all if whole else any
        return [
            task
            for task, group in self._running.items()
            if touched(entry.place in leaving for entry in group)
            and any(entry.place in leaving and entry.state not in _AT_REST for entry in group)
        ]

    def _ended(self, task: "asyncio.Task[list[Retry]]") -> None:
        with self._ending_on_errors():
            group = self._running.pop(task)
            metrics.IN_FLIGHT.labels(self._name).dec(len(group))
            if (error := None if task.cancelled() else task.exception()) is not None:
                self.fail_over(error, group)
            self._blame.end(group)
            self._schedule.done(group)
            if task.cancelled():
                self._check_cancelled(group)
            elif error is None:  # now, so that no record is in two groups
                for wait in task.result():
                    asyncio.get_running_loop().call_later(wait.seconds, self._resume, wait.held)
            self.changed.set()
            self.start()

    def _check_cancelled(self, group: list[Entry]) -> None:
        """Cancellation is normal only for a revoked partition; else the record would never be retried."""
        for entry in group:
            window = self._windows.get(entry.place)
            if window is not None and not window.closing and entry.state is EntryState.RUNNING:
                self._fail(TransientError("processing was cancelled without a revocation"))

    def _end_probation(self) -> None:
        with self._ending_on_errors():
            self._schedule.end_probation()
            self.start()

    def _resume(self, entries: list[Entry]) -> None:
        with self._ending_on_errors():
            self._schedule.resume(entries)
            self.start()

    @contextlib.contextmanager
    def _ending_on_errors(self) -> Iterator[None]:
        """For callbacks of the event loop, which would only log an error and continue."""
        try:
            yield
        except Exception as error:
            self._blame.announce(error)
            self._fail(error)
