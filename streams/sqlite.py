"""SQLite files with derived data: copies of topics, cached vectors.

A file that is damaged, or has other tables, is replaced by a new one.
"""

import sqlite3
import threading
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import structlog

log = structlog.get_logger(__name__)

T = TypeVar("T")

#: How long to wait for another process's transaction.
_BUSY_SECONDS = 5.0


def open_database(path: Path, schema: str, check: bool = True) -> sqlite3.Connection:
    """A connection in autocommit mode, for use from any one thread at a time.

    Writes survive a crash of the process, but not a power failure. The file stores a version of its schema
    (`user_version`), so a release with other tables replaces it.

    Args:
        schema: `CREATE … IF NOT EXISTS` statements.
        check: check the whole file for damage now; otherwise damage is detected when it is read.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for attempt in (1, 2):
        database = sqlite3.connect(path, _BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            _prepare(database, schema, check)
            return database
        except BaseException as error:
            database.close()
            if attempt == 2 or not is_damage(error):
                raise
            discard(path)
    raise AssertionError("unreachable")


def is_damage(error: BaseException) -> bool:
    """Whether the file must be replaced: the error is not about the disk, permissions or locks.

    SQLITE_ERROR counts as damage: our statements are fixed, so one fails only if a table is missing.
    """
    if type(error) is sqlite3.DatabaseError:  # corrupt, or no database; its subclasses are other faults
        return True
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, sqlite3.OperationalError) and code in (
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_IOERR_SHORT_READ,
    )


def discard(path: Path) -> None:
    """Remove a database. Its log goes first, because it must not be applied to another file."""
    for suffix in ("-wal", "-shm", ""):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


class CacheFile:
    """The database of a cache, which is an optimisation: no state of the file raises.

    Blocking and thread-safe. Several processes may open the same file; a forked process opens its own
    connection.

    Args:
        failed: the event that is logged when the file fails.
    """

    def __init__(self, path: Path, schema: str, failed: str) -> None:
        self._path, self._schema, self._failed = path, schema, failed
        self._lock = threading.Lock()
        self._opened: sqlite3.Connection | None = None

    def attempt(self, use: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """What `use` returns; `otherwise` if the file fails. A damaged file is replaced, and used."""
        with self._lock:
            for _ in range(2):
                try:
                    if self._opened is None:
                        self._opened = open_database(self._path, self._schema, check=False)
                    return use(self._opened)
                except (sqlite3.Error, OSError) as error:
                    log.warning(self._failed, path=str(self._path), error=str(error))
                    self._close()
                    if not is_damage(error):
                        break
                    with suppress(OSError):
                        discard(self._path)
        return otherwise

    def close(self) -> None:
        """Close the file. A later call opens it again."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        """Also rolls back an open transaction."""
        if self._opened is not None:
            with suppress(sqlite3.Error):
                self._opened.close()
            self._opened = None


def _prepare(database: sqlite3.Connection, schema: str, check: bool) -> None:
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=OFF")
    database.execute("PRAGMA journal_size_limit=16777216")
    version = zlib.crc32(schema.encode()) & 0x7FFF_FFFF
    database.execute("BEGIN IMMEDIATE")  # several processes may open a new file at once
    found = database.execute("PRAGMA user_version").fetchone()[0]
    empty = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if found != version and not empty:
        raise sqlite3.DatabaseError("made for other tables")
    for statement in schema.split(";"):
        database.execute(statement)
    if found != version:
        database.execute(f"PRAGMA user_version={version}")
    database.execute("COMMIT")
    if check and (told := database.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
        raise sqlite3.DatabaseError(told)
