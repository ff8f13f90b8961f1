"""Runs as the pages list them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from api.dashboard.shown.names import Names
from api.dashboard.shown.verdicts import Segment, Speed, Verdict, segments, speed, verdict
from schemas.events import FINAL_STATUSES, Invocation

#: What started a run, for people.
TRIGGERS = {
    "api": "by request",
    "upload": "upload",
    "webhook": "push",
    "event": "bucket event",
    "schedule": "schedule",
}


@dataclass(frozen=True)
class ShownRun:
    """A run, what it is called, and the verdict on it."""

    run: Invocation
    name: str
    verdict: Verdict
    segments: Sequence[Segment]
    speed: Speed | None
    trigger: str

    @property
    def active(self) -> bool:
        """Whether it has not ended."""
        return self.run.status not in FINAL_STATUSES

    @property
    def took(self) -> timedelta | None:
        """From its start to its end; None before that."""
        if self.run.started_at is None or self.run.finished_at is None:
            return None
        return self.run.finished_at - self.run.started_at


def shown_run(run: Invocation, names: Names) -> ShownRun:
    """A run."""
    trigger = TRIGGERS.get(run.trigger, run.trigger)
    return ShownRun(run, names.of(run), verdict(run), segments(run), speed(run), trigger)


def shown_runs(runs: Iterable[Invocation], names: Names) -> list[ShownRun]:
    """Runs, in their order."""
    return [shown_run(run, names) for run in runs]
