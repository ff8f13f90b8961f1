"""`headrace verify` on a collection that somebody has changed behind Headrace's back."""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.system.pipeline import DATABASE, Pipeline

pytestmark = pytest.mark.system

COLLECTION = "verified"


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("folder")


async def verify(pipeline: Pipeline, *options: str) -> tuple[int, str, str]:
    """Exit status, output and messages of the command."""
    url = f"http://127.0.0.1:{pipeline.environment['HEADRACE_PORT']}"
    argv = ["-m", "headrace", "verify", "-c", COLLECTION, *options]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *argv,
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
            _, shown = await pipeline.call("GET", f"{path}/verification", params=body)
    return dict(shown)


async def change(pipeline: Pipeline, step: str, body: Mapping[str, Any]) -> None:
    """One request to the collection, past Headrace."""
    base = f"{pipeline.chroma_url}/api/v2/tenants/default_tenant/databases/{DATABASE}/collections"
    async with aiohttp.ClientSession() as chroma:
        async with chroma.get(f"{base}/{COLLECTION}") as response:
            identity = (await response.json())["id"]
        async with chroma.post(f"{base}/{identity}/{step}", json=body) as response:
            assert response.status < 300, await response.text()


async def test_what_was_changed_by_hand_is_found_and_mended_through_the_pipeline(
    pipeline: Pipeline, folder: Path
) -> None:
    for name in ("a.md", "b.md", "c.md", "d.md"):
        (folder / name).write_text(f"# {name}\n\nThe text of {name}.\n")
    source = await pipeline.source(folder)
    await pipeline.sync(source, COLLECTION)
    await pipeline.ended(await pipeline.upload(COLLECTION, "note.md", b"# An upload\n"))
    before = await pipeline.rows(COLLECTION)
    assert await verify(pipeline) == (
        0,
        "5 documents, 5 rows and 5 sparse rows compared, all as recorded\n",
        "",
    )

    ids = {str(metadata["document_key"]): id_ for id_, (_, metadata) in before.items()}
    await change(pipeline, "delete", {"ids": [ids["a.md"]]})
    text = {"ids": [ids["b.md"]], "documents": ["somebody's"], "metadatas": [{"mine": 1}]}
    await change(pipeline, "update", text)
    surplus = {"ids": [ids["c.md"][:-1] + "7", "foreign"], "embeddings": [[1.0] * 384] * 2}
    await change(pipeline, "add", {**surplus, "documents": ["x", "y"]})
    status, out, _ = await verify(pipeline, "--json")

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

    status, out, errors = await verify(pipeline, "--repair")

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


async def test_a_collection_that_nobody_knows_is_told(pipeline: Pipeline) -> None:
    status, _, errors = await verify(pipeline, "-d", "elsewhere")

    assert status == 1
    assert f"no collection '{COLLECTION}' in database 'elsewhere'" in errors
