"""Follow `sparse-rows` and fold it into the index, in a thread of its own.

    poll ─► fold ─► (every few seconds) flush: shards, then offsets ─► optimize

No error stops it permanently. While the disk is full or a shard cannot be written, it keeps its position,
reports the fault and retries. A damaged index is emptied and rebuilt from the topic.
"""

import queue
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import structlog

from schemas.codec import Codec
from schemas.errors import TransientError
from services.searching.audit import Audit, Auditor
from services.searching.index import SparseIndex
from services.searching.metrics import BEHIND, COLLECTIONS, ROWS
from services.searching.shard import IndexDamaged
from streams.kafka.cluster import Cluster, admin, partition_counts
from streams.partitions import Partition
from streams.state.checkpoints import Freshness, topic_ids
from streams.state.passing import passed_over
from streams.state.reader import FOLLOWER_FETCH_WAIT_MS, ChangelogRecord, Reader, end_offsets
from streams.topics import SPARSE_ROWS

log = structlog.get_logger(__name__)

#: Minimum free disk space for writes. Qdrant writes through memory maps, and a page without disk space kills
#: the process. The largest batch, 5,000 rows, takes about 20 MB.
FREE_BYTES = 64 * 1024 * 1024
#: Flush interval. A process that dies reads this much again.
FLUSH_SECONDS = 5.0
#: How often the offsets are confirmed at the end of an idle topic, lest they count as stale.
_CONFIRM_SECONDS = 60 * 60
#: For asking where that is.
_END_SECONDS = 1.0
_TRY_AGAIN_SECONDS = 1.0
#: Consecutive failures of the same rows after which the index counts as damaged.
_MOST_FAILURES = 5


def free_bytes(folder: Path) -> int:
    """Free bytes on the disk of a folder."""
    return shutil.disk_usage(folder).free


class Follower:
    """Keeps an index in sync with the topic.

    Args:
        folder: the folder of the index.
        free: returns the free bytes of its disk.
        freshness: how long ago the index was last known to miss nothing; it is rebuilt if that is too long.
    """

    def __init__(
        self,
        cluster: Cluster,
        codec: Codec,
        index: SparseIndex,
        folder: Path,
        free: Callable[[Path], int] = free_bytes,
        freshness: Freshness | None = None,
    ) -> None:
        self._freshness = freshness or Freshness()
        self._cluster, self._codec, self._index = cluster, codec, index
        self._folder, self._free = folder, free
        self._positions: dict[Partition, int] = {}
        self._wanted: dict[Partition, int] = {}
        self._fault: str | None = "the sparse index has not begun to read its topic"
        self._unsaved: str | None = None
        self._requests: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sparse-index", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """Flush, and stop. Blocks for some seconds at most."""
        self._stopping.set()
        self._thread.join()

    @property
    def ready(self) -> bool:
        """Whether the index contains what the topic held when it was opened."""
        return not self._wanted and bool(self._positions)

    @property
    def fault(self) -> str | None:
        """Why the index is not in sync with its topic; None if it is."""
        reading = None if self.ready else "the sparse index is being read from its topic"
        return self._fault or self._unsaved or reading

    def drop(self, collection: str) -> None:
        """Drop a collection that is gone, soon."""
        self._requests.put(lambda: self._index.drop(collection))

    def rebuild(self) -> None:
        """Empty the index and read its topic again, soon."""
        self._requests.put(self._empty)

    def audit(self, collection: str, repair: bool) -> "Future[Audit | None]":
        """Compare a collection with the topic, soon, and mend it; None if it is not indexed."""
        found: Future[Audit | None] = Future()

        def carry_out() -> None:
            if not found.set_running_or_notify_cancel():
                return
            try:
                found.set_result(self._audited(collection, repair))
            except Exception as error:
                found.set_exception(error)

        self._requests.put(carry_out)
        return found

    def _audited(self, collection: str, repair: bool) -> Audit | None:
        if (known := self._index.collection(collection)) is None:
            return None
        auditor = Auditor(self._cluster, self._codec, self._index, self._positions, known)
        found = auditor.audit()
        if found.differing and repair:
            self._require_space()
            log.warning("the sparse index is mended", collection=known.name, rows=found.differing)
            auditor.mend(found)
        return found

    def _run(self) -> None:
        reader = None
        while not self._stopping.is_set() and reader is None:
            try:
                self._open()
                reader = Reader(
                    self._cluster,
                    self._codec,
                    passed_over,
                    fetch_wait_ms=FOLLOWER_FETCH_WAIT_MS,
                )
                reader.assign(self._positions, self._ids)
            except TransientError as error:
                self._say(str(error))
                self._stopping.wait(_TRY_AGAIN_SECONDS)
        if reader is not None:
            self._follow(reader)
            reader.close()

    def _open(self) -> None:
        counts = partition_counts(admin(self._cluster), self._cluster)
        partitions = [(SPARSE_ROWS.name, number) for number in range(counts[SPARSE_ROWS.name])]
        self._ids = topic_ids(self._cluster, [SPARSE_ROWS.name])
        ends = end_offsets(self._cluster, partitions)
        self._positions = self._index.start(ends, self._ids)
        self._wanted = {p: end for p, end in ends.items() if self._positions[p] < end}
        self._say(None)

    def _follow(self, reader: Reader) -> None:
        flushed_at = confirmed_at = time.monotonic()
        while not self._stopping.is_set():
            before = self._positions
            try:
                self._step(reader)
            except TransientError as error:
                self._say(str(error))
                self._stopping.wait(_TRY_AGAIN_SECONDS)
            if self._positions is not before:  # emptied: read everything again
                reader.assign(self._positions, self._ids)
            now = time.monotonic()
            if now - flushed_at >= FLUSH_SECONDS:
                flushed_at = now
                confirmed_at = self._flush(confirmed_at)
        self._flush(float("-inf"))

    def _step(self, reader: Reader) -> None:
        before = self._positions
        while not self._requests.empty():
            self._requests.get()()
        if self._positions is not before:  # emptied: what the reader still has is not where it must begin
            return
        self._require_space()
        batch = reader.poll(0.2, to_ends=bool(self._wanted))
        if batch.positions and not self._freshness.read_on():
            log.warning("the sparse index was not read on for too long")
            self._empty()
            return
        if self._fold(batch.changes):
            self._positions.update(batch.positions)
            self._wanted = {p: end for p, end in self._wanted.items() if self._positions[p] < end}
            self._say(None)

    def _require_space(self) -> None:
        if (free := self._free(self._folder)) < FREE_BYTES:
            raise TransientError(
                f"the disk of the sparse index ({self._folder}) is full: {free:,} bytes free, "
                f"{FREE_BYTES:,} needed"
            )

    def _fold(self, changes: list[ChangelogRecord]) -> bool:
        """Fold records, retrying until it succeeds. False if the index was emptied or the process ends."""
        for attempt in range(1, _MOST_FAILURES + 1):
            try:
                ROWS.inc(self._index.fold(changes) if changes else 0)
                COLLECTIONS.set(len(self._index.collections()))
                return True
            except IndexDamaged as error:
                log.error("the sparse index is damaged", error=str(error))
                break
            except Exception as error:  # Qdrant raises bare exceptions
                log.exception("rows cannot be folded in", attempt=attempt)
                self._say(f"the sparse index cannot be written: {error}")
            if self._stopping.wait(_TRY_AGAIN_SECONDS):
                return False
        self._empty()
        return False

    def _empty(self) -> None:
        ends = end_offsets(self._cluster, list(self._positions))
        self._positions = self._index.empty(ends)
        self._wanted = {partition: end for partition, end in ends.items() if end}

    def _flush(self, confirmed_at: float) -> float:
        """Flush pending changes. Returns when offsets were last saved."""
        now = time.monotonic()
        try:
            due = now - confirmed_at >= _CONFIRM_SECONDS
            confirmed_at = now if due else confirmed_at
            if self._index.dirty or (due and self._is_at_end()):
                self._index.flush(self._positions)
                confirmed_at = now
                if not self._stopping.is_set():
                    self._index.optimize(self._free(self._folder) - FREE_BYTES)
            self._unsaved = None
        except Exception as error:
            log.exception("the sparse index cannot be flushed")
            self._unsaved = f"the sparse index cannot be written: {error}"
        return confirmed_at

    def _is_at_end(self) -> bool:
        """Whether there is nothing to read: a checkpoint of now would hide what was missed otherwise."""
        try:
            ends = end_offsets(self._cluster, list(self._positions), _END_SECONDS)
        except TransientError:  # said another time
            return False
        if any(self._positions[partition] < end for partition, end in ends.items()):
            return False
        self._freshness.renew()
        return True

    def _say(self, fault: str | None) -> None:
        if fault is not None and fault != self._fault:
            log.warning("the sparse index does not follow its topic", reason=fault)
        self._fault = fault
        BEHIND.set(0 if self.fault is None else 1)
