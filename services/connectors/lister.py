"""The protocols of a source type: `Origin` opens a `Lister`, which lists and reads one source for one run.

A source type is a package beside this module with an `Origin`, and a line in `services.connectors.ORIGINS`.
Everything else is the same for all types (`services.connectors.sync`): the comparison with what is indexed,
ordinals, the in-flight limit, deletes, markers, counts, and that unreadable is not deleted.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
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
    """What sources sign in with."""

    async def secret(self, tenant: str, credential_id: int, kind: str) -> Mapping[str, str]:
        """The members of a saved credential: of kind `aws` access_key_id and secret_access_key, of
        `github_token` token, of `github_app` app_id and private_key.

        Raises RequestError when the tenant has none of this id and kind, or it cannot be decrypted.
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
        memo: what the origin wants to know of this key in its next run (`Known.memo`). It is kept when the
            document needs no work or was sent; None keeps nothing.
    """

    key: str
    version: str | None = None
    size: int | None = None
    facts: Mapping[str, MetadataValue] = field(default_factory=dict)
    custom_id: str | None = None
    memo: bytes | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A place that could not be read: the key of a document, or a path above keys. It takes one ordinal and
    counts as one failed document; documents that are indexed at `place` and below it (`place/…`) stay.

    With `alone` it is a key and no path: keys below it are other documents, as pages below a page are.
    """

    place: str
    reason: str
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Skipped:
    """A document that is listed but not wanted (binary, `noindex`, an archived object). It is named, has an
    ordinal and is reported as skipped, with the reason. If it is indexed it is deleted, unless `keep`."""

    key: str
    reason: str
    keep: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Documents that are skipped without being named: only their number is reported, by reason."""

    reason: str
    count: int


Entry = Item | Unreadable | Skipped | LeftOut


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a document; its media type, if the origin knows it; a file name for detecting the format,
    if the key has none; and the version of the bytes, if it is not the listed one any more."""

    body: bytes
    content_type: str | None = None
    filename: str | None = None
    version: str | None = None


class Gone(DocumentError):
    """A listed document that is proven not to be there any more: it is as if it had not been listed."""


class Unwanted(DocumentError):
    """A listed document that is not wanted for its content: as if it had been listed as `Skipped`. `memo` is
    kept instead of the item's, so that the next run need not read it to skip it."""

    def __init__(self, reason: str, memo: bytes | None = None) -> None:
        super().__init__(reason)
        self.memo = memo


class Known(Protocol):
    """What earlier runs of the source have found, for origins that can then fetch less."""

    def keys(self) -> Iterator[str]:
        """The keys that are indexed in the collection of the run, in order."""
        ...

    def memo(self, key: str) -> bytes | None:
        """The memo of a key (`Item.memo`), whichever collection that run was for."""
        ...

    def version(self, key: str) -> str | None:
        """The version that the document had when its memo was kept."""
        ...


class Lister(Protocol):
    """One source, opened for one run."""

    #: A question for the error when nothing is listed although documents are indexed: what to check first.
    when_empty: str
    #: Whether items and skipped documents are listed in key order (of the UTF-8 bytes). If not, they are
    #: sorted first, in a temporary file.
    in_order: bool
    #: The keys that this run concerns; others are neither compared nor deleted. None for all.
    only: Sequence[str] | None

    def facts(self) -> Mapping[str, MetadataValue]:
        """What the invocation shows of the origin: the commit, pages not modified. Asked for when the listing
        has been compared, before `aclose`."""
        ...

    def pages(self) -> AsyncIterator[Sequence[Entry]]:
        """The listing, some entries at a time; each key once, in key order if `in_order`.

        A listing is complete when it ends, and only a complete listing deletes. Raises RequestError for an
        origin that cannot be listed (the run fails), TransientError for one that may answer later.
        """
        ...

    async def read(self, item: Item) -> Content:
        """The content of a listed document, in the listed version if the item names one; if that has been
        replaced, in the current one (`Content.version`).

        Raises Gone if it was deleted since (what is indexed of it is deleted), Unwanted if it is to be
        skipped, DocumentError if it cannot be
        read (this document fails and stays indexed as it was), RequestError if the origin cannot be read any
        more (the run fails), TransientError for an origin that may answer later.
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
    """An origin that keeps what an attempt has fetched for the next attempt at the same run."""

    def forget(self, invocation_id: str) -> None:
        """The run has ended: delete what is kept of it, if anything. For a thread."""
        ...
