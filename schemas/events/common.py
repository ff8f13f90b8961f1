"""What records of several topics are made of: their base, how text is treated, bytes."""

from schemas.base import Event, MetadataValue

__all__ = ["Chunking", "Embedding", "Event", "MetadataValue", "Payload", "Task"]


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


class Payload(Event):
    """Bytes, inline up to 64 KB, above that by claim check: `blob` names them in the blob store."""

    size: int
    sha256: str
    inline: bytes | None = None
    blob: str | None = None
