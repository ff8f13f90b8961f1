"""Types that events of several topics share: the base class, embedding, chunking, payloads."""

from schemas.base import Event, MetadataValue

__all__ = ["Chunking", "Embedding", "Event", "MetadataValue", "Payload", "SparseEmbedding", "Task"]


class Task(Event):
    """The prompts of an embedding model for queries and documents; `None` means no prompt."""

    task_name: str
    query_prompt: str | None = None
    document_prompt: str | None = None


class SparseEmbedding(Event):
    """A sparse model, and the metadata key under which its vectors are found."""

    model: str
    key: str


class Embedding(Event):
    """How a document's chunks become vectors: dense ones by `model`, sparse ones beside them by `sparse`."""

    model: str
    task: Task | None = None
    sparse: SparseEmbedding | None = None


class Chunking(Event):
    """How a document is chunked. `None` limits mean the default of the strategy."""

    type: str = "tree_sitter"
    max_size_bytes: int | None = None
    max_lines: int | None = None


class Payload(Event):
    """Bytes: inline up to 64 KB, larger ones by claim check, where `blob` is their name in the blob store."""

    size: int
    sha256: str
    inline: bytes | None = None
    blob: str | None = None
