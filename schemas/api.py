"""The JSON of the HTTP gateway: what it takes and what it answers.

The names are those of the contract (`Job` is an invocation); `folder` sources, keys, progress and documents
are ours beside it. Bodies of the contract's shapes pass over fields that they do not know, as a newer client
may send them; our own shapes refuse them. A null stands for "not given" everywhere.

Answers are built with every field that they are to show and written with `exclude_unset`: a variant
(`folder`, `github`, …) that is not set does not appear, a null that is set does.
"""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator

Id = Annotated[str, Field(json_schema_extra={"format": "uuid"})]

#: The variants of a source; exactly one is given. `folder` is ours.
SOURCE_TYPES = ("github", "web_scrape", "s3", "file_upload", "folder")

#: In a JSON schema: exactly one of the variants.
_ONE_SOURCE_TYPE: dict[str, Any] = {
    "oneOf": [{"required": [name], "properties": {name: {"not": {"type": "null"}}}} for name in SOURCE_TYPES]
}


class Body(BaseModel):
    """Base of everything here: immutable, and no guessing at types ("1" is no number)."""

    model_config = ConfigDict(frozen=True, strict=True)


class OwnBody(Body):
    """Base of the shapes that only we have: a misspelt field is an error."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


# --------------------------------------------------------------------------- embedding and chunking


class Qwen3EmbeddingTask(Body):
    """What the model is told about the texts; null prompts mean no instruction."""

    task_name: str
    query_prompt: str | None = None
    document_prompt: str | None = None


class DenseEmbeddingModel(Body):
    """A dense model by name; which names are served is the deployment's choice."""

    model: str
    task: Qwen3EmbeddingTask | None = None


class SparseEmbeddingConfig(Body):
    """A sparse model and the metadata key that holds its vectors."""

    model: Literal["Chroma/BM25", "prithivida/Splade_PP_en_v1"] | None = None
    key: str | None = None


class SourceEmbeddingConfig(Body):
    """How the chunks become vectors."""

    dense: DenseEmbeddingModel | None = None
    sparse: SparseEmbeddingConfig | None = None


class TreeSitterChunking(Body):
    """Chunks along the structure of source code and markdown, lines where there is none."""

    type: Literal["tree_sitter"]
    max_size_bytes: int | None = Field(default=None, ge=0)


class LinesChunking(Body):
    """Chunks of whole lines."""

    type: Literal["lines"]
    max_lines: int | None = Field(default=None, ge=0)
    max_size_bytes: int | None = Field(default=None, ge=0)


SourceChunkingConfig = Annotated[TreeSitterChunking | LinesChunking, Field(discriminator="type")]


# ------------------------------------------------------------------------------------------ sources


class GithubSource(Body):
    """A repository."""

    repository: str
    app_id: str | None = None
    include_globs: list[str] | None = Field(default=None, json_schema_extra={"uniqueItems": True})


class WebScrapeSource(Body):
    """A website."""

    starting_url: str
    max_depth: int | None = Field(default=None, ge=0)
    page_limit: int | None = Field(default=None, ge=0)
    include_path_regexes: list[str] | None = Field(default=None, json_schema_extra={"uniqueItems": True})
    exclude_path_regexes: list[str] | None = Field(default=None, json_schema_extra={"uniqueItems": True})


class S3Source(Body):
    """A bucket, with a saved credential or an inline pair."""

    bucket_name: str
    region: str
    collection_name: str
    aws_credential_id: int | None = None
    aws_access_key_id: str | None = None
    aws_secret_access_key: str | None = Field(default=None, repr=False)
    path_prefix: str | None = None
    auto_sync: Literal["none", "direct", "metadata"] | None = None


class FileUploadSource(OwnBody):
    """The uploads of a database; made by its first upload."""


class FolderSource(OwnBody):
    """A folder or a single file on the server's disk."""

    path: str = Field(min_length=1, max_length=4096)
    include_globs: list[str] | None = None


class SourceVariants(Body):
    """Exactly one of these is given."""

    github: GithubSource | None = None
    web_scrape: WebScrapeSource | None = None
    s3: S3Source | None = None
    file_upload: FileUploadSource | None = None
    folder: FolderSource | None = None

    @property
    def source_type(self) -> str:
        """The name of the variant that is given."""
        return next(name for name in SOURCE_TYPES if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [name for name in SOURCE_TYPES if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"exactly one of {', '.join(SOURCE_TYPES)} must be given, found {', '.join(given) or 'none'}"
            )
        return self


class CreateSourcePayload(SourceVariants):
    """A source to be created. `embedding_model` is the older way to name the dense model."""

    model_config = ConfigDict(json_schema_extra=_ONE_SOURCE_TYPE)

    database_name: str
    embedding: SourceEmbeddingConfig | None = None
    embedding_model: DenseEmbeddingModel | str | None = None
    chunking: SourceChunkingConfig | None = None


class CreateSourceResponse(Body):
    """The new source."""

    source_id: Id


class Source(SourceVariants):
    """A source as it is kept: every default filled in."""

    model_config = ConfigDict(json_schema_extra=_ONE_SOURCE_TYPE)

    id: Id
    database_name: str
    embedding_model: DenseEmbeddingModel
    embedding: SourceEmbeddingConfig
    chunking: SourceChunkingConfig
    created_at: datetime


# -------------------------------------------------------------------------------------- invocations


class GitSha(Body):
    """A commit."""

    sha: str


class GitBranch(Body):
    """A branch: its newest commit when the run starts."""

    branch: str


GitRefIdentifier = GitSha | GitBranch


class CreateJobPayload(Body):
    """One run of a source into a collection. `allow_empty` is ours, for folders."""

    target_collection_name: str | None = None
    object_key: str | None = None
    custom_id: str | None = Field(default=None, max_length=120)
    metadata: dict[str, Any] | None = None
    ref_identifier: GitRefIdentifier | None = None
    allow_empty: bool = Field(
        default=False,
        description="A folder that lists no file deletes what is indexed of it; without this, its run fails.",
    )


class CreateJobResponse(Body):
    """The new invocation."""

    invocation_id: Id


class AddFileResponse(CreateJobResponse):
    """The invocation that indexes the uploaded file."""


class CancelJobResponse(Body):
    """Empty: the invocation is cancelled."""


class Finished(Body):
    """When an invocation was complete, and how long it ran."""

    finished_at: datetime
    duration_ms: int = Field(ge=0)


class Complete(Body):
    """The invocation is done."""

    complete: Finished


class Failure(Body):
    """Why an invocation failed."""

    error: str


class Failed(Body):
    """The invocation cannot be carried out."""

    failed: Failure


class JobStatus(RootModel[Literal["pending", "processing", "cancelled"] | Complete | Failed]):
    """A bare word, or an object where there is more to say."""


class GithubJob(Body):
    """What a run read from a repository."""

    git_ref_identifier: GitRefIdentifier


class S3Job(Body):
    """What a run read from a bucket."""

    bucket_name: str
    object_key: str | None = None
    custom_id: str | None = None
    additional_metadata: dict[str, Any] | None = None


class FileUploadJob(OwnBody):
    """What was uploaded."""

    object_key: str | None
    custom_id: str | None


class FolderJob(OwnBody):
    """Nothing more to say: the path stands in the source."""


class IndexJobMetadata(Body):
    """Where a run writes, and exactly one member named after the source's type."""

    model_config = ConfigDict(json_schema_extra=_ONE_SOURCE_TYPE)

    database_name: str
    collection_name: str
    github: GithubJob | None = None
    s3: S3Job | None = None
    web_scrape: dict[str, Any] | None = None
    file_upload: FileUploadJob | None = None
    folder: FolderJob | None = None


class Job(Body):
    """An invocation."""

    id: Id
    source_id: Id | None = None
    status: JobStatus
    metadata: IndexJobMetadata
    created_at: datetime


class LatestByKeysRequest(Body):
    """Keys whose newest invocations are asked for."""

    object_keys: list[str] = Field(max_length=1000)


# --------------------------------------------------------------------------------- ours: progress


class StageCounts(Body):
    """Documents that passed each stage, each counted once, and chunks written."""

    parsed: int
    chunked: int
    embedded: int
    indexed: int
    unchanged: int
    deleted: int
    failed: int
    chunks: int


class DocumentError(Body):
    """A document that failed, and why."""

    document_key: str
    error: str


class InvocationProgress(Body):
    """How far an invocation is. `total` is null until everything is listed; `done` documents need no more
    work; `documents_per_second` is the mean since the start, null before it."""

    invocation_id: Id
    source_id: Id
    database_name: str
    collection_name: str
    status: JobStatus
    attempts: int
    total: int | None
    done: int
    counts: StageCounts
    documents_per_second: float | None
    elapsed_ms: int | None
    last_errors: list[DocumentError]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class DocumentOutcome(Body):
    """What became of one document of an invocation; unchanged documents are counted, not named."""

    document_key: str | None
    status: Literal["indexed", "deleted", "failed"]
    chunks: int
    error: str | None


# ------------------------------------------------------------------------------------- ours: keys


class CreateKeyPayload(OwnBody):
    """A key to be made. `databases` limits it, `admin` lets it create and delete sources and keys."""

    name: str = Field(min_length=1, max_length=200)
    admin: bool = False
    databases: list[str] | None = None
    tenant: str | None = Field(default=None, min_length=1, max_length=200)


class KeySummary(Body):
    """A key without its secret, of which only a hash is kept."""

    id: Id
    name: str
    tenant: str
    admin: bool
    databases: list[str] | None
    created_at: datetime


class CreateKeyResponse(KeySummary):
    """The new key. `key` is shown this once."""

    key: str = Field(repr=False)


# ------------------------------------------------------------------------------------------ system


class ErrorResponse(Body):
    """Every refusal: a name that Chroma's clients know, and a sentence for a person."""

    error: str
    message: str


class HealthResponse(Body):
    """Every part that the gateway needs answers."""

    broker: Literal["ok"]
    views: Literal["ok"]
    chroma: Literal["ok"]
