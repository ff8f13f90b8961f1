"""Temporary SQLite databases for what one run sorts or sets aside, of any size.

SQLite keeps as much in memory as its cache holds, and the rest in an unnamed file (in `SQLITE_TMPDIR` or
`TMPDIR`) that disappears with the process.
"""

import marshal
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from enum import IntEnum
from itertools import islice
from typing import Any, Self

from services.connectors.lister import Item, Skipped, Unreadable
from services.connectors.states import place_of

#: Size of a database's cache in memory.
_CACHE_KB = 16_384
_PAGE_ROWS = 1_000
_MOST_GONE = 10_000

_LISTED = "CREATE TABLE listed (place BLOB PRIMARY KEY, entry BLOB NOT NULL) WITHOUT ROWID"
_DOOMED = """
CREATE TABLE doomed (place BLOB, id TEXT, why INTEGER, PRIMARY KEY (place, id)) WITHOUT ROWID;
CREATE TABLE spared (id TEXT PRIMARY KEY) WITHOUT ROWID
"""
_PAGE = """
SELECT * FROM doomed WHERE (place, id) > (?, ?) AND id NOT IN (SELECT id FROM spared)
ORDER BY place, id LIMIT ?
"""

Placed = tuple[bytes, Item | Skipped]


class _Temporary:
    """A database that is closed at the end of its context."""

    def __init__(self, schema: str) -> None:
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute(f"PRAGMA cache_size=-{_CACHE_KB}")
        self._database.execute("PRAGMA journal_mode=OFF")
        self._database.executescript(schema)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._database.close()

    def _write(self, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
        self._database.execute("BEGIN")
        self._database.executemany(sql, rows)
        self._database.execute("COMMIT")


class SortedListing(_Temporary):
    """Sorts entries by key. If a key is added twice, the last entry wins."""

    def __init__(self) -> None:
        super().__init__(_LISTED)

    def add(self, entries: Sequence[Item | Skipped]) -> None:
        """Add entries in any order."""
        rows = [(place_of(entry.key), marshal.dumps(_plain(entry))) for entry in entries]
        self._write("INSERT OR REPLACE INTO listed VALUES (?, ?)", rows)

    def pages(self) -> Iterator[Sequence[Placed]]:
        """All entries in key order, some at a time."""
        after, compares = b"", ">="
        while rows := self._database.execute(
            f"SELECT * FROM listed WHERE place {compares} ? ORDER BY place LIMIT ?",  # noqa: S608  (constants)
            (after, _PAGE_ROWS),
        ).fetchall():
            yield [(place, _entry(packed)) for place, packed in rows]
            after, compares = rows[-1][0], ">"


def _plain(entry: Item | Skipped) -> Any:
    if isinstance(entry, Skipped):
        return astuple(entry)
    return (entry.key, entry.version, entry.size, dict(entry.facts), entry.custom_id, entry.memo)


def _entry(packed: bytes) -> Item | Skipped:
    values = marshal.loads(packed)  # noqa: S302  (our own, of this process)
    return Skipped(*values) if len(values) == 3 else Item(*values)


class Why(IntEnum):
    """Why a document is to be deleted."""

    #: Its key is not listed any more, or it is skipped now.
    GONE = 0
    #: The source excludes its key, or is deleted.
    UNWANTED = 1
    #: Its key has another custom id now, so it is another document.
    REPLACED = 2
    #: It is skipped because of its content. Its memo stays.
    SKIPPED = 3


@dataclass(frozen=True, slots=True)
class Doomed:
    """A document that is to be deleted: its key's place, its id, and why."""

    place: bytes
    id: str
    why: Why


class DoomedDocuments(_Temporary):
    """Documents that a run deletes if its listing is complete."""

    def __init__(self) -> None:
        super().__init__(_DOOMED)
        self._waiting: list[tuple[object, ...]] = []

    def add(self, doomed: Doomed) -> None:
        """Add a document."""
        self._waiting.append((doomed.place, doomed.id, doomed.why))
        if len(self._waiting) >= _PAGE_ROWS:
            self._flush()

    def spare(self, id_: str) -> None:
        """Do not delete a document, because its id now belongs to another key."""
        self._database.execute("INSERT OR IGNORE INTO spared VALUES (?)", (id_,))

    def remove(self, place: bytes) -> None:
        """Do not delete the documents of a key, because it exists after all."""
        self._flush()
        self._database.execute("DELETE FROM doomed WHERE place = ?", (place,))

    def gone(self) -> frozenset[str]:
        """The first keys that are not listed any more. If there are more, whole folders are gone, and not
        files that are being replaced."""
        keys = (one.place.decode() for page in self.pages() for one in page if one.why is Why.GONE)
        return frozenset(islice(keys, _MOST_GONE))

    def pages(self) -> Iterator[list[Doomed]]:
        """All documents in key order, some at a time."""
        self._flush()
        after: tuple[bytes, str] = (b"", "")
        while rows := self._database.execute(_PAGE, (*after, _PAGE_ROWS)).fetchall():
            yield [Doomed(place, id_, Why(why)) for place, id_, why in rows]
            after = rows[-1][:2]

    def _flush(self) -> None:
        self._write("INSERT OR REPLACE INTO doomed VALUES (?, ?, ?)", self._waiting)
        self._waiting = []


class ReadableDocuments:
    """The documents to delete, without those that may be in places that could not be read.

    Iterates over pages, as often as wanted.
    """

    def __init__(self, doomed: DoomedDocuments, unreadable: Mapping[str, Unreadable]) -> None:
        self._doomed, self._unreadable = doomed, unreadable

    def __iter__(self) -> Iterator[list[Doomed]]:
        for page in self._doomed.pages():
            yield [one for one in page if not self._hides(one.place.decode())]

    def _hides(self, key: str) -> bool:
        """Whether a document with this key may be in a place that could not be read."""
        if not self._unreadable:
            return False
        above = (self._unreadable.get(key[:at]) for at, letter in enumerate(key) if letter == "/")
        return key in self._unreadable or any(place is not None and not place.alone for place in above)
