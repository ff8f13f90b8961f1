"""Chroma's files with vectors are damaged: `verify` says which rows no query finds, and writing them again
mends it. A real server, stopped, damaged and started again."""

import random
import shutil
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from services.indexing.chroma import ChromaStore
from services.indexing.comparing.vectors import Vectors, VectorsUnreadable
from services.indexing.rows import Collection, Row
from services.indexing.vectors import MAX_ROWS
from streams.chroma import ChromaClient
from streams.local import LocalChroma
from streams.local.chroma import vector_folder
from tests.services.indexing.documents import MINILM

#: Once it has 1,000 rows, Chroma writes the vectors to their files: here after the fourth request of 300.
#: What follows is in its log, with vectors, and so is the last row of the files.
ROWS, IN_FILES, DIMENSION = 1_300, 1_200, 8
NAMES = ("whole", "lost", "unreadable", "unlinked")

_chance = random.Random(5)
ROWS_OF_EACH = [
    Row(
        str(number),
        f"text {number}",
        struct.pack(f"<{DIMENSION}f", *(_chance.gauss(0, 1) for _ in range(DIMENSION))),
        {"n": number},
    )
    for number in range(ROWS)
]


@dataclass
class Damaged:
    """A server with damaged collections."""

    folder: Path
    client: ChromaClient
    store: ChromaStore
    ids: dict[str, str]

    def vectors(self, name: str) -> Vectors:
        base = self.client.collections("default_tenant", "default_database")
        return Vectors(self.client, f"{base}/{self.ids[name]}", name)

    async def lost(self, vectors: Vectors) -> set[str]:
        """Ids of all rows without a vector."""
        found: set[str] = set()
        for offset in range(0, ROWS, 300):
            answer, lost = await vectors.rows({"limit": 300, "offset": offset})
            assert len(answer["documents"]) == len(answer["ids"]) == min(300, ROWS - offset)
            found |= lost
        return found

    async def write_again(self, name: str) -> None:
        for start in range(0, ROWS, MAX_ROWS):
            rows = ROWS_OF_EACH[start : start + MAX_ROWS]
            await self.store.upsert(place(name), self.ids[name], rows, lambda: None)


def place(name: str) -> Collection:
    return Collection("default_tenant", "default_database", name, MINILM)


def cut_links(file: Path) -> None:
    """Take every row's neighbours: their number precedes them in each element of the lowest layer."""
    content = bytearray(file.read_bytes())
    size = len(content) // IN_FILES
    assert len(content) == size * IN_FILES, "the layout of the file is not as expected"
    for start in range(0, len(content), size):
        content[start : start + 2] = b"\0\0"
    file.write_bytes(bytes(content))


@pytest_asyncio.fixture(scope="module")
async def damaged(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Damaged]:
    folder, ids = tmp_path_factory.mktemp("chroma"), dict[str, str]()
    async with LocalChroma(folder) as server:
        store = ChromaStore(server.url)
        for name in NAMES:
            ids[name] = await store.create(place(name), lambda: None)
            for start in range(0, ROWS, MAX_ROWS):
                rows = ROWS_OF_EACH[start : start + MAX_ROWS]
                await store.upsert(place(name), ids[name], rows, lambda: None)
        await store.close()
    places = {name: vector_folder(folder, ids[name]) for name in NAMES}
    shutil.rmtree(places["lost"])  # type: ignore[arg-type]
    (places["unreadable"] / "header.bin").unlink()  # type: ignore[operator]
    cut_links(places["unlinked"] / "data_level0.bin")  # type: ignore[operator]
    async with LocalChroma(folder) as server:
        made = Damaged(folder, ChromaClient(server.url), ChromaStore(server.url), ids)
        yield made
        await made.client.close()
        await made.store.close()


async def test_of_a_whole_collection_nothing_is_lost(damaged: Damaged) -> None:
    vectors = damaged.vectors("whole")

    assert await damaged.lost(vectors) == set()
    assert await vectors.unreached() == (0, 100)


async def test_rows_without_vectors_are_named_and_found_again_when_they_are_written_again(
    damaged: Damaged,
) -> None:
    lost = await damaged.lost(damaged.vectors("lost"))
    assert lost == {row.id for row in ROWS_OF_EACH[: IN_FILES - 1]}

    await damaged.write_again("lost")

    vectors = damaged.vectors("lost")
    assert await damaged.lost(vectors) == set()
    assert await vectors.unreached() == (0, 100)


async def test_a_collection_that_chroma_cannot_open_is_mended_without_its_files(damaged: Damaged) -> None:
    with pytest.raises(VectorsUnreadable, match="hnsw"):
        await damaged.lost(damaged.vectors("unreadable"))

    # What the command advises: the server goes on, and opens the collection without them.
    folder = vector_folder(damaged.folder, damaged.ids["unreadable"])
    assert folder is not None
    folder.rename(folder.with_suffix(".damaged"))
    assert len(await damaged.lost(damaged.vectors("unreadable"))) == IN_FILES - 1


async def test_a_graph_without_edges_is_noticed_although_each_row_has_its_vector(damaged: Damaged) -> None:
    vectors = damaged.vectors("unlinked")

    assert await damaged.lost(vectors) == set()
    unreached, sampled = await vectors.unreached()
    assert sampled == 100
    assert unreached > 50
