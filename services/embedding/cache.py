"""The vector cache: one SQLite file that several processes share.

A cache is an optimisation, so nothing here raises for the state of the file: a failed read is a miss, a
failed write is dropped, a broken file is replaced. SQLite does not notice a byte of a vector that has changed
on the disk, so each vector has a checksum: one that does not fit is removed, and computed again.
"""

import sqlite3
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from schemas.ids import parts_sha256
from streams.sqlite import CacheFile

#: 1 GiB holds about 500,000 vectors of 384 dimensions (2,110 bytes each, measured with 12,000).
DEFAULT_LIMIT_BYTES = 1 << 30

_DAY_SECONDS = 86_400
_SCHEMA = """
CREATE TABLE IF NOT EXISTS vectors (
    key BLOB PRIMARY KEY, last_used INTEGER NOT NULL, crc INTEGER NOT NULL, vector BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS by_use ON vectors (last_used)
"""
#: As bytes: damage may make text of a vector, which Python would not decode.
_SELECT = "SELECT last_used, crc, CAST(vector AS BLOB) FROM vectors WHERE key = ?"
#: Evict a tenth at a time, so that it happens every few thousand vectors and not at every put. Among vectors
#: last used on the same day, the oldest go first.
_EVICT = """
DELETE FROM vectors WHERE rowid IN (
    SELECT rowid FROM vectors ORDER BY last_used, rowid LIMIT (SELECT 1 + count(*) / 10 FROM vectors)
)
"""


def vector_key(model: str, task: str, text: str) -> bytes:
    """SHA-256 of model (name or fingerprint), task and text, each preceded by its length."""
    return parts_sha256(model, task, text)


class VectorCache:
    """Maps keys (`vector_key`) to float32 vectors. Above `limit_bytes` the least recently used are evicted,
    with the precision of a day.

    Blocking and thread-safe. Several processes may open the same file; a forked process opens its own
    connection. `limit_bytes` limits the file; its write-ahead log adds at most 16 MB.
    """

    def __init__(
        self,
        path: Path,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path, self.limit_bytes, self._clock = path, limit_bytes, clock
        self._file = CacheFile(path, _SCHEMA, "vector_cache_failed")

    def get_many(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """The cached vectors, by key; missing keys are omitted."""
        return self._file.attempt(lambda database: self._read(database, keys), {}) if keys else {}

    def put_many(self, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Store vectors in one transaction and evict above the limit. Existing keys keep their vectors."""
        if vectors:
            self._file.attempt(lambda database: self._write(database, vectors), None)

    def close(self) -> None:
        """Close the file. A later call opens it again."""
        self._file.close()

    def _read(self, database: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        today = int(self._clock()) // _DAY_SECONDS
        found: dict[bytes, NDArray[np.float32]] = {}
        used: list[tuple[int, bytes]] = []
        damaged: list[tuple[bytes]] = []
        for key in keys:
            row = database.execute(_SELECT, (key,)).fetchone()
            if row is None:
                continue
            if zlib.crc32(row[2]) != row[1]:
                damaged.append((key,))
                continue
            found[key] = np.frombuffer(row[2], dtype="<f4").astype(np.float32)
            if row[0] != today:  # otherwise every read would be a write
                used.append((today, key))
        if used or damaged:
            database.execute("BEGIN IMMEDIATE")
            database.executemany("UPDATE vectors SET last_used = ? WHERE key = ?", used)
            database.executemany("DELETE FROM vectors WHERE key = ?", damaged)
            database.execute("COMMIT")
        return found

    def _write(self, database: sqlite3.Connection, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        today = int(self._clock()) // _DAY_SECONDS
        packed = {key: np.ascontiguousarray(v, dtype="<f4").tobytes() for key, v in vectors.items()}
        rows = [(key, today, zlib.crc32(vector), vector) for key, vector in packed.items()]
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?, ?, ?)", rows)
        while _used_bytes(database) > self.limit_bytes and database.execute(_EVICT).rowcount:
            pass
        database.execute("COMMIT")


def _used_bytes(database: sqlite3.Connection) -> int:
    """The size of the file without free pages."""
    pages, free, size = (
        database.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)
