"""Models of documents, collections and dead letters."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from schemas.api.common import Id
from schemas.base import Body, OwnBody

#: Maximum dead letters of one request: their records are read and sent again while it waits.
MAX_LETTERS = 1000

DocumentStateName = Literal["indexed", "indexing", "failed", "deleted"]


class DocumentSummary(Body):
    """A document of a collection.

    `state`: `indexing` means that parts of its newest version are missing; of a `failed` one the version
    that was indexed before, if any, is still in the collection. `invocation_id` is the run that brought the
    newest version, or that it failed in.
    """

    id: str
    document_key: str
    database_name: str
    collection_name: str
    source_id: Id | None
    state: DocumentStateName
    chunks: int
    version_key: str | None
    indexed_at: datetime | None
    invocation_id: str | None
    error: str | None
    failed_at: datetime | None


class DocumentPage(Body):
    """Documents in the order of database, collection and key. `next_cursor` continues; null at the end."""

    documents: list[DocumentSummary]
    next_cursor: str | None


class DocumentChunk(Body):
    """A chunk as it is indexed. Lines count from 1 and are inclusive; `page` is that of the original."""

    id: str
    number: int
    text: str
    start_line: int | None
    end_line: int | None
    page: int | None
    context: str | None
    language: str | None
    metadata: dict[str, Any]


class DocumentEvent(Body):
    """What a run of the last 7 days did with the document. `reason` is why it was skipped."""

    invocation_id: str
    status: Literal["indexed", "deleted", "failed", "skipped"]
    chunks: int
    error: str | None
    reason: str | None
    warnings: list[str]
    trigger: str
    at: datetime


class DocumentDetail(DocumentSummary):
    """A document with its history, newest first, and some of its chunks.

    `next_chunk` is the number to continue from; null if there are no more. `gone`: its collection was deleted
    since, with its chunks.
    """

    custom_id: str | None
    embedding_model: str | None
    sparse_key: str | None
    parts: int
    parts_done: int
    gone: bool
    history: list[DocumentEvent]
    chunk_list: list[DocumentChunk]
    next_chunk: int | None


class DeletedDocument(Body):
    """The delete is on its way through the pipeline."""

    id: str
    document_key: str
    message: str


class FailureGroup(Body):
    """Documents of an invocation that failed for the same reason.

    `reason` is the error without what differs between documents. `example` is one of the errors; `letters`
    counts their dead letters that are still there, which a retry sends again.
    """

    reason: str
    documents: int
    letters: int
    example: str
    example_key: str | None


class RetryPayload(OwnBody):
    """Which failed documents to process again: all, or those with this reason (of `…/failures`)."""

    reason: str | None = Field(default=None, min_length=1, max_length=4_096)


class RetryResponse(Body):
    """What a retry has begun.

    `replayed` counts records that were sent again, `left` those that another request would send. Documents
    without a record (an unreadable file) need their source to be read again: by `invocation_id`, which brings
    all that has changed since, too. `message` says what could not be retried.
    """

    replayed: int
    left: int
    invocation_id: Id | None
    message: str


class CollectionSummary(Body):
    """A collection and what Headrace knows of it.

    `documents` counts by state what Headrace has put into this collection, `chunks` theirs; `rows` is what
    Chroma counts, `vector_bytes` what its dense vectors take (float32, without the index). `closed`:
    `finished_ingest` is set, nothing more is accepted.
    """

    id: Id
    name: str
    database_name: str
    documents: dict[DocumentStateName, int]
    chunks: int
    rows: int
    dimension: int | None
    vector_bytes: int | None
    embedding_model: str | None
    sparse_key: str | None
    space: str
    closed: bool
    source_ids: list[Id]


class VerifyPayload(OwnBody):
    """Where the collection is."""

    database_name: str = Field(min_length=1, max_length=512)


class CollectionFinding(Body):
    """A document whose rows are not as recorded: numbers of rows that are missing, surplus or wrong (another
    text or metadata, or no vector), and of sparse vectors that are missing or unexpected. `elsewhere`: it was
    indexed into an earlier collection of this name."""

    document_id: str
    document_key: str
    source_id: Id | None
    missing: int
    surplus: int
    wrong: int
    sparse: int
    incomplete: bool
    elsewhere: bool
    deleted: bool


class CollectionVerification(Body):
    """A comparison of a collection with what is recorded of it. Counts are null until it has ended.

    `findings` are at most 1,000 of `differing`. With `repair`, `invocation_ids` write them again; `remarks`
    say what they cannot.
    """

    database_name: str
    collection_name: str
    state: Literal["running", "complete", "failed"]
    repair: bool
    rows_read: int
    rows_total: int
    started_at: datetime
    ended_at: datetime | None
    error: str | None
    documents: int | None
    sparse_rows: int | None
    unknown_rows: int | None
    changed_meanwhile: int | None
    differing: int | None
    findings: list[CollectionFinding]
    invocation_ids: list[Id]
    remarks: list[str]


class DeadLetterSummary(Body):
    """A record that failed for good. `state` says what has become of it."""

    id: Id
    topic: str
    partition: int
    offset: int
    stage: str
    error_class: str
    error: str
    reason: str
    tries: int
    tenant: str | None
    database_name: str | None
    collection_name: str | None
    document_key: str | None
    invocation_id: str | None
    failed_at: datetime
    bytes: int
    whole: bool
    state: Literal["open", "replayed", "dropped", "superseded"]
    settled_at: datetime | None


class DeadLetterPage(Body):
    """Dead letters, newest first. `next_cursor` continues; null at the end. `total` counts all that match."""

    letters: list[DeadLetterSummary]
    next_cursor: str | None
    total: int


class DeadLetterDetail(DeadLetterSummary):
    """A letter with its record.

    `key`, `headers` and `value` are text, or base64 if they are not UTF-8; `value` is null if it is too large
    to be shown. `record` is the decoded event as JSON text, with bytes in base64 and vectors left out.
    """

    key: str | None
    headers: dict[str, str]
    value: str | None
    record_type: str | None
    record: str | None


class SettlePayload(OwnBody):
    """Dead letters by id, or all open ones that a list with this `stage`, `reason` and invocation shows."""

    ids: list[str] | None = Field(default=None, max_length=MAX_LETTERS)
    stage: str | None = Field(default=None, min_length=1, max_length=200)
    reason: str | None = Field(default=None, min_length=1, max_length=4_096)
    invocation_id: str | None = Field(default=None, min_length=1, max_length=200)


class SettledLetters(Body):
    """How many letters were replayed or dropped, how many such requests would still find, and a sentence for
    each that could not be."""

    settled: int
    left: int
    failed: list[str]
