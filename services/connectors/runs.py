"""What every run does: begin an attempt, number its documents, limit how many are in flight, and end."""

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime

from schemas import events
from schemas.events import (
    Document,
    Event,
    MetadataValue,
    RunFailed,
    RunListed,
    RunPosition,
    RunRequested,
    RunStarted,
)
from services.connectors import barrier
from services.connectors.invocations import Invocations
from services.connectors.states import States
from streams.engine.outputs import Output, ProgressReport, Send
from streams.engine.publishing.in_flight import InFlightLimit
from streams.engine.stage import Context, Record, Stage
from streams.topics import DOCUMENTS, PROGRESS

#: Maximum of outputs that are produced together and acknowledged as one.
_MOST_AT_ONCE = 100
#: Unchanged documents are reported in ranges, after this many documents or seconds: often enough for a
#: progress display, and only some twenty events for a million documents.
_MOST_UNCHANGED = 65_536
_UNCHANGED_SECONDS = 1.0

#: Returns if what was sent counts as newer than what was indexed before. Raises TransientError.
RequireOrder = Callable[[], Awaitable[None]]


async def ordered() -> None:
    """For a topic that nobody deletes."""


class RunEnded(Exception):
    """The invocation ended during the attempt: it was cancelled or failed."""


def run_failed(invocation_id: str, attempt: int, error: Exception) -> Send:
    """The event for a failed run. Attempt 0 means the current one, if this process has not started any."""
    return Send(
        PROGRESS,
        invocation_id,
        RunFailed(invocation_id=invocation_id, attempt=attempt, error=str(error) or type(error).__name__),
    )


class Attempt:
    """One attempt at a run. Ordinals count from 0 in the order in which documents are numbered.

    Args:
        run_offset: offset of the run on `runs.<type>`, and the base of the era.
        window: maximum of the in-flight limit; `InFlightLimit` has the current one.

    Attributes:
        token: random, so that two connectors that hold the same run cannot choose the same one.
    """

    def __init__(
        self,
        invocation_id: str,
        run_offset: int,
        invocations: Invocations,
        context: Context,
        window: int,
        require_order: RequireOrder = ordered,
    ) -> None:
        self.invocation_id, self.require_order = invocation_id, require_order
        self.token = secrets.randbits(63)
        self._run_offset = run_offset
        self._invocations, self._context, self._pace = invocations, context, InFlightLimit(window)
        self._numbered = 0
        self._waiting: list[Output] = []
        self._waiting_work = 0
        self._batch = 1  # documents with work that are emitted together
        self._sent = self._counted = 0  # documents that were emitted, and those that needed no work
        self._ranges: list[tuple[int, int]] = []  # unchanged ordinals not reported yet: first, count
        self._unchanged = 0
        self._told_at = time.monotonic()

    async def begin(self) -> bool:
        """Start the attempt. False if the invocation has ended or was cancelled."""
        if self._invocations.ended(self.invocation_id):
            return False
        started = RunStarted(
            invocation_id=self.invocation_id,
            attempt=self.token,
            started_at=datetime.now(UTC),
            run_offset=self._run_offset,
        )
        await self._context.emit([self._progress(started)])
        return await self._invocations.answered(self.invocation_id, self.token)

    async def settle(self, states: States, partition: int, markers: Sequence[Document]) -> None:
        """After interrupted attempts, wait until the documents that they have sent are indexed.

        Args:
            partition: of `source-documents`.
            markers: those of `barrier.markers`.
        """
        if not self._invocations.broken_off(self.invocation_id, self._run_offset):
            return
        marked = [d.model_copy(update={"version_key": str(self.token)}) for d in markers]
        await self._context.emit(barrier.sends(marked))
        await barrier.passed(
            marked,
            states,
            partition,
            lambda: self._invocations.require_current(self.invocation_id, self.token),
            self._invocations.stalled_s,
        )

    def position(self) -> RunPosition:
        """The position of the next document; takes the next ordinal."""
        self._numbered += 1
        return RunPosition(invocation_id=self.invocation_id, attempt=self.token, ordinal=self._numbered - 1)

    async def add(self, outputs: Sequence[Output]) -> None:
        """Emit outputs in batches of half the in-flight limit, so that the pipeline never runs dry. Waits
        while the limit is reached. Raises RunEnded."""
        self._waiting.extend(outputs)
        self._waiting_work += sum(map(_is_work, outputs))
        if self._waiting_work >= self._batch or len(self._waiting) >= _MOST_AT_ONCE:
            await self._flush()

    async def count(self, step: events.Step, key: str, chunks: int = 0, error: str | None = None) -> None:
        """Report a document that needs no work: an earlier attempt indexed it, or it is skipped or
        unreadable. Raises RunEnded."""
        await self.add([ProgressReport(self.position(), step, chunks, key, error)])

    async def unchanged(self) -> None:
        """Report an unchanged document. Raises RunEnded."""
        self.count_unchanged()
        if self.is_late():
            await self.tell()

    def count_unchanged(self) -> None:
        """Number an unchanged document. It is reported with the next outputs, or by `tell`."""
        ordinal, self._numbered = self._numbered, self._numbered + 1
        first, count = self._ranges[-1] if self._ranges else (ordinal, 0)
        if first + count == ordinal:
            self._ranges[-1:] = [(first, count + 1)]
        else:
            self._ranges.append((ordinal, 1))
        self._unchanged += 1

    def is_late(self) -> bool:
        """Whether unchanged documents wait for `tell` for too long, or are too many."""
        late = time.monotonic() - self._told_at > _UNCHANGED_SECONDS
        return late or self._unchanged >= _MOST_UNCHANGED

    async def tell(self) -> None:
        """Report unchanged documents, and emit outputs that wait for their batch. Raises RunEnded."""
        await self._flush()

    def require_running(self) -> None:
        """Raises RunEnded when the invocation has ended."""
        if self._invocations.ended(self.invocation_id):
            raise RunEnded

    async def documents_done(
        self,
        left_out: Mapping[str, int] | None = None,
        facts: Mapping[str, MetadataValue] | None = None,
    ) -> bool:
        """Report the total as not final, and wait until all documents are done; at once if none was sent.
        False if the invocation has ended. Raises TransientError.

        Args:
            left_out: reason → number of documents.
            facts: of the origin, shown with the invocation.
        """
        if not self._sent and not self._waiting_work:
            self.require_running()
            return True
        await self._flush(self.listed(left_out, facts, final=False))
        if not await self._invocations.done(self.invocation_id, self.token, self._numbered):
            return False
        await self.require_order()
        return True

    async def complete(
        self,
        left_out: Mapping[str, int] | None = None,
        facts: Mapping[str, MetadataValue] | None = None,
    ) -> None:
        """Report the total as final, and wait until all documents are done: the run completes."""
        await self._flush(self.listed(left_out, facts))
        await self._invocations.done(self.invocation_id, self.token, self._numbered)

    def listed(
        self,
        left_out: Mapping[str, int] | None = None,
        facts: Mapping[str, MetadataValue] | None = None,
        final: bool = True,
    ) -> Send:
        """The event with the number of documents; with `final` the run completes when they are done."""
        return self._progress(
            RunListed(
                invocation_id=self.invocation_id,
                attempt=self.token,
                total=self._numbered,
                left_out=dict(left_out or {}),
                final=final,
                facts=dict(facts or {}),
            )
        )

    async def merge(self, into: str) -> None:
        """End the run because another invocation has done its work. Returns when tracking has recorded it."""
        listed = RunListed(invocation_id=self.invocation_id, attempt=self.token, total=0, merged_into=into)
        await self._context.emit([self._progress(listed)])
        await self._invocations.done(self.invocation_id, self.token, 0)

    async def fail(self, error: Exception) -> None:
        """Fail the run. The event is emitted at once, because the outputs that a stage returns wait for those
        of earlier records."""
        await self._context.emit([run_failed(self.invocation_id, self.token, error)])

    async def _flush(self, *last: Output) -> None:
        self.require_running()
        await self._make_room(self._waiting_work)
        waiting, work = self._waiting, self._waiting_work
        ranges, unchanged = self._ranges, self._unchanged
        self._waiting, self._waiting_work = [], 0
        self._ranges, self._unchanged, self._told_at = [], 0, time.monotonic()
        notes = sum(isinstance(output, ProgressReport) for output in waiting)
        for first, count in ranges:
            position = RunPosition(invocation_id=self.invocation_id, attempt=self.token, ordinal=first)
            waiting.append(ProgressReport(position, events.Step.UNCHANGED, count=count))
        waiting += last
        if waiting:
            await self._context.emit(waiting)
        self._sent += work
        self._counted += notes + unchanged

    async def _make_room(self, work: int) -> None:
        """Wait until `work` more documents fit into the in-flight limit, which follows the rate."""
        while work:
            done = self._invocations.done_now(self.invocation_id)
            through = done - self._counted
            window = self._pace.window(through)
            self._batch = max(1, min(_MOST_AT_ONCE, window // 2))
            missing = self._sent + work - through - max(window, work)
            if missing <= 0:
                return
            if not await self._invocations.done(self.invocation_id, self.token, done + missing):
                raise RunEnded

    def _progress(self, event: Event) -> Send:
        return Send(PROGRESS, self.invocation_id, event)


def _is_work(output: Output) -> bool:
    """Whether an output is a document for the pipeline."""
    return isinstance(output, Send) and output.topic is DOCUMENTS


class Connector(Stage[RunRequested]):
    """A stage that executes runs. If a run becomes a dead letter, its current attempt fails."""

    #: The order of `documents` is the order of versions: a connector that lost its partitions must not write.
    transactional = True

    def __init__(
        self, invocations: Invocations, run_base: int = 0, require_order: RequireOrder = ordered
    ) -> None:
        self._invocations, self._run_base = invocations, run_base
        self._require_order = require_order
        self._tokens: dict[str, int] = {}

    async def process(self, record: Record[RunRequested], context: Context) -> Sequence[Output]:
        """Execute a run. Exceptions mean the same as in every stage: a retry, or a dead letter."""
        outputs = await self.carry_out(record, context)
        self._tokens.pop(record.event.invocation_id, None)
        return outputs

    def failed(self, record: Record[RunRequested], error: Exception) -> Sequence[Output]:
        """The failure event of a run that becomes a dead letter."""
        token = self._tokens.pop(record.event.invocation_id, 0)
        return [run_failed(record.event.invocation_id, token, error)]

    def attempt(self, record: Record[RunRequested], context: Context, window: int) -> Attempt:
        """A new attempt at a run."""
        run = record.event
        offset = self._run_base + record.offset
        made = Attempt(run.invocation_id, offset, self._invocations, context, window, self._require_order)
        self._tokens[run.invocation_id] = made.token
        return made

    async def carry_out(self, record: Record[RunRequested], context: Context) -> Sequence[Output]:
        """Execute one run to its end, in one or more attempts."""
        raise NotImplementedError
