"""Digests of the rows known to be in a collection, so that a new version writes only what changed.

    row ──► 24 bytes: text, vector, metadata without the version   (8 bytes of BLAKE2b each)

A document's digests are stored with its state: those of the first `BLOCK` chunks in the state itself, the
others in separate records (`ChunkDigests`), one per block, so that no message grows with the document. Zeros
mean that nothing is known of a row. A block is valid only for the epoch of the state, so raising the epoch
invalidates all blocks at once.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from schemas.events import MetadataValue
from services.indexing.rows import VERSION_KEYS, Row

_EACH = 8
DIGEST_BYTES = 3 * _EACH
UNKNOWN = bytes(DIGEST_BYTES)
#: Digests in a block: 24 KiB.
BLOCK = 1024


@dataclass(frozen=True, slots=True)
class Digest:
    """The digest of a row. Equal `content` means the same text and the same vector."""

    packed: bytes

    @classmethod
    def of(cls, text: str, vector: bytes, metadata: Mapping[str, MetadataValue]) -> "Digest":
        """Of a row's text, packed vector and metadata; nulls count as absent."""
        kept = {k: v for k, v in metadata.items() if v is not None and k not in VERSION_KEYS}
        described = json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()
        parts = text.encode(errors="surrogatepass"), vector, described
        return cls(b"".join(blake2b(part, digest_size=_EACH).digest() for part in parts))

    @property
    def text(self) -> bytes:
        """The digest of the text."""
        return self.packed[:_EACH]

    @property
    def content(self) -> bytes:
        """The digest of text and vector."""
        return self.packed[: 2 * _EACH]

    @property
    def metadata(self) -> bytes:
        """The digest of the metadata, without the document's version."""
        return self.packed[2 * _EACH :]


def digest_of(row: Row) -> Digest:
    """The digest of a row to write."""
    return Digest.of(row.text, row.vector, row.metadata)


@dataclass(slots=True)
class Digests:
    """Digests by chunk number. Blocks are loaded on demand.

    Args:
        load: returns the packed digests of a block; empty if nothing is known.
    """

    load: Callable[[int], bytes]
    _blocks: dict[int, bytearray] = field(default_factory=dict)
    _changed: set[int] = field(default_factory=set)

    def get(self, number: int) -> Digest | None:
        """The known digest of a row, if any."""
        block, start = divmod(number, BLOCK)
        packed = bytes(self._block(block)[start * DIGEST_BYTES : (start + 1) * DIGEST_BYTES])
        return None if packed in (UNKNOWN, b"") else Digest(packed)

    def put(self, number: int, digest: Digest) -> None:
        """Record a written row."""
        block, start = divmod(number, BLOCK)
        digests, end = self._block(block), (start + 1) * DIGEST_BYTES
        if len(digests) < end:
            digests.extend(bytes(end - len(digests)))
        digests[start * DIGEST_BYTES : end] = digest.packed
        self._changed.add(block)

    def cut(self, total: int) -> None:
        """Forget the rows with this number or a greater one: they are deleted."""
        last, start = divmod(total, BLOCK)
        block = self._block(last)
        if len(block) > start * DIGEST_BYTES:
            del block[start * DIGEST_BYTES :]
            self._changed.add(last)
        for number in [number for number in self._blocks if number > last]:
            self._blocks[number].clear()
            self._changed.discard(number)

    @property
    def first(self) -> bytes:
        """The digests of the first block."""
        return bytes(self._block(0))

    def changed(self) -> Mapping[int, bytes]:
        """The changed blocks after the first, by number."""
        later = (number for number in sorted(self._changed) if number > 0 and self._blocks[number])
        return {number: bytes(self._blocks[number]) for number in later}

    def _block(self, number: int) -> bytearray:
        if number not in self._blocks:
            self._blocks[number] = bytearray(self.load(number))
        return self._blocks[number]


def blocks_between(total: int, extent: int) -> Iterable[int]:
    """Numbers of the blocks after the first that a document of `extent` chunks has and one of `total` chunks
    does not."""
    return range(max(1, -(-total // BLOCK)), -(-extent // BLOCK))


def block_key(document_id: str, number: int) -> str:
    """The key of a block's record."""
    return f"{document_id}/{number}"
