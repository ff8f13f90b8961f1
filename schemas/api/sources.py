"""Sources: how one is made, and how it is shown."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from schemas.api.common import (
    Body,
    DenseEmbeddingModel,
    Id,
    OwnBody,
    SourceChunkingConfig,
    SourceEmbeddingConfig,
)
from schemas.limits import MAX_GLOB_LENGTH, MAX_GLOBS

#: The variants of a source; exactly one is given. `folder` is ours.
SOURCE_TYPES = ("github", "web_scrape", "s3", "file_upload", "folder")

#: In a JSON schema: exactly one of the variants.
ONE_SOURCE_TYPE: dict[str, Any] = {
    "oneOf": [{"required": [name], "properties": {name: {"not": {"type": "null"}}}} for name in SOURCE_TYPES]
}

#: A list of any length says what is wrong with its first item only: two million bytes may hold a million.
Patterns = Annotated[list[str], Field(fail_fast=True)]
Glob = Annotated[str, Field(max_length=MAX_GLOB_LENGTH)]


class GithubSource(Body):
    """A repository."""

    repository: str
    app_id: str | None = None
    include_globs: Patterns | None = Field(default=None, json_schema_extra={"uniqueItems": True})


class WebScrapeSource(Body):
    """A website."""

    starting_url: str
    max_depth: int | None = Field(default=None, ge=0)
    page_limit: int | None = Field(default=None, ge=0)
    include_path_regexes: Patterns | None = Field(default=None, json_schema_extra={"uniqueItems": True})
    exclude_path_regexes: Patterns | None = Field(default=None, json_schema_extra={"uniqueItems": True})


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
    """A folder or a single file on the server's disk. Patterns are those of `.gitignore`."""

    path: str = Field(min_length=1, max_length=4096)
    include_globs: list[Glob] | None = Field(
        default=None,
        max_length=MAX_GLOBS,
        description="Only these files. One that names hidden files or secrets brings them in.",
    )
    exclude_globs: list[Glob] | None = Field(
        default=None, max_length=MAX_GLOBS, description="Not these files."
    )
    include_hidden: bool = Field(
        default=False, description="Files that begin with a dot, and those whose names are known for secrets."
    )


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

    model_config = ConfigDict(json_schema_extra=ONE_SOURCE_TYPE)

    database_name: str
    embedding: SourceEmbeddingConfig | None = None
    embedding_model: DenseEmbeddingModel | str | None = None
    chunking: SourceChunkingConfig | None = None


class CreateSourceResponse(Body):
    """The new source."""

    source_id: Id


class Source(SourceVariants):
    """A source as it is kept: every default filled in."""

    model_config = ConfigDict(json_schema_extra=ONE_SOURCE_TYPE)

    id: Id
    database_name: str
    embedding_model: DenseEmbeddingModel
    embedding: SourceEmbeddingConfig
    chunking: SourceChunkingConfig
    created_at: datetime
