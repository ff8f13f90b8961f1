"""What tests on the real broker share: topics of their own, raw writes, a clock of transactions."""

import asyncio
import uuid
from datetime import UTC, datetime

from confluent_kafka import Producer

from schemas.codec import SingleObjectCodec
from schemas.events import ApiKey, Event
from streams.kafka.cluster import CLIENT_LOG, Cluster, delete_topics, ensure_topics
from streams.topics import Topic
from tests.conftest import Kafka

CODEC = SingleObjectCodec()


async def fresh_cluster(kafka: Kafka, partitions: int = 2) -> Cluster:
    """All our topics, under a prefix that nobody else uses."""
    made = Cluster(kafka.bootstrap_servers, prefix=f"t{uuid.uuid4().hex[:8]}.")
    await asyncio.to_thread(ensure_topics, made, partitions)
    return made


async def made_anew(cluster: Cluster, topic: Topic) -> None:
    """Delete a topic and create it again, as soon as the broker takes its name."""
    await asyncio.to_thread(delete_topics, cluster, [topic.name])
    async with asyncio.timeout(20):
        while True:
            if topic.name in await asyncio.to_thread(ensure_topics, cluster, 1):
                return
            await asyncio.sleep(0.05)


def key(name: str, says: str = "") -> ApiKey:
    """An event named `name`."""
    return ApiKey(id=name, name=says, tenant="", key_sha256="", created_at=datetime(2026, 1, 1, tzinfo=UTC))


class Writer:
    """Writes to partitions directly, also in transactions of its own."""

    def __init__(self, cluster: Cluster, transactional_id: str | None = None) -> None:
        self._cluster = cluster
        extra = {"transactional_id": cluster.name(transactional_id)} if transactional_id else {}
        # Idempotent, or the retry of a refused batch would come after the batches that followed it.
        idempotent = {"partitioner": "murmur2_random", "enable_idempotence": True}
        self.client = Producer(cluster.client(**idempotent, **extra), logger=CLIENT_LOG)
        if transactional_id:
            self.client.init_transactions(15)

    def write(self, topic: Topic, name: str, event: Event | None, partition: int = 0) -> None:
        value = None if event is None else CODEC.encode(event, topic.name)
        self.client.produce(self._cluster.name(topic), value, name, partition=partition)

    async def written(self) -> None:
        await asyncio.to_thread(self.client.flush, 20)
