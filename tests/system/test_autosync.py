"""A bucket that syncs by itself: from a put and a delete, through SQS, to what is in the collection."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus

import pytest

from schemas.ids import text_sha256
from tests.moto_server import Aws
from tests.services.triggers.test_messages import native, record
from tests.system.pipeline import Pipeline

pytestmark = pytest.mark.system

BUCKET = "watched"
Rows = Mapping[str, tuple[str, Mapping[str, Any]]]


async def created(pipeline: Pipeline, aws: Aws, queue: str, **fields: Any) -> str:
    given = {"bucket_name": BUCKET, "region": "us-east-1", "path_prefix": "notes/", "endpoint_url": aws.url}
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "queue_url": queue}
    return await pipeline.source_of({"s3": {**given, **keys, **fields}})


async def becomes(pipeline: Pipeline, collection: str, condition: Callable[[Rows], bool]) -> Rows:
    """What is in a collection once a condition holds."""
    deadline = time.monotonic() + 60
    while not condition(rows := await pipeline.rows(collection)):
        assert time.monotonic() < deadline, f"{collection} has {rows}"
        await asyncio.sleep(0.05)
    return rows


def chunk_of(key: str) -> str:
    return f"{text_sha256(key)}-0"


async def test_what_is_put_is_found_and_what_is_deleted_is_gone_without_anybody_asking(
    pipeline: Pipeline, aws: Aws
) -> None:
    queue = aws.queue("watched-events")
    aws.watched(BUCKET, queue)

    def put(key: str, text: str) -> None:
        aws.s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode())

    def delete(key: str) -> None:
        """With the message that S3 sends (user guide, "Event message structure")."""
        aws.s3.delete_object(Bucket=BUCKET, Key=key)
        removed = record(quote_plus(key), "ObjectRemoved:Delete")
        removed["s3"]["bucket"] = {"name": BUCKET, "arn": f"arn:aws:s3:::{BUCKET}"}
        aws.sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(native(removed)))

    meta = {"version": "chroma-v1", "id": "handbook", "path": "notes/named.txt", "metadata": {"year": 2026}}
    put("notes/other one.txt", "nobody names it")
    put("notes/named.meta.json", json.dumps(meta))
    put("notes/named.txt", "it has a name")
    put("elsewhere/a.txt", "no source wants it")
    direct = await created(pipeline, aws, queue, collection_name="auto-direct", auto_sync="direct")
    named = await created(pipeline, aws, queue, collection_name="auto-metadata", auto_sync="metadata")

    both, one = {"handbook-0", chunk_of("notes/other one.txt")}, {"handbook-0"}
    await becomes(pipeline, "auto-direct", lambda rows: set(rows) == both)
    before = await becomes(pipeline, "auto-metadata", lambda rows: set(rows) == one)
    assert before["handbook-0"][0] == "it has a name"
    assert before["handbook-0"][1]["year"] == 2026

    put("notes/named.txt", "another text")
    delete("notes/other one.txt")
    await becomes(pipeline, "auto-direct", lambda rows: set(rows) == one)
    await becomes(pipeline, "auto-direct", lambda rows: rows["handbook-0"][0] == "another text")
    rows = await becomes(pipeline, "auto-metadata", lambda rows: rows["handbook-0"][0] == "another text")
    assert rows["handbook-0"][1]["year"] == 2026

    put("notes/third.txt", "nobody names it either")
    await becomes(pipeline, "auto-direct", lambda rows: len(rows) == 2)
    whole = [
        await pipeline.sync(source, collection)
        for source, collection in ((direct, "auto-direct"), (named, "auto-metadata"))
    ]
    assert await pipeline.rows("auto-metadata") == rows, "runs of the prefix agree with what came by itself"
    assert [(found["unchanged"], found["indexed"], found["failed"]) for found in whole] == [
        (2, 0, 0),
        (1, 0, 0),
    ]
    await becomes(pipeline, "auto-direct", lambda _: aws.left(queue) == 0)
