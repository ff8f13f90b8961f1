"""Reports about an invocation: the topic `progress`, which tracking folds."""

from datetime import datetime
from enum import StrEnum, nonmember

from pydantic import Field

from schemas.events.common import Event, MetadataValue
from schemas.events.sources import RunOptions


class Step(StrEnum):
    """The steps that an ordinal passes. From `indexed` on they are final: a document ends in one of them.

    `skipped` documents exist but are not wanted.
    """

    PARSED = "parsed"
    CHUNKED = "chunked"
    EMBEDDED = "embedded"
    INDEXED = "indexed"
    UNCHANGED = "unchanged"
    DELETED = "deleted"
    FAILED = "failed"
    SKIPPED = "skipped"

    @nonmember
    class Meta:
        """The name in the schema is older than the class name."""

        schema_name = "Stage"


FINAL_STEPS = frozenset({Step.INDEXED, Step.UNCHANGED, Step.DELETED, Step.FAILED, Step.SKIPPED})


class InvocationCreated(Event):
    """Topic `progress`: an invocation was created and waits for its connector."""

    invocation_id: str
    tenant: str
    database: str
    collection: str
    source_id: str
    source_type: str
    single_document: bool
    object_key: str | None = None
    custom_id: str | None = None
    created_at: datetime
    options: RunOptions | None = None
    trigger: str = "api"


class CancelRequested(Event):
    """Topic `progress`: cancel the invocation unless it has ended; a single document unless it has begun."""

    invocation_id: str


class RunStarted(Event):
    """Topic `progress`: a connector begins an attempt (a random 63-bit token), which ends older attempts.

    `run_offset` is the offset of the run on `runs.<type>`, which orders the runs of a source.
    """

    invocation_id: str
    attempt: int
    started_at: datetime
    run_offset: int | None = None


class RunListed(Event):
    """Topic `progress`: the attempt has listed everything; its ordinals are 0 to total - 1.

    `left_out` counts documents that are skipped without an ordinal: reason → number. `facts` are what the
    invocation shows of the origin: the commit, pages that were not modified. `merged_into` is the invocation
    that did the work of this one, which waited for it. With `final` false the total is known but the run
    does not complete yet: the connector checks the collection first and then sends a second, final event.
    """

    invocation_id: str
    attempt: int
    total: int
    left_out: dict[str, int] = Field(default_factory=dict)
    final: bool = True
    facts: dict[str, MetadataValue] = Field(default_factory=dict)
    merged_into: str | None = None


class RunFailed(Event):
    """Topic `progress`: the run fails as a whole."""

    invocation_id: str
    attempt: int
    error: str


class Passed(Event):
    """An ordinal that passed a step. `chunks` is the number of chunks written. For a skipped document,
    `error` is the reason.

    `warnings` come with `parsed`: what was guessed or omitted, in a few short sentences.
    """

    ordinal: int
    chunks: int = 0
    document_key: str | None = None
    error: str | None = None
    warnings: list[str] = Field(default_factory=list)


class OrdinalRange(Event):
    """The ordinals from `first` to `first + count - 1`."""

    first: int
    count: int


class Progress(Event):
    """Topic `progress`: ordinals of one attempt that passed one step together.

    `ranges` are ordinals without details. Only `unchanged` has them: a run over a million unchanged documents
    needs some twenty events.
    """

    invocation_id: str
    attempt: int
    stage: Step
    passed: list[Passed]
    ranges: list[OrdinalRange] = Field(default_factory=list)


class RecordsExpired(Event):
    """Topic `progress`, on every partition: records of a topic expired before `stage` had read them.

    They had the offsets from `first` up to, not including, `next`, and were written before `before`: the time
    of the first record that is left, or of this event if there is none. Runs that had begun by then and have
    not ended may have lost documents.
    """

    stage: str
    topic: str
    partition: int
    first: int
    next: int
    before: datetime
