"""Compare the rows of a collection in the index with those that its topic holds, and mend what differs.

    topic, read once more ──┐
                            ├──► missing, surplus, wrong ──► written again from the topic, or deleted
    the shard ──────────────┘

The follower's thread does both, so nothing is folded in meanwhile.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from schemas.codec import Codec
from schemas.events import SparseRow
from services.searching.index import Indexed, SparseIndex
from services.searching.points import VectorName, described, point_id, point_of
from streams.kafka.cluster import Cluster
from streams.partitions import Partition
from streams.state.reader import ChangelogRecord, Reader


@dataclass(frozen=True, slots=True)
class Audit:
    """What differs.

    Attributes:
        rows: that the topic holds.
        missing, wrong: rows that the index does not have, or has otherwise.
        surplus: rows that it should not have.
    """

    rows: int
    missing: frozenset[UUID] = frozenset()
    wrong: frozenset[UUID] = frozenset()
    surplus: frozenset[UUID] = frozenset()

    @property
    def differing(self) -> int:
        """How many rows differ."""
        return len(self.missing) + len(self.wrong) + len(self.surplus)


class Auditor:
    """Audits one collection.

    Args:
        positions: up to where the topic is folded into the index.
    """

    def __init__(
        self,
        cluster: Cluster,
        codec: Codec,
        index: SparseIndex,
        positions: Mapping[Partition, int],
        collection: Indexed,
    ) -> None:
        self._cluster, self._codec, self._index = cluster, codec, index
        self._positions, self._collection = dict(positions), collection

    def audit(self) -> Audit:
        """What differs. Raises TransientError, and what a shard raises."""
        wanted: dict[UUID, bytes] = {}
        for change in self._changes():
            id_ = _id_of(change)
            wanted.pop(id_, None)
            if (row := self._row(change)) is not None:
                wanted[id_] = described(point_of(row))
        shard = self._index.shard(self._collection.id)
        found = {} if shard is None else dict(shard.rows())
        return Audit(
            len(wanted),
            frozenset(wanted.keys() - found.keys()),
            frozenset(id_ for id_ in wanted.keys() & found.keys() if wanted[id_] != found[id_]),
            frozenset(found.keys() - wanted.keys()),
        )

    def mend(self, audit: Audit) -> None:
        """Make the rows those of the topic."""
        rows: dict[UUID, SparseRow] = {}
        differ = audit.missing | audit.wrong
        for change in self._changes() if differ else ():
            if (id_ := _id_of(change)) in differ and (row := self._row(change)) is not None:
                rows[id_] = row
        vectors = {VectorName(row.key, row.model) for row in rows.values()}
        self._index.mend(self._collection.id, vectors, map(point_of, rows.values()), audit.surplus)

    def _row(self, change: ChangelogRecord) -> SparseRow | None:
        row = change.event
        return row if isinstance(row, SparseRow) and row.collection_id == self._collection.id else None

    def _changes(self) -> Iterator[ChangelogRecord]:
        """The records of the collection's name, up to the positions."""
        reader = Reader(self._cluster, self._codec)
        try:
            reader.assign(dict.fromkeys(self._positions, 0))
            for batch in reader.read_to(self._positions):
                for change in batch.changes:
                    folded = change.offset < self._positions[change.topic, change.partition]
                    if folded and change.key.partition("/")[0] == self._collection.place:
                        yield change
        finally:
            reader.close()


def _id_of(change: ChangelogRecord) -> UUID:
    return point_id(change.key.partition("/")[2])
