"""Progress of an invocation and outcomes of its documents: our additions to the contract."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from schemas.api.common import Id
from schemas.api.invocations import JobStatus
from schemas.base import Body, MetadataValue


class StageCounts(Body):
    """Documents that passed each stage, each counted once, and chunks written."""

    parsed: int
    chunked: int
    embedded: int
    indexed: int
    unchanged: int
    deleted: int
    failed: int
    chunks: int
    skipped: int = 0


class DocumentFailure(Body):
    """A document that failed, and why."""

    document_key: str
    error: str


class SkippedDocument(Body):
    """A document that was skipped on purpose, and the reason."""

    document_key: str
    reason: str


class Skipped(Body):
    """Skipped files or folders that are only counted: `hidden` (the name begins with a dot), `secret` (the
    name is known for keys and passwords), `data_folder` (of Headrace itself)."""

    reason: str
    count: int


class InHand(Body):
    """A document that a stage has processed for long, and that this invocation may wait for.

    `since` is the start of its processing, `attempts` the number of tries, `last_error` the reason of the
    last failure. Documents of other databases have no names here.
    """

    stage: str
    document_key: str | None
    collection_name: str | None
    of_this_invocation: bool
    since: datetime
    seconds: int
    attempts: int
    last_error: str | None


class InvocationProgress(Body):
    """Progress of an invocation. `total` is null until everything is listed, and so is `listed`, which leaves
    out documents that are deleted because the origin has them no more; `done` documents need no more
    processing; `documents_per_second` is the mean since the start, null before it; `warnings` is the number
    of finished documents with warnings. `waits_for` names records that stages have processed for longer than
    a few seconds, its own documents first, then by age; at most ten. `last_skipped` are documents that were
    skipped on purpose, at most ten; `GET …/documents?status=skipped` lists all. `facts` describe the origin,
    as the run found it. A run with `merged_into` waited for an equal run, and did nothing itself."""

    invocation_id: Id
    source_id: Id
    database_name: str
    collection_name: str
    status: JobStatus
    attempts: int
    total: int | None
    listed: int | None = None
    done: int
    counts: StageCounts
    documents_per_second: float | None
    elapsed_ms: int | None
    last_errors: list[DocumentFailure]
    warnings: int = 0
    waits_for: list[InHand] = Field(default_factory=list)
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    skipped: list[Skipped] = Field(default_factory=list)
    last_skipped: list[SkippedDocument] = Field(default_factory=list)
    trigger: str = "api"
    facts: dict[str, MetadataValue] = Field(default_factory=dict)
    merged_into: Id | None = None


class DocumentOutcome(Body):
    """The outcome of one document of an invocation; unchanged documents are counted, not listed.

    `warnings`: what parsing guessed or omitted; `reason`: why the document was skipped.
    """

    document_key: str | None
    status: Literal["indexed", "deleted", "failed", "skipped"]
    chunks: int
    error: str | None
    reason: str | None = None
    warnings: list[str] = Field(default_factory=list)
