"""The way of a document: from the topic `documents` to `document-states` and `source-documents`."""

from datetime import datetime

from pydantic import Field, field_validator

from schemas.events.common import Chunking, Embedding, Event, MetadataValue, Payload


class RunPosition(Event):
    """Where a document stands in an invocation, so that its progress can be counted exactly."""

    invocation_id: str
    attempt: int
    ordinal: int


class Document(Event):
    """Which document an event is about, where it goes and how it is to be treated.

    `namespace` is the source id for sources that own a tree and empty for uploads and buckets, whose chunk
    ids the contract fixes by key alone. See `schemas.ids` for the ids that follow from these fields. With
    `main_content` a web page is indexed without its navigation, footers and adverts.
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
    """Topic `parsed`: the document as markdown or source text (UTF-8).

    `media_type` is that of the original, `text_type` that of `text`: `text/markdown` where a format was
    converted. Records from before it existed have none; there, no `filename` means converted.
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

    Of a big document only the first parts are there at once. `next_part` is a later one, encoded as this is,
    in the blob store; it follows when this part is indexed.
    """

    document: Document
    sequence: int
    part: int
    parts: int
    first: int
    total: int
    chunks: list[Chunk]
    next_part: Payload | None = None


class DocumentEmbedded(Event):
    """Topic `embeddings`: a part with its vectors, packed little-endian float32, one row a chunk."""

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


class PartRequested(Event):
    """Topic `part-requests`: a part of this version is indexed, and the one that it named may follow."""

    document: Document
    sequence: int
    part: Payload


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


class DocumentMemo(Event):
    """Topic `source-memos`: what an origin noted of a document, for its next run.

    `version_key` is the version that was there when `memo` held. Believing one that is out of date costs the
    change of that document until the next; so an origin keeps nothing that may hold of two versions.
    """

    source_id: str
    document_key: str
    version_key: str
    memo: bytes
