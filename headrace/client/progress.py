"""The progress of a run, drawn for a terminal or as plain lines. Pure functions."""

from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from schemas.api import Complete, Failed, InvocationProgress, JobStatus, StageCounts

#: The stages that a new or changed document passes, in order.
STAGES = ("parsed", "chunked", "embedded", "indexed")
#: Shown for a run that has not begun.
PENDING = "waiting for a connector, or for an earlier run of this source"
#: Shown while a run lists, unless there is more to say.
LISTING = "listing"
_BAR_WIDTH = 32
#: A run is told how long it may still take after this time, and if it is longer.
_MEANINGFUL_S = 10.0


@dataclass(frozen=True, slots=True)
class StageBar:
    """Documents that passed a stage, and their total; `None` while the run is listing."""

    name: str
    passed: int
    expected: int | None


@dataclass(frozen=True, slots=True)
class Listed:
    """Where a run was when its listing ended: the time until then says nothing of the time that is left."""

    seconds: float = 0.0
    embedded: int = 0

    @classmethod
    def at(cls, progress: InvocationProgress) -> "Listed":
        """What a run has come to."""
        return cls((progress.elapsed_ms or 0) / 1000, _embedded(progress))


FROM_THE_START = Listed()


def stage_bars(progress: InvocationProgress) -> list[StageBar]:
    """A bar for each stage. Unchanged, deleted, skipped and failed documents pass no further stage."""
    counts = progress.counts
    work = (
        None
        if progress.total is None
        else max(0, progress.total - counts.unchanged - counts.deleted - counts.failed - counts.skipped)
    )
    bars = []
    for name in STAGES:
        passed = getattr(counts, name)
        # A document that failed late has passed the earlier stages.
        bars.append(StageBar(name, passed, None if work is None else max(work, passed)))
    return bars


def draw(
    progress: InvocationProgress,
    title: str,
    seconds: float,
    since: Listed = FROM_THE_START,
    listing: str = LISTING,
) -> RenderableType:
    """The display of a run: a line about the listing, a bar for each stage, and the rate."""
    counts = progress.counts
    head = Text.assemble((title, "bold"), (f"   {_head(progress, listing)}", "dim"))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="left", style="cyan", min_width=9)
    grid.add_column(width=_BAR_WIDTH)
    grid.add_column(justify="right")
    for bar in stage_bars(progress):
        # Without any work the bar is full, not empty.
        nothing = bar.expected == 0
        drawn = ProgressBar(
            total=1 if nothing else bar.expected,
            completed=1 if nothing else bar.passed,
            width=_BAR_WIDTH,
            pulse=bar.expected is None,
            animation_time=seconds,
            complete_style="green",
            finished_style="green",
        )
        of = "…" if bar.expected is None else f"{bar.expected:,}"
        grid.add_row(bar.name, drawn, f"{bar.passed:,} / {of}")
    foot = Text(
        f"{counted(counts.chunks, 'chunk')}   {_rate(progress, since)}{_elapsed(seconds)}", style="dim"
    )
    if counts.failed:
        foot.append(f"   {counts.failed:,} failed", style="red")
    return Group(head, grid, foot)


def line(progress: InvocationProgress, seconds: float, since: Listed = FROM_THE_START) -> str:
    """The same as one line without colours."""
    if status_of(progress.status) == "pending":
        return f"{seconds:6.1f} s  {PENDING}"
    counts = progress.counts
    total = "?" if progress.total is None else f"{progress.total:,}"
    stages = "  ".join(f"{name} {getattr(counts, name):,}" for name in STAGES)
    rest = f"unchanged {counts.unchanged:,}  deleted {counts.deleted:,}  failed {counts.failed:,}"
    rest += f"  skipped {counts.skipped:,}" if counts.skipped else ""
    return (
        f"{seconds:6.1f} s  {progress.done:,} of {total} done  {stages}  {rest}  "
        f"{counted(counts.chunks, 'chunk')}  {_rate(progress, since)}".rstrip()
    )


def summary(progress: InvocationProgress, seconds: float, looked_for: str = "documents") -> str:
    """The result of a run in one sentence; `looked_for` describes what a run without documents looked for."""
    counts = progress.counts
    found = f"{counted(listed(progress) or 0, 'document')} listed"
    if progress.merged_into:
        return f"nothing left to do: {progress.merged_into} began after this was asked for and did the same"
    if status_of(progress.status) == "complete" and listed(progress) == 0 and not counts.failed:
        then = f"; {counted(counts.deleted, 'document')} deleted" if counts.deleted else ""
        return f"nothing found: no {looked_for}{then} ({_elapsed(seconds)})"
    if status_of(progress.status) == "complete" and not changed(counts):
        skipped = f", {counts.skipped:,} skipped" if counts.skipped else ""
        return f"nothing changed: 0 written ({found}{skipped}, {_elapsed(seconds)})"
    parts = [f"{counts.indexed:,} written", f"{counts.deleted:,} deleted", f"{counts.unchanged:,} unchanged"]
    parts += [f"{counts.skipped:,} skipped"] if counts.skipped else []
    parts += [f"{counts.failed:,} failed", counted(counts.chunks, "chunk"), _elapsed(seconds)]
    return f"{found}: {', '.join(parts)}"


#: Reasons for skipped files in words: singular, plural.
_SKIPPED = {
    "hidden": ("hidden file or folder", "hidden files and folders"),
    "secret": ("that looks like a secret", "that look like secrets"),
    "data_folder": ("data folder of Headrace", "data folders of Headrace"),
}

#: Those that `--hidden` includes.
_INCLUDED_BY_HIDDEN = ("hidden", "secret")


def skipped_files(progress: InvocationProgress) -> str:
    """The files that a run skipped, and how to include them; empty if there are none."""
    counts = {skipped.reason: skipped.count for skipped in progress.skipped}
    words = {
        reason: f"{count:,} {_SKIPPED.get(reason, (reason, reason))[count != 1]}"
        for reason, count in counts.items()
        if count
    }
    ours = words.pop("data_folder", None)
    hidden = [words.pop(reason) for reason in _INCLUDED_BY_HIDDEN if reason in words]
    them = "it" if sum(counts.get(reason, 0) for reason in _INCLUDED_BY_HIDDEN) == 1 else "them"
    parts = [f"{', '.join(hidden)}; --hidden includes {them}"] if hidden else []
    parts += [", ".join(words.values())] if words else []
    parts += [f"{ours}, never a source"] if ours else []
    return f"skipped: {'; '.join(parts)}" if parts else ""


def listed(progress: InvocationProgress) -> int | None:
    """Listed documents; the total also counts those to delete."""
    return None if progress.total is None else max(0, progress.total - progress.counts.deleted)


def changed(counts: StageCounts) -> int:
    """Documents that changed."""
    return counts.indexed + counts.deleted + counts.failed


def moved(before: InvocationProgress, now: InvocationProgress) -> bool:
    """Whether the run has made progress. A new attempt alone is not progress: an unresponsive origin is
    retried every few seconds."""
    return any(getattr(before, what) != getattr(now, what) for what in ("status", "total", "counts"))


def status_of(status: JobStatus) -> str:
    """The bare word of a status."""
    root = status.root
    if isinstance(root, Complete):
        return "complete"
    return "failed" if isinstance(root, Failed) else root


def failure_of(status: JobStatus) -> str | None:
    """Why an invocation failed, if it did."""
    return status.root.failed.error if isinstance(status.root, Failed) else None


def counted(count: int, noun: str) -> str:
    """`1 document`, `2 documents`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def _head(progress: InvocationProgress, listing: str) -> str:
    counts = progress.counts
    status = status_of(progress.status)
    if status == "pending":
        return PENDING
    if progress.total is None:
        return listing
    parts = [counted(progress.total, "document")]
    parts += [
        f"{count:,} {name}"
        for name, count in (
            ("unchanged", counts.unchanged),
            ("deleted", counts.deleted),
            ("skipped", counts.skipped),
        )
        if count
    ]
    return ", ".join(parts)


def _rate(progress: InvocationProgress, since: Listed) -> str:
    rate = progress.documents_per_second
    if not rate:
        return ""
    left = _left(progress, since)
    pace = f"{rate:,.1f} documents/s" if rate >= 0.1 else f"{60 * rate:.1f} documents/min"
    return f"{pace}   " + ("" if left is None else f"about {_roughly(left)} left   ")


def _embedded(progress: InvocationProgress) -> int:
    """Unchanged and skipped documents are found while a run lists, much faster than others are embedded."""
    return progress.done - progress.counts.unchanged - progress.counts.skipped


def _left(progress: InvocationProgress, since: Listed) -> float | None:
    """Seconds that a run will take at its rate since then; None while it lists and in its first seconds."""
    elapsed = (progress.elapsed_ms or 0) / 1000 - since.seconds
    embedded = _embedded(progress) - since.embedded
    if status_of(progress.status) != "processing" or progress.total is None or embedded <= 0:
        return None
    left = (progress.total - progress.done) * elapsed / embedded
    return left if elapsed >= _MEANINGFUL_S and left >= _MEANINGFUL_S else None


def _elapsed(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 120 else f"{int(seconds // 60)} min {int(seconds % 60)} s"


def _roughly(seconds: float) -> str:
    minutes = round(seconds / 60)
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
