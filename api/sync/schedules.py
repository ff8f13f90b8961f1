"""Parse and render schedules in the gateway."""

from datetime import UTC, datetime
from typing import Any

from api.errors import BadRequest
from api.sync.options import require_collection_name
from schemas import api
from schemas.api import PatchSourcePayload, ScheduleForm, ShownSchedule, SourceSchedule
from schemas.events import PassedOver, Schedule, ScheduleState, Source
from schemas.schedules import cron_of, decided_until, every_of, every_text, local, next_due, timezone_of
from schemas.sources import SOURCE_TYPES


def schedule_of(form: ScheduleForm | None, timezone: str | None, now: datetime) -> Schedule | None:
    """The schedule of a payload. Raises RequestError if it is invalid.

    Args:
        timezone: the separate member for a schedule that is given as text.
        now: all due times are after it.
    """
    if form is None:
        if timezone is not None:
            raise BadRequest("timezone is that of a schedule: give schedule, too")
        return None
    if isinstance(form, str):
        return Schedule(cron=cron_of(form, "schedule"), timezone=_zone(timezone, "timezone"), since=now)
    if timezone is not None:
        raise BadRequest("timezone beside a schedule is for one that is a text: give schedule.timezone")
    if (form.cron is None) == (form.every is None):
        given = "both" if form.cron else "none"
        raise BadRequest(f"schedule takes cron or every, found {given}")
    if form.every is not None and form.timezone is not None:
        raise BadRequest("schedule.timezone goes with schedule.cron; every counts elapsed time")
    collection = form.target_collection_name
    return Schedule(
        cron=None if form.cron is None else cron_of(form.cron),
        every_seconds=None if form.every is None else every_of(form.every),
        timezone=_zone(form.timezone, "schedule.timezone"),
        collection=None if collection is None else require_collection_name(collection),
        paused=bool(form.paused),
        since=now,
    )


def _zone(name: str | None, field: str) -> str:
    return "UTC" if name is None else timezone_of(name, field)


def scheduled_collections(source: Source) -> list[str]:
    """The target collections of a source's schedule; none without a schedule. Raises RequestError if the
    schedule names no collection, or the source does not support schedules."""
    schedule = source.schedule
    if schedule is None:
        return []
    return sorted(
        {one.collection for one in SOURCE_TYPES[source.type].scheduled(source.config, schedule.collection)}
    )


def changed_schedule(before: Schedule | None, payload: PatchSourcePayload, now: datetime) -> Schedule | None:
    """The schedule after a PATCH. Its fields are merged, so that `{"paused": true}` keeps the times. If
    nothing changes, due times still count from when it was set."""
    form, timezone = payload.schedule, payload.timezone
    if isinstance(form, SourceSchedule) and before is not None:
        form = _merged(before, form)
    after = schedule_of(form, timezone, now)
    return before if same_schedule(before, after) else after


def _merged(before: Schedule, changes: SourceSchedule) -> SourceSchedule:
    """Merge changes. A new cron expression replaces an interval and vice versa."""
    kept: dict[str, Any] = {"target_collection_name": before.collection, "paused": before.paused}
    if not (changes.cron or changes.every):
        every = before.every_seconds
        kept |= {"cron": before.cron, "every": None if every is None else every_text(every)}
    if not changes.every and before.cron is not None:
        kept["timezone"] = before.timezone
    return SourceSchedule(**{**kept, **changes.model_dump(exclude_unset=True)})


def same_schedule(one: Schedule | None, other: Schedule | None) -> bool:
    """Whether two schedules are equal, ignoring when they were set."""
    if one is None or other is None:
        return one is other
    return one == other.model_copy(update={"since": one.since})


def shown_schedule(schedule: Schedule, state: ScheduleState | None, now: datetime) -> ShownSchedule:
    """A schedule with its next and its last due time."""
    due = None if schedule.paused else next_due(schedule, decided_until(schedule, state, now))
    last = None if state is None else state.last
    said: dict[str, Any] = (
        {"cron": schedule.cron, "timezone": schedule.timezone}
        if schedule.cron is not None
        else {"every": every_text(schedule.every_seconds or 0), "timezone": schedule.timezone}
    )
    if schedule.collection is not None:
        said["target_collection_name"] = schedule.collection
    return ShownSchedule(
        **said,
        paused=schedule.paused,
        set_at=schedule.since,
        next_at=due,
        next_local=None if due is None else local(due, schedule).isoformat(),
        late_seconds=0.0 if due is None else max(0.0, round((now - due).total_seconds(), 3)),
        last_at=None if last is None else last.due,
        last_requested_at=None if last is None else last.requested_at,
        last_invocation_ids=[] if last is None else last.invocation_ids,
        runs=0 if state is None else state.runs,
        skips=0 if state is None else state.skips,
        skipped=[] if state is None else [_skipped(one) for one in reversed(state.passed_over)],
    )


def _skipped(one: PassedOver) -> api.PassedOver:
    known = {} if one.invocation_id is None else {"invocation_id": one.invocation_id}
    return api.PassedOver(
        first_at=one.first.astimezone(UTC),
        last_at=one.last.astimezone(UTC),
        count=one.count,
        reason=one.reason,
        message=one.message,
        **known,
    )
