"""The row of a chunk in a collection: id, text, vector and metadata."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from schemas.errors import ContractError
from schemas.events import Chunk, Document, DocumentEmbedded, Embedding, MetadataValue
from schemas.ids import chunk_id_base, text_sha256
from schemas.limits import RESERVED_METADATA_KEYS

_FLOAT32_BYTES = 4

#: Metadata keys with the document's version. They change with every version.
VERSION_KEYS = frozenset({"version_key", "version_key_sha256"})


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection. Equal by tenant, database and name; `embedding`, and the fingerprint of its model, matter
    only when it is created."""

    tenant: str
    database: str
    name: str
    embedding: Embedding = field(compare=False)
    model: str = field(default="", compare=False)

    @classmethod
    def of(cls, document: Document) -> "Collection":
        """The collection that a document is indexed into."""
        return cls(document.tenant, document.database, document.collection, document.embedding)

    def __str__(self) -> str:
        return f"collection {self.name!r} of database {self.database!r}"


@dataclass(frozen=True, slots=True)
class SparseValue:
    """The sparse vector of a row, packed as `SparseVectors`, and the metadata key to keep it under."""

    key: str
    indices: bytes
    values: bytes


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a collection. `vector` is packed little-endian float32; a metadata value of None clears
    the key (an upsert merges metadata)."""

    id: str
    text: str
    vector: bytes
    metadata: Mapping[str, MetadataValue]
    sparse: SparseValue | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Update:
    """A change of metadata only, for a row whose text and vector should already be in the collection.

    `metadata` holds the changes; None clears a key. `row` is the whole row, in case it is missing."""

    row: Row
    metadata: Mapping[str, MetadataValue]


def row_id(document: Document, number: int) -> str:
    """The id of chunk `number`, counting from 0."""
    return f"{chunk_id_base(document)}-{number}"


def metadata_keys(document: Document) -> frozenset[str]:
    """Every metadata key that a chunk of this document may have."""
    given = (key for key, value in document.metadata.items() if value is not None)
    return RESERVED_METADATA_KEYS.union(given)


def rows_of(event: DocumentEmbedded, clear: Iterable[str] = ()) -> list[Row]:
    """The rows of one part, in the order of its chunks. Keys in `clear` that a row does not set become None.

    Raises ContractError if part, numbers and vectors do not match.
    """
    check_part(event)
    shared = _document_metadata(event.document)
    base, width = chunk_id_base(event.document), event.dimension * _FLOAT32_BYTES
    cleared: dict[str, MetadataValue] = dict.fromkeys(clear)
    sparse = _sparse_values(event)
    return [
        Row(
            f"{base}-{event.first + index}",
            chunk.text,
            event.vectors[index * width : (index + 1) * width],
            {**cleared, **shared, **_chunk_metadata(chunk)},
            sparse[index] if sparse else None,
        )
        for index, chunk in enumerate(event.chunks)
    ]


def _sparse_values(event: DocumentEmbedded) -> list[SparseValue]:
    """One for each chunk; none if the document has no sparse vectors."""
    embedding, vectors = event.document.embedding.sparse, event.sparse
    if embedding is None or vectors is None:
        return []
    found, start = [], 0
    for count in vectors.counts:
        terms = slice(start * _FLOAT32_BYTES, (start + count) * _FLOAT32_BYTES)
        found.append(SparseValue(embedding.key, vectors.indices[terms], vectors.values[terms]))
        start += count
    return found


def check_part(event: DocumentEmbedded) -> None:
    """Raises ContractError if part, numbers and vectors do not match, or a vector has no direction."""
    key, count = event.document.document_key, len(event.chunks)
    if not 0 <= event.part < event.parts:
        raise ContractError(f"{key!r}: part {event.part} of {event.parts}; parts count from 0")
    if event.first < 0 or event.first + count > event.total:
        raise ContractError(f"{key!r}: chunks {event.first} to {event.first + count - 1} of {event.total}")
    if len(event.vectors) != count * event.dimension * _FLOAT32_BYTES:
        raise ContractError(
            f"{key!r}: {len(event.vectors):,} bytes of vectors for {count} chunks of {event.dimension} "
            f"float32 values; {count * event.dimension * _FLOAT32_BYTES:,} expected"
        )
    if fault := _fault_of_vectors(event):
        raise ContractError(f"{key!r}, chunk {event.first + fault[0]}: {fault[1]}")


def _fault_of_vectors(event: DocumentEmbedded) -> tuple[int, str] | None:
    """The index of the first vector without a direction, and why. Chroma itself accepts NaN."""
    if not event.chunks or event.dimension <= 0:
        return None
    vectors = np.frombuffer(event.vectors, "<f4").reshape(len(event.chunks), event.dimension)
    lengths = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(lengths) | (lengths == 0))
    if not len(bad):
        return None
    first = int(bad[0])
    return first, "its vector is zero" if lengths[
        first
    ] == 0 else "its vector has a number that is not finite"


def _document_metadata(document: Document) -> dict[str, MetadataValue]:
    metadata: dict[str, MetadataValue] = {
        key: value
        for key, value in document.metadata.items()
        if value is not None and key not in RESERVED_METADATA_KEYS
    }
    metadata |= {
        "document_key": document.document_key,
        "document_key_sha256": text_sha256(document.document_key),
        "version_key": document.version_key,
        "version_key_sha256": text_sha256(document.version_key),
    }
    if document.custom_id is not None:
        metadata["custom_id"] = document.custom_id
    return metadata


def _chunk_metadata(chunk: Chunk) -> dict[str, MetadataValue]:
    metadata: dict[str, MetadataValue] = {
        "chunk_strategy": chunk.strategy,
        "start_line": chunk.start_line,
        "end_line": chunk.end_line,
        "start_col": chunk.start_col,
        "end_col": chunk.end_col,
    }
    if chunk.language is not None:
        metadata["language"] = chunk.language
    if chunk.page is not None:
        metadata["page"] = chunk.page
    if chunk.context:
        metadata["context"] = chunk.context
    return metadata
