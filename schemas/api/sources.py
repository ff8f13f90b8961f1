"""Sources: request and response."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from schemas.api.common import DenseEmbeddingModel, Id, SourceChunkingConfig, SourceEmbeddingConfig
from schemas.api.schedules import ScheduleForm, ShownSchedule
from schemas.base import WHOLE, Body, OwnBody
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
    """A source to create. `embedding_model` is the older way to name the dense model; `schedule` is ours, and
    `timezone` is that of a schedule given as text."""

    database_name: str
    embedding: SourceEmbeddingConfig | None = None
    embedding_model: DenseEmbeddingModel | str | None = None
    chunking: SourceChunkingConfig | None = None
    schedule: ScheduleForm | None = None
    timezone: str | None = Field(default=None, max_length=100)


class ChangeSourcePayload(SourceVariants):
    """The new selection of documents of a source, and its sparse model if `embedding` has one (ours). The
    schedule stays unless one is given."""

    embedding: SourceEmbeddingConfig | None = None
    schedule: ScheduleForm | None = None
    timezone: str | None = Field(default=None, max_length=100)


if TYPE_CHECKING:
    _Parts = OwnBody
else:
    _Parts = with_members(OwnBody, dict.fromkeys(SOURCE_TYPES, dict[str, Any]))


class PatchSourcePayload(_Parts):
    """What is to change of a source (ours): fields of the member with the name of its type, where null means
    the default; the schedule, where null means none; the sparse model. What is not given stays."""

    embedding: SourceEmbeddingConfig | None = None
    schedule: ScheduleForm | None = None
    timezone: str | None = Field(default=None, max_length=100)

    @property
    def parts(self) -> dict[str, dict[str, Any]]:
        """The members with the name of a type that are given."""
        return {name: found for name in SOURCE_TYPES if (found := getattr(self, name)) is not None}


class CheckSourcePayload(SourceVariants):
    """A source to look at, which is not created (ours): the body of a creation, with limits."""

    model_config = ConfigDict(extra="forbid")

    database_name: str | None = Field(
        default=None, description="If given, sources of it that bring the same documents are named."
    )
    embedding: SourceEmbeddingConfig | None = None
    embedding_model: DenseEmbeddingModel | str | None = None
    chunking: SourceChunkingConfig | None = None
    schedule: ScheduleForm | None = None
    timezone: str | None = Field(default=None, max_length=100)
    limit: Annotated[int, Field(ge=1, le=100_000), WHOLE] = Field(
        default=1000, description="Most entries that are looked at."
    )
    seconds: Annotated[int, Field(ge=1, le=60), WHOLE] = Field(
        default=15, description="Most time that it may take."
    )


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
    """A source with all defaults filled in. `notice` and `schedule` are ours, and there when there is one."""

    id: Id
    database_name: str
    embedding_model: DenseEmbeddingModel
    embedding: SourceEmbeddingConfig
    chunking: SourceChunkingConfig
    created_at: datetime
    notice: SourceNotice | None = None
    schedule: ShownSchedule | None = None


class SourceChange(OwnBody):
    """What a change of a source means (ours).

    Attributes:
        fields: what has changed, as `folder.exclude_globs`; nothing if the source was like that already.
        effects: a sentence each.
        version: of the source now, the `ETag`.
        old_invocation_ids: invocations that have not ended: they read what the source was when they were
            requested.
    """

    fields: list[str]
    effects: list[str]
    version: str
    old_invocation_ids: list[Id]


class ChangedSource(Source):
    """A source after a change, and what the change means (ours)."""

    change: SourceChange


class CheckedDocument(OwnBody):
    """A document that a run would look at."""

    document_key: str
    size: int | None = None


class SkippedDocuments(OwnBody):
    """Documents that a run would skip, or not be able to read, for one reason."""

    reason: str
    count: int
    examples: list[str]


class SourceCheck(OwnBody):
    """What a source would sync (ours). Whether a document can be parsed is not known before it is read.

    Attributes:
        source: where it reads from, on one line.
        complete: whether all of it was listed; if not, all numbers are of a part of it.
        stopped: why it was not.
        documents: how many a run would read.
        bytes: of the documents whose size is known without reading.
        sized: how many these are.
        first: the first documents in the order of the listing, at most 20.
        skipped: what would be left out, and why.
        unreadable: what cannot be read, and why; a run would count it as failed.
        overlapping_source_ids: sources that bring the same documents, so not into the same collection.
        notes: what else should be known.
    """

    source: str
    complete: bool
    stopped: str | None
    documents: int
    bytes: int
    sized: int
    first: list[CheckedDocument]
    skipped: list[SkippedDocuments]
    unreadable: list[SkippedDocuments]
    overlapping_source_ids: list[Id]
    notes: list[str]
    seconds: float
