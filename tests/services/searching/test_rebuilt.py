"""An index that is not what its topic holds any more is rebuilt."""

import asyncio
from pathlib import Path

from services.searching.follower import Follower
from services.searching.index import SparseIndex
from services.searching.points import point_of
from streams.state.checkpoints import STALE_SECONDS, Freshness
from tests.conftest import Kafka
from tests.services.searching.rows import row
from tests.services.searching.test_index import ids_of
from tests.services.searching.test_service import Topic
from tests.streams.broker import CODEC, fresh_cluster
from tests.waiting import eventually


async def test_an_index_that_was_cut_off_for_days_is_rebuilt_for_it_may_have_missed_deletes(
    kafka: Kafka, tmp_path: Path
) -> None:
    cluster = await fresh_cluster(kafka)
    topic, index, now = Topic(cluster, seed=9), SparseIndex(tmp_path), [0.0]
    follower = Follower(cluster, CODEC, index, tmp_path, freshness=Freshness(lambda: now[0]))
    await topic.write(40)

    def is_whole() -> bool:
        try:
            return set(ids_of(index, {7: 1.0})) == set(topic.rows)
        except Exception as error:
            if type(error) is not Exception:
                raise
            return False  # Qdrant's: the shard was closed under the search, to be rebuilt

    follower.start()
    try:
        await eventually(is_whole)
        shard = index.shard("c1")
        assert shard is not None
        shard.apply([point_of(row("its tombstone is gone", {7: 1.0}))], [])
        now[0] += STALE_SECONDS + 1
        await topic.write(1)
        await eventually(is_whole)
    finally:
        await asyncio.to_thread(follower.stop)
        index.close()
