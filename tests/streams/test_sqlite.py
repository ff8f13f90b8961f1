"""A file is used again, or begun anew: never half of either."""

import os
import sqlite3
from pathlib import Path

import pytest

from streams.sqlite import is_damage, open_database

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS one (key TEXT PRIMARY KEY); CREATE INDEX IF NOT EXISTS by_key ON one (key);"
)


def rows(path: Path, schema: str = SCHEMA) -> list[str]:
    database = open_database(path, schema)
    found = [key for (key,) in database.execute("SELECT key FROM one")]
    database.close()
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "folder" / "it.sqlite"
    database = open_database(path, SCHEMA)
    database.executemany("INSERT INTO one VALUES (?)", [(str(n) * 500,) for n in range(200)])
    database.close()
    return path


def test_a_file_is_found_as_it_was_left(path: Path) -> None:
    assert len(rows(path)) == 200


@pytest.mark.parametrize("damage", ["rubbish", "cut", "torn page", "empty", "no table"])
def test_a_damaged_file_is_begun_anew(path: Path, damage: str) -> None:
    content = bytearray(path.read_bytes())
    if damage == "rubbish":
        path.write_bytes(os.urandom(50_000))
    elif damage == "cut":
        path.write_bytes(content[: len(content) // 3])
    elif damage == "torn page":
        content[4096 * 3 : 4096 * 4] = b"\xff" * 4096
        path.write_bytes(content)
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        sqlite3.connect(path).executescript("DROP TABLE one")

    assert rows(path) == []


def test_a_file_that_was_made_for_other_tables_is_begun_anew(path: Path) -> None:
    assert rows(path, SCHEMA + "CREATE TABLE IF NOT EXISTS two (key TEXT);") == []


def test_a_file_of_a_release_that_noted_no_version_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    sqlite3.connect(path).executescript("CREATE TABLE one (key TEXT); INSERT INTO one VALUES ('old')")

    assert rows(path) == []


def test_what_is_not_the_files_fault_is_raised_and_removes_nothing(path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        open_database(path.parent, SCHEMA)
    assert len(rows(path)) == 200
    assert not is_damage(sqlite3.ProgrammingError("closed"))
    assert not is_damage(OSError())
