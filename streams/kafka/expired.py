"""Detect records that expired before a consumer read them: its position is no longer in the log.

librdkafka would silently continue with the oldest remaining record. We report the gap in the log, in the
metrics, and on every partition of `progress`, so that tracking fails the runs that may have lost documents.
"""

from __future__ import annotations  # confluent's Message is generic for type checkers alone

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from schemas.codec import Codec
from schemas.errors import TransientError
from schemas.events import RecordsExpired
from streams import metrics
from streams.kafka.cluster import CLIENT_LOG, Cluster, admin, forget_admin, partition_counts
from streams.topics import PROGRESS

log = structlog.get_logger(__name__)

#: Timeout of each request to the broker. The poll thread waits for it, and its session lasts 10 s.
_SECONDS = 4.0
#: How long partitions that have no leader yet are asked for again; below the session, too.
_LEADER_SECONDS = 6.0
#: Timeout for reading the oldest remaining record, whose timestamp says until when records have expired.
_FIRST_SECONDS = 2.0


@retry(  # leaders move when topics are new, and when brokers come and go
    retry=retry_if_exception_type(KafkaException),
    wait=wait_fixed(0.1),
    stop=stop_after_delay(_LEADER_SECONDS),
    reraise=True,
)
def watermarks(
    cluster: Cluster, consumer: Consumer, places: Sequence[TopicPartition]
) -> list[tuple[int, int]]:
    """The first offset and the next one of each partition, with two requests for all: on a busy machine one
    for each partition of a new group takes as long as its session. The consumer would ask behind its waiting
    fetch. But it finds a new leader, which the admin client does not."""
    client, seconds = admin(cluster), {"request_timeout": _SECONDS}
    specs = OffsetSpec.earliest(), OffsetSpec.latest()  # type: ignore[no-untyped-call]
    asked = [client.list_offsets(dict.fromkeys(places, spec), **seconds) for spec in specs]
    try:
        lows, highs = ([found[place].result(_SECONDS).offset for place in places] for found in asked)
    except KafkaException:
        forget_admin(cluster)
        del client  # the error refers to this frame, and its future to the error: it would live long
        return [consumer.get_watermark_offsets(place, timeout=_SECONDS) for place in places]
    return list(zip(lows, highs, strict=True))


def is_position_gone(error: KafkaError) -> bool:
    """Whether an error says that the position of a partition is not in the log."""
    return error.code() == KafkaError._AUTO_OFFSET_RESET


@dataclass(frozen=True)
class ExpiredRecords:
    """Finds a new position for a consumer whose own is gone, and reports the gap between the two."""

    cluster: Cluster
    codec: Codec
    stage: str

    def begin_again(self, consumer: Consumer, messages: Sequence[Message[Any, Any]]) -> list[str]:
        """Continue partitions at their oldest remaining records; `messages` are their errors
        (`is_position_gone`). Returns sentences about expired records; there are none if the group is new, or
        a topic was recreated. Blocks for a few seconds at most.

        All at once: those that begin later would wait for the end of a fetch that finds nothing.

        Raises TransientError or KafkaException if the broker does not answer. The restarted worker then finds
        the gaps again.
        """
        places = [TopicPartition(message.topic() or "", message.partition() or 0) for message in messages]
        marks = watermarks(self.cluster, consumer, places)
        found = [self._beginning(consumer, *each) for each in zip(messages, marks, strict=True)]
        starts = [start for start, _ in found]
        consumer.incremental_unassign(starts)  # a partition without a position accepts no other call
        consumer.incremental_assign(starts)
        return [expired for _, expired in found if expired]

    def _beginning(
        self, consumer: Consumer, message: Message[Any, Any], marks: tuple[int, int]
    ) -> tuple[TopicPartition, str | None]:
        """Where a partition continues, and a sentence about what expired before."""
        topic, partition = message.topic() or "", message.partition() or 0
        low, high = marks
        position = message.offset()
        first = 0 if position is None or position < 0 else position
        expired = None
        if first > high:
            log.warning("a topic was made anew", stage=self.stage, topic=topic, partition=partition)
        elif first < low:
            before = self._oldest_left(topic, partition, low) if low < high else None
            expired = self._tell(topic, partition, first, low, before or datetime.now(UTC))
        start = TopicPartition(topic, partition, low)
        if expired:  # do not report it twice
            consumer.commit(offsets=[start], asynchronous=False)
        return start, expired

    def _tell(self, topic: str, partition: int, first: int, low: int, before: datetime) -> str:
        event = RecordsExpired(
            stage=self.stage,
            topic=self.cluster.short(topic),
            partition=partition,
            first=first,
            next=low,
            before=before,
        )
        sentence = describe(event)
        metrics.EXPIRED.labels(self.stage).inc(low - first)
        log.error("records have expired unread", stage=self.stage, error=sentence)
        producer = Producer(
            self.cluster.client(enable_idempotence=True, message_timeout_ms=5_000), logger=CLIENT_LOG
        )
        value = self.codec.encode(event, PROGRESS.name)
        for number in range(partition_counts(admin(self.cluster), self.cluster)[PROGRESS.name]):
            key = f"/expired/{event.topic}/{partition}"
            producer.produce(self.cluster.name(PROGRESS), value, key, partition=number)
        if producer.flush(_SECONDS):
            raise TransientError(f"{sentence}; this could not be written to {PROGRESS.name}")
        return sentence

    def _oldest_left(self, topic: str, partition: int, low: int) -> datetime | None:
        reader = Consumer(
            self.cluster.client(group_id=self.cluster.name("readers"), enable_auto_commit=False),
            logger=CLIENT_LOG,
        )
        try:
            reader.assign([TopicPartition(topic, partition, low)])
            message = reader.poll(_FIRST_SECONDS)
            if message is None or message.error() is not None:
                return None
            return datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
        finally:
            reader.close()


def describe(event: RecordsExpired) -> str:
    """A sentence about the expired records."""
    count, place = event.next - event.first, f"{event.topic}[{event.partition}]"
    return (
        f"{count:,} records of {place} expired before {event.stage} had read them, written before "
        f"{event.before:%Y-%m-%d %H:%M:%S} UTC"
    )
