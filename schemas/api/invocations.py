"""Invocations, which the contract calls jobs: request and response."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ConfigDict, Field, RootModel

from schemas.api.common import Id
from schemas.api.sources import ONE_SOURCE_TYPE
from schemas.base import Body, MetadataValue
from schemas.limits import MAX_CUSTOM_ID_BYTES
from schemas.sources import SOURCE_TYPES, with_members
from schemas.sources.github import GitRefIdentifier


class CreateJobPayload(Body):
    """One run of a source into a collection. `allow_empty`, `allow_mass_delete` and `full_check` are ours."""

    target_collection_name: str | None = None
    object_key: str | None = None
    custom_id: str | None = Field(default=None, max_length=MAX_CUSTOM_ID_BYTES)
    metadata: dict[str, Any] | None = None
    ref_identifier: GitRefIdentifier | None = None
    allow_empty: bool = Field(
        default=False,
        description="If the source lists nothing, delete its indexed documents; otherwise its run fails.",
    )
    allow_mass_delete: bool = Field(
        default=False,
        description="More than half of what is indexed may be deleted; without this, such a run fails.",
    )
    full_check: bool = Field(
        default=False,
        description="Every document is read, also one that looks unchanged (size, times, a server's word).",
    )


class CreateJobResponse(Body):
    """The new invocation."""

    invocation_id: Id


class AddFileResponse(CreateJobResponse):
    """The invocation that indexes the uploaded file."""


class CancelJobResponse(Body):
    """Empty: the invocation is cancelled."""


class Finished(Body):
    """The end of an invocation, and its duration."""

    finished_at: datetime
    duration_ms: int = Field(ge=0)


class Complete(Body):
    """The invocation is complete."""

    complete: Finished


class Failure(Body):
    """Why an invocation failed."""

    error: str


class Failed(Body):
    """The invocation failed."""

    failed: Failure


class JobStatus(RootModel[Literal["pending", "processing", "cancelled"] | Complete | Failed]):
    """A bare word, or an object with details."""


class _Target(Body):
    database_name: str
    collection_name: str


if TYPE_CHECKING:
    _Members = _Target
else:
    _Members = with_members(_Target, {name: kind.job for name, kind in SOURCE_TYPES.items()})


class IndexJobMetadata(_Members):
    """The target of a run, and exactly one member named after the source's type."""

    model_config = ConfigDict(json_schema_extra=ONE_SOURCE_TYPE)


class Job(Body):
    """An invocation.

    Ours: `trigger` (what started it: api, upload, webhook, event, schedule), `facts` (what it shows of its
    origin), `merged_into` (the invocation that did its work) and `failed` (how many of its documents failed).
    """

    id: Id
    source_id: Id | None = None
    status: JobStatus
    metadata: IndexJobMetadata
    created_at: datetime
    trigger: str = "api"
    facts: dict[str, MetadataValue] = Field(default_factory=dict)
    merged_into: Id | None = None
    failed: int = 0


class LatestByKeysRequest(Body):
    """Keys whose newest invocations are requested."""

    object_keys: list[str] = Field(max_length=1000)
