"""What became of a run, in one word and one colour.

A run is green only if it did what it was for: one that moved nothing where something was expected is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from api.dashboard.shown.formats import duration, plural
from schemas.events import Invocation, Status
from schemas.sources import SOURCE_TYPES

Tone = Literal["good", "warn", "bad", "busy", "idle"]

#: A run that is asked for begins within seconds; after this long something is wrong, or in its way.
_LATE_S = 60


@dataclass(frozen=True)
class Verdict:
    """A colour, a word or two, and a sentence for who wants to know more (empty for nothing)."""

    tone: Tone
    label: str
    detail: str = ""


def verdict(run: Invocation, now: datetime | None = None) -> Verdict:
    """The verdict on a run."""
    if run.status is Status.FAILED:
        return Verdict("bad", "Failed", run.error or "failed without a reason")
    if run.status is Status.CANCELLED:
        return Verdict("idle", "Cancelled")
    if run.status is Status.PENDING:
        waited = ((now or datetime.now(UTC)) - run.created_at).total_seconds()
        if waited > _LATE_S:
            said = "runs of one source into one collection take turns; or its connector is not running"
            return Verdict("warn", "Waiting", f"waits for {duration(waited)}: {said}")
        return Verdict("busy", "Waiting")
    if run.status is Status.PROCESSING:
        return Verdict("busy", "Running" if run.attempts <= 1 else f"Running, attempt {run.attempts}")
    return _of_complete(run)


def _of_complete(run: Invocation) -> Verdict:
    counts = run.counts
    if run.merged_into is not None:
        return Verdict("idle", "Merged", "an equal run that had begun did its work")
    if counts.failed:
        whole = counts.failed == counts.done
        label = "Nothing indexed" if whole else plural(counts.failed, "failure")
        return Verdict(
            "bad" if whole else "warn",
            label,
            f"{counts.failed:,} of {plural(counts.done, 'document')} failed",
        )
    moved = counts.indexed + counts.deleted
    if moved:
        return Verdict("good", "Complete")
    if counts.unchanged:
        return Verdict("good", "No changes", "everything was indexed already")
    if counts.skipped:
        return Verdict("warn", "Nothing indexed", f"all {plural(counts.skipped, 'document')} were skipped")
    if SOURCE_TYPES[run.source_type].lists:
        return Verdict("warn", "Nothing found", "the source lists no document; look at its path and patterns")
    return Verdict("idle", "Nothing to do")


@dataclass(frozen=True)
class Segment:
    """A part of the progress bar: its kind, number of documents, and place in thousandths of the bar."""

    kind: str
    name: str
    count: int
    start: float
    width: float


def segments(run: Invocation) -> Sequence[Segment]:
    """The documents of a run, one part of a bar for each thing that has become of them.

    The parts add up to the total; while a run still lists, to what it has met so far.
    """
    counts = run.counts
    begun = max(counts.parsed, counts.chunked, counts.embedded)
    at_work = max(0, begun - counts.indexed - counts.failed)
    total = max(run.total or 0, counts.done + at_work)
    kinds = (
        ("indexed", "indexed", counts.indexed),
        ("unchanged", "unchanged", counts.unchanged),
        ("deleted", "deleted", counts.deleted),
        ("skipped", "skipped", counts.skipped),
        ("failed", "failed", counts.failed),
        ("work", "in progress", min(at_work, total - counts.done)),
        ("waiting", "waiting", max(0, total - counts.done - at_work)),
    )
    found, start = [], 0.0
    for kind, name, count in kinds:
        if count and total:
            width = 1000 * count / total
            found.append(Segment(kind, name, count, start, width))
            start += width
    return found


@dataclass(frozen=True)
class Speed:
    """Means since a run began. `left_s` is None while it still lists, and at its end."""

    elapsed_s: float
    documents: float
    chunks: float
    left_s: float | None


def speed(run: Invocation, now: datetime | None = None) -> Speed | None:
    """How fast a run is; None before it has begun."""
    if run.started_at is None:
        return None
    elapsed = max(0.001, ((run.finished_at or now or datetime.now(UTC)) - run.started_at).total_seconds())
    documents = run.counts.done / elapsed
    left, counts = None, run.counts
    # Unchanged and skipped documents are found while it lists, much faster than others are embedded.
    embedded = counts.done - counts.unchanged - counts.skipped
    if run.total is not None and run.finished_at is None and embedded > 0:
        left = max(0, run.total - counts.done) * elapsed / embedded
    return Speed(elapsed, documents, run.counts.chunks / elapsed, left)
