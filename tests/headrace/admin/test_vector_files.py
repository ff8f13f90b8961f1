"""Damaged vectors: the command names the folder to move away, and what to run then."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from headrace.admin.vector_files import vectors_away
from services.indexing.comparing.recorded import Target
from streams.chroma import ChromaClient, FoundCollection

TARGET = Target("default_tenant", "default_database", "docs")


class Chroma(ChromaClient):
    async def collection(self, tenant: str, database: str, collection: str) -> FoundCollection:
        return FoundCollection("recorded", closed=False, at="the-id")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    store = tmp_path / "chroma" / "store"
    store.mkdir(parents=True)
    with closing(sqlite3.connect(store / "chroma.sqlite3")) as database:
        database.execute("CREATE TABLE segments (id TEXT, scope TEXT, collection TEXT)")
        rows = [("m", "METADATA", "the-id"), ("v", "VECTOR", "the-id"), ("w", "VECTOR", "another")]
        database.executemany("INSERT INTO segments VALUES (?, ?, ?)", rows)
        database.commit()
    return store


async def test_the_folder_of_a_local_server_is_named(store: Path, tmp_path: Path) -> None:
    said = await vectors_away(tmp_path, Chroma("http://127.0.0.1:9"), TARGET)

    assert f"`mv {store / 'v'} {store / 'v'}.damaged`" in said
    assert "headrace verify -c docs --repair" in said


async def test_for_another_server_it_is_told_how_to_find_the_folder(tmp_path: Path) -> None:
    for local in (None, tmp_path):  # a folder without a database
        said = await vectors_away(local, Chroma("http://127.0.0.1:9"), TARGET)
        assert "for collection the-id, scope VECTOR" in said
