"""What is reported of an invocation while it runs: the topic `progress`. `tracking` folds it."""

from datetime import datetime
from enum import StrEnum, nonmember

from pydantic import Field

from schemas.events.common import Event, MetadataValue
from schemas.events.sources import RunOptions


class Step(StrEnum):
    """What a document's ordinal can have passed. From `indexed` on they are final: a document ends in one.

    `skipped` documents are there and left out on purpose.
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
        """The name on the wire stays."""

        schema_name = "Stage"


FINAL_STEPS = frozenset({Step.INDEXED, Step.UNCHANGED, Step.DELETED, Step.FAILED, Step.SKIPPED})


class InvocationCreated(Event):
    """Topic `progress`: an invocation exists and waits for its connector."""

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
    """Topic `progress`: a connector begins an attempt (a random 63-bit token); older attempts end here.

    `run_offset` is where the run stands on `runs.<type>`: runs of a source follow each other in this order.
    """

    invocation_id: str
    attempt: int
    started_at: datetime
    run_offset: int | None = None


class RunListed(Event):
    """Topic `progress`: the attempt has listed everything; its ordinals are 0 to total - 1.

    `left_out` counts what the source has and does not want unless it is asked for: reason → how many.
    `facts` are what the invocation shows of the origin: the commit, pages that were not modified.
    `merged_into` names the invocation that did the work of this one, which waited for it.
    With `final` false the total is known and the run does not end yet: the connector looks once more at what
    came of it, and says so by a second one.
    """

    invocation_id: str
    attempt: int
    total: int
    left_out: dict[str, int] = Field(default_factory=dict)
    final: bool = True
    facts: dict[str, MetadataValue] = Field(default_factory=dict)
    merged_into: str | None = None


class RunFailed(Event):
    """Topic `progress`: the connector cannot carry out the run at all."""

    invocation_id: str
    attempt: int
    error: str


class Passed(Event):
    """One ordinal that passed a stage. `chunks` counts what was written; key and error where they matter;
    the error of one that was skipped is the reason.

    `warnings` come with `parsed`: what was guessed or left out of the document, a few short sentences.
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
    """Topic `progress`: ordinals of one attempt that passed one stage, as many as were done together.

    `ranges` are ordinals of which nothing more is to be said. They come with `unchanged` alone: a run over a
    million documents that did not change needs some twenty events.
    """

    invocation_id: str
    attempt: int
    stage: Step
    passed: list[Passed]
    ranges: list[OrdinalRange] = Field(default_factory=list)


class RecordsExpired(Event):
    """Topic `progress`, on every partition: records of a topic expired before `stage` had read them.

    They stood at the offsets from `first` to below `next` of a partition, and were written before `before`
    (the time of the first record that is left; that of the event, if none is). Runs that had begun by then
    and have not ended cannot be sure of all their documents.
    """

    stage: str
    topic: str
    partition: int
    first: int
    next: int
    before: datetime
