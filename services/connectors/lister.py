"""The protocols of a source type: `Origin` opens a `Lister`, which lists and reads one source for one run.

A source type is a package beside this module with an `Origin`, and a line in `services.connectors.ORIGINS`.
Everything else is the same for all types (`services.connectors.sync`): the comparison with what is indexed,
ordinals, the in-flight limit, deletes, markers, counts, and that unreadable is not deleted.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar, runtime_checkable

from schemas.base import Event
from schemas.errors import DocumentError, RequestError
from schemas.events import MetadataValue, RunRequested
from services.connectors.github.access import GithubAccess
from services.connectors.web.access import WebAccess
from streams.places import Places

C = TypeVar("C", bound=Event)


class Credentials(Protocol):
    """Looks up saved credentials."""

    async def secret(self, tenant: str, credential_id: int, kind: str) -> Mapping[str, str]:
        """The members of a saved credential: access_key_id and secret_access_key for kind `aws`, token for
        `github_token`, app_id and private_key for `github_app`.

        Raises RequestError if the tenant has no credential with this id and kind, or it cannot be decrypted.
        """
        ...


class NoCredentials:
    """A deployment without saved credentials."""

    async def secret(self, tenant: str, credential_id: int, kind: str) -> Mapping[str, str]:
        """Raises RequestError."""
        raise RequestError(f"credential {credential_id} does not exist: none are saved here")


@dataclass(frozen=True, slots=True)
class S3Access:
    """What `s3` sources may use.

    Attributes:
        endpoints: `scheme://host[:port]` of the stores besides AWS that are allowed.
        ambient: whether a source without a credential uses those of the machine (`AWS_…`, instance role).
    """

    endpoints: Sequence[str] = ()
    ambient: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """What the deployment lets sources read. `headrace.wiring` builds it from the settings.

    Attributes:
        places: folders that may be read; by default none.
        credentials: saved credentials of sources; by default none.
        github: the server of repositories, and the disk space of their mirrors.
        web: how sites are crawled; by default public ones, slowly.
        s3: endpoints and credentials of `s3` sources; by default AWS with saved credentials.
    """

    places: Places = field(default_factory=lambda: Places(()))
    credentials: Credentials = field(default_factory=NoCredentials)
    github: GithubAccess = field(default_factory=GithubAccess)
    web: WebAccess = field(default_factory=WebAccess)
    s3: S3Access = field(default_factory=S3Access)


@dataclass(frozen=True, slots=True)
class Item:
    """A document of the listing.

    Attributes:
        key: its document key, unique in the listing. Any text; a key that UTF-8 cannot encode fails alone.
        version: changes with the content, such as an ETag. None if it is not known without reading: then it
            is the SHA-256 of the content.
        size: in bytes, if it is known without reading; a document that is too large is not read.
        facts: metadata of its chunks.
        custom_id: prefix of the ids of its chunks instead of the key's hash.
        memo: what the origin notes about this key for its next run (`Known.memo`). It is stored if the
            document is unchanged or was sent; None stores nothing.
    """

    key: str
    version: str | None = None
    size: int | None = None
    facts: Mapping[str, MetadataValue] = field(default_factory=dict)
    custom_id: str | None = None
    memo: bytes | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A place that could not be read: a document key, or a path that contains keys. It takes one ordinal and
    counts as one failed document. Documents that are indexed at `place` and below it (`place/…`) stay.

    With `alone` it is only a key: keys below it are independent documents, such as the pages below a page.
    """

    place: str
    reason: str
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Skipped:
    """A document that is listed but not wanted (binary, `noindex`, an archived object). It has an ordinal and
    is reported as skipped, with the reason. If it is indexed it is deleted, unless `keep` is true."""

    key: str
    reason: str
    keep: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Skipped documents of which only the number is reported, by reason."""

    reason: str
    count: int


Entry = Item | Unreadable | Skipped | LeftOut


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a document.

    Attributes:
        content_type: media type, if the origin knows it.
        filename: for detecting the format, if the key is not a file name.
        version: of these bytes, if it is no longer the listed one.
    """

    body: bytes
    content_type: str | None = None
    filename: str | None = None
    version: str | None = None


class Gone(DocumentError):
    """A listed document no longer exists. It is treated as if it had not been listed."""


class Unwanted(DocumentError):
    """A listed document is not wanted because of its content. It is treated as if it had been listed as
    `Skipped`. `memo` is stored instead of the item's, so that the next run can skip it without reading it."""

    def __init__(self, reason: str, memo: bytes | None = None) -> None:
        super().__init__(reason)
        self.memo = memo


class Known(Protocol):
    """What earlier runs of the source have found, so that origins can fetch less."""

    def keys(self) -> Iterator[str]:
        """The keys that are indexed in the collection of the run, in order."""
        ...

    def memo(self, key: str) -> bytes | None:
        """The memo of a key (`Item.memo`), from runs into any collection."""
        ...

    def version(self, key: str) -> str | None:
        """The version that the document had when its memo was stored."""
        ...


class Lister(Protocol):
    """One source, opened for one run."""

    #: For the error when nothing is listed although documents are indexed: what users should check first.
    when_empty: str
    #: Whether items and skipped documents are listed in key order (of the UTF-8 bytes). If not, they are
    #: sorted first, in a temporary file.
    in_order: bool
    #: The keys to sync; all others are neither compared nor deleted. None syncs all.
    only: Sequence[str] | None

    def facts(self) -> Mapping[str, MetadataValue]:
        """What the invocation shows about the origin, such as the commit. Called after the comparison, before
        `aclose`."""
        ...

    def pages(self) -> AsyncIterator[Sequence[Entry]]:
        """The listing, some entries at a time; each key once, in key order if `in_order`.

        The listing is complete when the iterator ends, and only a complete listing deletes. Raises
        RequestError if the origin cannot be listed (the run fails), TransientError if it may answer later.
        """
        ...

    async def read(self, item: Item) -> Content:
        """The content of a listed document: in the listed version if the item has one, or in the current
        version if that has been replaced (`Content.version`).

        Raises Gone if it was deleted since (it is deleted from the collection), Unwanted if it is to be
        skipped, DocumentError if it cannot be read (it fails and its indexed version stays), RequestError if
        the origin can no longer be read (the run fails), TransientError if the origin may answer later.
        """
        ...

    async def aclose(self) -> None:
        """Called once, after the last read and `facts`, also when the run fails."""
        ...


@runtime_checkable
class Selective(Protocol):
    """A lister that knows which keys its source excludes. Deleting their documents is intended, so it does
    not count towards `HEADRACE_MASS_DELETE_SHARE`."""

    def excludes(self, key: str) -> bool:
        """Whether the source's configuration excludes this key."""
        ...


@runtime_checkable
class Rechecking(Protocol):
    """A lister of a source that changes during its listing: a file that is being replaced can be missing from
    it. Before their documents are deleted, missing keys are looked for again."""

    async def recheck(self, keys: Set[str]) -> Sequence[Item | Unreadable]:
        """Those of these keys that exist now and are wanted, in any order, and places that could not be read.
        Raises as `Lister.pages`."""
        ...


class Origin(Protocol, Generic[C]):
    """A source type in this process; constructed with an `Access`."""

    async def check(self, config: C, tenant: str) -> C:
        """The configuration to store. Raises RequestError, with what to do, if this deployment cannot read
        it."""
        ...

    def open(self, run: RunRequested, known: Known) -> Lister:
        """A lister for one run. Reads nothing yet. Raises RequestError if the source cannot be read now."""
        ...


@runtime_checkable
class Resumable(Protocol):
    """An origin that keeps what an attempt has fetched, for the next attempt at the same run."""

    def forget(self, invocation_id: str) -> None:
        """Delete what is kept of a run that has ended. Blocking."""
        ...
