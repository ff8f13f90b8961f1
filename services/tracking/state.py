"""State of one invocation, and how it is written to `invocations` and `progress-blocks`."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from schemas.events import (
    DocumentFailure,
    DocumentSkip,
    Invocation,
    InvocationCreated,
    MetadataValue,
    ProgressBlock,
    Status,
)
from services.tracking.bitmaps import MAX_ORDINALS, Ordinals


class InvocationState:
    """State of one invocation: the summary's fields and the ordinals. `services.tracking.fold` changes it.

    Attributes:
        identity: the event that created it.
        attempt: token of the current attempt, None before the first.
        total: number of documents; None until the attempt has listed them.
        total_final: whether the connector has confirmed `total`.
        changed: whether the state differs from what was written to the topics.
    """

    __slots__ = (
        "attempt",
        "attempts",
        "changed",
        "error",
        "errors",
        "facts",
        "finished_at",
        "identity",
        "left_out",
        "merged_into",
        "ordinals",
        "run_offset",
        "skipped",
        "started_at",
        "status",
        "total",
        "total_final",
    )

    def __init__(self, identity: InvocationCreated) -> None:
        """A new invocation, pending."""
        self.identity = identity
        self.status = Status.PENDING
        self.attempt: int | None = None
        self.attempts = 0
        self.total: int | None = None
        self.left_out: dict[str, int] = {}
        self.facts: dict[str, MetadataValue] = {}
        self.total_final = True
        self.ordinals = Ordinals()
        self.errors: list[DocumentFailure] = []
        self.skipped: list[DocumentSkip] = []
        self.merged_into: str | None = None
        self.error: str | None = None
        self.started_at: datetime | None = None
        self.finished_at: datetime | None = None
        self.run_offset: int | None = None
        self.changed = True

    @classmethod
    def restored(cls, summary: Invocation, blocks: Iterable[ProgressBlock]) -> "InvocationState":
        """The state that was written as this summary and these blocks (all blocks of the invocation)."""
        state = cls(_identity(summary))
        state.status = summary.status
        state.attempt, state.attempts = summary.attempt, summary.attempts
        state.total, state.total_final = summary.total, summary.total_final
        state.left_out, state.facts = dict(summary.left_out), dict(summary.facts)
        state.errors, state.skipped = list(summary.last_errors), list(summary.last_skipped)
        state.merged_into = summary.merged_into
        state.error = summary.error
        state.started_at, state.finished_at = summary.started_at, summary.finished_at
        state.run_offset = summary.run_offset
        if summary.single_document:
            state.ordinals.restore_single(summary.counts)
        else:
            state.ordinals.restore(summary.counts, summary.attempt, blocks)
        state.changed = False
        return state

    @property
    def size(self) -> int:
        """Number of blocks of ordinals in memory."""
        return self.ordinals.size

    @property
    def most(self) -> int:
        """Ordinals from this one on do not exist."""
        if self.total is not None:
            return self.total
        return 1 if self.identity.single_document else MAX_ORDINALS

    @property
    def closed(self) -> bool:
        """Whether every ordinal has an outcome."""
        return self.total is not None and self.ordinals.covered == self.total

    def finish(self, status: Status, timestamp_ms: int) -> None:
        """End it with this status at this time (ms, Unix)."""
        self.status = status
        self.finished_at = datetime.fromtimestamp(timestamp_ms / 1000, UTC)
        self.changed = True

    def summary(self) -> Invocation:
        """The summary for `invocations`; counts as written from then on."""
        self.changed = False
        identity = self.identity
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
            status=self.status,
            attempt=self.attempt,
            attempts=self.attempts,
            total=self.total,
            left_out=dict(self.left_out),
            counts=self.ordinals.rendered(),
            last_errors=list(self.errors),
            error=self.error,
            created_at=identity.created_at,
            started_at=self.started_at,
            finished_at=self.finished_at,
            run_offset=self.run_offset,
            total_final=self.total_final,
            options=identity.options,
            trigger=identity.trigger,
            facts=dict(self.facts),
            last_skipped=list(self.skipped),
            merged_into=self.merged_into,
        )

    def blocks(self) -> Iterator[tuple[str, ProgressBlock | None]]:
        """Key and event of every block that changed, None for a tombstone; count as written from then on.

        A run of one document has no blocks, because its counts are enough.
        """
        if self.attempt is not None and not self.identity.single_document:
            yield from self.ordinals.changes(self.identity.invocation_id, self.attempt)


def _identity(summary: Invocation) -> InvocationCreated:
    return InvocationCreated(
        invocation_id=summary.id,
        **{
            name: getattr(summary, name) for name in InvocationCreated.model_fields if name != "invocation_id"
        },
    )
