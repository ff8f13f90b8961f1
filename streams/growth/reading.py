"""Read a stretch of a partition as it is."""

import time
from collections.abc import Iterator
from typing import Any

from confluent_kafka import Consumer, KafkaError, TopicPartition

from schemas.errors import TransientError
from streams.kafka.cluster import CLIENT_LOG, Cluster
from streams.partitions import Partition
from streams.state.reader import PATIENCE_SECONDS, first_offsets, unread

_BATCH = 1_000


def records(cluster: Cluster, place: Partition, end: int, start: int = 0) -> Iterator[Any]:
    """The committed records of a partition from `start`, or the first that is kept, to `end`, as messages:
    also those that nobody can decode. Raises TransientError."""
    first = max(start, first_offsets(cluster, [place])[place])
    if first >= end:
        return
    consumer = Consumer(
        cluster.client(
            group_id=cluster.name("readers"),
            isolation_level="read_committed",
            enable_auto_commit=False,
            enable_partition_eof=True,
            auto_offset_reset="earliest",
            fetch_wait_max_ms=50,
        ),
        logger=CLIENT_LOG,
    )
    try:
        consumer.assign([TopicPartition(cluster.name(place[0]), place[1], first)])
        moved_at = time.monotonic()
        while True:
            head = consumer.poll(1.0)  # `consume` alone would wait for a full batch
            if head is None and time.monotonic() - moved_at > PATIENCE_SECONDS:
                raise TransientError(unread(place, end, PATIENCE_SECONDS))
            for message in [] if head is None else [head, *consumer.consume(_BATCH, 0)]:
                error = message.error()
                if (message.offset() or 0) >= end:  # a record of the new layout, or the end
                    return
                if error is None:
                    yield message
                    moved_at = time.monotonic()
                    if message.offset() == end - 1:
                        return
                elif error.code() != KafkaError._PARTITION_EOF:  # before `end`: a transaction is still open
                    raise TransientError(f"{place[0]}[{place[1]}] cannot be read: {error.str()}")
    finally:
        consumer.close()
