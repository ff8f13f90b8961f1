"""What is indexed of a source in a collection: the topic `source-documents`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from schemas.codec import Codec
from schemas.events import DocumentState
from streams.kafka.cluster import Cluster
from streams.state.store import PartitionStore
from streams.topics import SOURCE_DOCUMENTS


class States(Protocol):
    """Partitions of `source-documents`, as `streams.state.store.PartitionStore` keeps them."""

    async def catch_up(self, partitions: Sequence[int]) -> None:
        """Read these partitions to their end."""
        ...

    def get(self, partition: int, key: str) -> DocumentState | None:
        """The state of a document by its id."""
        ...

    def scan(self, partition: int, scope: str | None = None) -> Iterator[tuple[str, DocumentState]]:
        """Document ids and states, those of one `scope_of` or all."""
        ...


def source_documents(cluster: Cluster, codec: Codec, path: Path) -> PartitionStore[DocumentState]:
    """What is indexed, by source and collection; the scope is `scope_of`."""
    return PartitionStore(
        cluster,
        codec,
        SOURCE_DOCUMENTS,
        path,
        scope=lambda state: scope_of(state.document.source_id or "", state.document.collection),
    )


def scope_of(source_id: str, collection: str) -> str:
    """Label of a source's documents in one collection."""
    return f"{source_id}\0{collection}"
