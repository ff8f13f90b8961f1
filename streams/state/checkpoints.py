"""Checkpoints of state files: up to which offsets a file has read its topics, and whether they are valid."""

import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from confluent_kafka import TopicCollection
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from schemas.errors import TransientError
from streams.kafka.cluster import Cluster, admin, answer_of, forget_admin
from streams.kafka.liveness import awake_and_asleep
from streams.partitions import Partition

#: A file with an older checkpoint is rebuilt: it may have missed tombstones, which compaction removes after
#: `delete.retention.ms` (24 h by default). So is one that was not read on for so long by a process that runs.
STALE_SECONDS = 12 * 60 * 60

SCHEMA = """
CREATE TABLE IF NOT EXISTS read_to (
    topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL, topic_id TEXT NOT NULL,
    read_at REAL NOT NULL, PRIMARY KEY (topic, partition)
);
"""


def topic_ids(cluster: Cluster, topics: Iterable[str], seconds: float = 15) -> dict[str, str]:
    """The cluster's id of each topic; a topic that was deleted and created again has another id.

    Look it up before you read the topic, so that a file never contains less of the topic than its id says.
    Raises TransientError if the brokers do not tell it within some `seconds`.
    """
    names = {cluster.name(topic): topic for topic in topics}
    told = Retrying(  # brokers learn of a new topic shortly after the controller
        retry=retry_if_exception_type(TransientError),
        wait=wait_fixed(0.1),
        stop=stop_after_delay(seconds),
        reraise=True,
    )
    return told(_asked, cluster, names, min(10.0, seconds)) if names else {}


def _asked(cluster: Cluster, names: Mapping[str, str], seconds: float) -> dict[str, str]:
    found = admin(cluster).describe_topics(TopicCollection(list(names)), request_timeout=seconds)
    try:
        return {
            names[name]: str(answer_of(future, f"topic {name}").topic_id) for name, future in found.items()
        }
    except TransientError:
        forget_admin(cluster)
        raise


class Freshness:
    """When a process that follows topics was last seen to miss nothing: it has read on, or was at their ends.

    A process may be cut off from its broker, or wait for a full disk, for days, and then go on where it was.
    """

    def __init__(self, clock: Callable[[], float] = awake_and_asleep) -> None:
        self._clock = clock
        self.renew()

    def renew(self) -> None:
        """It misses nothing now."""
        self._at = self._clock()

    def read_on(self) -> bool:
        """It has read something. False if tombstones before that may be gone, and what was made of the topics
        has to be rebuilt. To be called before what was read is stored, which may take days."""
        before = self._at
        self.renew()
        return self._at - before <= STALE_SECONDS


class Positions:
    """The table `read_to` of a file. Write rows and positions in one transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._ids: dict[str, str] = {}

    def usable(
        self,
        ends: Mapping[Partition, int],
        ids: Mapping[str, str],
        firsts: Mapping[Partition, int] = MappingProxyType({}),
    ) -> dict[Partition, int]:
        """The offsets to continue from, for partitions with a valid checkpoint: the same topic id, not beyond
        the end, and recent. Later `save` calls store `ids`.

        Args:
            firsts: first offsets that are kept. Who has read no further knows only records of before
                partitions were grown, some of which belong to other partitions now.
        """
        self._ids.update(ids)
        rows = self._database.execute("SELECT topic, partition, next, topic_id, read_at FROM read_to")
        return {
            (topic, partition): position
            for topic, partition, position, topic_id, read_at in rows.fetchall()
            if ids.get(topic) == topic_id
            and position <= ends.get((topic, partition), -1)
            and abs(time.time() - read_at) < STALE_SECONDS  # a clock that was ahead says nothing
            and (position > (first := firsts.get((topic, partition), 0)) or first == 0)
        }

    def save(self, positions: Mapping[Partition, int]) -> None:
        """Record that these partitions are read up to these offsets."""
        now = time.time()
        self._database.executemany(
            "INSERT OR REPLACE INTO read_to VALUES (?, ?, ?, ?, ?)",
            [
                (topic, p, position, self._ids.get(topic, ""), now)
                for (topic, p), position in positions.items()
            ],
        )

    def forget(self, partition: Partition) -> None:
        """Remove the checkpoint of this partition."""
        self._database.execute("DELETE FROM read_to WHERE topic = ? AND partition = ?", partition)
