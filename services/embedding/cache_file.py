"""The SQLite file of the vector cache: its layout, and the statements on it.

    entries: key ─► id of the vector, last use, checksum     small rows, rewritten on use
    vectors: id  ─► raw little-endian float32                large rows, written once, in order of arrival
    size:    bytes that all entries take, page losses included

Every function works on an open connection; writing ones inside the caller's `transaction`.
"""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

#: What an entry takes of the file beside its vector: about 2 x 60 bytes (the key is in the table and
#: in the index by use), in trees of random order, whose pages are two thirds full or, after
#: evictions, less. 12,077 entries of 384 dimensions measured 28.2 MB = 2,333 a piece, 2,048 of them
#: the vector's half page.
ENTRY_BYTES = 288

#: How long to wait for another process's transaction: a put of 1,000 vectors takes ~15 ms.
BUSY_SECONDS = 5.0

#: Raised when the layout changes: a file of another version is begun anew.
VERSION = 1

SCHEMA = """
CREATE TABLE vectors (id INTEGER PRIMARY KEY, vector BLOB NOT NULL);
CREATE TABLE entries (
    key BLOB PRIMARY KEY, vector_id INTEGER NOT NULL, used REAL NOT NULL, checksum INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX entries_by_use ON entries (used);
CREATE TABLE size (bytes INTEGER NOT NULL);
INSERT INTO size VALUES (0);
"""

#: Result codes that say that the file is at fault, not the disk, the rights or a busy neighbour.
#: SQLITE_ERROR is a missing table here: the statements themselves are fixed.
BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}


class WrongLayout(sqlite3.DatabaseError):
    """The file was written by another version of this module, or by something else."""


@dataclass(frozen=True)
class Entry:
    """A row of the cache. `intact` is False where the bytes are not those that were stored."""

    key: bytes
    vector_id: int
    used: float
    blob: bytes
    intact: bool


def open_file(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode, for use from any one thread at a time; makes the file if need be."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        # A power cut may lose the last vectors, never the file.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA journal_size_limit = 16777216")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT")
        elif version != VERSION:
            raise WrongLayout(f"layout {version}, expected {VERSION}")
    except BaseException:
        connection.close()
        raise
    return connection


def is_broken(error: Exception) -> bool:
    """Whether the file itself is at fault, so that only a new one helps."""
    if isinstance(error, WrongLayout):
        return True
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in BROKEN or code == sqlite3.SQLITE_IOERR_SHORT_READ


def read_entries(connection: sqlite3.Connection, keys: Iterable[bytes]) -> Iterator[Entry]:
    """The entries of those keys that are there."""
    for key in keys:
        row = connection.execute(
            "SELECT vector_id, used, checksum, vector FROM entries JOIN vectors ON id = vector_id "
            "WHERE key = ?",
            (key,),
        ).fetchone()
        if row is not None:
            vector_id, used, checksum, blob = row
            # SQLite itself does not notice a flipped bit in a blob.
            yield Entry(key, vector_id, used, blob, intact=zlib.crc32(blob) == checksum)


def insert(connection: sqlite3.Connection, key: bytes, blob: bytes, used: float) -> None:
    """Add an entry; a key that is there stays as it is."""
    if connection.execute("SELECT 1 FROM entries WHERE key = ?", (key,)).fetchone():
        return
    vector_id = connection.execute("INSERT INTO vectors (vector) VALUES (?)", (blob,)).lastrowid
    connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?)", (key, vector_id, used, zlib.crc32(blob)))
    _grow(connection, file_bytes(len(blob)))


def touch(connection: sqlite3.Connection, keys: Iterable[bytes], used: float) -> None:
    """Note the use of entries."""
    connection.executemany("UPDATE entries SET used = ? WHERE key = ?", ((used, key) for key in keys))


def delete(connection: sqlite3.Connection, key: bytes, vector_id: int, length: int) -> None:
    """Remove an entry, if it is there, and its vector of `length` bytes."""
    if connection.execute("DELETE FROM entries WHERE key = ?", (key,)).rowcount:
        connection.execute("DELETE FROM vectors WHERE id = ?", (vector_id,))
        _grow(connection, -file_bytes(length))


def evict(connection: sqlite3.Connection, excess_bytes: int) -> None:
    """Remove the least recently used until `excess_bytes` are free."""
    chosen = []
    for key, vector_id, length in connection.execute(
        "SELECT key, vector_id, length(vector) FROM entries JOIN vectors ON id = vector_id ORDER BY used"
    ):
        if excess_bytes <= 0:
            break
        chosen.append((key, vector_id, length))
        excess_bytes -= file_bytes(length)
    for entry in chosen:
        delete(connection, *entry)


def file_bytes(length: int) -> int:
    """What a vector of `length` bytes and its entry take of the file.

    Two vectors of 384 dimensions (1,536 bytes) fill three quarters of a page of 4,096 bytes, and so
    does one of 768; larger ones overflow into pages of their own with less loss.
    """
    return ENTRY_BYTES + length * 4 // 3


def stored_bytes(connection: sqlite3.Connection) -> int:
    """Sum of `file_bytes` over the entries."""
    return int(connection.execute("SELECT bytes FROM size").fetchone()[0])


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """BEGIN IMMEDIATE … COMMIT, or ROLLBACK on an error: two writers wait for, not fail, each other."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _grow(connection: sqlite3.Connection, by: int) -> None:
    connection.execute("UPDATE size SET bytes = bytes + ?", (by,))
