"""What is indexed of a source in a collection: the topic `source-documents`, in order of document keys."""

import asyncio
import struct
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Protocol, Self

from schemas.codec import Codec
from schemas.events import DocumentState
from schemas.markers import is_marker
from streams.kafka.cluster import Cluster
from streams.state.store import BEGINNING, Essence, PartitionStore
from streams.topics import SOURCE_DOCUMENTS

#: Rows per read: half a megabyte, 3 ms.
PAGE = 2_000

_DELETED, _COMPLETE = 1, 2
_PACKED = struct.Struct(">BI16s16s16s")


def digest(*texts: str | None) -> bytes:
    """A 16-byte digest of the texts."""
    joined = "\0".join("\1" if text is None else text for text in texts)
    return blake2b(joined.encode(errors="surrogatepass"), digest_size=16).digest()


def place_of(key: str) -> bytes:
    """The position of a document key in key order: its UTF-8 bytes, or the bytes that it was decoded from."""
    try:
        return key.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return key.encode(errors="surrogatepass")


def shown(key: str) -> str:
    """The key in valid UTF-8: bytes that cannot be encoded are escaped."""
    return place_of(key).decode(errors="backslashreplace")


@dataclass(frozen=True, slots=True)
class Indexed:
    """What a run needs to know about an indexed document: 53 bytes instead of its whole state.

    Attributes:
        content: `digest` of version key and fingerprint.
        chunks: in the collection.
        invocation: `digest` of the id of the invocation that wrote the document.
        collection: `digest` of the id of the collection that contains it.
    """

    deleted: bool
    complete: bool
    chunks: int
    content: bytes
    invocation: bytes
    collection: bytes

    @classmethod
    def of(cls, state: DocumentState) -> Self:
        """The essence of a state."""
        run = state.document.run
        return cls(
            state.deleted,
            state.complete,
            state.chunks,
            digest(state.document.version_key, state.fingerprint),
            digest(run.invocation_id if run else None),
            digest(state.collection_id),
        )

    def packed(self) -> bytes:
        """The bytes that the store keeps."""
        flags = _DELETED * self.deleted | _COMPLETE * self.complete
        return _PACKED.pack(flags, self.chunks, self.content, self.invocation, self.collection)

    @classmethod
    def unpacked(cls, packed: bytes) -> Self:
        """The inverse of `packed`."""
        flags, chunks, content, invocation, collection = _PACKED.unpack(packed)
        return cls(bool(flags & _DELETED), bool(flags & _COMPLETE), chunks, content, invocation, collection)


class States(Protocol):
    """Partitions of `source-documents`, as `streams.state.store.PartitionStore` keeps them. The essence of a
    row is a packed `Indexed`, its place is that of the document key."""

    async def catch_up(self, partitions: Sequence[int]) -> None:
        """Read these partitions to their end."""
        ...

    def get(self, partition: int, key: str) -> DocumentState | None:
        """The state of a document by its id."""
        ...

    def ordered(self, partition: int, scope: str, after: Essence, limit: int) -> list[Essence]:
        """At most `limit` rows of a `scope_of` after one of them, in key order."""
        ...

    def at(self, partition: int, scope: str, place: bytes) -> list[Essence]:
        """The rows of a `scope_of` with this document key; several if its custom id has changed."""
        ...


@dataclass(frozen=True, slots=True)
class IndexedDocuments:
    """The states of one source in one collection."""

    states: States
    partition: int
    scope: str

    def pages(self) -> Iterator[list[Essence]]:
        """All rows in key order, some at a time. Each page blocks for some milliseconds."""
        after = BEGINNING
        while page := self.states.ordered(self.partition, self.scope, after, PAGE):
            yield page
            after = page[-1]

    async def rows(self) -> AsyncIterator[list[Essence]]:
        """As `pages`, without blocking the event loop."""
        after = BEGINNING
        while page := await asyncio.to_thread(self.states.ordered, self.partition, self.scope, after, PAGE):
            yield page
            after = page[-1]

    def at(self, place: bytes) -> list[Essence]:
        """The rows of one document key."""
        return self.states.at(self.partition, self.scope, place)

    def get(self, id_: str) -> DocumentState | None:
        """The state of a document by its id."""
        return self.states.get(self.partition, id_)

    def keys(self) -> Iterator[str]:
        """The document keys that are indexed, in order, each once."""
        last: bytes | None = None
        for page in self.pages():
            for row in page:
                if row.place != last and not Indexed.unpacked(row.essence).deleted:
                    yield row.place.decode()
                    last = row.place


def source_documents(cluster: Cluster, codec: Codec, path: Path) -> PartitionStore[DocumentState]:
    """A store of document states by source and collection (`scope_of`). Barrier markers have no scope."""
    return PartitionStore(
        cluster,
        codec,
        SOURCE_DOCUMENTS,
        path,
        scope=_scope,
        place=lambda state: place_of(state.document.document_key),
        essence=lambda state: Indexed.of(state).packed(),
    )


def _scope(state: DocumentState) -> str | None:
    document = state.document
    return None if is_marker(document) else scope_of(document.source_id or "", document.collection)


def scope_of(source_id: str, collection: str) -> str:
    """Label of a source's documents in one collection."""
    return f"{source_id}\0{collection}"


#: What is known of a document key: its rows, one for each custom id.
KeyRows = Sequence[tuple[Essence, Indexed]]


def key_rows(rows: Sequence[Essence]) -> KeyRows:
    """The rows of a document key, unpacked."""
    return [(row, Indexed.unpacked(row.essence)) for row in rows]
