"""The rows of one collection: a shard of Qdrant Edge.

The topic is the write-ahead log: changes that were not flushed before a crash are read again. Nothing is
durable before `flush`.

Qdrant checks neither vectors nor that a folder is opened only once; `points` and the index do.
"""

import shutil
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

import structlog
from qdrant_edge import (
    CountRequest,
    EdgeConfig,
    EdgeShard,
    EdgeSparseVectorParams,
    Filter,
    HasVectorCondition,
    Modifier,
    PayloadSchemaType,
    Point,
    Query,
    QueryRequest,
    ScrollRequest,
    SparseVector,
    UpdateOperation,
)

from schemas.api.searching import SparseHit
from schemas.limits import BM25
from services.searching.points import ID_FIELD, VectorName, described
from services.searching.where import Compiled

log = structlog.get_logger(__name__)

#: Points per operation; more are not faster.
_POINTS = 1_000
#: Maximum indexed fields of a shard, because keys come from users. The first filter on a field creates its
#: index.
MAX_FIELD_INDEXES = 64
#: Number of changes after which segments are merged and replaced points removed.
_OPTIMIZE_AFTER = 20_000
#: How long row counts are cached. Counting takes milliseconds, a query less than one.
_COUNT_SECONDS = 1.0


class IndexDamaged(Exception):
    """A shard cannot be read: the index must be rebuilt."""


@contextmanager
def _panics() -> Iterator[None]:
    """Convert panics of Qdrant, which unexpected file content causes. A panic is not an Exception, so nothing
    else would catch it."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise IndexDamaged(f"a shard of the sparse index: {error}") from error


class Shard:
    """A shard in `folder`, which is created if it is empty or missing. Threads may query while one updates.

    Raises what Qdrant raises (a bare `Exception`), and IndexDamaged.
    """

    def __init__(self, folder: Path, vectors: Sequence[VectorName]) -> None:
        self._folder = folder
        self._vectors = {each.name: each for each in vectors}
        with _panics():
            self._shard = _opened(folder, vectors)
        self._indexed = set(self._shard.info().payload_schema)
        self._indexing = threading.Lock()
        self._counts: tuple[float, int, dict[str, int]] = (float("-inf"), -1, {})
        self._version = self._changes = 0
        self.dirty = False

    @property
    def vectors(self) -> Sequence[VectorName]:
        """The keys and models of the shard's vectors."""
        return list(self._vectors.values())

    def add_vector(self, vector: VectorName) -> None:
        """Make room for vectors of another key or model."""
        self._shard.update(UpdateOperation.create_sparse_vector(vector.name, _modifier(vector.model)))
        self._vectors[vector.name] = vector
        self.dirty = True

    def apply(self, points: Sequence[Point], deleted: Sequence[UUID]) -> None:
        """Replace points and delete others; no id is in both."""
        self.dirty = True
        with _panics():
            for start in range(0, len(points), _POINTS):
                self._shard.update(UpdateOperation.upsert_points(list(points[start : start + _POINTS])))
            if deleted:
                self._shard.update(UpdateOperation.delete_points(list(deleted)))
        self._version += 1
        self._changes += len(points) + len(deleted)

    def search(
        self, vector: VectorName, indices: Sequence[int], values: Sequence[float], where: Compiled, limit: int
    ) -> list[SparseHit]:
        """The best rows by descending score, ties by id."""
        if not indices or vector.name not in self._vectors:
            return []
        self._index_fields(where.fields)
        request = QueryRequest(
            query=Query.Nearest(SparseVector(list(indices), list(values)), using=vector.name),
            filter=where.condition,
            limit=limit,
            with_payload=[ID_FIELD],
        )
        with _panics():
            points = self._shard.query(request)
        found = [(point.score, (point.payload or {})[ID_FIELD]) for point in points]
        found.sort(key=lambda hit: (-hit[0], hit[1]))
        return [SparseHit.model_construct(id=id_, score=score) for score, id_ in found]

    def rows(self) -> Iterator[tuple[UUID, bytes]]:
        """All rows: the ids of their points, and a digest of each."""
        after = None
        while True:
            request = ScrollRequest(offset=after, limit=_POINTS, with_payload=True, with_vector=True)
            with _panics():
                page, after = self._shard.scroll(request)
            for record in page:
                yield UUID(str(record.id)), described(record)
            if after is None:
                return

    def counts(self) -> dict[VectorName, int]:
        """Rows by key and model, at most a second old; pairs without rows are omitted."""
        counted_at, version, counts = self._counts
        if version != self._version and time.monotonic() - counted_at >= _COUNT_SECONDS:
            version = self._version
            counts = {name: self._count(name) for name in self._vectors}
            self._counts = (time.monotonic(), version, counts)
        return {self._vectors[name]: count for name, count in counts.items() if count}

    def flush(self) -> None:
        """Make everything durable."""
        self.dirty = False
        try:
            with _panics():
                self._shard.flush()
        except Exception:
            self.dirty = True
            raise

    @property
    def unmerged(self) -> bool:
        """Whether so much has changed that `optimize` is worth its time."""
        return self._changes >= _OPTIMIZE_AFTER

    def size(self) -> int:
        """Bytes on the disk."""
        return sum(file.stat().st_blocks * 512 for file in self._folder.rglob("*") if file.is_file())

    def optimize(self) -> None:
        """Merge segments. Takes seconds for tens of thousands of rows; queries continue meanwhile."""
        self._changes = 0
        with _panics():
            self._shard.optimize()
        self.dirty = True

    def close(self) -> None:
        """Flush and close."""
        if self.dirty:
            self.flush()
        self._shard.close()

    def drop(self) -> None:
        """Close and delete."""
        with suppress(Exception):
            self._shard.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _count(self, name: str) -> int:
        if len(self._vectors) == 1:
            return self._shard.info().points_count
        return self._shard.count(CountRequest(exact=True, filter=Filter(must=[HasVectorCondition(name)])))

    def _index_fields(self, fields: Mapping[str, PayloadSchemaType]) -> None:
        """Index the fields of a filter; otherwise it would scan every row of the collection."""
        if fields.keys() <= self._indexed:
            return
        with self._indexing:
            for name, kind in fields.items():
                if name not in self._indexed and len(self._indexed) < MAX_FIELD_INDEXES:
                    self._shard.update(UpdateOperation.create_field_index(name, kind))
                    self._indexed.add(name)
                    self.dirty = True


def _opened(folder: Path, vectors: Sequence[VectorName]) -> EdgeShard:
    folder.mkdir(parents=True, exist_ok=True)
    if any((folder / "segments").glob("*")):
        return EdgeShard.load(str(folder))
    shutil.rmtree(folder)  # started and never flushed
    folder.mkdir()
    params = {each.name: EdgeSparseVectorParams(modifier=_modifier(each.model)) for each in vectors}
    config = EdgeConfig(sparse_vectors=params, wal_enabled=False, max_search_threads=1)
    return EdgeShard.create(str(folder), config)


def _modifier(model: str) -> Modifier | None:
    """IDF for BM25, whose vectors do not depend on other texts; none for other models."""
    return Modifier.Idf if model == BM25 else None
