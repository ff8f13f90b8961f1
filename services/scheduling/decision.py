"""What becomes of a source's schedule at a moment. Pure.

nothing is due                              nothing
due, and the runs of the time before ended  runs; times missed before are passed over: this one makes up
due, and they have not ended                passed over: `overlap`
due, and paused                             passed over: `paused`
due, and no run can be asked for            passed over: `refused`
the clock was far ahead                     due times count from now, in a new era
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.errors import RequestError
from schemas.events import PassedOver, RunOptions, Schedule, ScheduledRun, ScheduleState, Source
from schemas.ids import invocation_id
from schemas.runs import Run, make_run
from schemas.schedules import (
    MOST_PASSED_OVER,
    PassedTimes,
    decided_until,
    passed_times,
    went_back,
)
from schemas.sources import SOURCE_TYPES
from schemas.sources.source_type import Scheduled

MISSED, OVERLAP, PAUSED, CLOCK, REFUSED = "missed", "overlap", "paused", "clock", "refused"


@dataclass(frozen=True, slots=True)
class Decision:
    """The runs to request, and the state that says so."""

    state: ScheduleState
    runs: Sequence[Run] = ()
    skipped: Sequence[PassedOver] = ()


#: The runs of a time have not ended: the id of one that has not, None if all have.
Unended = Callable[[ScheduledRun], str | None]


def decide(source: Source, state: ScheduleState | None, now: datetime, unended: Unended) -> Decision | None:
    """What is due of a source; None for nothing.

    Args:
        now: in whole milliseconds, as topics keep it.
    """
    schedule = source.schedule
    if schedule is None:
        return None
    if went_back(schedule, state, now):
        return _new_era(source, schedule, state, now)
    passed = passed_times(schedule, decided_until(schedule, state, now), now)
    if passed is None:
        return None
    before = state or ScheduleState(source_id=source.id, decided=schedule.since)
    decided = before.model_copy(update={"decided": passed.last})
    if schedule.paused:
        return _pass_over(decided, _all_of(passed, PAUSED, "the schedule was paused"))
    running = None if before.last is None else unended(before.last)
    if running is not None:
        message = f"invocation {running} of an earlier due time had not ended"
        return _pass_over(decided, _all_of(passed, OVERLAP, message, running))
    try:
        runs = _runs(source, schedule, before.era, passed.last, now)
    except RequestError as error:
        return _pass_over(decided, _all_of(passed, REFUSED, str(error)))
    return _run(decided, passed, runs, now)


def refused(source: Source, state: ScheduleState | None, now: datetime, reason: str) -> Decision | None:
    """As `decide`, when it turns out that the runs cannot be written."""
    schedule = source.schedule
    passed = schedule and passed_times(schedule, decided_until(schedule, state, now), now)
    if schedule is None or not passed:
        return None
    before = state or ScheduleState(source_id=source.id, decided=schedule.since)
    decided = before.model_copy(update={"decided": passed.last})
    return _pass_over(decided, _all_of(passed, REFUSED, reason))


def _run(state: ScheduleState, passed: PassedTimes, runs: Sequence[Run], now: datetime) -> Decision:
    last = ScheduledRun(due=passed.last, requested_at=now, invocation_ids=[run.id for run in runs])
    state = state.model_copy(update={"last": last, "runs": state.runs + 1})
    if passed.previous is None:
        return Decision(state, runs)
    missed = PassedOver(
        first=passed.first,
        last=passed.previous,
        count=passed.count - 1,
        reason=MISSED,
        message=f"nobody was there, or others had their turn; the run of {passed.last.isoformat()} makes up",
    )
    return Decision(_noted(state, missed), runs, [missed])


def _runs(source: Source, schedule: Schedule, era: int, due: datetime, now: datetime) -> list[Run]:
    """Raises RequestError."""
    cause = f"schedule/{era}/{due.isoformat()}"
    return [
        make_run(
            source,
            target.collection,
            invocation_id(cause, source.id, target.collection),
            now,
            trigger="schedule",
            options=_options(source, target),
        )
        for target in SOURCE_TYPES[source.type].scheduled(source.config, schedule.collection)
    ]


def _options(source: Source, target: Scheduled) -> RunOptions | None:
    return None if target.options is None else RunOptions.model_validate({source.type: target.options})


def _new_era(source: Source, schedule: Schedule, state: ScheduleState | None, now: datetime) -> Decision:
    noted = schedule.since if state is None else state.decided
    told = PassedOver(
        first=now,
        last=now,
        count=0,
        reason=CLOCK,
        message=f"the clock went back from {noted.isoformat()} or later to {now.isoformat()}: times from now "
        "on are due, again perhaps",
    )
    before = state or ScheduleState(source_id=source.id, decided=now)
    state = before.model_copy(update={"decided": now, "era": before.era + 1})
    return Decision(_noted(state, told), (), [told])


def _all_of(passed: PassedTimes, reason: str, message: str, invocation: str | None = None) -> PassedOver:
    return PassedOver(
        first=passed.first,
        last=passed.last,
        count=passed.count,
        reason=reason,
        message=message,
        invocation_id=invocation,
    )


def _pass_over(state: ScheduleState, skipped: PassedOver) -> Decision:
    return Decision(_noted(state, skipped), (), [skipped])


def _noted(state: ScheduleState, skipped: PassedOver) -> ScheduleState:
    """The state with these times: they lengthen the newest entry if that has the same reason."""
    entries = list(state.passed_over)
    newest = entries[-1] if entries else None
    if newest is not None and _alike(newest, skipped) and newest.last < skipped.first:
        together = {"last": skipped.last, "count": newest.count + skipped.count}
        entries[-1] = newest.model_copy(update=together)
    else:
        entries.append(skipped)
    return state.model_copy(
        update={"passed_over": entries[-MOST_PASSED_OVER:], "skips": state.skips + skipped.count}
    )


def _alike(one: PassedOver, other: PassedOver) -> bool:
    if one.reason != other.reason or one.reason in (MISSED, CLOCK):
        return False
    return (one.message, one.invocation_id) == (other.message, other.invocation_id)
