"""State of a stateful stage: the owned partitions of a compacted topic, in SQLite.

Rows and their offsets are written in one transaction, so a restart resumes from the file. A lost, damaged or
outdated file is rebuilt from the topic. The topic is the source of truth, the file a copy.
"""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from schemas.codec import Codec
from schemas.events import Event
from streams.engine.log import RecordMetadata
from streams.kafka.cluster import Cluster
from streams.kafka.producer import encoded
from streams.partitions import Partition
from streams.sqlite import open_database
from streams.state.checkpoints import SCHEMA as POSITIONS
from streams.state.checkpoints import Positions, topic_ids
from streams.state.passing import passed_over, passing_over
from streams.state.reader import ChangelogRecord, Reader, end_offsets, first_offsets
from streams.topics import Topic

E = TypeVar("E", bound=Event)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (
    partition INTEGER NOT NULL, key TEXT NOT NULL, scope TEXT, place BLOB, essence BLOB, value BLOB NOT NULL,
    PRIMARY KEY (partition, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_scope ON rows (partition, scope, place, key, essence) WHERE scope IS NOT NULL;
"""
_DELETE = "DELETE FROM rows WHERE partition = ? AND key = ?"
#: 4 µs a row; INSERT OR REPLACE, which deletes and inserts, takes 7.
_UPSERT = """
INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (partition, key) DO UPDATE SET
    scope = excluded.scope, place = excluded.place, essence = excluded.essence, value = excluded.value
"""
#: Answered from the index alone. Pages instead of one long cursor: rows change while a page is processed.
_ORDERED = """
SELECT place, key, essence FROM rows
WHERE partition = ? AND scope = ? AND (place, key) > (?, ?) ORDER BY place, key LIMIT ?
"""
_AT = "SELECT place, key, essence FROM rows WHERE partition = ? AND scope = ? AND place = ? ORDER BY key"

#: The row of a key: scope, place, essence and value.
_Row = tuple[str | None, bytes | None, bytes | None, bytes]
#: The newest row of each (partition, key); None removes it.
_Rows = dict[tuple[int, str], _Row | None]


@dataclass(frozen=True, slots=True)
class Essence:
    """What is known of a stored event without decoding it: its key, its place in its scope, and the bytes
    that the store's `essence` derived from it."""

    place: bytes
    key: str
    essence: bytes


#: Before the first row of a scope.
BEGINNING = Essence(b"", "", b"")


class PartitionStore(Generic[E]):
    """Key → event for some partitions of a compacted topic.

    Args:
        path: the SQLite file; one process at a time.
        scope: an optional label by which rows are found (a source's documents).
        place: where a row stands in its scope; `ordered` and `at` need it.
        essence: some bytes of an event that `ordered` and `at` give without decoding it.
    """

    def __init__(
        self,
        cluster: Cluster,
        codec: Codec,
        topic: Topic,
        path: Path,
        scope: Callable[[E], str | None] = lambda event: None,
        place: Callable[[E], bytes | None] = lambda event: None,
        essence: Callable[[E], bytes | None] = lambda event: None,
    ) -> None:
        self._cluster, self._codec, self.topic = cluster, codec, topic
        self._scope, self._place, self._essence = scope, place, essence
        self._database = open_database(path, _SCHEMA + POSITIONS)
        self._positions = Positions(self._database)
        self._lock = asyncio.Lock()
        self._firsts: dict[Partition, int] = {}  # looked up once: they only move while nobody is here
        #: `apply` runs in the loop while `catch_up` restores other partitions in a thread, and runs read in
        #: threads that outlive a cancellation. `close` waits for both: a connection that SQLite closes under
        #: a thread crashes the process.
        self._writing, self._reading = threading.Lock(), threading.Lock()

    async def catch_up(self, partitions: Sequence[int]) -> None:
        """Read these partitions to their end, waiting for open transactions to finish."""
        async with self._lock:
            await asyncio.to_thread(self._catch_up, partitions)

    def get(self, partition: int, key: str) -> E | None:
        """The newest event of `key`, or None."""
        rows = self._read("SELECT value FROM rows WHERE partition = ? AND key = ?", (partition, key))
        return self._decode(rows[0][0]) if rows else None

    def scan(self, partition: int, scope: str | None = None) -> Iterator[tuple[str, E]]:
        """All keys and events of a partition, or those of one scope."""
        where, values = ("", (partition,)) if scope is None else (" AND scope = ?", (partition, scope))
        for key, value in self._database.execute(
            f"SELECT key, value FROM rows WHERE partition = ?{where}",  # noqa: S608  (a constant)
            values,
        ):
            yield key, self._decode(value)

    def ordered(self, partition: int, scope: str, after: Essence, limit: int) -> list[Essence]:
        """The rows of a scope behind `after`, in the order of places, then keys; `limit` at most."""
        values = (partition, scope, after.place, after.key, limit)
        return [Essence(*row) for row in self._read(_ORDERED, values)]

    def at(self, partition: int, scope: str, place: bytes) -> list[Essence]:
        """The rows of a scope at one place, by key."""
        return [Essence(*row) for row in self._read(_AT, (partition, scope, place))]

    def apply(self, written: Iterable[RecordMetadata]) -> None:
        """Apply the records that this process has written to the topic, after its transaction."""
        rows: _Rows = {}
        ends: dict[Partition, int] = {}
        for record in written:
            if record.send.topic is self.topic:
                rows[record.partition, record.send.key] = self._row(record.send.event, record.value)
                ends[self.topic.name, record.partition] = record.offset + 1
        if rows:
            self._write(rows, ends)

    def check(self, event: E) -> None:
        """Raises DocumentTooLarge or ContractError for an event that cannot be written to the topic."""
        encoded(self._codec, event, self.topic.name)

    def close(self) -> None:
        """Close the file, after what threads read or write there now. Then they fail."""
        with self._writing, self._reading:
            self._database.close()

    def _catch_up(self, partitions: Sequence[int]) -> None:
        ids = topic_ids(self._cluster, [self.topic.name])
        ends = end_offsets(self._cluster, [(self.topic.name, p) for p in partitions])
        first = self._first(ends)
        with self._writing:
            starts = self._positions.usable(ends, ids, first)
        for partition in ends.keys() - starts.keys():
            self._empty(partition)
        behind = {partition: end for partition, end in ends.items() if starts.get(partition, 0) < end}
        # Read to the end is read just now: an idle partition does not grow stale, to be rebuilt under a run.
        self._write({}, {partition: end for partition, end in ends.items() if partition not in behind})
        if not behind:
            return
        reader = Reader(self._cluster, self._codec, passed_over)
        try:
            reader.assign({partition: starts.get(partition, 0) for partition in behind})
            for batch in reader.read_to(behind):
                self._write(self._rows(batch.changes), batch.positions)
        finally:
            reader.close()

    def _first(self, partitions: Iterable[Partition]) -> Mapping[Partition, int]:
        self._firsts |= first_offsets(self._cluster, [one for one in partitions if one not in self._firsts])
        return self._firsts

    def _empty(self, partition: Partition) -> None:
        with self._writing:
            self._database.execute("BEGIN")
            self._database.execute("DELETE FROM rows WHERE partition = ?", (partition[1],))
            self._positions.forget(partition)
            self._database.execute("COMMIT")

    def _rows(self, changes: Iterable[ChangelogRecord]) -> _Rows:
        rows: _Rows = {}
        for change in changes:
            with passing_over(change):
                rows[change.partition, change.key] = self._row(change.event)
        return rows

    def _row(self, event: Event | None, value: bytes | None = None) -> _Row | None:
        """A row's labels and value; None for a tombstone. `value`: the bytes of the event that were produced,
        so that it is not encoded a second time."""
        if event is None:
            return None
        found: E = event  # type: ignore[assignment]
        encoded_ = value or self._codec.encode(event, self.topic.name)
        return self._scope(found), self._place(found), self._essence(found), encoded_

    def _read(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        with self._reading:
            return self._database.execute(sql, values).fetchall()

    def _write(self, rows: _Rows, positions: Mapping[Partition, int]) -> None:
        with self._writing:
            self._database.execute("BEGIN")
            try:
                self._put(rows, positions)
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def _put(self, rows: _Rows, positions: Mapping[Partition, int]) -> None:
        self._database.executemany(_DELETE, [key for key, row in rows.items() if row is None])
        self._database.executemany(_UPSERT, [(*key, *row) for key, row in rows.items() if row is not None])
        self._positions.save(positions)

    def _decode(self, value: bytes) -> E:
        return self._codec.decode(value)  # type: ignore[return-value]
