"""Folds progress events into the state of their invocation.

    InvocationCreated ─► pending ── RunStarted ──► processing ── all ordinals have an outcome ──► complete
                            │                       ▲    │ └── RunFailed, a single document failed ─► failed
                      CancelRequested               ├────┘
                            ▼                       │ RunStarted: a new attempt
                        cancelled ◄─────────────────┘ CancelRequested, but for a single document

Pure: no Kafka and no clock; the time of an event is an argument. Folding an event or a stretch of the log
again changes nothing. Events that the log may reorder (progress of one attempt from different stages, its
`RunListed`) give the same state in any order.

Attempts follow each other in the order of the log: a `RunStarted` with another token ends the current
attempt, and events with another token than the current one are ignored. For a single document, the attempt
that lists it wins, because its document and `RunListed` are one transaction.
"""

from collections.abc import Callable

from schemas.errors import ContractError
from schemas.events import (
    FINAL_STATUSES,
    CancelRequested,
    DocumentFailure,
    DocumentSkip,
    Event,
    InvocationCreated,
    Progress,
    RunFailed,
    RunListed,
    RunStarted,
    Status,
    Step,
)
from services.tracking.bitmaps import MAX_ORDINALS, MAX_RANGE
from services.tracking.state import InvocationState

#: Number of errors in a summary, newest last, and of skipped documents.
LAST_ERRORS = 10
#: Maximum characters of an error in a summary: twenty of them and the run's own stay below 200 KB of UTF-8.
ERROR_CHARACTERS = 2_000

ProgressEvent = InvocationCreated | CancelRequested | RunStarted | RunListed | RunFailed | Progress


def fold(state: InvocationState, event: ProgressEvent, timestamp_ms: int) -> None:
    """Fold an event of this invocation; `timestamp_ms` (Unix, UTC) is its time in the log.

    Raises ContractError, without a change, if the event is impossible.
    """
    _FOLDS[type(event)](state, event, timestamp_ms)


def lose(state: InvocationState, reason: str, timestamp_ms: int, pending: bool) -> None:
    """Fail the run, because records were lost that may belong to it; a pending run only with `pending`. A
    run of one document that was not lost may still complete."""
    if state.status in FINAL_STATUSES or (state.status is Status.PENDING and not pending):
        return
    state.error = reason[:ERROR_CHARACTERS]
    state.finish(Status.FAILED, timestamp_ms)


def _created(state: InvocationState, event: Event, timestamp_ms: int) -> None:
    """It exists already."""


def _cancel(state: InvocationState, event: CancelRequested, timestamp_ms: int) -> None:
    single = state.identity.single_document
    if state.status is Status.PENDING or (state.status is Status.PROCESSING and not single):
        state.finish(Status.CANCELLED, timestamp_ms)
    state.changed = True  # even if refused: the caller waits for an answer


def _start(state: InvocationState, event: RunStarted, timestamp_ms: int) -> None:
    if event.attempt == state.attempt or state.status in FINAL_STATUSES:
        return
    if state.identity.single_document and state.total is not None:
        return  # document and listing are written: this attempt's connector has lost its partitions
    _begin(state, event.attempt)
    state.started_at = state.started_at or event.started_at
    state.run_offset = event.run_offset


def _begin(state: InvocationState, attempt: int) -> None:
    state.ordinals.restart()
    state.errors.clear()
    state.skipped.clear()
    state.total, state.total_final = None, True
    state.left_out, state.facts = {}, {}
    state.attempt = attempt
    state.attempts += 1
    state.status = Status.PROCESSING
    state.changed = True


def _list(state: InvocationState, event: RunListed, timestamp_ms: int) -> None:
    most = 1 if state.identity.single_document else MAX_ORDINALS
    if not 0 <= event.total <= most:
        raise ContractError(
            f"RunListed of {event.invocation_id}: total is {event.total}, expected 0 to {most}"
        )
    if state.status in FINAL_STATUSES or state.attempt is None:
        return
    if state.total is not None and (state.total_final or not event.final):
        return
    if event.attempt != state.attempt:
        if not state.identity.single_document:
            return
        # The listing is one transaction with the document, which the broker refuses to a connector that
        # has lost its partitions. Such a connector may have started an attempt, but sends nothing more.
        _begin(state, event.attempt)
    if state.total is None:
        state.total, state.left_out = event.total, dict(event.left_out)
        state.facts, state.merged_into = dict(event.facts), event.merged_into
        state.ordinals.limit(event.total)
    state.total_final = event.final
    state.changed = True
    _settle(state, timestamp_ms)


def _fail(state: InvocationState, event: RunFailed, timestamp_ms: int) -> None:
    """The run ends; documents in flight are still counted.

    A connector may fail before it has started an attempt. If its predecessor died of the run, it knows no
    attempt and sends 0, in one transaction with the run's offset, so no attempt can follow: the current
    attempt ends.
    """
    if state.status in FINAL_STATUSES:
        return
    if event.attempt and state.attempt not in (None, event.attempt):
        return
    state.total, state.total_final = None, True  # the listing was incomplete
    state.error = event.error[:ERROR_CHARACTERS]
    state.finish(Status.FAILED, timestamp_ms)


def _progress(state: InvocationState, event: Progress, timestamp_ms: int) -> None:
    if any(not 0 <= passed.ordinal < MAX_ORDINALS for passed in event.passed):
        raise ContractError(f"Progress of {event.invocation_id}: an ordinal is not in 0 to 2^32 - 1")
    if event.ranges:
        _check_ranges(event)
    if event.attempt != state.attempt:
        return
    ordinals, step = state.ordinals, event.stage
    most = state.most
    closed = state.closed
    moved = False
    for passed in event.passed:
        if passed.ordinal < most and ordinals.passed(step, passed.ordinal, passed.chunks, closed):
            moved = True
            if step is Step.FAILED:
                _failed(state, passed.document_key, passed.error)
                continue
            if step is Step.SKIPPED:
                _skip(state, passed.document_key, passed.error)
            if state.errors:
                _mend(state, step, passed.document_key)
    for one in event.ranges:
        count = min(one.count, most - one.first)
        moved |= count > 0 and ordinals.unchanged(one.first, count, closed)
    if moved:
        state.changed = True
        _settle(state, timestamp_ms)


def _settle(state: InvocationState, timestamp_ms: int) -> None:
    """Complete the run if every ordinal has an outcome and the total is final."""
    if not (state.closed and state.total_final):
        return
    single = state.identity.single_document
    if state.status is Status.PROCESSING:
        if single and state.ordinals.failed:
            state.error = state.errors[-1].error if state.errors else "the document failed"
            state.finish(Status.FAILED, timestamp_ms)
        else:
            state.finish(Status.COMPLETE, timestamp_ms)
        state.ordinals.close()
    elif single and state.status is Status.FAILED and not state.ordinals.failed:
        state.error = None  # its dead letter was replayed, and it is indexed now
        state.finish(Status.COMPLETE, timestamp_ms)


def _failed(state: InvocationState, document_key: str | None, error: str | None) -> None:
    reason = (error or "no reason was given")[:ERROR_CHARACTERS]
    state.errors.append(DocumentFailure(document_key=document_key or "", error=reason))
    del state.errors[:-LAST_ERRORS]


def _skip(state: InvocationState, document_key: str | None, reason: str | None) -> None:
    said = (reason or "no reason was given")[:ERROR_CHARACTERS]
    state.skipped.append(DocumentSkip(document_key=document_key or "", reason=said))
    del state.skipped[:-LAST_ERRORS]


def _mend(state: InvocationState, step: Step, document_key: str | None) -> None:
    """A document that had failed has been processed after all."""
    if step in (Step.INDEXED, Step.DELETED, Step.SKIPPED):
        state.errors = [failure for failure in state.errors if failure.document_key != document_key]


def _check_ranges(event: Progress) -> None:
    """Raises ContractError for invalid ranges."""
    if event.stage is not Step.UNCHANGED:
        raise ContractError(f"Progress of {event.invocation_id}: only `unchanged` may have ranges")
    for one in event.ranges:
        if one.first < 0 or not 0 < one.count <= MAX_RANGE or one.first + one.count > MAX_ORDINALS:
            raise ContractError(
                f"Progress of {event.invocation_id}: {one.count} ordinals from {one.first}, expected at most "
                f"{MAX_RANGE:,} within 0 to 2^32 - 1"
            )
    if (told := sum(one.count for one in event.ranges)) > MAX_RANGE:
        raise ContractError(
            f"Progress of {event.invocation_id}: its ranges have {told:,} ordinals, expected at most "
            f"{MAX_RANGE:,} in all"
        )


_FOLDS: dict[type[Event], Callable[..., None]] = {
    InvocationCreated: _created,
    CancelRequested: _cancel,
    RunStarted: _start,
    RunListed: _list,
    RunFailed: _fail,
    Progress: _progress,
}
