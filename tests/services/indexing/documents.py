"""Events about made-up documents, and what must stand in the collection for them."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

from schemas.events import (
    Chunk,
    Document,
    DocumentDeleted,
    DocumentEmbedded,
    Embedding,
    MetadataValue,
    RunPosition,
    SparseEmbedding,
    SparseVectors,
)
from services.indexing.plan import Incoming
from services.indexing.rows import Row, rows_of

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
DIMENSION = 3
MINILM = Embedding(model="sentence-transformers/all-MiniLM-L6-v2")


def document(
    key: str = "notes.md",
    *,
    version: str = "",
    metadata: Mapping[str, MetadataValue] | None = None,
    collection: str = "library",
    database: str = "default_database",
    source: str | None = None,
    run: RunPosition | None = None,
    custom_id: str | None = None,
    sparse: SparseEmbedding | None = None,
) -> Document:
    return Document(
        tenant="default_tenant",
        database=database,
        collection=collection,
        document_key=key,
        namespace=source or "",
        source_id=source,
        version_key=version,
        metadata=dict(metadata or {}),
        embedding=MINILM.model_copy(update={"sparse": sparse}),
        run=run,
        custom_id=custom_id,
    )


def vector(text: str, dimension: int = DIMENSION, model: int = 0) -> bytes:
    """Packed floats that differ from text to text, and from model to model."""
    return struct.pack(f"<{dimension}f", *(1 + (hash((text, i, model)) % 97) for i in range(dimension)))


def terms(texts: Sequence[str]) -> SparseVectors:
    """Sparse vectors that differ from text to text: two terms each, and none for an empty text."""
    numbers = [(len(text), 100 + sum(text.encode())) for text in texts if text]
    return SparseVectors(
        counts=[2 if text else 0 for text in texts],
        indices=b"".join(struct.pack("<2I", *each) for each in numbers),
        values=b"".join(struct.pack("<2f", 0.5, 1.5) for _ in numbers),
    )


def chunk(text: str, line: int, page: int | None = None) -> Chunk:
    return Chunk(
        text=text,
        start_line=line,
        end_line=line + 1,
        start_col=0,
        end_col=len(text),
        strategy="lines",
        language="markdown" if page is None else None,
        context="" if page is None else f"page {page}",
        page=page,
    )


def embedded(
    about: Document,
    sequence: int,
    texts: Sequence[str],
    *,
    parts: int = 1,
    dimension: int = DIMENSION,
    page: int | None = None,
    model: int = 0,
) -> list[DocumentEmbedded]:
    """The parts of a version, cut as evenly as it goes; an empty part where there is too little text."""
    cuts = [len(texts) * part // parts for part in range(parts + 1)]
    return [
        DocumentEmbedded(
            document=about,
            sequence=sequence,
            part=part,
            parts=parts,
            first=start,
            total=len(texts),
            chunks=[chunk(text, start + i + 1, page) for i, text in enumerate(texts[start:end])],
            dimension=dimension,
            vectors=b"".join(vector(text, dimension, model) for text in texts[start:end]),
            sparse=terms(texts[start:end]) if about.embedding.sparse else None,
        )
        for part, (start, end) in enumerate(pairwise(cuts))
    ]


def deleted(about: Document, sequence: int) -> DocumentDeleted:
    return DocumentDeleted(document=about, sequence=sequence)


@dataclass(frozen=True)
class Version:
    """One version of a document as a history has it; no texts: an empty file; None: it is deleted."""

    sequence: int
    texts: Sequence[str] | None
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    parts: int = 1
    page: int | None = None
    key: str = "notes.md"
    collection: str = "library"
    #: Whose vectors: another model's differ though the texts are the same.
    model: int = 0

    @property
    def document(self) -> Document:
        run = RunPosition(invocation_id="run", attempt=1, ordinal=self.sequence)
        version = f"v{self.sequence}"
        return document(
            self.key,
            version=version,
            metadata=self.metadata,
            collection=self.collection,
            source="tree",
            run=run,
        )

    @property
    def events(self) -> Sequence[Incoming]:
        if self.texts is None:
            return [deleted(self.document, self.sequence)]
        return embedded(
            self.document, self.sequence, self.texts, parts=self.parts, page=self.page, model=self.model
        )

    @property
    def rows(self) -> list[Row]:
        """What must stand in the collection, and nothing else."""
        return [row for event in self.events if isinstance(event, DocumentEmbedded) for row in rows_of(event)]
