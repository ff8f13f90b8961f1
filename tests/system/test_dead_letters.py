"""Open dead letters are what is wrong now: one for a document, and none for what was mended or removed."""

import asyncio
from pathlib import Path

import pytest

from tests.system.pipeline import Pipeline

BROKEN = b"%PDF-1.7\n" + bytes(range(256)) * 8


async def open_letters(pipeline: Pipeline, collection: str) -> list[str]:
    """The documents of a collection that have an open letter."""
    _, page = await pipeline.call("GET", "/api/v1/dead-letters?limit=1000")
    letters = page["letters"]
    return sorted(one["document_key"] for one in letters if one["collection_name"] == collection)


async def until_open(pipeline: Pipeline, collection: str, wanted: list[str]) -> None:
    async with asyncio.timeout(60):
        while await open_letters(pipeline, collection) != wanted:  # noqa: ASYNC110  (asked of the gateway)
            await asyncio.sleep(0.2)


async def test_a_bad_file_has_one_open_letter_until_it_is_mended_or_removed(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    collection = "letters-of-a-folder"
    for name in ("kept.pdf", "mended.pdf", "removed.pdf"):
        (tmp_path / name).write_bytes(BROKEN)
    source = await pipeline.source(tmp_path)
    for _ in range(3):
        assert (await pipeline.sync(source, collection))["failed"] == 3
    await until_open(pipeline, collection, ["kept.pdf", "mended.pdf", "removed.pdf"])

    (tmp_path / "mended.pdf").write_bytes(b"plain text after all")
    (tmp_path / "removed.pdf").unlink()
    assert (await pipeline.sync(source, collection))["failed"] == 1
    await until_open(pipeline, collection, ["kept.pdf"])


@pytest.mark.faults
async def test_a_good_upload_settles_the_letters_of_bad_ones(pipeline: Pipeline) -> None:
    collection = "letters-of-uploads"
    for content in (BROKEN, BROKEN + b"%"):
        await pipeline.final(await pipeline.upload(collection, "a.pdf", content))
    await until_open(pipeline, collection, ["a.pdf"])

    await pipeline.ended(await pipeline.upload(collection, "a.pdf", b"plain text after all"))
    await until_open(pipeline, collection, [])
