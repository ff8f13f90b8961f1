"""One folder in one collection is one copy: sources that change, overlap, and are deleted with documents."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from schemas.events import Counts, Status
from streams.topics import RUNS
from tests.api.conftest import DATABASE, Server, asked_runs, create_folder_source, create_run
from tests.api.fake_tracking import FakeTracking

SOURCES = "/api/v1/sources"


@pytest.fixture
def tree(roots: Path, tmp_path: Path) -> Path:
    """A folder of its own with a folder and a file in it."""
    folder = roots / tmp_path.name
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "a.md").touch()
    (folder / "below-too").mkdir()
    return folder


async def create(server: Server, path: Path, globs: list[str] | None = None, status: int = 201) -> Any:
    body = {"folder": {"path": str(path), "include_globs": globs}, "database_name": DATABASE}
    return await server.call("POST", SOURCES, status=status, json=body)


async def run(server: Server, source_id: str, collection: str, status: int) -> Any:
    body = {"target_collection_name": collection}
    return await server.call("POST", f"{SOURCES}/{source_id}/invocations", status=status, json=body)


async def change(server: Server, source_id: str, status: int, **folder: object) -> Any:
    return await server.call("PUT", f"{SOURCES}/{source_id}", status=status, json={"folder": folder})


async def test_a_source_is_changed_to_other_patterns_and_keeps_its_id(server: Server, tree: Path) -> None:
    source_id = await create_folder_source(server, tree)

    changed = await change(server, source_id, 200, path=str(tree), include_globs=["*.md", "*.md"])

    assert (changed["id"], changed["folder"]["include_globs"]) == (source_id, ["*.md"])
    effects = changed.pop("change")["effects"]
    assert "deletes the documents there that folder.include_globs leave out now" in effects[0]
    assert await server.call("GET", f"{SOURCES}/{source_id}", status=200) == changed
    same = await create(server, tree, ["*.md"], status=409)
    assert same["source_id"] == source_id
    other = await create(server, tree)  # what it was before is free
    assert other["source_id"] != source_id
    await run(server, source_id, "changed", 201)
    [asked] = [asked for asked in await asked_runs(server, RUNS["folder"]) if asked.source.id == source_id]
    assert asked.source.config.include_globs == ["*.md"]  # type: ignore[attr-defined]


async def test_a_source_cannot_become_another(server: Server, tree: Path) -> None:
    source_id = await create_folder_source(server, tree)

    refused = await change(server, source_id, 400, path=str(tree / "below"))
    assert "another source" in refused["message"]
    assert (
        "matches nothing"
        in (await change(server, source_id, 400, path=str(tree), include_globs=["["]))["message"]
    )
    path = f"{SOURCES}/{source_id}"
    refused = await server.call("PUT", path, status=400, json={"file_upload": {}})
    assert "is of type folder, found file_upload" in refused["message"]


async def test_a_source_made_again_with_other_patterns_owns_what_it_owned(server: Server, tree: Path) -> None:
    first = await create(server, tree, ["*.md"])
    await server.call("DELETE", f"{SOURCES}/{first['source_id']}", status=204)

    assert await create(server, tree, ["*.rst"]) == first


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (".", "below"),
        ("below", "."),
        (".", "below/a.md"),
        ("below/a.md", "below"),
    ],
)
async def test_what_overlaps_is_refused_in_the_same_collection_only(
    server: Server, tree: Path, one: str, other: str
) -> None:
    first = await create_folder_source(server, tree / one)
    second = await create_folder_source(server, tree / other)
    await run(server, first, f"overlap-{tree.name}", 201)

    refused = await run(server, second, f"overlap-{tree.name}", 409)

    assert refused["source_id"] == first
    assert str((tree / one).resolve()) in refused["message"]
    assert f"headrace sources delete {first} --documents" in refused["message"]
    await run(server, second, "another-collection", 201)
    await run(server, first, f"overlap-{tree.name}", 201)  # the first goes on


async def test_the_same_folder_with_other_patterns_or_chunks_is_refused(server: Server, tree: Path) -> None:
    first = await create_folder_source(server, tree)
    await run(server, first, "patterns", 201)
    chunking = {"type": "lines", "max_lines": 5}
    body = {"folder": {"path": str(tree)}, "database_name": DATABASE, "chunking": chunking}
    cut = await server.call("POST", SOURCES, status=201, json=body)

    for other in (await create(server, tree, ["*.md"]), cut):
        refused = await run(server, other["source_id"], "patterns", 409)
        assert f"PUT /api/v1/sources/{first}" in refused["message"]


async def test_folders_side_by_side_fill_one_collection(server: Server, tree: Path) -> None:
    await run(server, await create_folder_source(server, tree / "below"), "together", 201)
    await run(server, await create_folder_source(server, tree / "below-too"), "together", 201)


@pytest.mark.parametrize(
    ("status", "counts", "blocks"),
    [
        (Status.PROCESSING, Counts(), True),
        (Status.COMPLETE, Counts(indexed=1), True),
        (Status.COMPLETE, Counts(unchanged=1, deleted=4), True),
        (Status.COMPLETE, Counts(failed=1), False),
        (Status.FAILED, Counts(indexed=1), True),
        (Status.FAILED, Counts(), False),
        (Status.CANCELLED, Counts(), False),
        (Status.COMPLETE, Counts(deleted=4), False),
    ],
)
async def test_only_who_has_documents_there_blocks(
    server: Server, tracking: FakeTracking, tree: Path, status: Status, counts: Counts, blocks: bool
) -> None:
    first = await create_folder_source(server, tree)
    second = await create_folder_source(server, tree / "below")
    collection = f"state-{status}-{counts.indexed}-{counts.unchanged}-{counts.failed}-{counts.deleted}"
    earlier = await create_run(server, first, collection)
    await tracking.put(earlier, status=status, counts=counts)

    await run(server, second, collection, 409 if blocks else 201)


async def test_sources_that_fill_a_collection_are_listed(server: Server, tree: Path) -> None:
    one = await create_folder_source(server, tree / "below")
    other = await create_folder_source(server, tree / "below-too")
    collection = f"listed-{tree.name}"
    await run(server, one, collection, 201)

    async def listed(**query: str) -> list[str]:
        found = await server.call("GET", SOURCES, status=200, params={"collection_name": collection, **query})
        return [source["id"] for source in found]

    assert await listed() == [one]
    await run(server, other, collection, 201)
    assert sorted(await listed(source_type="folder", database_name=DATABASE)) == sorted([one, other])
    assert len(await listed(limit="1", offset="1")) == 1
    assert await listed(source_type="file_upload") == []


async def test_a_source_is_deleted_with_its_documents_by_a_run_for_each_collection(
    server: Server, tracking: FakeTracking, tree: Path
) -> None:
    source_id = await create_folder_source(server, tree)
    for collection in ("first", "second", "first"):
        await run(server, source_id, collection, 201)
    cancelled = await create_run(server, source_id, "third")
    await tracking.put(cancelled, status=Status.CANCELLED)

    deleted = await server.call("DELETE", f"{SOURCES}/{source_id}?documents=true", status=202)

    runs = {run.invocation_id: run for run in await asked_runs(server, RUNS["folder"])}
    asked = [runs[invocation_id] for invocation_id in deleted["invocation_ids"]]
    assert [(run.collection, run.delete_documents) for run in asked] == [("first", True), ("second", True)]
    assert {run.source.id for run in asked} == {source_id}
    await server.call("GET", f"{SOURCES}/{source_id}", status=404)
    shown = await server.call("GET", f"/api/v1/invocations/{asked[0].invocation_id}", status=200)
    assert shown["source_id"] == source_id


async def test_uploads_have_no_listing_to_delete_by(server: Server) -> None:
    headers = {"x-upload-content-length": "1"}
    body = aiohttp.FormData({"database_name": DATABASE, "collection_name": "uploads"})
    body.add_field("file", b"x", filename="a.md")
    await server.call("POST", "/api/v1/add-file", status=201, data=body, headers=headers)
    [source] = await server.call("GET", SOURCES, status=200, params={"source_type": "file_upload"})

    refused = await server.call("DELETE", f"{SOURCES}/{source['id']}?documents=true", status=400)

    assert "nothing lists them" in refused["message"]
    await server.call("GET", f"{SOURCES}/{source['id']}", status=200)


async def test_only_an_admin_changes_a_source(server: Server, tree: Path) -> None:
    source_id = await create_folder_source(server, tree)
    made = await server.call("POST", "/api/v1/keys", status=201, json={"name": "reader"})
    body = {"folder": {"path": str(tree)}}

    await server.call("PUT", f"{SOURCES}/{source_id}", status=403, json=body, key=made["key"])
