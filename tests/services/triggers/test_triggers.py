"""Triggers as they run: bucket and queue of moto, a topic of MinIO's form, and runs on the real broker."""

import asyncio
import json
import sys
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]

from schemas.events import DeadLetter, InvocationCreated, RunFailed, RunRequested, Source
from services.triggers import Triggers, TriggerSettings, triggers
from services.triggers.handling import ReadObject
from streams.engine.outputs import Send
from streams.kafka.cluster import Cluster, admin
from streams.kafka.producer import EventProducer
from streams.state.lags import committed_offsets
from streams.state.reader import Reader, end_offsets
from streams.topics import DEAD_LETTERS, PROGRESS, RUNS, SOURCES, Topic
from tests.conftest import Kafka
from tests.moto_server import Aws
from tests.services.triggers.test_choosing import bucket_source, meta
from tests.services.triggers.test_messages import minio, native, record
from tests.services.triggers.world import read_nothing, sign_in
from tests.streams.broker import CODEC, fresh_cluster
from tests.waiting import eventually


@pytest.fixture
async def cluster(kafka: Kafka) -> Cluster:
    return await fresh_cluster(kafka)


def events(cluster: Cluster, topic: Topic, kind: type) -> list[Any]:
    """What is on a topic now."""
    ends = end_offsets(cluster, [(topic.name, partition) for partition in range(2)])
    reader = Reader(cluster, CODEC)
    reader.assign(dict.fromkeys(ends, 0))
    found = [change.event for batch in reader.read_to(ends) for change in batch.changes]
    reader.close()
    return [event for event in found if isinstance(event, kind)]


def runs(cluster: Cluster) -> list[RunRequested]:
    return events(cluster, RUNS["s3"], RunRequested)


async def until(cluster: Cluster, condition: Callable[[], bool], what: str) -> None:
    """Wait for what is on topics; each look takes a thread."""
    deadline = time.monotonic() + 30
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline, f"not within 30 s: {what}"
        await asyncio.sleep(0.1)


@asynccontextmanager
async def running(
    cluster: Cluster, folder: Path, read: ReadObject = read_nothing, **settings: Any
) -> AsyncIterator[None]:
    followed = TriggerSettings(poll_s=1, visible_s=60, **settings)  # none comes twice while it is handled
    started = Triggers(cluster, CODEC, folder, followed, read, sign_in)
    started.start()
    try:
        yield
    finally:
        await started.close()


async def keep(cluster: Cluster, *sources: Source) -> None:
    """Put sources on their topic, as the gateway does."""
    producer = EventProducer(cluster, CODEC)
    for source in sources:
        await producer.send(Send(SOURCES, source.id, source))
    await producer.close()


def bucket_with_notifications(aws: Aws, queue: str) -> str:
    """A new bucket that tells a queue of its objects."""
    bucket = f"library-{uuid.uuid4().hex[:8]}"
    aws.s3.create_bucket(Bucket=bucket)
    arn = aws.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    configuration = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    aws.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
    return bucket


async def test_an_upload_into_a_bucket_is_a_run_and_a_message_that_is_no_event_a_dead_letter(
    cluster: Cluster, aws: Aws, tmp_path: Path
) -> None:
    queue = aws.queue("uploads")
    bucket = bucket_with_notifications(aws, queue)
    await keep(cluster, bucket_source(bucket_name=bucket, path_prefix="docs/"))

    async def read(source: Source, key: str) -> bytes:
        body = await asyncio.to_thread(lambda: aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        return bytes(body)

    async with running(cluster, tmp_path, read, queues=[queue]):
        for key, body in (
            ("docs/ä +%20.md", b"text"),
            ("elsewhere/b.md", b"text"),
            ("docs/x.meta.json", b"{"),
        ):
            await asyncio.to_thread(aws.s3.put_object, Bucket=bucket, Key=key, Body=body)
        said = meta(path="docs/ä +%20.md", target_collection_name="wiki")
        await asyncio.to_thread(aws.s3.put_object, Bucket=bucket, Key="docs/y.meta.json", Body=said)
        await asyncio.to_thread(aws.sqs.send_message, QueueUrl=queue, MessageBody="hello")
        await until(cluster, lambda: aws.left(queue) == 0, "all messages deleted")

    asked = {(run.collection, run.options.s3.object_key, run.options.s3.custom_id) for run in runs(cluster)}  # type: ignore[union-attr]
    assert asked == {("docs", "docs/ä +%20.md", None), ("wiki", "docs/ä +%20.md", "mine")}
    [failed] = events(cluster, PROGRESS, RunFailed)
    assert "docs/x.meta.json: Invalid JSON" in failed.error
    assert len(events(cluster, PROGRESS, InvocationCreated)) == 3
    [letter] = events(cluster, DEAD_LETTERS, DeadLetter)
    assert (letter.topic, letter.value) == ("sqs:uploads", b"hello")


async def test_a_process_that_dies_between_kafka_and_the_queue_makes_no_second_run(
    cluster: Cluster, aws: Aws, tmp_path: Path
) -> None:
    queue = aws.queue("dying")
    await keep(cluster, bucket_source())
    body = json.dumps(native(record("a.pdf"), record("b.pdf")))
    for _ in range(2):  # S3 itself may deliver twice
        aws.sqs.send_message(QueueUrl=queue, MessageBody=body)

    arguments = [cluster.bootstrap_servers, cluster.prefix, queue, str(tmp_path / "dies")]
    dying = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.services.triggers.dying_triggers", *arguments
    )
    assert await asyncio.wait_for(dying.wait(), 150) == -9
    before = await asyncio.to_thread(runs, cluster)
    assert {run.options.s3.object_key for run in before} == {"a.pdf", "b.pdf"}  # type: ignore[union-attr]
    assert aws.left(queue) == 2

    async with running(cluster, tmp_path / "heir", queues=[queue]):
        await until(cluster, lambda: aws.left(queue) == 0, "all messages deleted")

    after = await asyncio.to_thread(runs, cluster)
    assert len(after) > len(before)  # they were asked for once more,
    assert {run.invocation_id for run in after} == {run.invocation_id for run in before}  # as the same runs
    assert len({run.invocation_id for run in after}) == 2


async def test_a_queue_that_a_source_names_is_followed_as_soon_as_there_is_one(
    cluster: Cluster, aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triggers, "LOOK_SECONDS", 0.1)
    mine, foreign = aws.queue("mine"), "http://127.0.0.1:1/queue"
    body = json.dumps(native(record("a.pdf")))
    aws.sqs.send_message(QueueUrl=mine, MessageBody=body)

    async with running(cluster, tmp_path, endpoints=[aws.url]):
        await keep(cluster, bucket_source(number=1, collection_name="wiki"))
        await keep(cluster, bucket_source(number=2, queue_url=foreign))
        assert aws.left(mine) == 1
        await keep(cluster, bucket_source(number=3, queue_url=mine))
        await until(cluster, lambda: aws.left(mine) == 0, "the message deleted")

    [run] = await asyncio.to_thread(runs, cluster)
    assert run.source.id == bucket_source(number=3).id


async def events_topic(cluster: Cluster, partitions: int) -> str:
    topic = f"{cluster.prefix}minio"
    for made in admin(cluster).create_topics([NewTopic(topic, partitions, 1)]).values():
        await asyncio.to_thread(made.result, 30)
    return topic


async def test_events_on_a_topic_are_runs_and_offsets_follow_them(cluster: Cluster, tmp_path: Path) -> None:
    topic = await events_topic(cluster, 2)
    await keep(cluster, bucket_source())
    producer = Producer(cluster.client(enable_idempotence=True))

    def write(*values: bytes) -> None:
        for value in values:
            producer.produce(topic, value, b"library/whatever")
        producer.flush(20)

    def committed() -> int:
        return sum(committed_offsets(cluster, cluster.name("triggers"), {"minio": 2}).values())

    write(json.dumps(minio("dir/a b.pdf")).encode(), b"no event", json.dumps(minio("c.pdf")).encode())
    async with running(cluster, tmp_path, events_topic=topic):
        await until(cluster, lambda: committed() == 3, "offsets committed")

    asked = await asyncio.to_thread(runs, cluster)
    assert sorted(run.options.s3.object_key for run in asked) == ["c.pdf", "dir/a b.pdf"]  # type: ignore[union-attr]
    [letter] = await asyncio.to_thread(events, cluster, DEAD_LETTERS, DeadLetter)
    assert letter.topic == f"kafka:{topic}"

    write(json.dumps(minio("d.pdf", "s3:ObjectRemoved:Delete")).encode())
    async with running(cluster, tmp_path, events_topic=topic):
        await until(cluster, lambda: committed() == 4, "offsets committed")
    assert len(await asyncio.to_thread(runs, cluster)) == 3  # nothing was handled twice


async def test_events_that_expired_unread_are_made_up_for_by_runs_of_the_whole_prefix(
    cluster: Cluster, tmp_path: Path
) -> None:
    topic = await events_topic(cluster, 1)
    await keep(cluster, bucket_source())
    producer = Producer(cluster.client(enable_idempotence=True))

    def write(*keys: str) -> None:
        for key in keys:
            producer.produce(topic, json.dumps(minio(key)).encode())
        producer.flush(20)

    def expire(before: int) -> None:
        [gone] = admin(cluster).delete_records([TopicPartition(topic, 0, before)]).values()
        gone.result(30)

    def asked() -> list[tuple[str, str | None]]:
        return [(run.collection, run.options.s3.object_key) for run in runs(cluster)]  # type: ignore[union-attr]

    write("never.pdf", "a.pdf")
    await asyncio.to_thread(expire, 1)  # before the group began: a run of the source has found it
    async with running(cluster, tmp_path, events_topic=topic):
        await until(cluster, lambda: len(asked()) == 1, "the run of the first event")
    write("lost.pdf", "b.pdf")
    await asyncio.to_thread(expire, 3)
    async with running(cluster, tmp_path, events_topic=topic):
        await until(cluster, lambda: len(asked()) == 3, "the runs of the whole prefix and of the last event")

    assert set(asked()) == {("docs", "a.pdf"), ("docs", None), ("docs", "b.pdf")}


async def test_where_nothing_is_configured_nothing_is_followed(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = threading.Event()

    def no_queue(self: Triggers, ends: object) -> bool:
        looked.set()
        return False

    monkeypatch.setattr(Triggers, "is_named", no_queue)

    async with running(cluster, tmp_path / "state"):
        await eventually(looked.is_set)

    assert not await asyncio.to_thread((tmp_path / "state").exists)
