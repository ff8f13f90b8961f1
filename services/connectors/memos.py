"""Memos: what origins note about their documents for their next run. The topic `source-memos`.

A memo belongs to a source and a document key, whichever collection the run was for. It describes the origin,
never a collection: only `source-documents` says whether a document is indexed.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from schemas.codec import Codec
from schemas.events import DocumentMemo
from schemas.ids import text_sha256
from services.connectors.states import IndexedDocuments, place_of
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

    async def catch_up(self) -> None:
        """Read the memos that earlier runs kept."""
        if self._memos is not None:
            await self._memos.catch_up([self._partition])

    def of(self, key: str) -> tuple[str, bytes] | None:
        """Version and memo of a document key."""
        if self._memos is None:
            return None
        rows = self._memos.at(self._partition, self._source_id, place_of(key))
        if not rows:
            return None
        version, _, memo = rows[0].essence.partition(b"\0")
        return version.decode(), memo

    def any(self) -> bool:
        """Whether the source has memos."""
        return self._memos is not None and bool(
            self._memos.ordered(self._partition, self._source_id, BEGINNING, 1)
        )

    def keep(self, key: str, version: str, memo: bytes | None) -> list[Send]:
        """The records to write so that this memo is kept, or with None, that there is none. Empty if that is
        already so."""
        known = self.of(key)
        if self._memos is None or known == (None if memo is None else (version, memo)):
            return []
        event = None
        if memo is not None:
            event = DocumentMemo(source_id=self._source_id, document_key=key, version_key=version, memo=memo)
        name = text_sha256(f"{self._source_id}\0{key}")[:32]
        return [Send(SOURCE_MEMOS, name, event, partition_key=self._source_id)]


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
