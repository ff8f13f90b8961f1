"""When a source runs by itself (ours): request and response."""

from datetime import datetime

from pydantic import Field

from schemas.api.common import Id
from schemas.base import OwnBody


class SourceSchedule(OwnBody):
    """When a source runs by itself: `cron` or `every`, one of them."""

    cron: str | None = Field(
        default=None,
        max_length=1000,
        description="Five fields, in the time of `timezone`; or @hourly, @daily, @weekly, @monthly, @yearly.",
        examples=["0 */6 * * *", "@daily"],
    )
    every: str | None = Field(
        default=None,
        max_length=40,
        description="A number with s, m, h, d or w, from 1m to 366d, counted from now.",
    )
    timezone: str | None = Field(
        default=None, max_length=100, description="An IANA name, for `cron`. Default: UTC."
    )
    target_collection_name: str | None = Field(
        default=None,
        description="The collection. Not needed where the source names one: that of an `s3` source, or the "
        "branches that a `github` source follows, each into its collection.",
    )
    paused: bool | None = Field(default=None, description="Due times are passed over. Default: false.")


#: As a text: a cron expression, with `timezone` beside it.
ScheduleForm = SourceSchedule | str


class PassedOver(OwnBody):
    """Due times in sequence that made no run, for one reason."""

    first_at: datetime
    last_at: datetime
    count: int = Field(description="At most 1,000 are counted at a time.")
    reason: str = Field(
        description="`missed`: nobody was there; a later time has made up for them. `overlap`: the runs of "
        "an earlier time had not ended. `paused`. `clock`: the clock went back. `refused`: see `message`.",
    )
    message: str
    invocation_id: Id | None = None


class ShownSchedule(OwnBody):
    """A schedule, with its next and its last time. Times are due times, except `last_requested_at`."""

    cron: str | None = None
    every: str | None = None
    timezone: str
    target_collection_name: str | None = None
    paused: bool
    set_at: datetime = Field(description="When it was set, changed or resumed; earlier times are never due.")
    next_at: datetime | None = Field(description="The next due time, in UTC; null while it is paused.")
    next_local: str | None = Field(description="The same in `timezone`, with its offset.")
    late_seconds: float = Field(
        description="How long `next_at` has passed without a decision; over a minute, something is wrong "
        "(`/health`), or many schedules are due and this one waits for its turn."
    )
    last_at: datetime | None = Field(description="The newest due time that made runs.")
    last_requested_at: datetime | None = Field(description="When they were asked for.")
    last_invocation_ids: list[Id] = Field(description="They: one for each collection.")
    runs: int = Field(description="Due times that made runs.")
    skips: int = Field(description="Due times that were passed over.")
    skipped: list[PassedOver] = Field(description="The newest of those, the newest first; at most 20.")
