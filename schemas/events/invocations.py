"""Progress as folded by tracking: the topics `invocations` and `progress-blocks`."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from schemas.events.common import Event, MetadataValue
from schemas.events.progress import Step
from schemas.events.sources import RunOptions


class Status(StrEnum):
    """Status of an invocation, as in the contract."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL_STATUSES = frozenset({Status.COMPLETE, Status.FAILED, Status.CANCELLED})


class Counts(Event):
    """Number of documents per step, and of chunks written. A document counts once, however often it was
    processed."""

    parsed: int = 0
    chunked: int = 0
    embedded: int = 0
    indexed: int = 0
    unchanged: int = 0
    deleted: int = 0
    failed: int = 0
    chunks: int = 0
    skipped: int = 0

    @property
    def done(self) -> int:
        """Number of documents with a final outcome."""
        return self.indexed + self.unchanged + self.deleted + self.failed + self.skipped


class DocumentFailure(Event):
    """Why a document failed."""

    document_key: str
    error: str


class DocumentSkip(Event):
    """Why a document was skipped."""

    document_key: str
    reason: str


class Invocation(Event):
    """Topic `invocations`: the state of an invocation. Only tracking writes it.

    `run_offset` is that of the newest attempt's `RunStarted`. `total_final` is false until a final
    `RunListed` has arrived. `merged_into` is the invocation that did the work of this one.
    """

    id: str
    tenant: str
    database: str
    collection: str
    source_id: str
    source_type: str
    single_document: bool
    object_key: str | None = None
    custom_id: str | None = None
    status: Status
    attempt: int | None = None
    attempts: int = 0
    total: int | None = None
    counts: Counts = Field(default_factory=Counts)
    last_errors: list[DocumentFailure] = Field(default_factory=list)
    error: str | None = None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    left_out: dict[str, int] = Field(default_factory=dict)
    run_offset: int | None = None
    total_final: bool = True
    options: RunOptions | None = None
    trigger: str = "api"
    facts: dict[str, MetadataValue] = Field(default_factory=dict)
    last_skipped: list[DocumentSkip] = Field(default_factory=list)
    merged_into: str | None = None


class ProgressBlock(Event):
    """Topic `progress-blocks`: 65,536 ordinals of one stage of an attempt as a serialised roaring bitmap."""

    invocation_id: str
    attempt: int
    stage: Step
    block: int
    bitmap: bytes
