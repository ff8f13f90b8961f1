"""The scheduling stage: looks at what is due in the partitions that it owns, and asks for the runs."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import structlog

from schemas.errors import ContractError, DocumentError
from schemas.events import FINAL_STATUSES, ScheduledRun, Source, Status
from services.scheduling import metrics
from services.scheduling.decision import Decision, decide, refused
from services.scheduling.turns import MOST_WAITING, Turns
from services.scheduling.view import Lane, Scheduled, ScheduleView, milliseconds
from streams.engine.outputs import Send
from streams.engine.stage import Context, Outcome, PunctuatedStage, Record
from streams.topics import PROGRESS, RUNS, SCHEDULES, SOURCES, Topic

log = structlog.get_logger(__name__)

#: States that are deleted, or begun anew, in one transaction.
_MOST_AT_ONCE = 100
#: A clock that jumps is noticed by then, whatever was due next.
_LOOK_SECONDS = 30.0
#: While schedules wait for their turn, and after a look that failed.
_TURN_SECONDS = 0.25
_FAILED_SECONDS = 2.0
_EVER = datetime.fromtimestamp(0, UTC)
#: An invocation that is unknown for longer was lost with the topic that created it (7 days).
_LOST = timedelta(days=8)


def utc_now() -> datetime:
    """Now, in whole milliseconds, as topics keep it."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class SchedulingStage(PunctuatedStage[Source]):
    """Owns partitions of `sources`. Their records only make it an owner; what they say is in the view.

    Args:
        status: of an invocation; None if it is unknown.
        check: raises DocumentError or ContractError for an event that fits no message.
        clock: now, in UTC and whole milliseconds.
    """

    name: ClassVar[str] = "scheduling"
    topic: ClassVar[Topic] = SOURCES
    takes_tombstones: ClassVar[bool] = True

    def __init__(
        self,
        view: ScheduleView,
        status: Callable[[str], Status | None],
        check: Callable[[Send], object] = lambda send: None,
        clock: Callable[[], datetime] = utc_now,
        turns_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._view, self._status, self._check, self._clock = view, status, check, clock
        self._turns = Turns(self._has_begun, turns_clock)
        self._owned: set[int] = set()

    async def start(self) -> None:
        """Follow the topics."""
        await self._view.start()
        self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Stop following."""
        self._watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._watching
        await self._view.close()

    async def process_batch(self, records: Sequence[Record[Source]], context: Context) -> Sequence[Outcome]:
        """Nothing: the view reads them, too."""
        return [()] * len(records)

    async def assigned(self, partitions: Sequence[int]) -> None:
        """Look at what is due in them."""
        self._owned.update(partitions)
        self.alarm.ring_in(0)

    async def revoked(self, partitions: Sequence[int]) -> None:
        """Others look at them now."""
        self._owned.difference_update(partitions)

    async def punctuate(self, partitions: Sequence[int]) -> Sequence[Send]:
        """Decide for what is due, by all that earlier owners, gateways and this process have committed."""
        self.alarm.ring_in(_FAILED_SECONDS)
        await self._view.caught_up()
        now = self._clock()
        sends: list[Send] = []
        for one in self._view.ahead(partitions, now, _MOST_AT_ONCE):
            if (decision := decide(one.source, one.state, now, self._unended)) is not None:
                sends += self._records(one, decision, now)
        lanes, waiting, left = self._view.lanes(partitions, now), self._turns.waiting(), False
        for lane, due in lanes.items():
            room = MOST_WAITING - waiting[lane]
            sends += self._decided(lane, now, room)
            left |= due.count > room
        sends += [Send(SCHEDULES, id_, None) for id_ in self._view.orphans(partitions, _MOST_AT_ONCE)]
        first = min((due.first_ms for due in lanes.values()), default=milliseconds(now))
        metrics.LATE.set((milliseconds(now) - first) / 1000)
        if left or not self._owned.issubset(partitions):  # some are not read to their end yet
            self.alarm.ring_in(_TURN_SECONDS)
        else:
            self.alarm.ring_in(self._due_in(self._clock()))
        return sends

    def _decided(self, lane: Lane, now: datetime, room: int) -> list[Send]:
        """The records of what is decided of a lane."""
        sends: list[Send] = []
        for one in self._view.due(lane, now, room) if room > 0 else ():
            decision = decide(one.source, one.state, now, self._unended)
            if decision is not None:
                self._turns.add(lane, decision.runs)
                sends += self._records(one, decision, now)
        return sends

    def _records(self, one: Scheduled, decision: Decision, now: datetime) -> list[Send]:
        sends = _sends(decision)
        try:
            for send in sends:
                self._check(send)
        except (DocumentError, ContractError) as error:
            decision = refused(one.source, one.state, now, str(error)) or decision
            sends = _sends(decision)
        kind = one.source.type
        metrics.RUNS.labels(kind).inc(len(decision.runs))
        for skipped in decision.skipped:
            metrics.PASSED_OVER.labels(kind, skipped.reason).inc(skipped.count)
            told = skipped.model_dump(mode="json", exclude_none=True)
            log.info("due times passed over", source=one.source.id, **told)
        return sends

    def _unended(self, last: ScheduledRun) -> str | None:
        """See `services.scheduling.decision.Unended`."""
        for id_ in last.invocation_ids:
            status = self._status(id_)
            if status is None and self._clock() - last.requested_at > _LOST:
                continue
            if status not in FINAL_STATUSES:
                return id_
        return None

    def _has_begun(self, invocation_id: str) -> bool:
        return self._status(invocation_id) not in (None, Status.PENDING)

    # ----------------------------------------------------------------------------------- when to look

    def _due_in(self, after: datetime) -> float:
        """Seconds to the first due time after a moment; half a minute at most."""
        due = self._view.next_ms(sorted(self._owned), after)
        wait = _LOOK_SECONDS if due is None else (due - milliseconds(self._clock())) / 1000
        return min(max(wait, 0.0), _LOOK_SECONDS)

    async def _watch(self) -> None:
        """A schedule that is new or was changed may be due before the next look, or overdue."""
        with self._view.changed() as watch:
            while True:
                await watch.wait()
                self.alarm.ring_in(min(self.alarm.left, self._due_in(_EVER)))
                await asyncio.sleep(_TURN_SECONDS)


def _sends(decision: Decision) -> list[Send]:
    """Records of one transaction: a connector reads the order of a run when tracking can read of the run."""
    sends = [Send(SCHEDULES, decision.state.source_id, decision.state)]
    for run in decision.runs:
        source = run.requested.source
        sends += [Send(PROGRESS, run.id, run.created), Send(RUNS[source.type], source.id, run.requested)]
    return sends
