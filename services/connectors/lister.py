"""How a type of source lists and reads: the seam between one origin and the run that all of them share.

A type is a package beside this module with an `Origin`, and a line in `services.connectors.ORIGINS`.
Everything else is `services.connectors.sync`: comparing with what is indexed, ordinals, the in-flight limit,
deletes, markers, counts, and that unreadable is not deleted.
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
    """What the deployment lets sources read.

    Attributes:
        places: what may be read of the disk; by default nothing.
        credentials: what sources sign in with; by default none.
        github: which server repositories are on, and what their mirrors may take of the disk.
        web: how sites are crawled; by default public ones, slowly.
        s3: what `s3` sources may use; by default AWS with saved credentials.
    """

    places: Places = field(default_factory=lambda: Places(()))
    credentials: Credentials = field(default_factory=NoCredentials)
    github: GithubAccess = field(default_factory=GithubAccess)
    web: WebAccess = field(default_factory=WebAccess)
    s3: S3Access = field(default_factory=S3Access)


@dataclass(frozen=True, slots=True)
class Item:
    """A document that is there.

    Attributes:
        key: its document key, unique in the listing. Any text; a key that UTF-8 cannot encode fails alone.
        version: equal as long as the content is. None when it is not known without reading: the SHA-256 of
            the content is taken.
        size: in bytes, where it is known without reading; what is too large is not read.
        facts: become metadata of its chunks.
        custom_id: begins the ids of its chunks in place of the key's hash.
        memo: what the origin wants to know of this key in the next run (`Known.memo`); kept when the
            document needs no work or was sent. None keeps nothing.
    """

    key: str
    version: str | None = None
    size: int | None = None
    facts: Mapping[str, MetadataValue] = field(default_factory=dict)
    custom_id: str | None = None
    memo: bytes | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A place of which nothing is known: the key of a document, or the path above keys. It counts as one
    failed document, and what is indexed at `place` and below it (`place/…`) stays."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A document that is there and left out on purpose (binary, `noindex`, an archived object): shown as
    skipped with the reason, no failure. What is indexed of it is deleted, unless it is to `keep`."""

    key: str
    reason: str
    keep: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Documents that are not listed on purpose, and why: only their number is told."""

    reason: str
    count: int


Entry = Item | Unreadable | Skipped | LeftOut


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a document, its media type where the origin knows it, and a name that says what it is
    where the key does not. `version` is that of the bytes where it is not the listed one any more."""

    body: bytes
    content_type: str | None = None
    filename: str | None = None
    version: str | None = None


class Gone(DocumentError):
    """A listed document that is proven not to be there any more: it is as if it had not been listed."""


class Known(Protocol):
    """What earlier runs of the source have found: for origins that ask for less when they know more."""

    def keys(self) -> Iterator[str]:
        """The keys that are indexed in the collection of the run, in order."""
        ...

    def memo(self, key: str) -> bytes | None:
        """What was kept of a key (`Item.memo`), whichever collection the run was for."""
        ...

    def version(self, key: str) -> str | None:
        """The version that the document had when its memo was kept."""
        ...


class Lister(Protocol):
    """One source, opened for one run."""

    #: What a person should look at when nothing is listed though much is indexed, as a question.
    when_empty: str
    #: Whether items and skipped documents come in key order (of the UTF-8 bytes): then they are compared as
    #: they come. Others are sorted first, in a temporary file.
    in_order: bool
    #: The keys that this run is about: others are neither compared nor deleted. None for all.
    only: Sequence[str] | None

    def facts(self) -> Mapping[str, MetadataValue]:
        """What the invocation shows of the origin once it is listed: the commit, pages not modified."""
        ...

    def pages(self) -> AsyncIterator[Sequence[Entry]]:
        """What is there, some entries at a time; each key once, in key order where the origin can.

        Only a listing that ends is complete, and only a complete one deletes. Raises RequestError for an
        origin that cannot be listed (the run fails), TransientError for one that may answer later.
        """
        ...

    async def read(self, item: Item) -> Content:
        """The content of a listed document, of the listed version if the item names one; if that has been
        replaced, of the one that is there now (`Content.version`).

        Raises Gone when it was deleted since (what is indexed of it is deleted), DocumentError when it cannot
        be read (this document fails, what is indexed of it stays), TransientError for an origin that may
        answer later.
        """
        ...

    async def aclose(self) -> None:
        """Called once, when the run needs nothing more."""
        ...


@runtime_checkable
class Selective(Protocol):
    """A lister that can tell which keys its source does not want, whatever is there. Their documents are
    known to be unwanted: deleting them is never a surprise (`HEADRACE_MASS_DELETE_SHARE`)."""

    def excludes(self, key: str) -> bool:
        """Whether the configuration of the source alone leaves this key out."""
        ...


class Origin(Protocol, Generic[C]):
    """A type of source in this process."""

    async def check(self, config: C, tenant: str) -> C:
        """The configuration as it is to be kept. Raises RequestError when it cannot be read here, with what
        to do."""
        ...

    def open(self, run: RunRequested, known: Known) -> Lister:
        """The source of a run. Nothing is read yet."""
        ...


@dataclass(slots=True)
class Listing:
    """A complete listing in memory: for origins that are small, and for tests. A run streams instead.

    Attributes:
        items: by key.
        unreadable: place → why nothing is known of it.
        left_out: reason → how many documents are left out for it.
        skipped: key → why it is left out.
    """

    items: dict[str, Item] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)

    @classmethod
    async def of(cls, lister: Lister) -> "Listing":
        """All that a lister lists. Raises what `Lister.pages` does."""
        listing = cls()
        async for page in lister.pages():
            for entry in page:
                if isinstance(entry, Unreadable):
                    listing.unreadable[entry.place] = entry.reason
                elif isinstance(entry, Skipped):
                    listing.skipped[entry.key] = entry.reason
                elif isinstance(entry, LeftOut):
                    listing.left_out[entry.reason] = listing.left_out.get(entry.reason, 0) + entry.count
                else:
                    listing.items[entry.key] = entry
        return listing

    def hides(self, key: str) -> bool:
        """Whether a document of this key may be there unseen."""
        if not self.unreadable:
            return False
        places = [key, *(key[:at] for at, letter in enumerate(key) if letter == "/")]
        return any(place in self.unreadable for place in places)
