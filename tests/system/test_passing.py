"""Documents of other keys pass a big one of their partition."""

import asyncio
import hashlib
from itertools import count

import pytest

from schemas.events import Document, Embedding
from schemas.ids import document_id
from services.chunking.ahead import PARTS_AHEAD
from streams.partitions import partition_of
from tests.system.pipeline import DATABASE, PARTITIONS, Pipeline

pytestmark = pytest.mark.system

LINES = '{"type": "lines", "max_lines": 1}'
#: Four times what is on the way at once; few different texts, so that their vectors are cached.
BIG = "".join(f"line number {number % 100}\n" for number in range(4 * PARTS_AHEAD * 60)).encode()


def partition(collection: str, name: str) -> int:
    document = Document(
        tenant="default_tenant",
        database=DATABASE,
        collection=collection,
        document_key=name,
        embedding=Embedding(model=""),
    )
    return partition_of(document_id(document), PARTITIONS)


@pytest.mark.faults  # long
async def test_small_documents_pass_a_big_one_of_their_partition_and_all_arrive_whole(
    pipeline: Pipeline,
) -> None:
    name = f"passing-{hashlib.sha256(BIG).hexdigest()[:8]}"
    home = partition(name, "big.txt")
    names = (f"small-{n}.txt" for n in count())
    small = [next(one for one in names if partition(name, one) == home) for _ in range(2)]

    big = await pipeline.upload(name, "big.txt", BIG, chunking=LINES)
    await pipeline.counted(big, 1, "chunked")
    for one in small:
        await pipeline.ended(await pipeline.upload(name, one, b"a small text\n"))
    _, progress = await pipeline.call("GET", f"/api/v1/invocations/{big}/progress")

    assert "processing" in progress["status"], progress
    counts = await pipeline.ended(big, within=300)
    assert counts["chunks"] == BIG.count(b"\n")
    await whole(pipeline, name, len(small))


@pytest.mark.faults
async def test_a_big_document_arrives_whole_though_its_services_are_killed_between_its_parts(
    pipeline: Pipeline,
) -> None:
    name = "killed-between-parts"
    big = await pipeline.upload(name, "big.txt", BIG, chunking=LINES)
    for service in ("chunking", "indexing", "embedding"):
        before = len(await pipeline.rows(name))
        async with asyncio.timeout(120):
            while len(await pipeline.rows(name)) < before + PARTS_AHEAD * 30:  # noqa: ASYNC110  (asked of Chroma)
                await asyncio.sleep(0.05)
        await pipeline.kill(service)

    counts = await pipeline.ended(big, within=300)

    assert (counts["indexed"], counts["failed"], counts["chunks"]) == (1, 0, BIG.count(b"\n"))
    await whole(pipeline, name, 0)


async def whole(pipeline: Pipeline, collection: str, others: int) -> None:
    """The big document's text is there, each line once, and nothing else but `others` rows."""
    rows = await pipeline.rows(collection)
    lines = BIG.decode().splitlines()
    base = hashlib.sha256(b"big.txt").hexdigest()
    assert [rows[f"{base}-{n}"][0] for n in range(len(lines))] == lines
    assert len(rows) == len(lines) + others
