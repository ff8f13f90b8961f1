"""Everything that is on a topic now, raw."""

import asyncio
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from schemas.codec import SingleObjectCodec
from schemas.events import Event
from streams.kafka.cluster import Cluster
from streams.state.reader import end_offsets
from streams.topics import Topic
from tests.api.conftest import PARTITIONS


@dataclass(frozen=True)
class Read:
    """One record: key, event and headers."""

    key: str
    event: Event
    headers: dict[str, Any]


async def read_all(cluster: Cluster, topic: Topic) -> list[Read]:
    """All records of a topic, without tombstones."""
    return await asyncio.to_thread(_read, cluster, topic)


def _read(cluster: Cluster, topic: Topic) -> list[Read]:
    ends = end_offsets(cluster, [(topic.name, partition) for partition in range(PARTITIONS)])
    consumer = Consumer(cluster.client(group_id="tests", auto_offset_reset="earliest"))
    codec, found = SingleObjectCodec(), []
    for (_, partition), end in ends.items():
        consumer.assign([TopicPartition(cluster.name(topic), partition, 0)])
        at = 0
        while at < end:
            message = consumer.poll(10)
            assert message is not None
            assert message.error() is None
            at = (message.offset() or 0) + 1
            if (value := message.value()) is None:  # a tombstone
                continue
            event = codec.decode(value)
            found.append(Read((message.key() or b"").decode(), event, dict(message.headers() or [])))
    consumer.close()
    return found
