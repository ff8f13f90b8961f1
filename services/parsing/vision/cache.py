"""Answers of vision models, and how often each run asked: one SQLite file that several processes share.

A cache is an optimisation, so nothing here raises for the state of the file: a failed read is a miss, a
failed write is dropped, a broken file is replaced.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from schemas.ids import parts_sha256
from streams.sqlite import CacheFile

#: Answers kept: a page takes 2 to 5 KB, so the file stays below 500 MB.
MOST_ANSWERS = 100_000
#: Runs are forgotten after this many seconds; none lasts longer than the topics keep their records.
_RUN_SECONDS = 14 * 86_400
_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (key BLOB PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS runs (run TEXT PRIMARY KEY, asked INTEGER NOT NULL, begun INTEGER NOT NULL)
"""
#: The oldest tenth goes at once, so that it happens seldom.
_EVICT = "DELETE FROM answers WHERE rowid IN (SELECT rowid FROM answers ORDER BY rowid LIMIT ?)"


def answer_key(model: str, prompt: str, image: str) -> bytes:
    """SHA-256 of model, prompt and image (base64), each preceded by its length."""
    return parts_sha256(model, prompt, image)


class AnswerCache:
    """Maps keys (`answer_key`) to answers. Blocking and thread-safe."""

    def __init__(
        self, path: Path, most_answers: int = MOST_ANSWERS, clock: Callable[[], float] = time.time
    ) -> None:
        self.path, self._most, self._clock = path, most_answers, clock
        self._file = CacheFile(path, _SCHEMA, "vision_cache_failed")

    def get_many(self, keys: Sequence[bytes]) -> dict[bytes, str]:
        """The cached answers, by key; missing keys are omitted."""
        return self._file.attempt(lambda database: _read(database, keys), {})

    def put(self, key: bytes, text: str) -> None:
        """Store an answer."""

        def write(database: sqlite3.Connection) -> None:
            database.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (key, text))
            if database.execute("SELECT count(*) FROM answers").fetchone()[0] > self._most:
                database.execute(_EVICT, (1 + self._most // 10,))

        self._file.attempt(write, None)

    def granted(self, run: str, wanted: int, most: int) -> int:
        """Count `wanted` requests of a run. Returns how many of them it may send: it may send `most`."""

        def count(database: sqlite3.Connection) -> int:
            now = int(self._clock())
            database.execute("BEGIN IMMEDIATE")
            database.execute("DELETE FROM runs WHERE begun < ?", (now - _RUN_SECONDS,))
            row = database.execute("SELECT asked FROM runs WHERE run = ?", (run,)).fetchone()
            asked = row[0] if row else 0
            given = max(min(wanted, most - asked), 0)
            database.execute(
                "INSERT INTO runs VALUES (?, ?, ?) ON CONFLICT (run) DO UPDATE SET asked = excluded.asked",
                (run, asked + given, now),
            )
            database.execute("COMMIT")
            return given

        return self._file.attempt(count, min(wanted, most))

    def close(self) -> None:
        """Close the file. A later call opens it again."""
        self._file.close()


def _read(database: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, str]:
    found = {}
    for key in keys:
        row = database.execute("SELECT text FROM answers WHERE key = ?", (key,)).fetchone()
        if row is not None:
            found[key] = str(row[0])
    return found
