"""Memos: what origins note about their documents for their next run. The topic `source-memos`.

A memo belongs to a source and a document key, whichever collection the run was for. It describes the origin,
never a collection: only `source-documents` says whether a document is indexed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self

from schemas.codec import Codec
from schemas.events import DocumentMemo
from schemas.ids import text_sha256
from services.connectors.states import PAGE, IndexedDocuments, place_of
from streams.engine.outputs import Send
from streams.kafka.cluster import Cluster
from streams.state.store import BEGINNING, Essence, PartitionStore
from streams.topics import SOURCE_MEMOS


class Memos(Protocol):
    """Partitions of `source-memos`, as `streams.state.store.PartitionStore` keeps them. The scope of a row is
    its source id, its place that of its document key."""

    async def catch_up(self, partitions: Sequence[int]) -> None:
        """Read these partitions to their end."""
        ...

    def ordered(self, partition: int, scope: str, after: Essence, limit: int) -> list[Essence]:
        """At most `limit` rows of a source after one of them, in key order."""
        ...

    def at(self, partition: int, scope: str, place: bytes) -> list[Essence]:
        """The row of a document key, if there is one."""
        ...


def source_memos(cluster: Cluster, codec: Codec, path: Path) -> PartitionStore[DocumentMemo]:
    """Memos by source and document key."""
    return PartitionStore(
        cluster,
        codec,
        SOURCE_MEMOS,
        path,
        scope=lambda memo: memo.source_id,
        place=lambda memo: place_of(memo.document_key),
        essence=lambda memo: memo.version_key.encode() + b"\0" + memo.memo,
    )


class SourceMemos:
    """The memos of one source. Without a store it has none and keeps none."""

    def __init__(self, memos: Memos | None, partition: int, source_id: str) -> None:
        self._memos, self._partition, self._source_id = memos, partition, source_id
        self._page = _Page()

    async def catch_up(self) -> None:
        """Read the memos that earlier runs kept."""
        if self._memos is not None:
            await self._memos.catch_up([self._partition])

    def of(self, key: str) -> tuple[str, bytes] | None:
        """Version and memo of a document key."""
        if self._memos is None:
            return None
        rows = self._memos.at(self._partition, self._source_id, place_of(key))
        return _unpacked(rows[0].essence) if rows else None

    def _next(self, key: str) -> tuple[str, bytes] | None:
        """As `of`, but reads a page of memos at once, because a disk access per key would be slow."""
        if self._memos is None:
            return None
        place = place_of(key)
        if not self._page.covers(place):
            size = min(2 * self._page.size, PAGE)
            after = Essence(place, "", b"")  # before each row at this place
            self._page = _Page.of(
                place, self._memos.ordered(self._partition, self._source_id, after, size), size
            )
        essence = self._page.rows.get(place)
        return None if essence is None else _unpacked(essence)

    def any(self) -> bool:
        """Whether the source has memos."""
        return self._memos is not None and bool(
            self._memos.ordered(self._partition, self._source_id, BEGINNING, 1)
        )

    def keep(self, key: str, version: str, memo: bytes | None) -> list[Send]:
        """The records that store this memo, or delete it if it is None; empty if nothing changes. Fast if the
        keys come in order."""
        known = self._next(key)
        if self._memos is None or known == (None if memo is None else (version, memo)):
            return []
        event = None
        if memo is not None:
            event = DocumentMemo(source_id=self._source_id, document_key=key, version_key=version, memo=memo)
        return [self._record(text_sha256(f"{self._source_id}\0{key}")[:32], event)]

    def all(self) -> Iterator[Essence]:
        """All memos of the source, in key order."""
        after = BEGINNING
        while self._memos and (rows := self._memos.ordered(self._partition, self._source_id, after, PAGE)):
            yield from rows
            after = rows[-1]

    def forget(self, row: Essence) -> Send:
        """The record that deletes a memo."""
        return self._record(row.key, None)

    def _record(self, name: str, event: DocumentMemo | None) -> Send:
        return Send(SOURCE_MEMOS, name, event, partition_key=self._source_id)


class Orphans:
    """Memos of documents that are neither listed nor indexed: of files that were skipped, and are gone."""

    def __init__(self, memos: SourceMemos) -> None:
        self._memos, self._rows = memos, memos.all()
        self._row, self._seen = next(self._rows, None), b""

    def before(self, place: bytes | None) -> list[Send]:
        """The records that delete those before a place that is listed or indexed, the next one in order; None
        for all that are left."""
        found = []
        while self._row is not None and (place is None or self._row.place < place):
            if self._row.place != self._seen:
                found.append(self._memos.forget(self._row))
            self._row = next(self._rows, None)
        self._seen = place or b""
        return found


@dataclass(frozen=True, slots=True)
class _Page:
    """All memos of a source from one place to another, which is None at the end of the source."""

    first: bytes = b"\1"
    last: bytes | None = b"\0"
    rows: Mapping[bytes, bytes] = field(default_factory=dict)
    size: int = 1

    @classmethod
    def of(cls, first: bytes, rows: Sequence[Essence], size: int) -> Self:
        """The page of at most `size` rows that begins at a place."""
        whole = len(rows) < size
        return cls(first, None if whole else rows[-1].place, {row.place: row.essence for row in rows}, size)

    def covers(self, place: bytes) -> bool:
        """Whether a place lies within the page."""
        return place >= self.first and (self.last is None or place <= self.last)


def _unpacked(essence: bytes) -> tuple[str, bytes]:
    version, _, memo = essence.partition(b"\0")
    return version.decode(), memo


class KnownDocuments:
    """Implements `services.connectors.lister.Known`."""

    def __init__(self, documents: IndexedDocuments, memos: SourceMemos) -> None:
        self._documents, self._memos = documents, memos

    def keys(self) -> Iterator[str]:
        """The keys that are indexed in the collection of the run, in order."""
        return self._documents.keys()

    def memo(self, key: str) -> bytes | None:
        """The memo of a key."""
        known = self._memos.of(key)
        return known[1] if known else None

    def version(self, key: str) -> str | None:
        """The version that the document had when its memo was kept."""
        known = self._memos.of(key)
        return known[0] if known else None
