"""Folds the progress events of one invocation into its state.

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

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from schemas.errors import ContractError
from schemas.events import (
    FINAL_STATUSES,
    CancelRequested,
    DocumentFailure,
    DocumentSkip,
    Event,
    Invocation,
    InvocationCreated,
    MetadataValue,
    Progress,
    ProgressBlock,
    RunFailed,
    RunListed,
    RunStarted,
    Status,
    Step,
)
from services.tracking.bitmaps import MAX_ORDINALS, MAX_RANGE, Ordinals

#: Number of errors in a summary, newest last, and of skipped documents.
LAST_ERRORS = 10
#: Maximum characters of an error in a summary: twenty of them and the run's own stay below 200 KB of UTF-8.
ERROR_CHARACTERS = 2_000

ProgressEvent = InvocationCreated | CancelRequested | RunStarted | RunListed | RunFailed | Progress


class InvocationState:
    """State of one invocation: the summary's fields, the ordinals, and whether they have changed."""

    __slots__ = (
        "_attempt",
        "_attempts",
        "_changed",
        "_error",
        "_errors",
        "_facts",
        "_finished_at",
        "_identity",
        "_left_out",
        "_merged_into",
        "_ordinals",
        "_run_offset",
        "_skipped",
        "_started_at",
        "_status",
        "_total",
        "_total_final",
    )

    def __init__(self, identity: InvocationCreated) -> None:
        """A new invocation, pending."""
        self._identity = identity
        self._status = Status.PENDING
        self._attempt: int | None = None
        self._attempts = 0
        self._total: int | None = None
        self._left_out: dict[str, int] = {}
        self._facts: dict[str, MetadataValue] = {}
        self._total_final = True
        self._ordinals = Ordinals()
        self._errors: list[DocumentFailure] = []
        self._skipped: list[DocumentSkip] = []
        self._merged_into: str | None = None
        self._error: str | None = None
        self._started_at: datetime | None = None
        self._finished_at: datetime | None = None
        self._run_offset: int | None = None
        self._changed = True

    @classmethod
    def restored(cls, summary: Invocation, blocks: Iterable[ProgressBlock]) -> "InvocationState":
        """The state that was written as this summary and these blocks (all blocks of the invocation)."""
        state = cls(_identity(summary))
        state._status = summary.status
        state._attempt, state._attempts = summary.attempt, summary.attempts
        state._total, state._total_final = summary.total, summary.total_final
        state._left_out, state._facts = dict(summary.left_out), dict(summary.facts)
        state._errors, state._skipped = list(summary.last_errors), list(summary.last_skipped)
        state._merged_into = summary.merged_into
        state._error = summary.error
        state._started_at, state._finished_at = summary.started_at, summary.finished_at
        state._run_offset = summary.run_offset
        if summary.single_document:
            state._ordinals.restore_single(summary.counts)
        else:
            state._ordinals.restore(summary.counts, summary.attempt, blocks)
        state._changed = False
        return state

    @property
    def changed(self) -> bool:
        """Whether the state differs from what was written to the topics."""
        return self._changed

    @property
    def size(self) -> int:
        """Number of blocks of ordinals in memory."""
        return self._ordinals.size

    def fold(self, event: ProgressEvent, timestamp_ms: int) -> None:
        """Fold an event of this invocation; `timestamp_ms` (Unix, UTC) is its time in the log.

        Raises ContractError, without a change, if the event is impossible.
        """
        _FOLDS[type(event)](self, event, timestamp_ms)

    def summary(self) -> Invocation:
        """The summary for `invocations`; counts as written from then on."""
        self._changed = False
        identity = self._identity
        return Invocation(
            id=identity.invocation_id,
            tenant=identity.tenant,
            database=identity.database,
            collection=identity.collection,
            source_id=identity.source_id,
            source_type=identity.source_type,
            single_document=identity.single_document,
            object_key=identity.object_key,
            custom_id=identity.custom_id,
            status=self._status,
            attempt=self._attempt,
            attempts=self._attempts,
            total=self._total,
            left_out=dict(self._left_out),
            counts=self._ordinals.rendered(),
            last_errors=list(self._errors),
            error=self._error,
            created_at=identity.created_at,
            started_at=self._started_at,
            finished_at=self._finished_at,
            run_offset=self._run_offset,
            total_final=self._total_final,
            options=identity.options,
            trigger=identity.trigger,
            facts=dict(self._facts),
            last_skipped=list(self._skipped),
            merged_into=self._merged_into,
        )

    def blocks(self) -> Iterator[tuple[str, ProgressBlock | None]]:
        """Key and event of every block that changed, None for a tombstone; count as written from then on.

        A run of one document has no blocks, because its counts are enough.
        """
        if self._attempt is not None and not self._identity.single_document:
            yield from self._ordinals.changes(self._identity.invocation_id, self._attempt)

    # ---------------------------------------------------------------------------------- the events

    def _cancel(self, event: CancelRequested, timestamp_ms: int) -> None:
        single = self._identity.single_document
        if self._status is Status.PENDING or (self._status is Status.PROCESSING and not single):
            self._finish(Status.CANCELLED, timestamp_ms)
        self._changed = True  # even if refused: the caller waits for an answer

    def _start(self, event: RunStarted, timestamp_ms: int) -> None:
        if event.attempt == self._attempt or self._status in FINAL_STATUSES:
            return
        if self._identity.single_document and self._total is not None:
            return  # document and listing are written: this attempt's connector has lost its partitions
        self._begin(event.attempt)
        self._started_at = self._started_at or event.started_at
        self._run_offset = event.run_offset

    def _begin(self, attempt: int) -> None:
        self._ordinals.restart()
        self._errors.clear()
        self._skipped.clear()
        self._total, self._total_final = None, True
        self._left_out, self._facts = {}, {}
        self._attempt = attempt
        self._attempts += 1
        self._status = Status.PROCESSING
        self._changed = True

    def _list(self, event: RunListed, timestamp_ms: int) -> None:
        most = 1 if self._identity.single_document else MAX_ORDINALS
        if not 0 <= event.total <= most:
            raise ContractError(
                f"RunListed of {event.invocation_id}: total is {event.total}, expected 0 to {most}"
            )
        if self._status in FINAL_STATUSES or self._attempt is None:
            return
        if self._total is not None and (self._total_final or not event.final):
            return
        if event.attempt != self._attempt:
            if not self._identity.single_document:
                return
            # The listing is one transaction with the document, which the broker refuses to a connector that
            # has lost its partitions. Such a connector may have started an attempt, but sends nothing more.
            self._begin(event.attempt)
        if self._total is None:
            self._total, self._left_out = event.total, dict(event.left_out)
            self._facts, self._merged_into = dict(event.facts), event.merged_into
            self._ordinals.limit(event.total)
        self._total_final = event.final
        self._changed = True
        self._settle(timestamp_ms)

    def _fail(self, event: RunFailed, timestamp_ms: int) -> None:
        """The run ends; documents in flight are still counted.

        A connector may fail before it has started an attempt. If its predecessor died of the run, it knows no
        attempt and sends 0, in one transaction with the run's offset, so no attempt can follow: the current
        attempt ends.
        """
        if self._status in FINAL_STATUSES:
            return
        if event.attempt and self._attempt not in (None, event.attempt):
            return
        self._total, self._total_final = None, True  # the listing was incomplete
        self._error = event.error[:ERROR_CHARACTERS]
        self._finish(Status.FAILED, timestamp_ms)

    def lose(self, reason: str, timestamp_ms: int, pending: bool) -> None:
        """Fail the run, because records were lost that may belong to it; a pending run only with `pending`. A
        run of one document that was not lost may still complete."""
        if self._status in FINAL_STATUSES or (self._status is Status.PENDING and not pending):
            return
        self._error = reason[:ERROR_CHARACTERS]
        self._finish(Status.FAILED, timestamp_ms)

    def _progress(self, event: Progress, timestamp_ms: int) -> None:
        if any(not 0 <= passed.ordinal < MAX_ORDINALS for passed in event.passed):
            raise ContractError(f"Progress of {event.invocation_id}: an ordinal is not in 0 to 2^32 - 1")
        if event.ranges:
            _check_ranges(event)
        if event.attempt != self._attempt:
            return
        ordinals, stage = self._ordinals, event.stage
        most = self._most
        closed = self._closed
        moved = False
        for passed in event.passed:
            if passed.ordinal < most and ordinals.passed(stage, passed.ordinal, passed.chunks, closed):
                moved = True
                if stage is Step.FAILED:
                    self._failed(passed.document_key, passed.error)
                    continue
                if stage is Step.SKIPPED:
                    self._skip(passed.document_key, passed.error)
                if self._errors:
                    self._mend(stage, passed.document_key)
        for one in event.ranges:
            count = min(one.count, most - one.first)
            moved |= count > 0 and ordinals.unchanged(one.first, count, closed)
        if moved:
            self._changed = True
            self._settle(timestamp_ms)

    # --------------------------------------------------------------------------------------- inside

    @property
    def _most(self) -> int:
        """Ordinals from this one on do not exist."""
        if self._total is not None:
            return self._total
        return 1 if self._identity.single_document else MAX_ORDINALS

    @property
    def _closed(self) -> bool:
        return self._total is not None and self._ordinals.covered == self._total

    def _settle(self, timestamp_ms: int) -> None:
        """Complete the run if every ordinal has an outcome and the total is final."""
        if not (self._closed and self._total_final):
            return
        single = self._identity.single_document
        if self._status is Status.PROCESSING:
            if single and self._ordinals.failed:
                self._error = self._errors[-1].error if self._errors else "the document failed"
                self._finish(Status.FAILED, timestamp_ms)
            else:
                self._finish(Status.COMPLETE, timestamp_ms)
            self._ordinals.close()
        elif single and self._status is Status.FAILED and not self._ordinals.failed:
            self._error = None  # its dead letter was replayed, and it is indexed now
            self._finish(Status.COMPLETE, timestamp_ms)

    def _finish(self, status: Status, timestamp_ms: int) -> None:
        self._status = status
        self._finished_at = datetime.fromtimestamp(timestamp_ms / 1000, UTC)
        self._changed = True

    def _failed(self, document_key: str | None, error: str | None) -> None:
        reason = (error or "no reason was given")[:ERROR_CHARACTERS]
        self._errors.append(DocumentFailure(document_key=document_key or "", error=reason))
        del self._errors[:-LAST_ERRORS]

    def _skip(self, document_key: str | None, reason: str | None) -> None:
        said = (reason or "no reason was given")[:ERROR_CHARACTERS]
        self._skipped.append(DocumentSkip(document_key=document_key or "", reason=said))
        del self._skipped[:-LAST_ERRORS]

    def _mend(self, stage: Step, document_key: str | None) -> None:
        """A document that had failed has been processed after all."""
        if stage in (Step.INDEXED, Step.DELETED, Step.SKIPPED):
            self._errors = [failure for failure in self._errors if failure.document_key != document_key]


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


def _created(state: InvocationState, event: Event, timestamp_ms: int) -> None:
    """It exists already."""


_FOLDS: dict[type[Event], Callable[..., None]] = {
    InvocationCreated: _created,
    CancelRequested: InvocationState._cancel,
    RunStarted: InvocationState._start,
    RunListed: InvocationState._list,
    RunFailed: InvocationState._fail,
    Progress: InvocationState._progress,
}


def _identity(summary: Invocation) -> InvocationCreated:
    return InvocationCreated(
        invocation_id=summary.id,
        **{
            name: getattr(summary, name) for name in InvocationCreated.model_fields if name != "invocation_id"
        },
    )
