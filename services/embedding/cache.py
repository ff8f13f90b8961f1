"""Vectors that were computed before, in one SQLite file that several processes share.

A cache is an optimisation, so nothing here raises for the state of the file: what cannot be read is
a miss, what cannot be written is dropped, a broken file is begun anew.
"""

import fcntl
import hashlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import numpy as np
import structlog
from numpy.typing import NDArray

from services.embedding.cache_file import (
    delete,
    evict,
    insert,
    is_broken,
    open_file,
    read_entries,
    stored_bytes,
    touch,
    transaction,
)

log = structlog.get_logger(__name__)

T = TypeVar("T")

#: 1 GiB holds about 460,000 vectors of 384 dimensions (`file_bytes`: 2,336 each).
DEFAULT_LIMIT_BYTES = 1 << 30

#: A hit is noted at most this often, else every read would be a write. So "least recently used" is
#: right to within ten minutes.
TOUCH_SECONDS = 600.0

#: An eviction goes down to this part of the limit, so that it happens every few thousand vectors and
#: not on every put.
LOW_MARK = 0.9


def vector_key(model: str, task: str, text: str) -> bytes:
    """SHA-256 of model (name or fingerprint), task and text, each preceded by its length."""
    digest = hashlib.sha256()
    for part in (model, task, text):
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "little"))
        digest.update(encoded)
    return digest.digest()


class VectorCache:
    """Keys (`vector_key`) to float32 vectors; over `limit_bytes` the least recently used are dropped.

    Blocking; may be called from any thread. Several processes may have the same file open; one that
    was forked opens its own. `limit_bytes` is what the file may take, reckoned by `file_bytes`; its
    write-ahead log adds at most 16 MB.
    """

    def __init__(
        self,
        path: Path,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = path
        self.limit_bytes = limit_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._inode = -1

    def get_many(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """The vectors that are there; a key that is not there is not in the answer."""
        return self._attempt(lambda connection: self._read(connection, keys), {}) if keys else {}

    def put_many(self, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Store vectors (one transaction) and evict what is over the limit. A key that is there stays."""
        if vectors:
            self._attempt(lambda connection: self._write(connection, vectors), None)

    def size_bytes(self) -> int:
        """What counts against the limit now."""
        return self._attempt(stored_bytes, 0)

    def close(self) -> None:
        """Close the file. A later call opens it again."""
        with self._lock:
            self._disconnect()

    def _attempt(self, use: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        with self._lock:
            for _ in range(2):
                try:
                    return use(self._connect())
                except (sqlite3.Error, OSError) as error:
                    log.warning("vector_cache_failed", path=str(self.path), error=str(error))
                    if not is_broken(error):
                        self._disconnect()
                        break
                    self._begin_anew()
        return otherwise

    def _read(
        self, connection: sqlite3.Connection, keys: Sequence[bytes]
    ) -> dict[bytes, NDArray[np.float32]]:
        now = self._clock()
        entries = list(read_entries(connection, keys))
        stale = [entry.key for entry in entries if not now - TOUCH_SECONDS < entry.used <= now]
        broken = [entry for entry in entries if not entry.intact]
        if stale or broken:
            with transaction(connection):
                touch(connection, stale, now)
                for entry in broken:
                    delete(connection, entry.key, entry.vector_id, len(entry.blob))
        return {
            entry.key: np.frombuffer(entry.blob, dtype="<f4").astype(np.float32)
            for entry in entries
            if entry.intact
        }

    def _write(self, connection: sqlite3.Connection, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        now = self._clock()
        with transaction(connection):
            for key, vector in vectors.items():
                insert(connection, key, np.ascontiguousarray(vector, dtype="<f4").tobytes(), now)
            stored = stored_bytes(connection)
            if stored > self.limit_bytes:
                evict(connection, stored - int(self.limit_bytes * LOW_MARK))

    def _connect(self) -> sqlite3.Connection:
        if self._connection is not None and self._inode != inode(self.path):
            self._disconnect()  # another process has begun the file anew
        if self._connection is None:
            with self._file_lock():
                self._connection = open_file(self.path)
                self._inode = inode(self.path)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _begin_anew(self) -> None:
        """Delete the file, unless another process has done so since it was opened."""
        seen = self._inode if self._connection is not None else inode(self.path)
        self._disconnect()
        with suppress(OSError), self._file_lock():
            if inode(self.path) == seen:
                for suffix in ("-wal", "-shm", ""):
                    self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
                log.warning("vector_cache_begun_anew", path=str(self.path))

    @contextmanager
    def _file_lock(self) -> Iterator[None]:
        """Opening and deleting exclude each other across processes: a log must not meet another's file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_name(self.path.name + ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def inode(path: Path) -> int:
    """The file's identity; -1 if there is none."""
    try:
        return path.stat().st_ino
    except OSError:
        return -1
