"""Up to where a file holds a copy of topics, and whether it may be read on from there."""

import sqlite3
import time
from collections.abc import Iterable, Mapping

from confluent_kafka import KafkaException, TopicCollection
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from schemas.errors import TransientError
from streams.kafka.cluster import Cluster, admin, forget_admin
from streams.partitions import Partition

#: A file that was last read further than this ago may have missed tombstones, which compaction removes
#: after `delete.retention.ms` (24 h by default); it is rebuilt.
_STALE_SECONDS = 12 * 60 * 60

SCHEMA = """
CREATE TABLE IF NOT EXISTS read_to (
    topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL, topic_id TEXT NOT NULL,
    read_at REAL NOT NULL, PRIMARY KEY (topic, partition)
);
"""


@retry(  # a broker learns of a new topic a moment after the controller
    retry=retry_if_exception_type(TransientError),
    wait=wait_fixed(0.1),
    stop=stop_after_delay(15),
    reraise=True,
)
def topic_ids(cluster: Cluster, topics: Iterable[str]) -> dict[str, str]:
    """The cluster's own id of each topic: one that was deleted and made anew has another. Asked for before
    the topic is read, so that a file never holds less of the topic than its id says."""
    names = {cluster.name(topic): topic for topic in topics}
    if not names:
        return {}
    client = admin(cluster)  # held until it has answered
    found = client.describe_topics(TopicCollection(list(names)), request_timeout=10)
    try:
        return {names[name]: str(future.result(15).topic_id) for name, future in found.items()}
    except KafkaException as error:
        forget_admin(cluster)
        raise TransientError(f"topics cannot be described: {error.args[0].str()}") from error


class Positions:
    """The table `read_to` of a file. Rows and positions are to be written in one transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._ids: dict[str, str] = {}

    def usable(self, ends: Mapping[Partition, int], ids: Mapping[str, str]) -> dict[Partition, int]:
        """The offset to read on from, for those partitions that the file holds a true copy of: of this very
        topic, not beyond its end, and read lately. `ids` are noted with what is saved from now on."""
        self._ids.update(ids)
        rows = self._database.execute("SELECT topic, partition, next, topic_id, read_at FROM read_to")
        return {
            (topic, partition): position
            for topic, partition, position, topic_id, read_at in rows.fetchall()
            if ids.get(topic) == topic_id
            and position <= ends.get((topic, partition), -1)
            and time.time() - read_at < _STALE_SECONDS
        }

    def save(self, positions: Mapping[Partition, int]) -> None:
        """These partitions are read up to these offsets."""
        now = time.time()
        self._database.executemany(
            "INSERT OR REPLACE INTO read_to VALUES (?, ?, ?, ?, ?)",
            [
                (topic, p, position, self._ids.get(topic, ""), now)
                for (topic, p), position in positions.items()
            ],
        )

    def forget(self, partition: Partition) -> None:
        """Nothing is held of this partition."""
        self._database.execute("DELETE FROM read_to WHERE topic = ? AND partition = ?", partition)
