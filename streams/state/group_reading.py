"""How far a consumer group has read."""

import asyncio

from streams.kafka.cluster import Cluster
from streams.partitions import partition_of
from streams.state.lags import committed_offsets
from streams.state.reader import end_offsets
from streams.topics import Topic


class GroupReading:
    """How far a group has read a topic, in the partition of a key. Raises TransientError."""

    def __init__(self, cluster: Cluster, topic: Topic, group: str, partitions: int) -> None:
        self._cluster, self._topic, self._partitions = cluster, topic.name, partitions
        self._group = cluster.name(group)

    async def end(self, key: str) -> int:
        """One above the last record now."""
        place = self._topic, partition_of(key, self._partitions)
        return (await asyncio.to_thread(end_offsets, self._cluster, [place]))[place]

    async def position(self, key: str) -> int:
        """One above the last record that the group has committed; 0 if it has none."""
        place = self._topic, partition_of(key, self._partitions)
        counts = {self._topic: self._partitions}
        found = await asyncio.to_thread(committed_offsets, self._cluster, self._group, counts)
        return found.get(place, 0)
