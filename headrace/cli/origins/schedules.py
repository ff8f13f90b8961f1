"""Options that say when a source runs by itself, and a schedule in words."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from headrace.cli.checks import in_options
from headrace.usage_error import UsageError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from schemas.api import ShownSchedule

Cron = Annotated[
    str | None,
    typer.Option(
        "--schedule",
        help="From now on, sync at these times: a cron expression ('0 */6 * * *') or @daily.",
        show_default=False,
    ),
]
Every = Annotated[
    str | None,
    typer.Option("--every", help="From now on, sync this often: 15m, 6h, 1d.", show_default=False),
]
Timezone = Annotated[
    str | None,
    typer.Option("--timezone", help="Of --schedule, as Europe/Berlin.", show_default="UTC"),
]


def schedule_payload(
    cron: str | None, every: str | None, timezone: str | None, collection: str | None
) -> dict[str, Any] | None:
    """The schedule of a payload; None if no option asks for one. Raises UsageError for what is none."""
    from schemas.errors import RequestError
    from schemas.schedules import cron_of, every_of, timezone_of

    if cron is not None and every is not None:
        raise UsageError("give either --schedule or --every")
    if timezone is not None and cron is None:
        raise UsageError("--timezone needs --schedule")
    if cron is None and every is None:
        return None
    try:
        if cron is not None:
            cron_of(cron, "--schedule")
        if every is not None:
            every_of(every, "--every")
        if timezone is not None:
            timezone_of(timezone, "--timezone")
    except RequestError as error:
        raise UsageError(str(error)) from None
    asked = {"cron": cron, "every": every, "timezone": timezone, "target_collection_name": collection}
    return {name: value for name, value in asked.items() if value is not None}


def naming_collection() -> "AbstractContextManager[None]":
    """Inside, errors of the gateway about a schedule's collection name the option."""
    return in_options({"target_collection_name": "--collection (-c)"}, "schedule.")


def in_words(schedule: "ShownSchedule") -> str:
    """`0 */6 * * * (Europe/Berlin) → docs`."""
    when = schedule.cron or f"every {schedule.every}"
    zone = f" ({schedule.timezone})" if schedule.cron and schedule.timezone != "UTC" else ""
    into = f" → {schedule.target_collection_name}" if schedule.target_collection_name else ""
    return when + zone + into + (", paused" if schedule.paused else "")


def from_now_on(schedule: "ShownSchedule", stays: bool) -> str:
    """What a sync says of a schedule that it has set; with `stays` the system goes on after the command."""
    due = f"; next at {schedule.next_at.astimezone():%Y-%m-%d %H:%M:%S}" if schedule.next_at else ""
    needs = "" if stays else ". Start `headrace up`: without it nothing runs by itself"
    return f"it runs by itself from now on: {in_words(schedule)}{due}{needs}"


def fields_of(schedule: "ShownSchedule | None") -> list[tuple[str, object]]:
    """What `sources show` says of a schedule."""
    if schedule is None:
        return []
    fields: list[tuple[str, object]] = [("schedule", in_words(schedule))]
    if schedule.next_at is not None:
        zone = f" ({schedule.next_local})" if schedule.timezone != "UTC" else ""
        late = f", {schedule.late_seconds:.0f} s ago" if schedule.late_seconds > 0 else ""
        fields.append(("next due", _utc(schedule.next_at) + zone + late))
    if schedule.last_at is not None:
        fields.append(("last due", f"{_utc(schedule.last_at)} ({', '.join(schedule.last_invocation_ids)})"))
    for one in schedule.skipped[:3]:
        count = f" {one.count:,} times," if one.count > 1 else ""
        fields.append(("passed over", f"{_utc(one.last_at)}:{count} {one.message}"))
    return fields


def _utc(moment: Any) -> str:
    return str(moment.strftime("%Y-%m-%d %H:%M:%SZ"))
