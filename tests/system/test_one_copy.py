"""One folder in one collection is one copy, whole, whatever happens to patterns and the collection."""

from pathlib import Path

import pytest

from tests.system.pipeline import RUN_WINDOW, Pipeline

pytestmark = pytest.mark.system


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("folder")


async def keys(pipeline: Pipeline, collection: str) -> list[str]:
    """Document keys of the chunks in a collection, in order; one twice is there twice."""
    return sorted(str(metadata["document_key"]) for _, metadata in (await pipeline.rows(collection)).values())


async def test_other_patterns_are_a_difference_and_a_source_goes_with_its_documents(
    pipeline: Pipeline, folder: Path
) -> None:
    for name in ("a.md", "b.md", "c.rst"):
        (folder / name).write_text(f"# {name}\n")
    source = await pipeline.source(folder)
    await pipeline.sync(source, "patterns")
    (folder / "a.md").write_text("# changed\n")

    change = {"folder": {"path": str(folder), "include_globs": ["a.md", "c.*"]}}
    status, changed = await pipeline.call("PUT", f"/api/v1/sources/{source}", json=change)
    assert (status, changed["id"]) == (200, source)
    counts = await pipeline.sync(source, "patterns")

    assert (counts["indexed"], counts["deleted"], counts["unchanged"]) == (1, 1, 1)
    assert await keys(pipeline, "patterns") == ["a.md", "c.rst"]

    (folder / "new.md").touch()
    await pipeline.sync(source, "elsewhere")
    status, deleted = await pipeline.call("DELETE", f"/api/v1/sources/{source}", params={"documents": "true"})
    assert (status, len(deleted["invocation_ids"])) == (202, 2)
    ended = [await pipeline.ended(invocation) for invocation in deleted["invocation_ids"]]
    assert [counts["deleted"] for counts in ended] == [2, 2]
    assert await keys(pipeline, "patterns") == await keys(pipeline, "elsewhere") == []


async def test_two_first_runs_of_a_folder_at_once_do_the_work_once(pipeline: Pipeline, folder: Path) -> None:
    for number in range(60):
        (folder / f"{number:02}.md").write_text(f"# Note {number}\n")
    source = await pipeline.source(folder)
    invocations = [await pipeline.begin(source, "race") for _ in range(2)]

    first, second = [await pipeline.ended(invocation) for invocation in invocations]

    assert (first["indexed"], first["unchanged"]) == (60, 0)
    assert second["indexed"] == 0
    assert second["unchanged"] in (0, 60)  # none if it waited already when the first began: it is merged


@pytest.mark.parametrize("known", [False, True])
async def test_a_collection_that_is_deleted_while_a_run_fills_it_ends_whole(
    pipeline: Pipeline, folder: Path, known: bool
) -> None:
    collection = f"dropped-{known}"
    source = await pipeline.source(folder)
    if known:
        (folder / "000.md").write_text("# Note 0\n")
        await pipeline.sync(source, collection)
    names = [f"{number:03}.md" for number in range(3 * RUN_WINDOW)]
    for number, name in enumerate(names):
        (folder / name).write_text(f"# Note {number}\n")
    invocation = await pipeline.begin(source, collection)
    await pipeline.counted(invocation, at_least=RUN_WINDOW)

    await pipeline.drop(collection)

    await pipeline.ended(invocation)
    assert await keys(pipeline, collection) == names
