"""The sparse index: a shard per collection, and a database of the shards and the topic's offsets.

    folder/index.sqlite     collections, the keys and models of their vectors, offsets
    folder/shards/<hash>/   the rows of one collection

Folded rows can be found immediately and are durable after `flush`, which saves the offsets last. Rows lost in
a crash are read again; folding is idempotent. Offsets are not per collection, so a damaged or incomplete
index is emptied and rebuilt as a whole.
"""

import shutil
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from uuid import UUID

import structlog
from qdrant_edge import Point

from schemas.errors import ContractError, TransientError
from schemas.events import SparseRow
from schemas.ids import collection_key
from services.searching.points import VectorName, point_id, point_of
from services.searching.shard import IndexDamaged, Shard
from streams.local import DataDirLock
from streams.partitions import Partition
from streams.sqlite import open_database
from streams.state.checkpoints import SCHEMA as POSITIONS
from streams.state.checkpoints import Positions
from streams.state.passing import passing_over
from streams.state.reader import ChangelogRecord

log = structlog.get_logger(__name__)

#: Maximum open shards, beside those with unflushed changes; each has a thread and its segments in memory.
MAX_OPEN = 200

_SCHEMA = """
CREATE TABLE IF NOT EXISTS collections (
    id TEXT PRIMARY KEY, place TEXT NOT NULL, tenant TEXT NOT NULL, database TEXT NOT NULL,
    name TEXT NOT NULL, flushed INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS vectors (
    collection TEXT NOT NULL, key TEXT NOT NULL, model TEXT NOT NULL, PRIMARY KEY (collection, key, model)
);
CREATE TABLE IF NOT EXISTS dropped (
    id TEXT PRIMARY KEY, tenant TEXT NOT NULL, database TEXT NOT NULL, name TEXT NOT NULL
);
"""


@dataclass(slots=True)
class Indexed:
    """An indexed collection. `place` is the prefix of its rows' keys; `flushed` says whether its shard was
    ever made durable."""

    id: str
    place: str
    tenant: str
    database: str
    name: str
    flushed: bool
    vectors: list[VectorName]


class SparseIndex:
    """All shards below `folder`, which belongs to one process. Blocking.

    One thread folds, flushes and drops; any thread may ask. Raises RequestError if another process has it.
    """

    def __init__(self, folder: Path, most_open: int = MAX_OPEN) -> None:
        self._most_open = most_open
        self._folder, self._lock = folder, DataDirLock(folder, "searching")
        self._lock.acquire()
        self._database = open_database(folder / "index.sqlite", _SCHEMA + POSITIONS)
        self._positions = Positions(self._database)
        self._open: OrderedDict[str, Shard] = OrderedDict()
        self._opening, self._closed = threading.Lock(), False
        self._collections: dict[str, Indexed] = {}
        self._at: dict[str, list[str]] = {}
        self._load()

    def start(self, ends: Mapping[Partition, int], ids: Mapping[str, str]) -> dict[Partition, int]:
        """The offsets to continue from. If the index is incomplete, or not valid for these end offsets and
        topic ids, it is emptied and they are all 0."""
        usable = self._positions.usable(ends, ids)
        if len(usable) == len(ends) and all(self._is_there(each) for each in self._collections.values()):
            return usable
        return self.empty(ends)

    def empty(self, partitions: Mapping[Partition, int]) -> dict[Partition, int]:
        """Empty the index. Returns the offsets from which to read everything again."""
        if self._collections:
            log.warning("the sparse index is rebuilt from its topic", collections=len(self._collections))
        with self._opening:
            for shard in self._open.values():
                shard.drop()
            self._open.clear()
            self._collections, self._at = {}, {}
        shutil.rmtree(self._folder / "shards", ignore_errors=True)
        start = dict.fromkeys(partitions, 0)
        self._database.execute("BEGIN")
        for table in ("collections", "vectors", "dropped"):
            self._database.execute(f"DELETE FROM {table}")  # noqa: S608  (constants)
        self._positions.save(start)
        self._database.execute("COMMIT")
        self._load()
        return start

    def fold(self, changes: Sequence[ChangelogRecord]) -> int:
        """Apply records in order; returns how many rows were written or deleted.

        Raises IndexDamaged, or the errors of exhausted resources; then the same records may be folded again.
        """
        shards: dict[str, dict[UUID, Point | None]] = {}
        for change in changes:
            with passing_over(change):
                self._take(change, shards)
        for id_, rows in shards.items():
            points = [point for point in rows.values() if point is not None]
            self._shard(id_).apply(points, [key for key, point in rows.items() if point is None])
        return sum(map(len, shards.values()))

    def flush(self, positions: Mapping[Partition, int]) -> None:
        """Make everything durable that was folded up to these offsets."""
        dirty = []
        for id_, shard in self._opened_now():
            if shard.dirty:
                shard.flush()
                dirty.append(id_)
        self._database.execute("BEGIN")
        self._database.executemany(
            "UPDATE collections SET flushed = 1 WHERE id = ?", [(id_,) for id_ in dirty]
        )
        self._positions.save(positions)
        self._database.execute("COMMIT")
        for id_ in dirty:
            self._collections[id_].flushed = True

    @property
    def dirty(self) -> bool:
        """Whether anything was folded since the last flush."""
        return any(shard.dirty for _, shard in self._opened_now())

    def mend(
        self, id_: str, vectors: Iterable[VectorName], points: Iterable[Point], deleted: Iterable[UUID]
    ) -> None:
        """Write points of a collection again, and delete others."""
        if (found := self._collections.get(id_)) is None:
            return
        for vector in vectors:
            self._add_vector(found, vector)
        self._shard(id_).apply(list(points), list(deleted))

    def optimize(self, free: int) -> None:
        """Merge segments of shards with many changes. A shard temporarily needs twice its space."""
        for _, shard in self._opened_now():
            if shard.unmerged and 2 * shard.size() < free:
                shard.optimize()

    def collection(self, id_: str) -> Indexed | None:
        """An indexed collection; None if it is not indexed."""
        return self._collections.get(id_)

    def collections(self) -> list[Indexed]:
        """All of them."""
        return list(self._collections.values())

    def dropped(self) -> list[tuple[str, str, str, str]]:
        """Id, tenant, database and name of the collections that were dropped because they no longer exist."""
        return list(self._dropped)

    def shard(self, id_: str) -> Shard | None:
        """The shard of a collection, None if it is not indexed. Raises IndexDamaged, TransientError."""
        try:
            return self._shard(id_)
        except KeyError:  # not indexed, or dropped just now
            return None

    def drop(self, id_: str) -> None:
        """Delete the shard of a collection that is gone."""
        if (found := self._collections.get(id_)) is None:
            return
        # Before it disappears, so that whoever sees it gone also sees that it was dropped.
        names = (id_, found.tenant, found.database, found.name)
        self._dropped.append(names)
        del self._collections[id_]
        self._at[found.place].remove(id_)
        with self._opening:
            if (shard := self._open.pop(id_, None)) is not None:
                shard.drop()
        shutil.rmtree(self._path(id_), ignore_errors=True)
        self._database.execute("BEGIN")
        for table, column in (("collections", "id"), ("vectors", "collection")):
            self._database.execute(f"DELETE FROM {table} WHERE {column} = ?", (id_,))  # noqa: S608
        self._database.execute("INSERT OR REPLACE INTO dropped VALUES (?, ?, ?, ?)", names)
        self._database.execute("COMMIT")

    def close(self) -> None:
        """Close, for threads that ask too: the folder may soon have another owner. What was not flushed is
        read again."""
        with self._opening:
            self._closed = True
            for shard in self._open.values():
                shard.close()
            self._open.clear()
        self._database.close()
        self._lock.release()

    def _load(self) -> None:
        vectors: dict[str, list[VectorName]] = {}
        for id_, key, model in self._database.execute("SELECT collection, key, model FROM vectors"):
            vectors.setdefault(id_, []).append(VectorName(key, model))
        self._collections, self._at = {}, {}
        self._dropped: list[tuple[str, str, str, str]] = self._database.execute(
            "SELECT * FROM dropped"
        ).fetchall()
        for row in self._database.execute("SELECT * FROM collections"):
            id_, place, tenant, database, name, flushed = row
            found = Indexed(id_, place, tenant, database, name, bool(flushed), vectors.get(id_, []))
            self._collections[id_] = found
            self._at.setdefault(place, []).append(id_)

    def _take(self, change: ChangelogRecord, shards: dict[str, dict[UUID, Point | None]]) -> None:
        place, _, row_id = change.key.partition("/")
        point, id_ = None, point_id(row_id)
        if (row := change.event) is not None:
            if not isinstance(row, SparseRow) or row.id != row_id:
                raise ContractError(f"key {change.key!r} of another row")
            point = point_of(row)
            self._register(row, place)
        for collection in self._at.get(place, ()):  # at most one incarnation of the collection has the row
            shards.setdefault(collection, {})[id_] = None
        if point is not None and isinstance(row, SparseRow):
            shards[row.collection_id][id_] = point

    def _register(self, row: SparseRow, place: str) -> None:
        vector, found = VectorName(row.key, row.model), self._collections.get(row.collection_id)
        if found is None:
            if place != collection_key(row.tenant, row.database, row.collection):
                raise ContractError(f"row {row.id!r}: its key is that of another collection")
            names = row.collection_id, place, row.tenant, row.database, row.collection
            self._database.execute("INSERT INTO collections VALUES (?, ?, ?, ?, ?, 0)", names)
            found = self._collections[row.collection_id] = Indexed(*names, False, [])
            self._at.setdefault(place, []).append(row.collection_id)
        elif found.place != place:
            raise ContractError(f"row {row.id!r}: collection {row.collection_id!r} has another name")
        self._add_vector(found, vector)

    def _add_vector(self, found: "Indexed", vector: VectorName) -> None:
        if vector not in found.vectors:
            values = (found.id, vector.key, vector.model)
            self._database.execute("INSERT OR IGNORE INTO vectors VALUES (?, ?, ?)", values)
            found.vectors.append(vector)

    def _opened_now(self) -> list[tuple[str, Shard]]:
        # A copy: queries open and close shards meanwhile.
        with self._opening:
            return list(self._open.items())

    def _shard(self, id_: str) -> Shard:
        with self._opening:
            if self._closed:
                raise TransientError("the sparse index is closed: this process ends")
            if (shard := self._open.get(id_)) is None:
                shard = self._open[id_] = self._opened(self._collections[id_])
                self._make_room(id_)
            self._open.move_to_end(id_)
            for vector in self._collections[id_].vectors:
                if vector not in shard.vectors:
                    shard.add_vector(vector)
        return shard

    def _make_room(self, wanted: str) -> None:
        """Close shards, the longest unused first. Those with changes stay, until they are flushed: a flush
        that failed here would lose them, and `flush` would not know that the shard was made durable."""
        surplus = len(self._open) - self._most_open
        unchanged = [id_ for id_, shard in self._open.items() if id_ != wanted and not shard.dirty]
        for id_ in unchanged[: max(0, surplus)]:
            self._open.pop(id_).close()

    def _opened(self, found: Indexed) -> Shard:
        try:
            return Shard(self._path(found.id), list(found.vectors))
        except Exception as error:
            if type(error) is not Exception:
                raise
            raise IndexDamaged(f"the shard of collection {found.name!r}: {error}") from error  # Qdrant's

    def _is_there(self, found: Indexed) -> bool:
        return not found.flushed or any((self._path(found.id) / "segments").glob("*"))

    def _path(self, id_: str) -> Path:
        # Ids come from records and are not trusted as paths.
        return self._folder / "shards" / blake2b(id_.encode(), digest_size=16).hexdigest()
