"""Where documents come from, and the order to fetch them: the topics `sources` and `runs.<type>`."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from schemas.events.common import Chunking, Embedding, Event, MetadataValue, Payload


class SourceTypeName(StrEnum):
    """Types of sources, as the HTTP contract names them (`folder` is ours)."""

    FOLDER = "folder"
    FILE_UPLOAD = "file_upload"


class FolderConfig(Event):
    """A folder or a single file on the server's disk.

    Patterns are those of `schemas.globs`. Without `include_hidden`, files that begin with a dot and those
    whose names are known for secrets are left out, unless an include pattern asks for them.
    """

    path: str
    include_globs: list[str] | None = None
    exclude_globs: list[str] | None = None
    include_hidden: bool = False


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
