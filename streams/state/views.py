"""Materialised views: whole topics folded into SQLite tables that a gateway or a command can query.

A view follows its topics in its own thread. Rows and their offsets are committed together, so a restart
resumes exactly; a lost file is rebuilt. To read your own writes, wait until the view has passed the offset of
the write.

If the disk is full, a view retries, and until it succeeds every wait fails at once with the reason. A record
that cannot be folded for any other reason is skipped and logged, because it would stop every reader forever.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog

from schemas.codec import Codec
from schemas.errors import TransientError
from streams.kafka.cluster import Cluster, admin, partition_counts
from streams.partitions import Partition
from streams.sqlite import open_database
from streams.state.checkpoints import SCHEMA as POSITIONS
from streams.state.checkpoints import Freshness, Positions, topic_ids
from streams.state.passing import passed_over, passing_over
from streams.state.reader import (
    FOLLOWER_FETCH_WAIT_MS,
    ChangelogRecord,
    ReadBatch,
    Reader,
    TopicMadeAnew,
    end_offsets,
)
from streams.state.shared import Shared
from streams.state.watch import Watch
from streams.topics import Topic

log = structlog.get_logger(__name__)

Fold = Callable[[sqlite3.Connection, ChangelogRecord], None]

#: How often the thread looks whether someone waits for an end, or it has to stop.
_POLL_SECONDS = 0.2
#: Time before a batch that could not be folded is retried.
TRY_AGAIN_SECONDS = 1.0
#: How often a view renews its checkpoint at the end of idle topics, so that its file does not become stale.
CONFIRM_SECONDS = 60 * 60


class View:
    """Follows topics and folds their records into tables.

    Args:
        schema: `CREATE TABLE IF NOT EXISTS …` statements.
        fold: applies one record; runs inside the transaction that moves the offset. It may see a record
            again after a rebuild, so it replaces rather than adds.
        freshness: once it was not read on for too long, the process ends; the next one rebuilds the file.
    """

    def __init__(
        self,
        cluster: Cluster,
        codec: Codec,
        topics: Sequence[Topic],
        path: Path,
        schema: str,
        fold: Fold,
        freshness: Freshness | None = None,
    ) -> None:
        self._freshness = freshness or Freshness()
        self._cluster, self._codec, self._topics, self._fold = cluster, codec, topics, fold
        self._path, self._schema = path, schema + POSITIONS
        self._positions: dict[Partition, int] = {}
        self._waiters: list[tuple[dict[Partition, int], asyncio.Future[None]]] = []
        self._watchers: list[asyncio.Event] = []
        self._failure: str | None = None
        self._ends = Shared(lambda: end_offsets(cluster, list(self._positions)))
        self._stopping = threading.Event()
        self._querying = threading.Lock()  # SQLite crashes if it is closed under a thread that queries

    async def start(self) -> None:
        """Open the file, start following, and return when the view has caught up with the current ends."""
        await self.begin()
        await self.caught_up(timeout=120)

    async def begin(self) -> None:
        """Open the file and start following, without waiting for the ends."""
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._open)
        self._thread = threading.Thread(target=self._follow, name=f"view-{self._path.stem}", daemon=True)
        self._thread.start()

    async def close(self) -> None:
        """Stop following and close the file, after the query that a thread runs now."""
        self._stopping.set()
        await asyncio.to_thread(self._thread.join)
        self._writer.close()
        await asyncio.to_thread(self._close)

    def query(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        """Query the tables; meant for look-ups of a few milliseconds."""
        with self._querying:
            return self._database.execute(sql, values).fetchall()

    async def scan(
        self, sql: str, values: Sequence[Any] | Mapping[str, Any], timeout: float
    ) -> list[sqlite3.Row]:
        """Query in a thread, to read much and answer little. TransientError after `timeout` seconds."""
        return await asyncio.to_thread(self._scan, sql, values, timeout)

    async def passed(self, topic: Topic, partition: int, offset: int, timeout: float = 10) -> None:
        """Wait until a record is folded in. Raises TransientError after `timeout` seconds."""
        await self._wait({(topic.name, partition): offset + 1}, timeout)

    async def caught_up(self, timeout: float = 10) -> None:
        """Wait until the view has caught up with the current ends of its topics. Raises TransientError after
        `timeout` seconds, and as long again if a broker answers late."""
        try:
            async with asyncio.timeout(timeout):
                ends = await self._ends.answer()
        except TimeoutError as error:
            topics = ", ".join(topic.name for topic in self._topics)
            raise TransientError(f"no broker has told the ends of {topics} within {timeout:.0f} s") from error
        await self._wait(ends, timeout)

    def changed(self) -> Watch:
        """A watch whose `wait` returns at every change of the view: for conditions and live streams."""
        return Watch(self._watchers)

    async def until(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Try `condition` at every change. False after `timeout` seconds. Raises TransientError if stuck."""
        with self.changed() as watch:
            try:
                async with asyncio.timeout(timeout):
                    while not condition():
                        self._check()
                        await watch.wait()
            except TimeoutError:
                return condition()
        return True

    async def _wait(self, ends: Mapping[Partition, int], timeout: float) -> None:
        missing = {p: end for p, end in ends.items() if self._positions.get(p, 0) < end}
        self._check()
        if not missing:
            return
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiters.append((missing, future))
        self._moved({})
        try:
            await asyncio.wait_for(future, timeout)
        except TimeoutError as error:
            topics = ", ".join(sorted({topic for topic, _ in missing}))
            raise TransientError(f"the view of {topics} is more than {timeout:.0f} s behind") from error

    def _open(self) -> None:
        self._writer = open_database(self._path, self._schema)
        self._database = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
        self._database.row_factory = sqlite3.Row
        self._saved = Positions(self._writer)
        counts = partition_counts(admin(self._cluster), self._cluster)
        partitions = [(t.name, p) for t in self._topics for p in range(counts[t.name])]
        self._ids = topic_ids(self._cluster, [topic.name for topic in self._topics])
        stored = self._saved.usable(end_offsets(self._cluster, partitions), self._ids)
        if len(stored) < len(partitions):  # rows do not say where they came from: all or nothing
            stored = dict.fromkeys(partitions, 0)
            self._empty(stored)
        self._positions = stored
        self._read_to = dict(self._positions)  # the thread's own copy

    def _close(self) -> None:
        with self._querying:
            self._database.close()

    def _scan(self, sql: str, values: Sequence[Any] | Mapping[str, Any], timeout: float) -> list[sqlite3.Row]:
        database = sqlite3.connect(self._path, isolation_level=None)
        database.row_factory = sqlite3.Row
        until = time.monotonic() + timeout
        database.set_progress_handler(lambda: time.monotonic() > until, 100_000)
        try:
            return database.execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_INTERRUPT:
                raise
            raise TransientError(f"the query was stopped after {timeout:g} s: ask for less") from error
        finally:
            database.close()

    def _empty(self, positions: Mapping[Partition, int]) -> None:
        tables = self._writer.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        self._writer.execute("BEGIN")
        for (table,) in tables:
            self._writer.execute(f'DELETE FROM "{table}"')  # noqa: S608  (names of our own tables)
        self._saved.save(positions)
        self._writer.execute("COMMIT")

    def _follow(self) -> None:
        reader = Reader(self._cluster, self._codec, passed_over, fetch_wait_ms=FOLLOWER_FETCH_WAIT_MS)
        reader.assign(self._read_to, self._ids)
        confirm_at = time.monotonic() + CONFIRM_SECONDS
        while not self._stopping.is_set():
            try:
                batch = reader.poll(_POLL_SECONDS, to_ends=bool(self._waiters))
            except TopicMadeAnew:  # the file has rows of the topic before: the next process rebuilds it
                raise
            except Exception as error:  # a batch may be half read: read it again from the file's checkpoint
                log.warning(
                    "view cannot read", view=self._path.stem, error=f"{type(error).__name__}: {error}"
                )
                self._stopping.wait(TRY_AGAIN_SECONDS)
                reader.assign(self._read_to, self._ids)
                continue
            if batch.positions and not self._freshness.read_on():
                raise TransientError(
                    f"the view {self._path.stem} was not read on for too long: it is rebuilt"
                )
            if batch.positions and self._stored(batch):
                self._read_to.update(batch.positions)
                self._loop.call_soon_threadsafe(self._moved, batch.positions)
            if time.monotonic() > confirm_at:
                confirm_at = time.monotonic() + CONFIRM_SECONDS
                self._confirm()
        reader.close()

    def _confirm(self) -> None:
        try:
            ends = end_offsets(self._cluster, list(self._read_to))
        except TransientError:  # said another time
            return
        if all(self._read_to[partition] >= end for partition, end in ends.items()):
            self._freshness.renew()
            self._saved.save(self._read_to)

    def _stored(self, batch: ReadBatch) -> bool:
        """Fold a batch, however long it takes; False if the view is closed before it could."""
        while not self._stopping.is_set():
            try:
                self._store(batch)
            except Exception as error:
                reason = f"{type(error).__name__}: {error}"
                log.exception("view cannot go on", view=self._path.stem)
                self._loop.call_soon_threadsafe(self._stuck, reason)
                self._stopping.wait(TRY_AGAIN_SECONDS)
            else:
                return True
        return False

    def _store(self, batch: ReadBatch) -> None:
        self._writer.execute("BEGIN")
        try:
            for change in batch.changes:
                self._fold_one(change)
            self._saved.save(batch.positions)
            self._writer.execute("COMMIT")
        except Exception:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise

    def _fold_one(self, change: ChangelogRecord) -> None:
        self._writer.execute("SAVEPOINT record")
        with passing_over(change):
            try:
                self._fold(self._writer, change)
            except Exception:
                self._writer.execute("ROLLBACK TO record")
                raise
        self._writer.execute("RELEASE record")

    def _check(self) -> None:
        if self._failure is not None:
            raise TransientError(self._failure)

    def _stuck(self, reason: str) -> None:
        topics = ", ".join(topic.name for topic in self._topics)
        self._failure = f"the view of {topics} cannot go on: {reason}"
        for _, future in self._waiters:
            if not future.done():
                future.set_exception(TransientError(self._failure))
        self._waiters.clear()
        self._wake()

    def _moved(self, positions: Mapping[Partition, int]) -> None:
        self._positions.update(positions)
        if positions:
            self._failure = None
        for entry in list(self._waiters):
            missing, future = entry
            if future.done() or all(self._positions[p] >= end for p, end in missing.items()):
                self._waiters.remove(entry)
                if not future.done():
                    future.set_result(None)
        self._wake()

    def _wake(self) -> None:
        for event in self._watchers:
            event.set()
