"""Schedules as pages show them: what comes next, and the fields of a form."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.clock import now
from api.dashboard.forms import Form
from api.dashboard.shown.names import name_of
from api.errors import BadRequest
from api.sync.schedules import shown_schedule
from api.views.browsing import Scope
from api.views.catalogue import Catalogue
from schemas.api import ShownSchedule
from schemas.events import Source

#: Sources whose next time is computed for one page.
_MOST = 200


@dataclass(frozen=True)
class NextRun:
    """A source that runs by itself, and when; in UTC, and as clocks show it there."""

    source: Source
    name: str
    at: datetime
    local: str | None
    said: str


def schedule_of(source: Source, catalogue: Catalogue) -> ShownSchedule | None:
    """The schedule of a source with its next time."""
    if source.schedule is None:
        return None
    return shown_schedule(source.schedule, catalogue.schedule_state(source.id), now())


def said_of(shown: ShownSchedule) -> str:
    """A schedule in words."""
    return f"every {shown.every}" if shown.every else f"{shown.cron} ({shown.timezone})"


def next_runs(catalogue: Catalogue, scope: Scope, limit: int) -> Sequence[NextRun]:
    """The runs that come next, the soonest first."""
    found = []
    for source in catalogue.browse.scheduled(scope, _MOST):
        shown = schedule_of(source, catalogue)
        if shown is not None and shown.next_at is not None:
            found.append(NextRun(source, name_of(source), shown.next_at, shown.next_local, said_of(shown)))
    return sorted(found, key=lambda one: one.at)[:limit]


def schedule_from(form: Form, target: str | None) -> dict[str, Any] | None:
    """The schedule that a form asks for, as the member of a payload; None for none. Raises BadRequest."""
    every, cron = form.text("every"), form.text("cron")
    if every is None and cron is None:
        return None
    if every is not None and cron is not None:
        raise BadRequest("a schedule has an interval or times, not both")
    found = {"every": every, "cron": cron, "timezone": form.text("timezone") if cron else None}
    return {name: value for name, value in {**found, "target_collection_name": target}.items() if value}
