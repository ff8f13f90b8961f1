"""Schedules of sources: reading them, and their due times. Pure.

    0 */6 * * *     cron, five fields: minute, hour, day of month, month, day of week
    @daily          a name for one of the usual ones
    15m             every 15 minutes of elapsed time, from when the schedule was set

Cron fields are matched against the wall clock of the schedule's time zone. When the clock changes, a time
that names its hour is due once a local day: a time that does not exist at the first minute that does, a time
that exists twice at the first of the two. A time with `*` for the hour or the minute is due by elapsed time:
an hour that exists twice has it twice.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from schemas.errors import RequestError
from schemas.events.schedules import Schedule, ScheduleState

#: Entries of `ScheduleState.passed_over` that are kept: a fortnight of faults of a daily source. 20 are 4 KB.
MOST_PASSED_OVER = 20
#: Due times in sequence that are counted one by one; a year of minutes would take half a minute to count.
MOST_COUNTED = 1_000
#: The contract of cron: nothing is due more often than once a minute.
LEAST_EVERY_SECONDS = 60
MOST_EVERY_SECONDS = 366 * 86_400
#: Clocks of two machines may differ, and be set right, by this much: what one has decided early stays
#: decided. A clock that goes back further was wrong before, and its times come again.
CLOCK_BACK = timedelta(minutes=15)

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_EVERY = re.compile(r"\s*(\d{1,9})\s*([smhdw])\s*")
_NAMED = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_MAX_CRON = 200


def cron_of(text: str, field: str = "schedule.cron") -> str:
    """The five fields of a cron expression. Raises RequestError for what is none, or is never due."""
    shown = repr(text[:_MAX_CRON])
    short = " ".join(text.split())
    fields = _NAMED.get(short.lower(), short)
    if len(fields) > _MAX_CRON:
        raise RequestError(f"{field} has {len(fields)} characters; at most {_MAX_CRON} are possible")
    if len(fields.split()) != 5:
        raise RequestError(
            f"{field} {shown} must have five fields: minute, hour, day of month, month, day of week, as in "
            f"'0 */6 * * *'; or be one of {', '.join(_NAMED)}"
        )
    try:
        next(CronSim(fields, datetime(2026, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        raise RequestError(f"{field} {shown} is no cron expression: {str(error).lower()}") from error
    except (StopIteration, ValueError, OverflowError) as error:
        raise RequestError(f"{field} {shown} is never due") from error
    return fields


def every_of(text: str, field: str = "schedule.every") -> int:
    """Seconds of `15m`, `6h`, `1d`, …. Raises RequestError for what is none, too short or too long."""
    found = _EVERY.fullmatch(text)
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not LEAST_EVERY_SECONDS <= seconds <= MOST_EVERY_SECONDS:
        raise RequestError(
            f"{field} must be a number with s, m, h, d or w, from 1m to 366d, as in '15m'; found "
            f"{text[:80]!r}"
        )
    return seconds


def every_text(seconds: int) -> str:
    """The shortest text that `every_of` reads as this."""
    unit = next(unit for unit in ("w", "d", "h", "m", "s") if seconds % _UNITS[unit] == 0)
    return f"{seconds // _UNITS[unit]}{unit}"


def timezone_of(name: str, field: str = "schedule.timezone") -> str:
    """The name, if it is one of the IANA database. Raises RequestError."""
    if name not in _zones():
        raise RequestError(f"{field} {name[:80]!r} is no time zone; expected one like Europe/Berlin or UTC")
    return name


@cache
def _zones() -> frozenset[str]:
    return frozenset(resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


def local(moment: datetime, schedule: Schedule) -> datetime:
    """A moment in the time zone of a schedule."""
    return moment.astimezone(ZoneInfo(schedule.timezone))


def went_back(schedule: Schedule, state: ScheduleState | None, now: datetime) -> bool:
    """Whether the clock was ahead, by more than clocks differ, when the schedule was last decided, or set."""
    return (schedule.since if state is None else state.decided) - now > CLOCK_BACK


def decided_until(schedule: Schedule, state: ScheduleState | None, now: datetime) -> datetime:
    """Due times up to here are no longer due. What a clock that was far ahead has noted does not count."""
    if went_back(schedule, state, now):
        return now
    noted = [schedule.since] if state is None else [schedule.since, state.decided]
    return max(moment for moment in noted if moment - now <= CLOCK_BACK)


def next_due(schedule: Schedule, after: datetime) -> datetime | None:
    """The first due time later than `after`, in UTC, paused or not; None if there is none."""
    return next(due_times(schedule, after), None)


def due_times(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """The due times later than `after`, in UTC, each later than the one before."""
    return _elapsed(schedule, after) if schedule.cron is None else _matching(schedule, after)


def _elapsed(schedule: Schedule, start: datetime) -> Iterator[datetime]:
    # In whole seconds: a time that is shown is the time that is meant.
    anchor = schedule.since.astimezone(UTC).replace(microsecond=0)
    step = timedelta(seconds=schedule.every_seconds or MOST_EVERY_SECONDS)
    number = (start - anchor) // step + 1
    while True:
        yield anchor + number * step
        number += 1


def _matching(schedule: Schedule, start: datetime) -> Iterator[datetime]:
    passed = start
    try:
        for found in CronSim(schedule.cron or "", start.astimezone(ZoneInfo(schedule.timezone))):
            due = found.astimezone(UTC)
            # In an hour that exists twice it begins with the first of the two, which may have passed.
            if due > passed:
                passed = due
                yield due
    except (ValueError, OverflowError):  # the year 10000
        return


@dataclass(frozen=True, slots=True)
class PassedTimes:
    """Due times that have passed: the first, the last, the one before it, and how many there are, of which
    `MOST_COUNTED` are counted."""

    first: datetime
    previous: datetime | None
    last: datetime
    count: int


def passed_times(schedule: Schedule, after: datetime, now: datetime) -> PassedTimes | None:
    """The due times later than `after` and not later than `now`; None if there is none."""
    first = previous = last = None
    count = 0
    for due in due_times(schedule, after):
        if due > now:
            break
        first, previous, last, count = first or due, last, due, count + 1
        if count >= MOST_COUNTED:
            previous, last = _last_two(schedule, last, now)
            break
    return None if first is None or last is None else PassedTimes(first, previous, last, count)


def _last_two(schedule: Schedule, known: datetime, now: datetime) -> tuple[datetime, datetime]:
    """The last two due times not later than `now`; `known` is one. Looks back from `now`, ever further."""
    back = timedelta(minutes=2)
    while True:
        start = max(known, now - back)
        found = [known] if start == known else []
        for due in due_times(schedule, start):
            if due > now:
                break
            found = [*found[-1:], due]
        if len(found) == 2 or start == known:
            return found[0], found[-1]
        back *= 2
