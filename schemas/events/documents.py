"""A document in the pipeline: from the topic `documents` to `document-states` and `source-documents`."""

from datetime import datetime

from pydantic import Field, field_validator

from schemas.events.common import Chunking, Embedding, Event, MetadataValue, Payload


class RunPosition(Event):
    """The position of a document in an invocation, so that its progress is counted exactly once."""

    invocation_id: str
    attempt: int
    ordinal: int


class Document(Event):
    """Which document an event is about, which collection it belongs to and how it is processed.

    `namespace` is the source id for sources whose keys are unique within the source only. It is empty for
    uploads and buckets, whose chunk ids the contract derives from the key alone. `schemas.ids` derives the
    ids from these fields. With `main_content` a web page is indexed without navigation, footers and adverts.
    Of two events that both have a `version`, the one with the smaller number never replaces the other,
    whatever their order on the topic.
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
    main_content: bool = False
    version: int | None = None

    @field_validator("metadata")
    @classmethod
    def _fits_64_bits(cls, metadata: dict[str, MetadataValue]) -> dict[str, MetadataValue]:
        # Avro would write a greater integer as a double, and so round it.
        for key, value in metadata.items():
            for number in value if isinstance(value, list) else (value,):
                if isinstance(number, int) and not -(2**63) <= number < 2**63:
                    raise ValueError(f"metadata {key!r}: {number} does not fit into 64 bits")
        return metadata


class Chunk(Event):
    """A chunk of a document. Lines are 1-based and inclusive; columns depend on the strategy."""

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
    """A page, slide or sheet and the position of its text: character offsets, half-open."""

    number: int
    start: int
    end: int
    name: str | None = None


class DocumentUpserted(Event):
    """Topic `documents`: a document is new or has changed. Any program may produce it."""

    document: Document
    content: Payload
    filename: str | None = None
    content_type: str | None = None


class DocumentDeleted(Event):
    """Topics `documents` to `embeddings`: a document is deleted. Parsing sets `sequence`."""

    document: Document
    sequence: int | None = None


class DocumentParsed(Event):
    """Topic `parsed`: the document as markdown or source text (UTF-8).

    `media_type` is that of the original, `text_type` that of `text`: `text/markdown` if it was converted.
    Older records have no `text_type`; in these, no `filename` means converted.
    """

    document: Document
    sequence: int
    text: Payload
    filename: str | None = None
    media_type: str
    text_type: str | None = None
    title: str | None = None
    language: str | None = None
    pages: list[PageSpan] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)


class DocumentChunked(Event):
    """Topic `chunks`: part `part` of `parts` (0-based); its chunks are numbered from `first`.

    Only the first parts of a big document are produced at once. `next_part` is a later part, encoded like
    this one, in the blob store; it is produced when this part is indexed.
    """

    document: Document
    sequence: int
    part: int
    parts: int
    first: int
    total: int
    chunks: list[Chunk]
    next_part: Payload | None = None


class SparseVectors(Event):
    """The sparse vectors of a part, packed: `counts` terms for each chunk, their ascending indices as
    little-endian uint32 and their weights as little-endian float32, chunk after chunk."""

    counts: list[int]
    indices: bytes
    values: bytes


class DocumentEmbedded(Event):
    """Topic `embeddings`: a part with its vectors, packed little-endian float32, one row per chunk.

    `sparse` is set if and only if the document's `embedding.sparse` is. `model_fingerprint` changes whenever
    the vectors of the model do; it is empty where the producer of the event does not say it.
    """

    document: Document
    sequence: int
    part: int
    parts: int
    first: int
    total: int
    chunks: list[Chunk]
    next_part: Payload | None = None
    dimension: int
    vectors: bytes
    sparse: SparseVectors | None = None
    model_fingerprint: str = ""


class DocumentDoubted(Event):
    """Topic `embeddings`: the rows of a document are not what its state of this `sequence` says.

    The state is then not complete, and the next version is written whole. `extent` is one above the greatest
    number of a row that was found, `metadata_keys` are the keys of the rows.
    """

    document: Document
    sequence: int
    extent: int = 0
    metadata_keys: list[str] = Field(default_factory=list)


class CollectionSwitched(Event):
    """Topic `embeddings`, on every partition: from here on another collection of Chroma has this name.

    What precedes it is written to the collection `old`, what follows to `new` (Chroma's ids). Nothing behind
    it is written before `old` is renamed to `former` and `new` has its name, or the switch is given up: then
    an empty collection has the name `former`.
    """

    tenant: str
    database: str
    collection: str
    old: str
    new: str
    former: str


class PartRequested(Event):
    """Topic `part-requests`: a part of this version is indexed and requests the part that it names."""

    document: Document
    sequence: int
    part: Payload


class DocumentState(Event):
    """Topics `document-states` and `source-documents`: what the collection contains of a document.

    `sequence` is a fence: records with a smaller one are stale. `complete` is false while parts of the
    version are missing; `parts_done` are those that are indexed. `extent` is one above the highest chunk
    number that may exist in the collection, `metadata_keys` are all keys that its chunks may have: the next
    version clears both. `deleted` keeps the fence after a delete. `collection_id` is the store's id of the
    collection; a collection that is deleted and created again has another id and contains nothing of this.
    `sparse_extent` is `extent` for `sparse-rows`, where records of a deleted collection stay until they are
    replaced.

    `digests` says what the first rows contain (`services.indexing.digests`); `ChunkDigests` of this
    `digest_epoch` say it of the others. They are empty on `source-documents`.
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
    sparse_extent: int = 0
    digests: bytes = b""
    digest_epoch: int = 0


class ChunkDigests(Event):
    """Topic `document-states`: what a block of a long document's rows contain, 24 bytes each.

    The record's key is the document's id, `/` and the number of the block. It counts only with the state of
    the same epoch; zeros stand for a row of which nothing is known.
    """

    digest_epoch: int
    digests: bytes


class SparseRow(Event):
    """Topic `sparse-rows`: the sparse vector of a chunk, and its metadata, which filters read.

    The record's key is `schemas.ids.sparse_row_key`, its partition that of the document. `id` is the chunk's
    in the collection with the id `collection_id`; `indices` and `values` are packed as in `SparseVectors`.
    """

    tenant: str
    database: str
    collection: str
    collection_id: str
    id: str
    sequence: int
    model: str
    key: str
    indices: bytes
    values: bytes
    metadata: dict[str, MetadataValue] = Field(default_factory=dict)


class DocumentMemo(Event):
    """Topic `source-memos`: what an origin notes about a document for its next run.

    `version_key` is the version that `memo` describes. A memo that matches two versions would hide a change
    of the document until its next one, so an origin keeps only memos that identify one version.
    """

    source_id: str
    document_key: str
    version_key: str
    memo: bytes
