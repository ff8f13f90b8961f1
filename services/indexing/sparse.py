"""The records of a document on `sparse-rows`. Pure.

    part, id of the collection ──► one record for each of its chunks
    numbers that are surplus   ──► tombstones

They are written in one transaction with the document's state, so both agree.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from schemas.errors import ContractError
from schemas.events import Document, DocumentEmbedded, SparseRow, SparseVectors
from schemas.ids import sparse_row_key
from services.indexing.rows import row_id, rows_of
from streams.engine.outputs import Send
from streams.topics import SPARSE_ROWS

_BYTES = 4


def sparse_total(document: Document, total: int) -> int:
    """How many of a version's chunks have a sparse vector."""
    return total if document.embedding.sparse is not None else 0


def sparse_sends(key: str, part: DocumentEmbedded, identity: str) -> Iterator[Send]:
    """The records of one part, in the order of its chunks; none if its document has no sparse vectors.

    `key` is the document's key, which decides their partition; `identity` is the id of the collection.
    """
    embedding, vectors, document = part.document.embedding.sparse, part.sparse, part.document
    if embedding is None or vectors is None:
        return
    start = 0
    for row, count in zip(rows_of(part), vectors.counts, strict=True):
        terms = slice(start * _BYTES, (start + count) * _BYTES)
        start += count
        record = SparseRow(
            tenant=document.tenant,
            database=document.database,
            collection=document.collection,
            collection_id=identity,
            id=row.id,
            sequence=part.sequence,
            model=embedding.model,
            key=embedding.key,
            indices=vectors.indices[terms],
            values=vectors.values[terms],
            metadata={name: value for name, value in row.metadata.items() if name != embedding.key},
        )
        yield Send(SPARSE_ROWS, sparse_row_key(document, row.id), record, partition_key=key)


def sparse_deletes(key: str, document: Document, numbers: Iterable[int]) -> Iterator[Send]:
    """Tombstones for chunks of these numbers."""
    for number in numbers:
        row_key = sparse_row_key(document, row_id(document, number))
        yield Send(SPARSE_ROWS, row_key, None, partition_key=key)


def check_sparse(event: DocumentEmbedded) -> None:
    """Raises ContractError for sparse vectors that are missing, unexpected or invalid."""
    name, vectors = event.document.document_key, event.sparse
    if (event.document.embedding.sparse is None) != (vectors is None):
        seen, wanted = ("missing", "set") if vectors is None else ("there", "null")
        raise ContractError(f"{name!r}: sparse vectors are {seen}, but embedding.sparse is {wanted}")
    if vectors is not None and (fault := _fault(vectors, len(event.chunks))):
        raise ContractError(f"{name!r}: {fault}")


def _fault(vectors: SparseVectors, chunks: int) -> str | None:
    if len(vectors.counts) != chunks or min(vectors.counts, default=0) < 0:
        return f"{len(vectors.counts)} sparse vectors for {chunks} chunks"
    expected = sum(vectors.counts) * _BYTES
    if (len(vectors.indices), len(vectors.values)) != (expected, expected):
        return (
            f"{len(vectors.indices):,} bytes of indices and {len(vectors.values):,} of values, "
            f"{expected:,} of each expected"
        )
    if not np.isfinite(np.frombuffer(vectors.values, "<f4")).all():
        return "a weight of a sparse vector is not a finite number"
    steps = np.diff(np.frombuffer(vectors.indices, "<u4").astype(np.int64))
    # Indices may decrease from one vector to the next. The dtype is for documents without vectors.
    between = np.cumsum(vectors.counts, dtype=np.int64)[:-1] - 1
    steps[between[(between >= 0) & (between < len(steps))]] = 1
    return "indices of a sparse vector are not ascending" if (steps <= 0).any() else None
