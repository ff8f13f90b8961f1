"""The service on a real broker: killed in mid-stream it loses nothing, on a full disk it waits."""

import asyncio
import os
import random
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import aiohttp
import pytest

from schemas.errors import TransientError
from schemas.events import SparseRow
from services.searching.collections import drop_gone
from services.searching.follower import FREE_BYTES, Follower
from services.searching.index import SparseIndex
from services.searching.points import point_id, point_of
from streams.chroma import FoundCollection
from streams.kafka.cluster import Cluster
from streams.local.ports import free_port
from streams.topics import SPARSE_ROWS
from tests.conftest import Kafka
from tests.services.searching.rows import record, row, tombstone
from tests.services.searching.searching_process import TOKEN
from tests.services.searching.test_index import ids_of
from tests.streams.broker import CODEC, Writer, fresh_cluster
from tests.waiting import eventually

HEADERS = {"Authorization": f"Bearer {TOKEN}"}


class Topic:
    """Writes rows, and knows which there are at its end."""

    def __init__(self, cluster: Cluster, seed: int) -> None:
        self._writer = Writer(cluster)
        self._chance = random.Random(seed)
        self.rows: dict[str, SparseRow] = {}

    async def write(self, count: int) -> None:
        """So many rows and deletes of `docs`, in two partitions."""
        for _ in range(count):
            number = self._chance.randrange(400)
            if self._chance.random() < 0.3:
                change = tombstone(f"r-{number}")
                self.rows.pop(f"r-{number}", None)
            else:
                change = record(row(f"r-{number}", {7: 1.0, self._chance.randrange(100, 120): 1.0}))
                assert isinstance(change.event, SparseRow)
                self.rows[f"r-{number}"] = change.event
            self._writer.write(SPARSE_ROWS, change.key, change.event, number % 2)
        await self._writer.written()


@asynccontextmanager
async def running(
    kafka: Kafka, cluster: Cluster, folder: Path, port: int
) -> AsyncIterator[asyncio.subprocess.Process]:
    module = "tests.services.searching.searching_process"
    arguments = (kafka.bootstrap_servers, cluster.prefix, str(folder), str(port))
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, *arguments)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def found(client: aiohttp.ClientSession, port: int) -> set[str] | None:
    """The ids of all rows that the service finds; None while it does not answer."""
    query = {"tenant": "default_tenant", "database": "default_database", "collection_id": "c1"}
    query |= {"key": "sparse_embedding", "vector": {"indices": [7], "values": [1.0]}, "limit": 10_000}  # type: ignore[dict-item]
    try:
        url = f"http://127.0.0.1:{port}/search"
        async with client.post(url, json={"queries": [query]}, headers=HEADERS) as answer:
            if answer.status == 503:
                return None
            assert answer.status == 200, await answer.text()
            [result] = (await answer.json())["results"]
    except aiohttp.ClientConnectionError:
        return None
    assert result["indexed"] >= len(result["hits"])
    return {hit["id"] for hit in result["hits"]}


async def until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    for _ in range(1_200):
        if await condition():
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"not within 60 s: {what}")


@pytest.mark.faults
async def test_a_service_that_is_killed_in_mid_stream_finds_what_its_topic_holds(
    kafka: Kafka, tmp_path: Path
) -> None:
    cluster, port = await fresh_cluster(kafka), free_port()
    topic = Topic(cluster, seed=3)
    async with aiohttp.ClientSession() as client:

        async def some_found() -> bool:
            return bool(await found(client, port))

        async def all_found() -> bool:
            return await found(client, port) == set(topic.rows)

        await topic.write(600)
        for _ in range(2):
            async with running(kafka, cluster, tmp_path, port) as process:
                writing = asyncio.create_task(topic.write(3_000))
                await until(some_found, "the first rows are found")
                process.kill()
                await writing
        async with running(kafka, cluster, tmp_path, port) as process:
            await until(all_found, "what the topic holds is found")
            async with client.get(f"http://127.0.0.1:{port}/health") as answer:
                assert (answer.status, await answer.json()) == (200, {"status": "ok"})
            process.terminate()
            assert await process.wait() == 0


class Chroma:
    """One collection `docs`, with this id."""

    def __init__(self, id_: str | None) -> None:
        self.id = id_

    async def collection(self, tenant: str, database: str, collection: str) -> FoundCollection | None:
        return None if self.id is None else FoundCollection(self.id, False)


async def test_rows_that_differ_from_the_topic_are_found_and_mended(kafka: Kafka, tmp_path: Path) -> None:
    cluster = await fresh_cluster(kafka)
    topic = Topic(cluster, seed=5)
    index = SparseIndex(tmp_path)
    follower = Follower(cluster, CODEC, index, tmp_path)
    await topic.write(120)

    async def audit(repair: bool = False) -> tuple[int, set[UUID], set[UUID], set[UUID]]:
        found = await asyncio.wrap_future(follower.audit("c1", repair))
        assert found is not None
        return found.rows, set(found.missing), set(found.wrong), set(found.surplus)

    follower.start()
    try:
        await eventually(lambda: follower.fault is None and len(index.collections()) == 1)
        await eventually(lambda: set(ids_of(index, {7: 1.0})) == set(topic.rows))
        assert await audit() == (len(topic.rows), set(), set(), set())

        gone, changed, *_ = sorted(topic.rows)
        shard = index.shard("c1")
        assert shard is not None
        foreign = row("foreign", {7: 1.0})
        shard.apply([point_of(row(changed, {7: 9.0})), point_of(foreign)], [point_id(gone)])

        whole = len(topic.rows)
        assert await audit() == (whole, {point_id(gone)}, {point_id(changed)}, {point_id("foreign")})
        await audit(repair=True)
        assert await audit() == (whole, set(), set(), set())
        assert set(ids_of(index, {7: 1.0})) == set(topic.rows)
        assert await asyncio.wrap_future(follower.audit("nobody's", True)) is None
    finally:
        await asyncio.to_thread(follower.stop)
        index.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 160 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", str(folder)]
    if os.geteuid() or shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here: the index is not tested on a full disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.faults
async def test_an_index_on_a_disk_that_fills_up_answers_and_goes_on_when_there_is_room(
    kafka: Kafka, small_disk: Path
) -> None:
    """A real file system, filled by somebody else: first below what the service wants free, then wholly."""
    cluster, port = await fresh_cluster(kafka), free_port()
    topic, filler = Topic(cluster, seed=6), small_disk / "somebody's"

    async def health(client: aiohttp.ClientSession) -> str:
        try:
            async with client.get(f"http://127.0.0.1:{port}/health") as answer:
                return await answer.text()
        except aiohttp.ClientConnectionError:
            return ""

    async with aiohttp.ClientSession() as client:

        async def full() -> bool:
            return "is full" in await health(client)

        async def all_found() -> bool:
            return await found(client, port) == set(topic.rows) and '"ok"' in await health(client)

        await topic.write(200)
        async with running(kafka, cluster, small_disk / "index", port) as process:
            await until(all_found, "the first rows are found")
            before = set(topic.rows)
            for left in (FREE_BYTES // 2, 0):
                fill(filler, small_disk, left)
                await until(full, f"the service says that the disk is full, with {left} bytes free")
                await topic.write(200)
                assert await found(client, port) == before
                assert process.returncode is None
                filler.unlink()
                await until(all_found, "what was written meanwhile is found")
                before = set(topic.rows)
            fill(filler, small_disk, 0)
            await until(full, "the service says that the disk is full")
            process.kill()
            await process.wait()
        filler.unlink()
        async with running(kafka, cluster, small_disk / "index", port):
            await until(all_found, "after a kill on a full disk, what the topic holds is found")


def fill(file: Path, disk: Path, left: int) -> None:
    """Write a file until so many bytes are left on its disk."""
    with file.open("wb") as writing:
        while (free := shutil.disk_usage(disk).free) > left:
            try:
                writing.write(bytes(min(free - left, 1 << 20)))
                writing.flush()
            except OSError:
                return


@pytest.mark.faults
async def test_a_full_disk_pauses_the_index_and_a_collection_that_is_gone_loses_its_rows(
    kafka: Kafka, tmp_path: Path
) -> None:
    cluster = await fresh_cluster(kafka)
    topic, free = Topic(cluster, seed=4), [FREE_BYTES]
    index = SparseIndex(tmp_path)
    follower = Follower(cluster, CODEC, index, tmp_path, lambda folder: free[0])
    await topic.write(50)
    follower.start()
    try:
        await eventually(lambda: follower.fault is None)
        before = set(topic.rows)
        assert set(ids_of(index, {7: 1.0})) == before

        free[0] = FREE_BYTES - 1
        await eventually(lambda: follower.fault is not None)
        [known] = index.collections()
        shard = index.shard(known.id)
        assert shard is not None
        shard.apply([point_of(row("foreign", {8: 1.0}))], [])
        with pytest.raises(TransientError, match="is full"):
            await asyncio.wrap_future(follower.audit(known.id, repair=True))
        audit = await asyncio.wrap_future(follower.audit(known.id, repair=False))
        assert audit is not None
        assert audit.surplus == {point_id("foreign")}
        await topic.write(50)
        assert f"is full: {free[0]:,} bytes free" in (follower.fault or "")
        assert set(ids_of(index, {7: 1.0})) == before  # what is there is found all the same
        free[0] = FREE_BYTES
        await eventually(lambda: set(ids_of(index, {7: 1.0})) == set(topic.rows) and follower.fault is None)

        await drop_gone(index, follower, Chroma("c1"))
        assert set(ids_of(index, {7: 1.0})) == set(topic.rows)
        await drop_gone(index, follower, Chroma("c2"))
        await eventually(lambda: index.collections() == [])
        await drop_gone(index, follower, Chroma("c2"))
        assert index.collections() == []
        await drop_gone(index, follower, Chroma("c1"))  # Chroma was restored
        whole = set(topic.rows)
        await eventually(lambda: set(ids_of(index, {7: 1.0})) == whole and follower.fault is None, 90)
        assert index.dropped() == []
    finally:
        await asyncio.to_thread(follower.stop)
        index.close()
