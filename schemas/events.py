"""Every event on every topic, defined once: these classes are the contract.

The `.avsc` files in `schemas/avro/` are rendered from them (`python -m schemas.render`), so a program in
another language reads the same contract. An event never says what a stage should look up elsewhere: it
carries all that the later stages need.

    documents ─► parsed ─► chunks ─► embeddings ─► document-states, source-documents
        └──────────┴──────────┴──────────┴──────────► progress ─► invocations

Times are UTC. Hashes are lower-case hex SHA-256. Offsets, lines and columns say their base where they stand.
"""

from datetime import datetime
from enum import StrEnum

from dataclasses_avroschema.pydantic import AvroBaseModel
from pydantic import ConfigDict, Field

#: What Chroma takes as a metadata value: scalars and homogeneous, non-empty arrays of scalars.
MetadataValue = str | int | float | bool | list[str] | list[int] | list[float] | list[bool] | None


class Event(AvroBaseModel):
    """Base of all records: immutable, and strict about unknown fields so that a typing error is caught."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# ------------------------------------------------------------------------------------------ parts


class Task(Event):
    """What an embedding model is told about the texts; `None` prompts mean no instruction."""

    task_name: str
    query_prompt: str | None = None
    document_prompt: str | None = None


class Embedding(Event):
    """How a document's chunks become vectors."""

    model: str
    task: Task | None = None


class Chunking(Event):
    """How a document is cut. `None` limits mean the default of the strategy."""

    type: str = "tree_sitter"
    max_size_bytes: int | None = None
    max_lines: int | None = None


class RunPosition(Event):
    """Where a document stands in an invocation, so that its progress can be counted exactly."""

    invocation_id: str
    attempt: int
    ordinal: int


class Payload(Event):
    """Bytes, inline up to 64 KB, above that by claim check: `blob` names them in the blob store."""

    size: int
    sha256: str
    inline: bytes | None = None
    blob: str | None = None


class Document(Event):
    """Which document an event is about, where it goes and how it is to be treated.

    `namespace` is the source id for sources that own a tree and empty for uploads and buckets, whose chunk
    ids the contract fixes by key alone. See `schemas.ids` for the ids that follow from these fields.
    """

    tenant: str
    database: str
    collection: str
    document_key: str
    namespace: str = ""
    custom_id: str | None = None
    version_key: str = ""
    metadata: dict[str, MetadataValue] = Field(default_factory=dict)
    chunking: Chunking = Field(default_factory=Chunking)
    embedding: Embedding
    source_id: str | None = None
    run: RunPosition | None = None


class Chunk(Event):
    """One piece of a document. Lines are 1-based and inclusive, columns as the chunker counts them."""

    text: str
    start_line: int
    end_line: int
    start_col: int
    end_col: int
    strategy: str
    language: str | None = None
    context: str = ""
    page: int | None = None


class PageSpan(Event):
    """A page, slide or sheet and where its text stands: character offsets, half-open."""

    number: int
    start: int
    end: int
    name: str | None = None


# ------------------------------------------------------------------------- the way of a document


class DocumentUpserted(Event):
    """Topic `documents`: this document now has this content. Anyone may produce it."""

    document: Document
    content: Payload
    filename: str | None = None
    content_type: str | None = None


class DocumentDeleted(Event):
    """Topics `documents` to `embeddings`: this document is gone. `sequence` is set by the first stage."""

    document: Document
    sequence: int | None = None


class DocumentParsed(Event):
    """Topic `parsed`: the document as markdown or source text (UTF-8)."""

    document: Document
    sequence: int
    text: Payload
    filename: str | None = None
    media_type: str
    title: str | None = None
    language: str | None = None
    pages: list[PageSpan] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)


class DocumentChunked(Event):
    """Topic `chunks`: part `part` of `parts` (0-based); its chunks are numbered from `first`."""

    document: Document
    sequence: int
    part: int
    parts: int
    first: int
    total: int
    chunks: list[Chunk]


class DocumentEmbedded(Event):
    """Topic `embeddings`: a part with its vectors, packed little-endian float32, one row a chunk."""

    document: Document
    sequence: int
    part: int
    parts: int
    first: int
    total: int
    chunks: list[Chunk]
    dimension: int
    vectors: bytes


class DocumentState(Event):
    """Topics `document-states` and `source-documents`: what is in the collection now.

    `sequence` fences: whatever carries a smaller one is stale. `complete` is false while parts of the
    sequence are still missing; `parts_done` names those that are in. `extent` is one above the highest
    chunk number that may exist in the collection, and `metadata_keys` are all keys that may be set on its
    chunks: what the next version has to clear away. `deleted` keeps the fence up after a delete.
    `collection_id` is the store's own id of the collection: one that was deleted and made anew holds nothing
    of this.
    """

    document: Document
    sequence: int
    fingerprint: str
    deleted: bool = False
    complete: bool = False
    parts: int = 0
    parts_done: list[int] = Field(default_factory=list)
    chunks: int = 0
    extent: int = 0
    metadata_keys: list[str] = Field(default_factory=list)
    indexed_at: datetime
    collection_id: str | None = None


# ------------------------------------------------------------------------- sources and invocations


class FolderConfig(Event):
    """A folder or a single file on the server's disk."""

    path: str
    include_globs: list[str] | None = None


class FileUploadConfig(Event):
    """Uploads of one database; created by the first upload."""


class Source(Event):
    """Topic `sources`: one configured origin of documents. Exactly one config is set."""

    id: str
    tenant: str
    database: str
    type: str
    folder: FolderConfig | None = None
    file_upload: FileUploadConfig | None = None
    embedding: Embedding
    chunking: Chunking
    created_at: datetime


class Upload(Event):
    """The file of a `file_upload` run."""

    filename: str
    content: Payload
    content_type: str | None = None
    custom_id: str | None = None
    metadata: dict[str, MetadataValue] = Field(default_factory=dict)
    embedding: Embedding
    chunking: Chunking


class RunRequested(Event):
    """Topic `runs.<type>`: carry out one invocation of a source.

    `collection_id` is the id of the collection when the run was asked for, None when there was none: only
    what was indexed into this very collection counts as unchanged. With `allow_empty` a folder that lists no
    file at all deletes what is indexed of it; without, the run fails.
    """

    invocation_id: str
    source: Source
    collection: str
    upload: Upload | None = None
    requested_at: datetime
    collection_id: str | None = None
    allow_empty: bool = False


class SourceTypeName(StrEnum):
    """Types of sources, as the HTTP contract names them (`folder` is ours)."""

    FOLDER = "folder"
    FILE_UPLOAD = "file_upload"


# ------------------------------------------------------------------- progress and its folded state


class Stage(StrEnum):
    """What a document's ordinal can have passed. The last four are final: a document ends in one of them."""

    PARSED = "parsed"
    CHUNKED = "chunked"
    EMBEDDED = "embedded"
    INDEXED = "indexed"
    UNCHANGED = "unchanged"
    DELETED = "deleted"
    FAILED = "failed"


FINAL_STAGES = frozenset({Stage.INDEXED, Stage.UNCHANGED, Stage.DELETED, Stage.FAILED})


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


class CancelRequested(Event):
    """Topic `progress`: cancel the invocation if it has not started."""

    invocation_id: str


class RunStarted(Event):
    """Topic `progress`: a connector begins an attempt (a random 63-bit number); older attempts end here."""

    invocation_id: str
    attempt: int
    started_at: datetime


class RunListed(Event):
    """Topic `progress`: the attempt has listed everything; its ordinals are 0 to total - 1."""

    invocation_id: str
    attempt: int
    total: int


class RunFailed(Event):
    """Topic `progress`: the connector cannot carry out the run at all."""

    invocation_id: str
    attempt: int
    error: str


class Passed(Event):
    """One ordinal that passed a stage. `chunks` counts what was written; key and error where they matter."""

    ordinal: int
    chunks: int = 0
    document_key: str | None = None
    error: str | None = None


class Progress(Event):
    """Topic `progress`: ordinals of one attempt that passed one stage, as many as were done together."""

    invocation_id: str
    attempt: int
    stage: Stage
    passed: list[Passed]


class Status(StrEnum):
    """Status of an invocation, in the contract's words."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL_STATUSES = frozenset({Status.COMPLETE, Status.FAILED, Status.CANCELLED})


class Counts(Event):
    """Documents per stage, and chunks written. Each document counts once, however often it was processed."""

    parsed: int = 0
    chunked: int = 0
    embedded: int = 0
    indexed: int = 0
    unchanged: int = 0
    deleted: int = 0
    failed: int = 0
    chunks: int = 0


class DocumentFailure(Event):
    """Why a document failed."""

    document_key: str
    error: str


class Invocation(Event):
    """Topic `invocations`: the summary a person reads. Only `tracking` writes it."""

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


class ProgressBlock(Event):
    """Topic `progress-blocks`: 65,536 ordinals of one stage of an attempt as a serialised roaring bitmap."""

    invocation_id: str
    attempt: int
    stage: Stage
    block: int
    bitmap: bytes


# ------------------------------------------------------------------------------- keys, dead letters


class ApiKey(Event):
    """Topic `api-keys`: who may call the gateway. Only a hash of the key is kept."""

    id: str
    name: str
    tenant: str
    key_sha256: str
    admin: bool = False
    databases: list[str] | None = None
    created_at: datetime


class DeadLetter(Event):
    """Topic `dead-letters`: a record that will not be processed, as it came, and why."""

    id: str
    topic: str
    partition: int
    offset: int
    key: bytes | None = None
    value: bytes | None = None
    headers: dict[str, bytes] = Field(default_factory=dict)
    stage: str
    error_class: str
    error: str
    attempt: int
    document_key: str | None = None
    invocation_id: str | None = None
    failed_at: datetime
