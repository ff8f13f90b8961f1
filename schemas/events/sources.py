"""Sources and run requests: the topics `sources` and `runs.<type>`."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import Field

from schemas.base import Event
from schemas.events.common import Chunking, Embedding, MetadataValue, Payload
from schemas.events.schedules import Schedule
from schemas.sources import SOURCE_TYPES, served, with_members


class _Origin(Event):
    id: str
    tenant: str
    database: str
    type: str


if TYPE_CHECKING:
    _Configured = _Origin
else:  # with a member for each source type; in a base class, to keep the order of the fields
    _Configured = with_members(_Origin, {name: kind.config for name, kind in served().items()})


class Notice(Event):
    """What somebody should know of a source: its origin was deleted, moved, or can no longer be read.

    `about` is what it concerns (`branch`, `repository`, `access`): what says that this is well again ends it.
    """

    about: str
    reason: str
    since: datetime


class Source(_Configured):
    """Topic `sources`: a configured source. Exactly one configuration is set.

    `origin_id` is what its server calls the origin whatever its name is (the number of a repository), where
    that is known. `schedule` says when it runs by itself, if it does.
    """

    embedding: Embedding
    chunking: Chunking
    created_at: datetime
    notice: Notice | None = None
    origin_id: str | None = None
    schedule: Schedule | None = None

    @property
    def config(self) -> Event:
        """The configuration of its type; `SourceType.of` returns it with its class."""
        found: Event = getattr(self, self.type)
        return found


def make_source(config: Event, **fields: Any) -> Source:
    """A source with this configuration; `fields` includes `type`."""
    return Source.model_validate({**fields, fields["type"]: config})


class Upload(Event):
    """The file of a `file_upload` run."""

    filename: str
    content: Payload
    content_type: str | None = None
    custom_id: str | None = None
    metadata: dict[str, MetadataValue] = Field(default_factory=dict)
    embedding: Embedding
    chunking: Chunking
    main_content: bool = False


if TYPE_CHECKING:
    _Options = Event
else:
    _Options = with_members(
        Event, {name: kind.options for name, kind in served().items() if kind.options is not None}
    )


class RunOptions(_Options):
    """Options of one run, in the member of the source's type (`SourceType.options`)."""


def complete_options(source: Source, options: RunOptions | None) -> RunOptions | None:
    """The options of a run, completed from its source (`SourceType.complete`). Raises RequestError for
    options that this source cannot carry out."""
    found = SOURCE_TYPES[source.type].complete(getattr(options, source.type, None), source.config)
    return None if found is None else RunOptions.model_validate({source.type: found})


class RunRequested(Event):
    """Topic `runs.<type>`: carry out one invocation of a source.

    `trigger` is what started it: api, upload, webhook, event or schedule.

    `allow_empty`: an origin that lists nothing deletes all its indexed documents; otherwise the run fails.
    `delete_documents`: delete all documents of the source without listing it.
    `allow_mass_delete`: any share of the indexed documents may be deleted (`HEADRACE_MASS_DELETE_SHARE`).
    `full_check`: ignore what earlier runs noted about the origin (`DocumentMemo`).
    """

    invocation_id: str
    source: Source
    collection: str
    upload: Upload | None = None
    requested_at: datetime
    allow_empty: bool = False
    delete_documents: bool = False
    options: RunOptions | None = None
    trigger: str = "api"
    allow_mass_delete: bool = False
    full_check: bool = False
