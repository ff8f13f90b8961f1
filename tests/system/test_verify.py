"""`headrace verify` on a collection that somebody has changed behind Headrace's back."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from schemas.codec import SingleObjectCodec
from services.searching.follower import Follower
from services.searching.index import SparseIndex
from services.searching.server import SearchServer
from tests.system.pipeline import DATABASE, KEY, Pipeline
from tests.waiting import eventually

pytestmark = pytest.mark.system

COLLECTION = "verified"


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("folder")


async def verify(pipeline: Pipeline, command: Path, *options: str) -> tuple[int, str, str]:
    """Exit status, output and messages of the command."""
    url = f"http://127.0.0.1:{pipeline.environment['HEADRACE_PORT']}"
    process = await asyncio.create_subprocess_exec(
        command,
        *("verify", "-c", COLLECTION, *options),
        env={**pipeline.environment, "HEADRACE_URL": url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    return process.returncode or 0, out.decode(), errors.decode()


async def compare(pipeline: Pipeline, how: str) -> dict[str, Any]:
    """A comparison by the gateway, which has ended."""
    path, body = f"/api/v1/collections/{COLLECTION}", {"database_name": DATABASE}
    status, shown = await pipeline.call("POST", f"{path}/{how}", json=body)
    assert status == 202, shown
    async with asyncio.timeout(60):
        while shown["state"] == "running":
            await asyncio.sleep(0.02)
            _, shown = await pipeline.call("GET", f"{path}/verification", params=body)
    return dict(shown)


@asynccontextmanager
async def searching(pipeline: Pipeline, folder: Path) -> AsyncIterator[SparseIndex]:
    """The service searching in this process, so that a test can damage its index."""

    async def encode(model: str, text: str) -> tuple[list[int], list[float]]:
        raise AssertionError("nothing is searched here")

    index = await asyncio.to_thread(SparseIndex, folder)
    follower = Follower(pipeline.cluster, SingleObjectCodec(), index, folder)
    port = int(pipeline.environment["HEADRACE_SEARCH_PORT"])
    try:
        async with SearchServer(index, follower, KEY, encode).serve("127.0.0.1", port):
            follower.start()
            try:
                await eventually(lambda: follower.fault is None)
                yield index
            finally:
                await asyncio.to_thread(follower.stop)
    finally:
        index.close()


async def change(pipeline: Pipeline, step: str, body: Mapping[str, Any]) -> None:
    """One request to the collection, past Headrace."""
    base = f"{pipeline.chroma_url}/api/v2/tenants/default_tenant/databases/{DATABASE}/collections"
    async with aiohttp.ClientSession() as chroma:
        async with chroma.get(f"{base}/{COLLECTION}") as response:
            identity = (await response.json())["id"]
        async with chroma.post(f"{base}/{identity}/{step}", json=body) as response:
            assert response.status < 300, await response.text()


@pytest.mark.faults
async def test_what_was_changed_by_hand_is_found_and_mended_through_the_pipeline(
    pipeline: Pipeline, command: Path, folder: Path, tmp_path: Path
) -> None:
    for name in ("a.md", "b.md", "c.md", "d.md"):
        (folder / name).write_text(f"# {name}\n\nThe text of {name}.\n")
    source = await pipeline.source(folder)
    await pipeline.sync(source, COLLECTION)
    await pipeline.ended(await pipeline.upload(COLLECTION, "note.md", b"# An upload\n"))
    before = await pipeline.rows(COLLECTION)
    async with searching(pipeline, tmp_path) as index:
        status, out, errors = await verify(pipeline, command)
        compared = "5 documents, 5 rows and 5 sparse rows compared, all as recorded\n"
        assert out == f"{compared}the sparse index has all 5 of its rows\n"
        assert (status, errors) == (0, "")
        [known] = [one for one in index.collections() if one.name == COLLECTION]
        shard = index.shard(known.id)
        assert shard is not None
        rows = dict(shard.rows())
        shard.apply([], [next(iter(rows))])
        status, out, _ = await verify(pipeline, command)
        assert (status, "the sparse index has other rows: 1 missing, 0 wrong, 0 surplus" in out) == (1, True)
        assert (await verify(pipeline, command, "--repair"))[0] == 0
        assert dict(shard.rows()) == rows
        await change_and_mend(pipeline, command, before)


async def change_and_mend(pipeline: Pipeline, command: Path, before: Mapping[str, Any]) -> None:
    ids = {str(metadata["document_key"]): id_ for id_, (_, metadata) in before.items()}
    await change(pipeline, "delete", {"ids": [ids["a.md"]]})
    text = {"ids": [ids["b.md"]], "documents": ["somebody's"], "metadatas": [{"mine": 1}]}
    await change(pipeline, "update", text)
    surplus = {"ids": [ids["c.md"][:-1] + "7", "foreign"], "embeddings": [[1.0] * 384] * 2}
    await change(pipeline, "add", {**surplus, "documents": ["x", "y"]})
    status, out, _ = await verify(pipeline, command, "--json")

    found = json.loads(out)
    wrong = {one["document_key"]: (one["missing"], one["surplus"], one["wrong"]) for one in found["findings"]}
    assert wrong == {"a.md": ([0], [], []), "b.md": ([], [], [0]), "c.md": ([], [7], [])}
    assert (status, found["unknown_rows"]) == (1, 1)

    shown = await compare(pipeline, "verify")
    assert (shown["state"], shown["differing"], shown["unknown_rows"]) == ("complete", 3, 1)
    assert {one["document_key"]: one["missing"] for one in shown["findings"]} == {
        "a.md": 1,
        "b.md": 0,
        "c.md": 0,
    }

    status, out, errors = await verify(pipeline, command, "--repair")

    assert status == 0, (out, errors)
    assert "3 documents indexed again" in errors
    after = await pipeline.rows(COLLECTION)
    assert after.pop("foreign")[0] == "y"
    assert after == before

    await change(pipeline, "delete", {"ids": [ids["a.md"]]})
    shown = await compare(pipeline, "repair")
    assert [one["document_key"] for one in shown["findings"]] == ["a.md"]
    await pipeline.ended(shown["invocation_ids"][0])
    after = await pipeline.rows(COLLECTION)
    assert after.pop("foreign")[0] == "y"
    assert after == before


async def test_a_collection_that_nobody_knows_is_told(pipeline: Pipeline, command: Path) -> None:
    status, _, errors = await verify(pipeline, command, "-d", "elsewhere")

    assert status == 1
    assert f"no collection '{COLLECTION}' in database 'elsewhere'" in errors
