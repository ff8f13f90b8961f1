"""Made-up runs: what should become of each document, and the events that report it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hypothesis import strategies as st

from schemas.events import (
    Counts,
    InvocationCreated,
    OrdinalRange,
    Passed,
    Progress,
    RunListed,
    RunStarted,
    Step,
)
from services.tracking.fold import ProgressEvent, fold
from services.tracking.state import InvocationState

RUN = "3f0c6a52-9d0e-4a53-8f6e-0f6f5d0e7a11"
BEGUN = datetime(2026, 3, 1, 12, tzinfo=UTC)
WAY = (Step.PARSED, Step.CHUNKED, Step.EMBEDDED)


def created(invocation_id: str = RUN, *, single_document: bool = False) -> InvocationCreated:
    return InvocationCreated(
        invocation_id=invocation_id,
        tenant="default_tenant",
        database="db",
        collection="notes",
        source_id="source",
        source_type="file_upload" if single_document else "folder",
        single_document=single_document,
        object_key="a.md" if single_document else None,
        created_at=BEGUN,
    )


def started(attempt: int, invocation_id: str = RUN) -> RunStarted:
    return RunStarted(invocation_id=invocation_id, attempt=attempt, started_at=BEGUN)


def listed(attempt: int, total: int, invocation_id: str = RUN, final: bool = True) -> RunListed:
    return RunListed(invocation_id=invocation_id, attempt=attempt, total=total, final=final)


def passed(attempt: int, stage: Step, *passed: Passed | int, invocation_id: str = RUN) -> Progress:
    ordinals = [Passed(ordinal=entry) if isinstance(entry, int) else entry for entry in passed]
    return Progress(invocation_id=invocation_id, attempt=attempt, stage=stage, passed=ordinals)


def in_ranges(event: Progress) -> Progress:
    """The same, said in ranges where that can be."""
    if event.stage is not Step.UNCHANGED:
        return event
    ranges: list[OrdinalRange] = []
    for ordinal in sorted({one.ordinal for one in event.passed}):
        last = ranges[-1] if ranges else None
        if last and last.first + last.count == ordinal:
            ranges[-1] = last.model_copy(update={"count": last.count + 1})
        else:
            ranges.append(OrdinalRange(first=ordinal, count=1))
    return event.model_copy(update={"passed": [], "ranges": ranges})


def ordinals_of(event: Progress) -> set[int]:
    """All that it tells of."""
    told = {one.ordinal for one in event.passed}
    return told.union(*(range(one.first, one.first + one.count) for one in event.ranges))


def folded(events: Iterable[ProgressEvent], state: InvocationState | None = None) -> InvocationState:
    state = state or InvocationState(created())
    for at, event in enumerate(events):
        fold(state, event, 1_772_366_400_000 + at)
    return state


@dataclass(frozen=True)
class Fate:
    """What becomes of a document: where it ends, whether it fails on the way (or for good), how far it
    came before, how many chunks it has."""

    end: Step
    fails: bool
    came: int
    chunks: int

    def reports(self, ordinal: int) -> list[tuple[Step, Passed]]:
        key = f"{ordinal}.md"
        on_the_way = WAY if self.end is Step.INDEXED else WAY[: self.came] if self.fails else ()
        reports = [(stage, Passed(ordinal=ordinal)) for stage in on_the_way]
        if self.fails or self.end is Step.FAILED:
            reports.append((Step.FAILED, Passed(ordinal=ordinal, document_key=key, error=f"bad {key}")))
        if self.end is not Step.FAILED:
            chunks = self.chunks if self.end is Step.INDEXED else 0
            reports.append((self.end, Passed(ordinal=ordinal, document_key=key, chunks=chunks)))
        return reports


def plain_counts(fates: Sequence[Fate]) -> Counts:
    """What must come out, counted document by document."""
    counts = dict.fromkeys(Counts.model_fields, 0)
    for fate in fates:
        counts[fate.end.value] += 1
        came = 3 if fate.end is Step.INDEXED else fate.came if fate.end is Step.FAILED else 0
        for stage in WAY[:came]:
            counts[stage.value] += 1
        counts["chunks"] += fate.chunks if fate.end is Step.INDEXED else 0
    return Counts(**counts)


def fates() -> st.SearchStrategy[list[Fate]]:
    ends = st.sampled_from([Step.INDEXED, Step.UNCHANGED, Step.DELETED, Step.SKIPPED, Step.FAILED])
    fate = st.builds(
        lambda end, fails, came, chunks: Fate(end, fails or end is Step.FAILED, came, chunks),
        ends,
        st.booleans(),
        st.integers(0, 3),
        st.integers(0, 5),
    )
    return st.lists(fate, max_size=8)


@st.composite
def reports_of(draw: st.DrawFn, attempt: int, fates: Sequence[Fate]) -> list[ProgressEvent]:
    """All reports of an attempt in any order, grouped anyhow, some of them more than once."""
    single = [report for ordinal, fate in enumerate(fates) for report in fate.reports(ordinal)]
    if single:
        single += draw(st.lists(st.sampled_from(single), max_size=10))
    events: list[ProgressEvent] = [listed(attempt, len(fates))] * draw(st.integers(1, 2))
    events += [listed(attempt, len(fates), final=False)] * draw(st.integers(0, 2))
    for stage in Step:
        waiting = [entry for reported, entry in draw(st.permutations(single)) if reported is stage]
        while waiting:
            size = draw(st.integers(1, len(waiting)))
            event = passed(attempt, stage, *waiting[:size])
            events.append(in_ranges(event) if draw(st.booleans()) else event)
            waiting = waiting[size:]
    return draw(st.permutations(events))


@st.composite
def logs(draw: st.DrawFn) -> tuple[list[ProgressEvent], list[Fate]]:
    """A whole run as it may lie on the log: attempts given up anywhere, reports of theirs that come late, and
    a last attempt that reports everything. Attempts follow each other in the order of the log."""
    log: list[ProgressEvent] = [created()]
    late: list[ProgressEvent] = []
    for attempt in range(draw(st.integers(0, 2))):
        reports = draw(reports_of(attempt, draw(fates().filter(bool))))
        # One final report is always missing, or the attempt would be the run.
        reports = [event for event in reports if not _ends_first_document(event)]
        cut = draw(st.integers(0, len(reports)))
        log += [started(attempt), *reports[:cut]]
        late += reports[cut:]
    meant = draw(fates())
    last = draw(reports_of(99, meant))
    log += [started(99), *draw(st.permutations([*last, *late])), started(99)]
    return log, meant


def _ends_first_document(event: ProgressEvent) -> bool:
    return isinstance(event, Progress) and event.stage not in WAY and 0 in ordinals_of(event)
