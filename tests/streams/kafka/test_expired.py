"""Records that expired before a worker read them: it says so, and goes on with those that are left."""

import asyncio
from collections.abc import Sequence
from unittest.mock import Mock

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from structlog.testing import capture_logs

from schemas.errors import TransientError
from schemas.events import ApiKey, RecordsExpired, StageHealth
from streams.engine.outputs import Send
from streams.engine.stage import AnyStage, Context, Outcome, Record, Stage, StatefulStage
from streams.kafka import expired as expired_module
from streams.kafka.cluster import SESSION_SECONDS, Cluster, admin
from streams.kafka.expired import ExpiredRecords, watermarks
from streams.kafka.membership import Membership
from streams.kafka.worker import Worker
from streams.state.reader import Reader, end_offsets
from streams.topics import PROGRESS, STAGE_HEALTH, Topic
from tests.conftest import Kafka
from tests.streams.broker import CODEC, Writer, fresh_cluster, key
from tests.waiting import eventually

PARTITIONS = 2
#: A topic whose records expire, with records of our own.
INPUT = Topic("parsed", (ApiKey,))


class Seen:
    def __init__(self) -> None:
        self.seen: list[str] = []


class Single(Stage[ApiKey], Seen):
    name = "seeing"
    topic = INPUT

    async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Send]:
        self.seen.append(record.key)
        return []


class Stateful(StatefulStage[ApiKey], Seen):
    name = "seeing"
    topic = INPUT

    async def process_batch(self, records: Sequence[Record[ApiKey]], context: Context) -> Sequence[Outcome]:
        self.seen.extend(record.key for record in records)
        return [[] for _ in records]


async def live(cluster: Cluster, stage: Single | Stateful, *last: str) -> None:
    """A worker that runs until it has seen `last`."""
    made: AnyStage = stage
    worker = Worker(made, cluster, CODEC, Membership(slot="0"))
    running = asyncio.create_task(worker.run())
    await eventually(lambda: set(last) <= set(stage.seen) or running.done(), 40)
    worker.stop()
    await asyncio.wait_for(running, 30)


async def write(cluster: Cluster, *names: str, partition: int = 0) -> None:
    writer = Writer(cluster)
    for name in names:
        writer.write(INPUT, name, key(name), partition)
    await writer.written()


async def expire(cluster: Cluster, *below: int) -> None:
    """What a retention does in the end, in each partition."""
    cuts = [TopicPartition(cluster.name(INPUT), partition, offset) for partition, offset in enumerate(below)]
    for cut in (await asyncio.to_thread(admin(cluster).delete_records, cuts)).values():
        cut.result(0)


async def events(cluster: Cluster, topic: Topic) -> list[tuple[int, object]]:
    """Partition and event of each record."""

    def read() -> list[tuple[int, object]]:
        reader = Reader(cluster, CODEC)
        ends = end_offsets(cluster, [(topic.name, number) for number in range(PARTITIONS)])
        reader.assign(dict.fromkeys(ends, 0))
        found: list[tuple[int, object]] = []
        for batch in reader.read_to(ends):
            found += [(change.partition, change.event) for change in batch.changes]
        reader.close()
        return found

    return await asyncio.to_thread(read)


@pytest.mark.parametrize("kind", [Single, Stateful])
async def test_a_worker_that_finds_records_expired_says_which_and_goes_on_with_the_rest(
    kafka: Kafka, kind: type[Single | Stateful]
) -> None:
    cluster = await fresh_cluster(kafka, PARTITIONS)
    await write(cluster, "x", partition=1)
    await write(cluster, "a", "b", "c")
    await live(cluster, kind(), "c", "x")
    assert await events(cluster, PROGRESS) == []  # a group that is new has missed nothing
    await write(cluster, "d", "e", "f", "g")
    await write(cluster, "y", "z", partition=1)
    await expire(cluster, 5, 3)

    stage = kind()
    await live(cluster, stage, "g")

    assert stage.seen == ["f", "g"]
    told = await events(cluster, PROGRESS)
    assert sorted(partition for partition, _ in told) == sorted([*range(PARTITIONS)] * 2)
    each = [event for at, event in told if at == 0]
    assert sorted(
        (e.stage, e.topic, e.partition, e.first, e.next) for e in each if isinstance(e, RecordsExpired)
    ) == [("seeing", "parsed", 0, 3, 5), ("seeing", "parsed", 1, 1, 3)]

    await write(cluster, "h")
    await live(cluster, again := kind(), "h")
    assert again.seen == ["h"]
    assert len(await events(cluster, PROGRESS)) == 2 * PARTITIONS  # told once


def test_a_slow_broker_is_not_asked_for_longer_than_a_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    away = KafkaException(KafkaError(KafkaError.REQUEST_TIMED_OUT))

    def unanswered(places: object, request_timeout: float) -> None:
        nonlocal now
        now += request_timeout
        raise away

    def slow(place: TopicPartition, timeout: float) -> tuple[int, int]:
        nonlocal now
        now += min(timeout, 0.9)
        if timeout < 0.9:
            raise away
        return 0, 1

    monkeypatch.setattr(expired_module, "time", Mock(monotonic=lambda: now))
    monkeypatch.setattr(expired_module, "admin", lambda cluster: Mock(list_offsets=unanswered))
    consumer = Mock(get_watermark_offsets=slow)

    with pytest.raises(KafkaException):
        watermarks(Cluster("127.0.0.1:1"), consumer, [TopicPartition("a", n) for n in range(12)])

    assert now < SESSION_SECONDS


def test_the_partitions_of_a_new_group_begin_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one would wait for the end of the first one's fetch."""
    calls: list[tuple[str, list[int]]] = []
    consumer, errors = (
        Mock(),
        [Mock(**{"partition.return_value": n, "offset.return_value": -1}) for n in (0, 1)],
    )
    for name in ("incremental_unassign", "incremental_assign"):
        getattr(consumer, name).side_effect = lambda places, name=name: calls.append(
            (name, [place.partition for place in places])
        )
    monkeypatch.setattr(expired_module, "watermarks", lambda _, __, places: [(0, 3)] * len(places))
    for error in errors:
        error.topic.return_value = "t.parsed"

    assert ExpiredRecords(Cluster("localhost:1", "t."), CODEC, "seeing").begin_again(consumer, errors) == []

    assert calls == [("incremental_unassign", [0, 1]), ("incremental_assign", [0, 1])]


async def test_a_worker_reports_its_health_and_takes_it_back_when_it_ends(kafka: Kafka) -> None:
    cluster = await fresh_cluster(kafka, PARTITIONS)
    await write(cluster, "a")
    await live(cluster, Single(), "a")

    reports = [event for _, event in await events(cluster, STAGE_HEALTH)]

    assert isinstance(reports[0], StageHealth)
    assert (reports[0].stage, reports[0].slot, reports[0].oldest) == ("seeing", "0", None)
    assert reports[-1] is None


def test_a_partition_that_ends_before_its_reader_is_reported_and_read_from_its_first_record_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(expired_module, "watermarks", lambda *_: [(2, 5)])
    consumer = Mock()
    gone = Mock(topic=lambda: "parsed", partition=lambda: 3, offset=lambda: 9)

    with capture_logs() as told:
        expired = ExpiredRecords(Cluster("127.0.0.1:1"), CODEC, "seeing").begin_again(consumer, [gone])

    assert expired == []  # nothing is said to have expired: no run fails for it
    [[start]] = consumer.incremental_assign.call_args.args
    assert (start.topic, start.partition, start.offset) == ("parsed", 3, 2)
    assert [one["event"] for one in told] == [
        "parsed[3] was made anew, or has lost its last records: it ends at 5, 9 was next"
    ]


def test_a_partition_whose_offsets_are_an_order_is_not_read_before_they_are_raised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(expired_module, "watermarks", lambda *_: [(2, 5)])
    consumer = Mock()
    gone = Mock(topic=lambda: "documents", partition=lambda: 3, offset=lambda: 9)

    with pytest.raises(TransientError, match="has lost its last records"):
        ExpiredRecords(Cluster("127.0.0.1:1"), CODEC, "seeing").begin_again(consumer, [gone])

    consumer.incremental_assign.assert_not_called()
