"""What to sync into which collection, as API payloads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from headrace.client.progress import LISTING
from schemas.globs import normalized
from schemas.sources import FOLDER, GITHUB, S3_BUCKET, WEB_SCRAPE, SourceType
from schemas.sources.folder import FolderSource
from schemas.sources.github import GithubSource
from schemas.sources.s3 import S3Source
from schemas.sources.web_scrape import WebScrapeSource

#: Members of a run's payload that are either true or absent.
RUN_FLAGS = ("allow_empty", "allow_mass_delete", "full_check")

#: Sources other than folders.
RemoteSource = GithubSource | S3Source | WebScrapeSource
KINDS: dict[type, SourceType[Any, Any]] = {
    FolderSource: FOLDER,
    GithubSource: GITHUB,
    S3Source: S3_BUCKET,
    WebScrapeSource: WEB_SCRAPE,
}
#: What their runs list.
_DOCUMENTS = {GithubSource: "files", S3Source: "objects", WebScrapeSource: "pages"}


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """What to sync into which collection.

    Attributes:
        path: absolute path on the gateway's disk; or the address of `origin`.
        origin: the source, if it is no folder.
        ref: the branch or commit of a repository (`ref_identifier`).
        keeps: members that an existing source keeps, because the request does not set them.
        sparse: the sparse model of a source that has none yet; None leaves it without.
        schedule: when the source runs by itself (`schemas.api.SourceSchedule`); None leaves that as it is.
    """

    path: str
    database: str
    collection: str
    include: tuple[str, ...] = ()
    allow_empty: bool = False
    exclude: tuple[str, ...] = ()
    hidden: bool = False
    main_content: bool = False
    origin: RemoteSource | None = None
    ref: dict[str, str] | None = None
    keeps: tuple[str, ...] = ()
    allow_mass_delete: bool = False
    full_check: bool = False
    sparse: str | None = None
    schedule: dict[str, Any] | None = None

    @property
    def options(self) -> dict[str, object]:
        """Members of the run's payload besides its target (`schemas.api.CreateJobPayload`)."""
        options: dict[str, object] = {name: True for name in RUN_FLAGS if getattr(self, name)}
        return options if self.ref is None else {**options, "ref_identifier": self.ref}


def listing_of(request: SyncRequest) -> str:
    """What a run does before it knows how many documents there are. A site takes a second a page."""
    of_site = isinstance(request.origin, WebScrapeSource)
    return "reading all pages of the site before the first is indexed" if of_site else LISTING


def looked_for(request: SyncRequest) -> str:
    """A description of what the run lists, for messages."""
    if request.origin is not None:
        kind = type(request.origin)
        return f"{_DOCUMENTS[kind]} of {KINDS[kind].shown(request.origin)}"
    chosen = f" that match {', '.join(request.include)}" if request.include else ""
    chosen += f" beside {', '.join(request.exclude)}" if request.exclude else ""
    return f"files{chosen} in {request.path}, or a .gitignore excludes them"


def folder_payload(
    path: str,
    include: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
    hidden: bool = False,
    main_content: bool = False,
) -> dict[str, object]:
    """The config of a folder source. Defaults are omitted, so that older gateways accept it."""
    asked = {
        "include_globs": list(include or ()),
        "exclude_globs": list(exclude or ()),
        "include_hidden": hidden,
        "main_content": main_content,
    }
    return {"path": path} | {name: value for name, value in asked.items() if value}


def wanted_source(request: SyncRequest) -> FolderSource | RemoteSource:
    """The source of a request. Raises pydantic's ValidationError for an invalid source."""
    return request.origin or FolderSource(
        path=request.path,
        include_globs=normalized(request.include),
        exclude_globs=normalized(request.exclude),
        include_hidden=request.hidden,
        main_content=request.main_content,
    )


def config_payload(wanted: FolderSource | RemoteSource) -> dict[str, object]:
    """The config of a source, without defaults."""
    if not isinstance(wanted, FolderSource):
        return wanted.model_dump(exclude_none=True)
    chosen = wanted.include_globs, wanted.exclude_globs, wanted.include_hidden, wanted.main_content
    return folder_payload(wanted.path, *chosen)


def source_payload(request: SyncRequest) -> dict[str, object]:
    """The member of a payload that says what a request reads."""
    wanted = wanted_source(request)
    return {KINDS[type(wanted)].name: config_payload(wanted)}
