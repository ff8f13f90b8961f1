"""Two deployments on one broker, of which one has a prefix that begins with that of the other."""

import asyncio
from dataclasses import replace

from streams.growth import plan_growth
from streams.kafka.cluster import ensure_topics
from streams.state.lags import commit_offsets, consumer_groups
from streams.topics import DOCUMENTS
from tests.conftest import Kafka
from tests.streams.broker import CODEC, fresh_cluster


async def test_a_growth_neither_counts_nor_waits_for_the_other_deployment(kafka: Kafka) -> None:
    ours = await fresh_cluster(kafka, partitions=1)
    copy = replace(ours, prefix=f"{ours.prefix}copy.")
    await asyncio.to_thread(ensure_topics, copy, 1)
    for one in (ours, copy):
        await asyncio.to_thread(commit_offsets, one, one.name("parsing"), {(DOCUMENTS.name, 0): 0})

    assert await asyncio.to_thread(consumer_groups, ours) == [ours.name("parsing")]
    assert await asyncio.to_thread(consumer_groups, copy) == [copy.name("parsing")]
    plan = await asyncio.to_thread(plan_growth, ours, CODEC, 2)
    assert (plan.before, plan.after) == (1, 2)
