"""Chroma Cloud's limits on a row. A self-hosted server has none of them.

They are checked before a request is sent, because a refusal would cost every document of the request a retry,
and because our error can name the chunk and say what to do.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from schemas.errors import DocumentError
from services.indexing.rows import Row

_CLOUD_HOST = "trychroma.com"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes in UTF-8, and a number of metadata keys."""

    document_bytes: int
    id_bytes: int
    keys: int
    key_bytes: int
    value_bytes: int

    def check(self, rows: Iterable[Row]) -> None:
        """Raise DocumentError for the first row that is too large."""
        for row in rows:
            if fault := self._fault(row):
                name = row.metadata.get("document_key", row.id)
                raise DocumentError(f"{name!r}, chunk {row.id.rpartition('-')[2]}: {fault}")

    def _fault(self, row: Row) -> str | None:
        if (size := _bytes(row.text)) > self.document_bytes:
            return (
                f"{size:,} bytes of text, Chroma Cloud takes {self.document_bytes:,}; "
                f"set the source's chunking.max_size_bytes to less"
            )
        if (size := _bytes(row.id)) > self.id_bytes:
            return f"its id has {size} bytes, Chroma Cloud takes {self.id_bytes}; give it a shorter custom id"
        set_ = {key: value for key, value in row.metadata.items() if value is not None}
        if len(set_) > self.keys:
            return f"{len(set_)} metadata keys with ours, Chroma Cloud takes {self.keys}; send fewer"
        for key, value in set_.items():
            if (size := _bytes(key)) > self.key_bytes:
                return f"the metadata key {key!r} has {size} bytes, Chroma Cloud takes {self.key_bytes}"
            if isinstance(value, str) and (size := _bytes(value)) > self.value_bytes:
                return f"metadata {key!r}: {size:,} bytes, Chroma Cloud takes {self.value_bytes:,}"
        return None


#: Chroma Cloud's quotas; the one on rows of a request is `vectors.MAX_ROWS`.
CLOUD = Limits(document_bytes=16_384, id_bytes=128, keys=32, key_bytes=36, value_bytes=8_182)


def limits_at(url: str) -> Limits | None:
    """The limits of the server at this URL; None if it has none."""
    host = urlsplit(url).hostname or ""
    return CLOUD if host == _CLOUD_HOST or host.endswith(f".{_CLOUD_HOST}") else None


def _bytes(text: str) -> int:
    return len(text.encode(errors="replace"))
