"""A bucket arrives whole, and the collection stays true to it; what it is read with shows up nowhere."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

from schemas.ids import text_sha256
from streams.kafka.cluster import admin, partition_counts
from tests.files import files_below
from tests.s3_server import BUCKET, MemoryS3
from tests.system.pipeline import DATABASE, Pipeline

pytestmark = pytest.mark.system

INLINE = {"aws_access_key_id": "AKIA0INLINE0MARKED00", "aws_secret_access_key": "inline/marked+secret0"}
SAVED = {"access_key_id": "AKIA0SAVED0MARKED000", "secret_access_key": "saved/marked+secret00"}


async def created(pipeline: Pipeline, store: MemoryS3, **fields: Any) -> str:
    config = {"bucket_name": BUCKET, "region": "us-east-1", "collection_name": "unused", **fields}
    body = {"s3": {"endpoint_url": store.url, **config}, "database_name": DATABASE}
    status, answer = await pipeline.call("POST", "/api/v1/sources", json=body)
    assert status == 201, answer
    return str(answer["source_id"])


async def one_object(pipeline: Pipeline, source: str, collection: str, **fields: Any) -> dict[str, Any]:
    """The end of a run over one object."""
    path, body = f"/api/v1/sources/{source}/invocations", {"target_collection_name": collection, **fields}
    status, answer = await pipeline.call("POST", path, json=body)
    assert status == 201, answer
    return await pipeline.final(str(answer["invocation_id"]))


def base(key: str) -> str:
    return text_sha256(key)


async def test_new_changed_and_deleted_objects_reach_the_collection_and_nothing_else_does(
    pipeline: Pipeline, store: MemoryS3
) -> None:
    for name in ("a.md", "b.txt", "gone.txt", "with space+%.txt"):
        store.put(f"docs/{name}", f"text of {name}".encode())
    store.put("docs/empty.txt", b"")
    store.put("docs/photos/", b"")
    store.put("docs2/sibling.txt")
    source = await created(pipeline, store, path_prefix="docs/", **INLINE)

    first = await pipeline.sync(source, "bucket")
    rows = await pipeline.rows("bucket")

    assert (first["total"], first["indexed"], first["skipped"], first["failed"]) == (5, 5, 0, 0)
    assert {id_: text for id_, (text, _) in rows.items()} == {
        f"{base(f'docs/{name}')}-0": f"text of {name}"
        for name in ("a.md", "b.txt", "gone.txt", "with space+%.txt")
    }

    given = {"object_key": "docs/a.md", "custom_id": "the-a", "metadata": {"year": 2026, "none": None}}
    assert "complete" in (await one_object(pipeline, source, "bucket", **given))["status"]
    rows = await pipeline.rows("bucket")
    assert f"{base('docs/a.md')}-0" not in rows, "one object is there once"
    assert {name: rows["the-a-0"][1].get(name) for name in ("custom_id", "year", "none")} == {
        "custom_id": "the-a",
        "year": 2026,
        "none": None,
    }

    store.put("docs/b.txt", b"another text")
    store.delete("docs/gone.txt")
    store.asked.clear()
    second = await pipeline.sync(source, "bucket")
    rows = await pipeline.rows("bucket")

    assert (second["indexed"], second["unchanged"], second["deleted"], second["skipped"]) == (1, 3, 1, 0)
    assert {asked.key for asked in store.asked} == {"", "docs/b.txt"}, "only what is new is read"
    assert rows[f"{base('docs/b.txt')}-0"][0] == "another text"
    assert f"{base('docs/gone.txt')}-0" not in rows
    assert rows["the-a-0"][1]["year"] == 2026

    missing = await one_object(pipeline, source, "bucket", object_key="docs/never.txt")
    assert "does not exist in bucket library" in missing["status"]["failed"]["error"]
    assert await pipeline.rows("bucket") == rows


async def test_a_secret_is_on_no_topic_in_no_file_and_in_no_answer(
    pipeline: Pipeline, store: MemoryS3
) -> None:
    store.put("secret/a.txt", b"nothing to hide")
    body = {"kind": "aws", "name": "saved", "secret": SAVED}
    status, saved = await pipeline.call("POST", "/api/v1/credentials", json=body)
    assert status == 201, saved
    sources = [
        await created(pipeline, store, path_prefix="secret/", **INLINE),
        await created(pipeline, store, path_prefix="secret/a", aws_credential_id=saved["id"]),
    ]
    answers = [str(saved)]
    for number, source in enumerate(sources):
        run = await pipeline.begin(source, f"secret-{number}")
        await pipeline.ended(run)
        failed = await one_object(pipeline, source, f"secret-{number}", object_key="secret/a.never")
        answers.append(str(failed))
        own = (f"sources/{source}", f"invocations/{run}", f"invocations/{run}/documents")
        answers += [str(await pipeline.call("GET", f"/api/v1/{path}")) for path in own]
    lists = ("sources", "credentials", "invocations")
    answers += [str(await pipeline.call("GET", f"/api/v1/{path}")) for path in lists]

    topics = await asyncio.to_thread(everything_on_topics, pipeline)
    files = await asyncio.to_thread(everything_in_files, pipeline.data)

    for marked in (*INLINE.values(), *SAVED.values()):
        assert marked not in "".join(answers)
        assert marked.encode() not in topics
        assert marked.encode() not in files
    assert b"secret/a.txt" in topics, "what is looked through is not empty"
    assert b"secret/a.txt" in files


def everything_on_topics(pipeline: Pipeline) -> bytes:
    """Keys, values and headers of all records."""
    cluster = pipeline.cluster
    consumer = Consumer(
        cluster.client(group_id="everything", enable_auto_commit=False, enable_partition_eof=True)
    )
    counts = partition_counts(admin(cluster), cluster)
    places = [(cluster.prefix + topic, number) for topic, count in counts.items() for number in range(count)]
    consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for topic, number in places])
    found: list[bytes] = []
    left, deadline = set(places), time.monotonic() + 60
    while left:
        assert time.monotonic() < deadline, f"not read to their ends: {left}"
        for record in consumer.consume(1_000, 0.1):
            error = record.error()
            if error is None:
                found += [record.key() or b"", record.value() or b"", str(record.headers()).encode()]
            elif error.code() == KafkaError._PARTITION_EOF:
                left.discard((record.topic(), record.partition()))
    consumer.close()
    return b"\n".join(found)


def everything_in_files(data: Path) -> bytes:
    """Logs, SQLite files, journals, blobs."""
    return b"\n".join(content for _, content in files_below(data))
