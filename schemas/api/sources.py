"""Sources: request and response."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from pydantic import ConfigDict, model_validator

from schemas.api.common import DenseEmbeddingModel, Id, SourceChunkingConfig, SourceEmbeddingConfig
from schemas.base import Body, OwnBody
from schemas.sources import SOURCE_TYPES, with_members

#: In a JSON schema: exactly one of the variants.
ONE_SOURCE_TYPE: dict[str, Any] = {
    "oneOf": [{"required": [name], "properties": {name: {"not": {"type": "null"}}}} for name in SOURCE_TYPES]
}

if TYPE_CHECKING:
    _Variants = Body
else:
    _Variants = with_members(Body, {name: kind.form for name, kind in SOURCE_TYPES.items()})


class SourceVariants(_Variants):
    """The configuration of a source, under the name of its type: exactly one member is given."""

    model_config = ConfigDict(json_schema_extra=ONE_SOURCE_TYPE)

    @property
    def source_type(self) -> str:
        """The name of the variant that is given."""
        return next(name for name in SOURCE_TYPES if getattr(self, name) is not None)

    @property
    def form(self) -> Body:
        """The variant that is given."""
        found: Body = getattr(self, self.source_type)
        return found

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [name for name in SOURCE_TYPES if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"exactly one of {', '.join(SOURCE_TYPES)} must be given, found {', '.join(given) or 'none'}"
            )
        return self


class CreateSourcePayload(SourceVariants):
    """A source to create. `embedding_model` is the older way to name the dense model."""

    database_name: str
    embedding: SourceEmbeddingConfig | None = None
    embedding_model: DenseEmbeddingModel | str | None = None
    chunking: SourceChunkingConfig | None = None


class ChangeSourcePayload(SourceVariants):
    """The new selection of documents of a source, and its sparse model if `embedding` has one (ours)."""

    embedding: SourceEmbeddingConfig | None = None


class CreateSourceResponse(Body):
    """The new source."""

    source_id: Id


class DeleteSourceResponse(Body):
    """The invocations that delete the documents of a source, one for each collection (ours)."""

    invocation_ids: list[Id]


class SourceNotice(OwnBody):
    """What somebody should know of a source: its origin was deleted, moved, or cannot be read now (ours)."""

    message: str
    since: datetime


class Source(SourceVariants):
    """A source with all defaults filled in. `notice` is ours, and there when there is one."""

    id: Id
    database_name: str
    embedding_model: DenseEmbeddingModel
    embedding: SourceEmbeddingConfig
    chunking: SourceChunkingConfig
    created_at: datetime
    notice: SourceNotice | None = None
