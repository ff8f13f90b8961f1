"""What the gateway is made of and told: plain values, wired by the command."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from schemas.codec import Codec
from schemas.limits import (
    DEFAULT_LINES_SIZE_BYTES,
    DEFAULT_MAX_LINES,
    DEFAULT_MAX_SIZE_BYTES,
    MAX_FILE_BYTES,
)
from streams.blobs import BlobStore
from streams.credentials import SavedCredentials
from streams.kafka.cluster import Cluster


@dataclass(frozen=True)
class ChromaAccess:
    """Where Chroma's HTTP API is (`http://host:port`), the token and the tenant that it wants, if any."""

    url: str
    token: str | None = field(default=None, repr=False)
    tenant: str | None = None


@dataclass(frozen=True)
class Models:
    """Dense models: what is used when a request names none, and all that may be named."""

    default: str
    served: Sequence[str] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All names that are served, the default first."""
        return tuple(dict.fromkeys((self.default, *self.served)))


@dataclass(frozen=True)
class ChunkingDefaults:
    """Limits that a request leaves open: `max_size_bytes` of `tree_sitter`, the other two of `lines`."""

    max_size_bytes: int = DEFAULT_MAX_SIZE_BYTES
    max_lines: int = DEFAULT_MAX_LINES
    lines_size_bytes: int = DEFAULT_LINES_SIZE_BYTES


class OriginCheck(Protocol):
    """Looks at where a source reads from."""

    async def check(self, config: Any, tenant: str) -> Any:
        """The configuration as it is to be kept. Raises RequestError for what cannot be read here."""
        ...


@dataclass(frozen=True)
class Gateway:
    """Everything that `create_app` needs.

    Args:
        state_folder: where the views keep their SQLite files; one process at a time.
        admin_key: the preset key; may do everything, in `default_tenant` and for others.
        origins: what looks at where a source reads from, by its type. A type without one is taken as it is.
        credentials: the saved credentials; without them, none can be saved.
        uploads_per_tenant: uploads under way at once in this process; one more is answered 429.
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
    credentials: SavedCredentials | None = None
    chunking: ChunkingDefaults = field(default_factory=ChunkingDefaults)
    default_tenant: str = "default_tenant"
    uploads_per_tenant: int = 8
    max_file_bytes: int = MAX_FILE_BYTES
    wait_s: float = 10.0
    heartbeat_s: float = 15.0
    stalled_s: float = 60.0
