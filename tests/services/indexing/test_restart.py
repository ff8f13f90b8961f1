"""Chroma is restarted: queries find the chunks that they found before."""

import random
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

from services.indexing.chroma import ChromaStore
from services.indexing.rows import Collection, Row
from services.indexing.vectors import MAX_ROWS
from streams.chroma import ChromaClient
from streams.local import LocalChroma
from tests.services.indexing.documents import MINILM

#: More than Chroma holds before it writes its graph to the disk (1,000).
ROWS, DIMENSION, QUERIES = 1_200, 16, 20
PLACE = Collection("default_tenant", "default_database", "restarted", MINILM)


async def nearest(client: ChromaClient, queries: list[list[float]]) -> list[list[str]]:
    collections = client.collections(PLACE.tenant, PLACE.database)
    found = await client.get(f"{collections}/{PLACE.name}", "the collection")
    body = {"query_embeddings": queries, "n_results": 10, "include": []}
    answer = await client.post(f"{collections}/{found['id']}/query", body, "the queries")
    return [list(ids) for ids in answer["ids"]]


def log_rows(folder: Path) -> int:
    """Rows of Chroma's write-ahead log."""
    [file] = folder.rglob("chroma.sqlite3")
    with closing(sqlite3.connect(file)) as database:
        found: int = database.execute("SELECT count(*) FROM embeddings_queue").fetchone()[0]
    return found


async def test_the_same_queries_find_the_same_chunks_after_a_restart(tmp_path: Path) -> None:
    chance = random.Random(3)
    vectors = [[chance.gauss(0, 1) for _ in range(DIMENSION)] for _ in range(ROWS + QUERIES)]
    rows = [
        Row(str(number), "text", struct.pack(f"<{DIMENSION}f", *vector), {"n": number})
        for number, vector in enumerate(vectors[:ROWS])
    ]
    async with LocalChroma(tmp_path) as server:
        store, client = ChromaStore(server.url), ChromaClient(server.url)
        identity = await store.create(PLACE, lambda: None)
        for start in range(0, ROWS, MAX_ROWS):
            await store.upsert(PLACE, identity, rows[start : start + MAX_ROWS], lambda: None)
        edited = [
            Row(row.id, "other", other.vector, row.metadata)
            for row, other in zip(rows[100:130], rows[200:230], strict=True)
        ]
        await store.upsert(PLACE, identity, edited, lambda: None)
        await store.delete(PLACE, identity, [str(number) for number in range(200, 230)], lambda: None)
        before = await nearest(client, vectors[ROWS:])
        await store.close()
        await client.close()

    assert log_rows(tmp_path) < 1_000  # what is in the graph is no longer in the log

    async with LocalChroma(tmp_path) as server:
        client = ChromaClient(server.url)
        after = await nearest(client, vectors[ROWS:])
        await client.close()

    assert all(len(ids) == 10 for ids in before)
    assert [sorted(ids) for ids in after] == [sorted(ids) for ids in before]
