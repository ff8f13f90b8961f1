"""When sources run by themselves: a member of `Source`, and the topic `schedules`."""

from datetime import datetime

from pydantic import Field

from schemas.base import Event


class Schedule(Event):
    """When a source runs by itself (`schemas.schedules` computes the times). Either `cron` or `every_seconds`
    is set.

    Attributes:
        cron: five fields, in the time of `timezone` (an IANA name).
        every_seconds: of elapsed time, counted from `since`.
        collection: that the runs fill; None for those that the source itself names.
        paused: due times are passed over.
        since: when it was set, changed or resumed; earlier times are never due.
    """

    cron: str | None = None
    every_seconds: int | None = None
    timezone: str = "UTC"
    collection: str | None = None
    paused: bool = False
    since: datetime


class ScheduledRun(Event):
    """The runs of one due time: one for each collection."""

    due: datetime
    requested_at: datetime
    invocation_ids: list[str]


class PassedOver(Event):
    """Due times in sequence that were passed over for one reason.

    `reason` is `missed` (nobody was there, or many schedules were due: a later time made up for them),
    `overlap` (the runs of an earlier time had not ended: `invocation_id` is one of them), `paused`, `clock`
    (the clock went back) or `refused` (`message` says why no run can be asked for). `count` is exact up to
    `schemas.schedules.MOST_COUNTED`.
    """

    first: datetime
    last: datetime
    count: int
    reason: str
    message: str
    invocation_id: str | None = None


class ScheduleState(Event):
    """Topic `schedules`: what became of the due times of a source.

    Attributes:
        decided: each due time up to this one has made a run or was passed over.
        era: counts how often the clock went back so far that times come again.
        last: the newest due time that made runs.
        passed_over: the newest ones, oldest first; at most `schemas.schedules.MOST_PASSED_OVER`.
        runs: due times that made runs, since the source exists.
        skips: due times that were passed over.
    """

    source_id: str
    decided: datetime
    era: int = 0
    last: ScheduledRun | None = None
    passed_over: list[PassedOver] = Field(default_factory=list)
    runs: int = 0
    skips: int = 0
