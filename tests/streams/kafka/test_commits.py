"""Commits when partitions are given up: what is done arrives, and nobody waits for a broker that hangs."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast
from unittest.mock import Mock

from confluent_kafka import TopicPartition

from schemas.events import ApiKey
from streams.engine.engine import Engine
from streams.engine.outputs import Send
from streams.engine.stage import Context, Record, Stage
from streams.kafka.cluster import Cluster
from streams.kafka.liveness import Liveness
from streams.kafka.membership import Membership
from streams.kafka.poller import Poller
from streams.kafka.worker import Worker
from streams.partitions import Partition
from streams.topics import API_KEYS
from tests.conftest import Kafka
from tests.streams.broker import CODEC, Writer, fresh_cluster, key
from tests.waiting import eventually

RECORDS = 24  # fewer than a stage processes at once


class Held(Stage[ApiKey]):
    """Notes what it reads, and is done with it when it is told to go on."""

    name = "held"
    topic = API_KEYS

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.go_on = asyncio.Event()

    async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Send]:
        self.seen.append(record.key)
        await self.go_on.wait()
        return []


@asynccontextmanager
async def running(worker: Worker) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await asyncio.gather(task, return_exceptions=True)


async def write(cluster: Cluster) -> None:
    writer = Writer(cluster)
    for number in range(RECORDS):
        writer.write(API_KEYS, str(number), key(str(number)))
    await writer.written()


async def test_what_is_done_before_partitions_go_to_another_member_is_not_read_again(kafka: Kafka) -> None:
    cluster = await fresh_cluster(kafka, partitions=4)
    await write(cluster)
    first, second = Held(), Held()
    second.go_on.set()
    worker = Worker(first, cluster, CODEC, Membership("0"))
    async with running(worker):
        await eventually(lambda: len(first.seen) == RECORDS, 30)
        other = Worker(second, cluster, CODEC, Membership("1"))
        async with running(other):
            asyncio.get_running_loop().call_later(1, first.go_on.set)  # in the drain, or shortly before it
            await asyncio.wait_for(other.ready.wait(), 60)
            await write(cluster)
            await eventually(lambda: len(first.seen) + len(second.seen) >= 2 * RECORDS, 60)
    assert sorted(first.seen + second.seen) == sorted([str(n) for n in range(RECORDS)] * 2)


class Drained:
    """An engine that commits what it has done when a partition is revoked."""

    idle = True

    def __init__(self) -> None:
        self.poller: Poller | None = None

    async def revoke(self, partitions: Sequence[Partition], deadline: float) -> None:
        assert self.poller is not None
        self.poller.commit(dict.fromkeys(partitions, 1))


async def test_a_rebalance_does_not_wait_for_a_broker_that_is_away() -> None:
    cluster = Cluster("127.0.0.1:1")
    engine, stage = Drained(), Held()
    engine.poller = poller = Poller(
        stage,
        cluster,
        Membership("0").consumer(cluster, stage.name, 1.0),
        Mock(),
        cast(Engine, engine),
        Mock(transactional=False),
        Liveness(60, lambda: None),
        Mock(),
        1,
        threading.Event(),
        lambda: None,
    )
    consumer, left = Mock(), [TopicPartition(cluster.name(API_KEYS), 0)]
    await asyncio.wait_for(asyncio.to_thread(poller.revoked, consumer, left), 30)
    consumer.incremental_unassign.assert_called_once_with(left)
