"""What is asked of the real broker when partitions are added."""

import asyncio

from streams.growth.moving import add_partitions, grown_topics
from streams.kafka.cluster import admin, partition_counts
from tests.conftest import Kafka
from tests.streams.broker import fresh_cluster


async def test_more_partitions_than_one_request_may_have_are_added_by_several(kafka: Kafka) -> None:
    """A broker takes 10,000; these are 400 for each of two dozen topics."""
    cluster = await fresh_cluster(kafka)
    names = grown_topics(partition_counts(admin(cluster), cluster))

    assert len(names) * 398 > 10_000
    await asyncio.to_thread(add_partitions, cluster, names, 400, validate_only=True)
