"""What strangers may write to a topic costs a dead letter each, on the real broker."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from confluent_kafka import Producer

from schemas.codec import records
from schemas.events import ApiKey, DeadLetter
from streams.engine.journal import Journal
from streams.engine.outputs import Send
from streams.engine.stage import Context, Record, Stage
from streams.kafka.cluster import CLIENT_LOG, Cluster
from streams.kafka.membership import Membership
from streams.kafka.worker import Worker
from streams.state.reader import ReadBatch, Reader, end_offsets
from streams.topics import API_KEYS, BY_NAME, DEAD_LETTERS, Topic
from tests.conftest import Kafka
from tests.streams.broker import CODEC, Writer, fresh_cluster, key
from tests.streams.foreign import write_with_header
from tests.waiting import eventually

COPIES = Topic("sources", (ApiKey,))
#: A message of this size is what the broker takes at most.
MOST = 1_040_000


@pytest.fixture(autouse=True)
def open_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BY_NAME, COPIES.name, COPIES)


class Copy(Stage[ApiKey]):
    name = "copy"
    topic = API_KEYS

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Send]:
        self.seen.append(record.event.id)
        return [Send(COPIES, record.key, record.event)]


def read(cluster: Cluster, topic: Topic, broken: list[Exception] | None = None) -> list[ReadBatch]:
    reader = Reader(cluster, CODEC, (lambda error: None) if broken is None else broken.append)
    reader.assign({(topic.name, 0): 0})
    found = list(reader.read_to(end_offsets(cluster, [(topic.name, 0)])))
    reader.close()
    return found


async def write_all(cluster: Cluster, writer: Writer) -> int:
    """Every kind of hostile record, between sound ones; their number."""
    client = Producer(
        cluster.client(message_max_bytes=MOST + 10_000, compression_type="lz4"), logger=CLIENT_LOG
    )
    frame = b"\xc3\x01" + records()[ApiKey].fingerprint
    hostile = [
        (b"k" * 800_000, b"junk" * 50_000),
        (b"\xff" * 800_000, b"junk" * 50_000),
        (b"\xff", b""),
        (b"k", frame + b"\xff" * 999_000),
        (b"k", frame + b"\x02" * 999_000),
        (b"k", None),
    ]
    name = cluster.name(API_KEYS)
    refused: list[object] = []
    for raw_key, value in hostile:
        client.produce(
            name,
            key=raw_key,
            value=value,
            partition=0,
            on_delivery=lambda error, message: refused.append(error) if error else None,
        )
    large: list[tuple[str, str | bytes | None]] = [("h" * 400_000, b"x" * 500_000)]
    client.produce(name, key=b"k", value=b"junk", partition=0, headers=large)
    await asyncio.to_thread(client.flush, 20)
    assert not refused
    for header in (b"\xff\xfe", b"\xff" * 100_000):
        await asyncio.to_thread(write_with_header, cluster.bootstrap_servers, name, header, b"junk", 20)
    sound = CODEC.encode(key("behind a broken header"), API_KEYS.name)
    await asyncio.to_thread(write_with_header, cluster.bootstrap_servers, name, b"\xff", sound, 1)
    writer.write(API_KEYS, "last", key("last"))
    await writer.written()
    return len(hostile) + 1 + 2 * 20 + 1


async def test_every_hostile_record_is_a_dead_letter_and_the_rest_goes_on(
    kafka: Kafka, tmp_path: Path
) -> None:
    cluster = await fresh_cluster(kafka, partitions=1)
    stage, writer = Copy(), Writer(cluster)
    writer.write(API_KEYS, "first", key("first"))
    await writer.written()
    count = await write_all(cluster, writer)
    worker = Worker(stage, cluster, CODEC, Membership(slot="0"), journal=Journal(tmp_path / "journal"))
    running = asyncio.create_task(worker.run())

    await eventually(lambda: "last" in stage.seen or running.done(), 60)
    worker.stop()
    await asyncio.wait_for(running, 30)

    assert stage.seen == ["first", "last"]
    batches = await asyncio.to_thread(read, cluster, DEAD_LETTERS)
    letters = [change.event for batch in batches for change in batch.changes]
    assert [letter.offset for letter in letters if isinstance(letter, DeadLetter)] == list(
        range(1, count + 1)
    )
    assert {letter.whole for letter in letters if isinstance(letter, DeadLetter)} == {True}


async def test_a_reader_passes_over_what_is_hostile_and_says_so(kafka: Kafka) -> None:
    cluster = await fresh_cluster(kafka, partitions=1)
    count = await write_all(cluster, Writer(cluster))
    broken: list[Exception] = []

    batches = await asyncio.to_thread(read, cluster, API_KEYS, broken)

    found = [
        change.event.id for batch in batches for change in batch.changes if isinstance(change.event, ApiKey)
    ]
    assert found[-1] == "last"
    tombstones = 1
    assert len(broken) == count - tombstones - (len(found) - 1)
