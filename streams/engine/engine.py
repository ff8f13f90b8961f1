"""The stage engine: schedules records, retries, releases outputs in order, commits after them.

The engine lives in the event loop and never blocks it. It knows the log (Kafka, or a simulated one in
tests) only through `Log`; `streams.kafka.worker` connects it to a real consumer.

    deliver ─► window ─► schedule ─► stage ─► finish ─► release in order ─► acknowledged ─► commit
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from schemas.errors import FencedError
from streams import metrics
from streams.engine.backoff import Backoff, backoff
from streams.engine.blame import Blame
from streams.engine.context import RecordContext
from streams.engine.deadline import either
from streams.engine.groups import Groups
from streams.engine.journal import Journal
from streams.engine.log import Log
from streams.engine.outputs import Output
from streams.engine.publishing.group_commit import GroupCommit
from streams.engine.publishing.ordering import Release
from streams.engine.publishing.publisher import Publisher
from streams.engine.publishing.punctuation import Punctuation
from streams.engine.publishing.traces import Naming, Traces
from streams.engine.retries import RECORD_SECONDS, Attempts, Retry, parted
from streams.engine.schedule import Rules, Schedule
from streams.engine.stage import AnyStage, PunctuatedStage, Record, Stage, StatefulStage
from streams.engine.window import Entry, PartitionWindow, WindowLimits
from streams.engine.windows import Windows
from streams.partitions import Partition
from streams.tracing.headers import Headers, carried

#: Minimum time between two commits of acknowledged offsets.
COMMIT_SECONDS = 0.05
#: A transaction that takes longer is stuck (seen after a broker was killed): its coordinator aborted it after
#: 15 s (`streams.kafka.producer`). The worker ends, and the next one resumes at the last commit.
_TRANSACTION_STUCK_SECONDS = 20.0

#: Time for tasks and transactions of revoked partitions to end.
_LET_GO_SECONDS = 2.0


class Engine:
    """Runs one stage over its assigned partitions. `commit_seconds` passes between two commits at least."""

    def __init__(
        self,
        stage: AnyStage,
        log_: Log,
        limits: WindowLimits | None = None,
        journal: Journal | None = None,
        wait: Backoff = backoff,
        record_seconds: float = RECORD_SECONDS,
        commit_seconds: float = COMMIT_SECONDS,
        naming: Naming = str,
    ) -> None:
        self._stage, self._log, self._blame = stage, log_, Blame(journal)
        self._commit_seconds = commit_seconds
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._stirred = asyncio.Event()  # set when an idle engine has something to do
        limits = limits or WindowLimits()
        self._stateful = stage if isinstance(stage, StatefulStage) else None
        self._lasting = isinstance(stage, Stage) and stage.sequential_keys
        self._attempts = Attempts(stage, self._context_of, wait, record_seconds, Traces(stage.name, naming))
        #: If outputs and positions are one transaction, positions are not committed separately.
        self._shared = (
            GroupCommit(log_, self.fail) if isinstance(stage, Stage) and stage.transactional else None
        )
        self._outlet = Publisher(stage, log_, self._shared)
        self._schedule = Schedule(Rules.of(stage, limits))
        self._windows = Windows(log_, limits)
        self._groups = Groups(
            stage.name,
            self._lasting,
            self._schedule,
            self._windows,
            self._blame,
            self._work,
            self._failed,
            self.fail,
        )
        self._release = Release(self._outlet, self._done, self._groups.fail_over)
        self._punctuation = (
            Punctuation(
                stage, log_, self._windows, self._schedule, self._groups.start, self.fail, self._stirred.set
            )
            if isinstance(stage, PunctuatedStage)
            else None
        )

    # ------------------------------------------------------------------------- what the log tells

    @property
    def partitions(self) -> list[Partition]:
        """The assigned partitions."""
        return list(self._windows)

    @property
    def idle(self) -> bool:
        """Whether no record is in flight and every commit has succeeded."""
        return self._windows.idle

    def oldest(self) -> Entry | None:
        """The oldest record in progress: running, waiting for a retry or for its acknowledgement. For a stage
        with long-running records, only a record that has failed at least once."""
        return self._windows.oldest(failed_only=self._lasting)

    async def assign(self, partitions: Sequence[Partition]) -> list[Partition]:
        """Take over these partitions; restores the state of a stage that has some.

        Returns the partitions that are ready: some may be revoked while their state is restored, and one that
        is assigned again meanwhile waits for its newer restoration.
        """
        assignment = self._windows.assign(partitions)
        if self._stateful:
            for store in self._stateful.stores:
                await store.catch_up([number for _, number in partitions])
        ready = self._windows.still_assigned(assignment, partitions)
        if self._stateful and ready:
            await self._stateful.assigned([number for _, number in ready])
        self._windows.open(ready)
        return ready

    def takes(self, partition: Partition) -> bool:
        """Whether records of this partition may be delivered now."""
        return self._windows.take(partition)

    def deliver(self, entries: Sequence[Entry]) -> None:
        """Add consumed records, in the order of each partition."""
        touched: set[Partition] = set()
        size = 0
        for entry in entries:
            window = self._windows.get(entry.place)
            if window is None:  # read before the partition left; its next owner reads it again
                continue
            window.admit(entry)
            touched.add(entry.place)
            self._blame.judge(entry)
            self._schedule.add(entry)
            size += entry.size
        metrics.BYTES.labels(self._stage.name).inc(size)
        for partition in touched:
            self._windows.balance(partition)
        self._groups.start()
        self._stirred.set()

    def reach_end(self, partition: Partition, offset: int) -> None:
        """Everything before `offset` is delivered; the partition is read to its end."""
        if window := self._windows.get(partition):
            window.reach_end(offset)
            self._stirred.set()

    async def revoke(self, partitions: Iterable[Partition], deadline: float) -> None:
        """Finish records in progress within `deadline` seconds, commit, and release the partitions."""
        windows = self._close(partitions)
        if self._punctuation:
            await self._punctuation.settled(deadline)
        if not self._lasting:  # the next owner restarts a run, even one of hours
            await self._groups.settled(list(windows.values()), deadline)
        await self._let_go(windows)

    async def lose(self, partitions: Iterable[Partition]) -> None:
        """These partitions have other owners: stop processing them and commit nothing."""
        await self._let_go(self._close(partitions), commit=False)

    def commit_refused(self, partitions: Iterable[Partition]) -> None:
        """Their last commit failed; retry it."""
        for partition in partitions:
            if window := self._windows.get(partition):
                window.refused()
                self._stirred.set()

    def fail(self, error: BaseException) -> None:
        """End the worker with this error; `run` raises it."""
        if not self._failed.done():
            self._failed.set_exception(error)

    def finish(self) -> None:
        """No more records will come; `run` returns."""
        if not self._failed.done():
            self._failed.set_result(None)

    async def run(self) -> None:
        """Commit as outputs are acknowledged, until `finish`; raises the error that ends the worker."""
        try:
            while not self._failed.done():
                self._stirred.clear()
                self.commit()
                if self._punctuation:
                    self._punctuation.begin()
                await asyncio.wait([self._failed], timeout=self._commit_seconds)
                if self.idle:  # it must not wake twenty times a second
                    due_in = self._punctuation.due_in if self._punctuation else None
                    await either(self._failed, self._stirred, due_in)
        except asyncio.CancelledError:
            # The event loop ends, and cancels what is in progress, too: no record is left alone for want of a
            # retry. Nobody would hear of it, and asyncio would report an error that nobody has retrieved.
            self._failed.add_done_callback(lambda failed: failed.exception())
            raise
        self._failed.result()

    def commit(self, leaving: Iterable[Partition] | None = None) -> None:
        """Commit acknowledged offsets: of all partitions, or of those that are being revoked."""
        offsets = self._windows.committable(leaving)
        if offsets and not self._stateful and not self._shared:
            self._log.commit(offsets)

    # ---------------------------------------------------------------------- what a stage may ask

    def check_alive(self) -> None:
        """See `streams.engine.stage.Context`."""
        self._log.check_alive()
        self._attempts.alive()

    def _context_of(self, record: Record[Any]) -> RecordContext:
        place = (record.topic, record.partition)
        return RecordContext(place, self.check_alive, carried(record.headers), self.emit)

    async def emit(self, outputs: Sequence[Output], place: Partition, headers: Headers) -> None:
        """See `streams.engine.stage.Context`; `place` is the partition of the record in progress, `headers`
        those of its trace."""
        self.check_alive()
        window = self._windows.get(place)
        if window is None or window.head is None:
            raise FencedError(f"{place[0]}[{place[1]}] was revoked: its next owner processes it")
        await self._outlet.emit(outputs, place, window.head, headers)

    # ----------------------------------------------------------------------------------- working

    async def _work(self, group: list[Entry]) -> list[Retry]:
        outcomes = await self._attempts.outcomes(group)
        settled, waits = parted(group, outcomes, self._stateful is not None)
        waiting = self._put_back(waits)
        windows = {self._windows[entry.place] for entry in settled}
        for entry, outcome in settled.items():
            if isinstance(outcome, Exception):
                outcome = self._outlet.given_up(entry, outcome)
            self._windows[entry.place].finish(entry, outcome)
        if not self._stateful:
            for window in windows:
                await self._release.head(window)
        elif settled:
            async with asyncio.timeout(_TRANSACTION_STUCK_SECONDS):
                await self._transact(list(settled), self._stateful)
        return waiting

    def _put_back(self, waits: Mapping[Partition, Retry]) -> list[Retry]:
        """Hold records for their retry, except those of revoked partitions."""
        staying = {place: wait for place, wait in waits.items() if not self._windows[place].closing}
        for wait in staying.values():
            self._schedule.put_back(wait.entries, wait.held)
        return list(staying.values())

    async def _transact(self, entries: list[Entry], stage: StatefulStage) -> None:  # type: ignore[type-arg]
        """Commit outputs, state and offsets together; one group runs at a time, so it is the head."""
        self.check_alive()
        offsets = {entry.place: entry.offset + 1 for entry in entries}
        written = await self._outlet.transact(entries, offsets)
        for store in stage.stores:
            store.apply(written)
        for partition in offsets:
            window = self._windows[partition]
            self._done(window, window.take_releasable())

    def _done(self, window: PartitionWindow, entries: Sequence[Entry]) -> None:
        window.acknowledge(entries)
        self._blame.acquit(entries)
        metrics.RECORDS.labels(self._stage.name).inc(len(entries))
        for partition in {entry.place for entry in entries}:
            self._windows.balance(partition)
        self._groups.changed.set()

    # ------------------------------------------------------------------------------- letting go

    def _close(self, partitions: Iterable[Partition]) -> dict[Partition, PartitionWindow]:
        windows = self._windows.close(partitions)
        self._schedule.forget(lambda entry: entry.place in windows)
        return windows

    async def _let_go(self, windows: dict[Partition, PartitionWindow], commit: bool = True) -> None:
        # A group that also holds records of partitions that stay goes on; not so where it has effects: its
        # retry would write what the new owner has overwritten meanwhile.
        doomed = self._groups.doomed(windows, whole=self._stateful is None)
        punctuating = self._punctuation is not None and await self._punctuation.break_off(windows)
        if (doomed and self._stateful) or punctuating:  # the outcome of its transaction is unknown
            self.fail(FencedError("partitions were revoked during a transaction"))
        for task in doomed:
            task.cancel()
        if doomed:
            await asyncio.wait(doomed, timeout=_LET_GO_SECONDS)
        if self._shared and not await self._shared.let_go(windows, _LET_GO_SECONDS if commit else 0):
            self.fail(FencedError("partitions were revoked during a transaction"))
        if commit:
            self.commit(windows)
        self._windows.remove(windows)
        if self._stateful and windows:
            await self._stateful.revoked([number for _, number in windows])
