"""Documents of other keys pass a big one of their partition."""

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
#: Six times what is on the way at once; few different texts, so that their vectors are cached.
BIG = "".join(f"line number {number % 100}\n" for number in range(6 * PARTS_AHEAD * 60)).encode()


def partition(collection: str, name: str) -> int:
    document = Document(
        tenant="default_tenant",
        database=DATABASE,
        collection=collection,
        document_key=name,
        embedding=Embedding(model=""),
    )
    return partition_of(document_id(document), PARTITIONS)


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
    rows = await pipeline.rows(name)
    assert len(rows) == counts["chunks"] + len(small)
    base = hashlib.sha256(b"big.txt").hexdigest()
    texts = b"\n".join(rows[f"{base}-{n}"][0].encode() for n in range(counts["chunks"]))
    assert texts == BIG.rstrip()
