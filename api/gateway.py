"""The configuration of the gateway: plain values, set by the command."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from api.search.embedding import QueryEmbedder
from api.search.rerank import RerankAccess
from api.search.sparse import SparseIndex
from api.verification.verifier import Verifier
from schemas.api import SourceCheck
from schemas.codec import Codec
from schemas.limits import (
    DEFAULT_LINES_SIZE_BYTES,
    DEFAULT_MAX_LINES,
    DEFAULT_MAX_SIZE_BYTES,
    MAX_FILE_BYTES,
)
from streams.blobs import BlobStore
from streams.credentials import SavedCredentials
from streams.growth import GrowthKeeper
from streams.kafka.cluster import Cluster


@dataclass(frozen=True)
class ChromaAccess:
    """URL of Chroma's HTTP API (`http://host:port`), and its token and tenant, if required.

    `searches`: it answers `search` itself, as Chroma Cloud does; else the gateway does.
    """

    url: str
    token: str | None = field(default=None, repr=False)
    tenant: str | None = None
    searches: bool = False


@dataclass(frozen=True)
class EmbeddingAccess:
    """URL of the embedding service, and the key that it asks for."""

    url: str
    key: str = field(repr=False)


@dataclass(frozen=True)
class Models:
    """Dense models: the default, and the other models that a request may name.

    `substitutes`: a request that names a model that is not served gets the default in its place.
    `sparse` is the sparse model of requests that name none; usually there is none.
    """

    default: str
    served: Sequence[str] = ()
    substitutes: bool = False
    sparse: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All available names, the default first."""
        return tuple(dict.fromkeys((self.default, *self.served)))


@dataclass(frozen=True)
class ChunkingDefaults:
    """Default limits of a request: `max_size_bytes` of `tree_sitter`, the other two of `lines`."""

    max_size_bytes: int = DEFAULT_MAX_SIZE_BYTES
    max_lines: int = DEFAULT_MAX_LINES
    lines_size_bytes: int = DEFAULT_LINES_SIZE_BYTES


class OriginCheck(Protocol):
    """Checks the origin of a source."""

    async def check(self, config: Any, tenant: str) -> Any:
        """The configuration as it is to be kept. Raises RequestError for what cannot be read here.

        An origin that is asked over a network also has `check_run`, which looks at what is allowed and asks
        nobody: a run may be asked for while its origin is away.
        """
        ...


class SourcePreview(Protocol):
    """Looks at what a source would sync."""

    async def look(
        self,
        kind: str,
        config: Any,
        tenant: str,
        secret: Mapping[str, str] | None,
        limit: int,
        seconds: float,
    ) -> tuple[Any, SourceCheck]:
        """The configuration as it would be stored, and what a run would read.

        Args:
            secret: of a payload that brings it along, whose configuration has credential 1.

        Raises RequestError for what cannot be read.
        """
        ...


@dataclass(frozen=True)
class Gateway:
    """Everything that `create_app` needs.

    Args:
        state_folder: folder of the SQLite files of the views; used by one process at a time.
        admin_key: the preset key; may do everything, in `default_tenant` and for others.
        origins: what looks at where a source reads from, by its type. A type without one is taken as it is.
        preview: looks at sources before they are created; without it none are.
        embedding: the service that embeds texts of requests; without it none are embedded.
        credentials: the saved credentials; without them, none can be saved.
        sparse: the index of sparse vectors; without it, searches are dense only.
        embedder: embeds texts of queries, in place of the embedding service.
        rerank: the reranker of our own searches.
        verifier: what compares collections with what is recorded of them; without it, none are compared.
        growth: grows partitions in this process; without it, none are grown.
        uploads_per_tenant: uploads under way at once in this process; one more is answered 429.
        webhook_allowed_hosts: hosts that completion webhooks may be sent to though their address is private.
        github_webhook_secret: what GitHub signs its deliveries with; without it none are taken.
        github_host: host of repositories that are named without one.
        wait_s: how long a request waits for its records to be taken and shown.
        heartbeat_s: pause after which a silent event stream sends a comment, so that proxies keep it open.
        stalled_s: an upload that sends nothing for this long is refused.
    """

    cluster: Cluster
    codec: Codec
    blobs: BlobStore
    state_folder: Path
    chroma: ChromaAccess
    models: Models
    admin_key: str = field(repr=False)
    origins: Mapping[str, OriginCheck] = field(default_factory=dict)
    preview: SourcePreview | None = None
    embedding: EmbeddingAccess | None = None
    credentials: SavedCredentials | None = None
    sparse: SparseIndex | None = None
    embedder: QueryEmbedder | None = None
    rerank: RerankAccess | None = None
    verifier: Verifier | None = None
    growth: GrowthKeeper | None = None
    chunking: ChunkingDefaults = field(default_factory=ChunkingDefaults)
    default_tenant: str = "default_tenant"
    uploads_per_tenant: int = 8
    max_file_bytes: int = MAX_FILE_BYTES
    webhook_allowed_hosts: frozenset[str] = frozenset()
    github_webhook_secret: str | None = field(default=None, repr=False)
    github_host: str = "github.com"
    wait_s: float = 10.0
    heartbeat_s: float = 15.0
    stalled_s: float = 60.0
