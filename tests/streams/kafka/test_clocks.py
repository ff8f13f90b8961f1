"""Records of machines whose clocks are wrong: retention must not depend on them."""

import asyncio
import time
from datetime import timedelta

import pytest
from confluent_kafka import Producer

from schemas.events import ApiKey
from streams.kafka.cluster import Cluster
from streams.state.reader import Reader, end_offsets
from streams.topics import API_KEYS, BY_NAME, DEAD_LETTERS, Topic
from tests.conftest import Kafka
from tests.streams.broker import CODEC, fresh_cluster, key

SLOW, RIGHT, FAST = timedelta(days=-400), timedelta(), timedelta(days=5 * 365)


@pytest.mark.parametrize("topic", [DEAD_LETTERS, API_KEYS], ids=lambda topic: topic.name)
async def test_a_record_is_taken_and_has_the_brokers_time_whatever_the_clock_of_its_producer(
    kafka: Kafka, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BY_NAME, topic.name, Topic(topic.name, (ApiKey,)))
    cluster = await fresh_cluster(kafka, 1)

    times = await asyncio.to_thread(times_of, cluster, topic, [RIGHT, SLOW, RIGHT, FAST, RIGHT])

    assert len(times) == 5
    assert times == sorted(times)


def times_of(cluster: Cluster, topic: Topic, clocks: list[timedelta]) -> list[int]:
    """Writes a record by each clock, one after the other; their times on the topic."""
    refused: list[str] = []
    producer = Producer(cluster.client(partitioner="murmur2_random"))
    for off in clocks:
        at = time.time() + off.total_seconds()
        producer.produce(
            cluster.name(topic),
            CODEC.encode(key("a"), topic.name),
            "a",
            timestamp=int(at * 1000),
            on_delivery=lambda error, _: refused.append(error.str()) if error else None,
        )
        producer.flush(20)
    assert not refused
    reader, ends = Reader(cluster, CODEC), end_offsets(cluster, [(topic.name, 0)])
    try:
        reader.assign(dict.fromkeys(ends, 0))
        return [change.timestamp_ms for batch in reader.read_to(ends) for change in batch.changes]
    finally:
        reader.close()
