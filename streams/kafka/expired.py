"""Detect records that expired before a consumer read them: its position is no longer in the log.

librdkafka would silently continue with the oldest remaining record. We report the gap in the log, in the
metrics, and on every partition of `progress`, so that tracking fails the runs that may have lost documents.
"""

from __future__ import annotations  # confluent's Message is generic for type checkers alone

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]

from schemas.codec import Codec
from schemas.errors import TransientError
from schemas.events import RecordsExpired
from streams import metrics
from streams.kafka.cluster import CLIENT_LOG, Cluster, admin, forget_admin
from streams.topics import BY_NAME, PROGRESS

log = structlog.get_logger(__name__)

#: Timeout of each request to the broker. The poll thread waits for it, and its session lasts 10 s.
_SECONDS = 4.0
#: Time for all watermarks, in which partitions that have no leader yet are asked for again, and for the
#: report of what has expired: together below the session.
_WATERMARKS_SECONDS, _REPORT_SECONDS = 5.0, 4.0
#: Of that, for reading the oldest remaining records, whose timestamps say until when records have expired.
_FIRST_SECONDS = 1.5
_AGAIN_SECONDS = 0.1


def watermarks(
    cluster: Cluster, consumer: Consumer, places: Sequence[TopicPartition]
) -> list[tuple[int, int]]:
    """The first offset and the next one of each partition, with two requests for all: on a busy machine one
    for each partition of a new group takes as long as its session. The consumer would ask behind its waiting
    fetch. But it finds a new leader, which the admin client does not.

    Raises KafkaException if they are not all known within some seconds.
    """
    until = time.monotonic() + _WATERMARKS_SECONDS
    while True:
        try:
            return _asked_together(cluster, places, _left(until))
        except (KafkaException, TimeoutError):
            forget_admin(cluster)
        try:
            return [consumer.get_watermark_offsets(place, timeout=_left(until)) for place in places]
        except KafkaException:  # leaders move when topics are new, and when brokers come and go
            if time.monotonic() > until:
                raise
        time.sleep(_AGAIN_SECONDS)


def _asked_together(
    cluster: Cluster, places: Sequence[TopicPartition], seconds: float
) -> list[tuple[int, int]]:
    earliest, latest = OffsetSpec.earliest(), OffsetSpec.latest()  # type: ignore[no-untyped-call]
    lows, highs = (
        admin(cluster).list_offsets(dict.fromkeys(places, which), request_timeout=seconds / 2)
        for which in (earliest, latest)
    )
    return [(lows[place].result(0).offset, highs[place].result(0).offset) for place in places]


def _left(until: float) -> float:
    """Seconds until then, for a request that takes its time-out literally: 0 would be for ever."""
    return max(0.01, min(_SECONDS, until - time.monotonic()))


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
        the topic ends before its position. Blocks for less than a session.

        All at once: those that begin later would wait for the end of a fetch that finds nothing.

        Raises TransientError or KafkaException if the broker does not answer. The restarted worker then finds
        the gaps again. Raises TransientError, too, if a topic whose offsets are an order ends before the
        position: the committed one stays until the offsets are raised (`streams.growth.renewing`).
        """
        places = [TopicPartition(message.topic() or "", message.partition() or 0) for message in messages]
        marks = watermarks(self.cluster, consumer, places)
        starts = [
            TopicPartition(place.topic, place.partition, low)
            for place, (low, _) in zip(places, marks, strict=True)
        ]
        gaps = [
            gap
            for gap in (self._gap(*each) for each in zip(messages, starts, marks, strict=True))
            if gap is not None
        ]
        told = self._tell(gaps) if gaps else []
        if gaps:  # do not report it twice
            consumer.commit(offsets=[gap.start for gap in gaps], asynchronous=False)
        consumer.incremental_unassign(starts)  # a partition without a position accepts no other call
        consumer.incremental_assign(starts)
        return told

    def _gap(self, message: Message[Any, Any], start: TopicPartition, marks: tuple[int, int]) -> _Gap | None:
        """What expired before the place at which a partition continues."""
        low, high = marks
        position = message.offset()
        first = 0 if position is None or position < 0 else position
        if first > high:
            where = f"{self.cluster.short(start.topic)}[{start.partition}]"
            said = f"{where} was made anew, or has lost its last records: it ends at {high}, {first} was next"
            if (topic := BY_NAME.get(self.cluster.short(start.topic))) and topic.ordered:
                raise TransientError(said)
            log.warning(said, stage=self.stage)
        return _Gap(start, first, is_empty=low == high) if first < low else None

    def _tell(self, gaps: Sequence[_Gap]) -> list[str]:
        """Write that these records have expired. Returns sentences."""
        until = time.monotonic() + _REPORT_SECONDS
        before = self._oldest_left([gap.start for gap in gaps if not gap.is_empty])
        now = datetime.now(UTC)
        events = [self._event(gap, before.get((gap.start.topic, gap.start.partition), now)) for gap in gaps]
        sentences = [describe(event) for event in events]
        for event, sentence in zip(events, sentences, strict=True):
            metrics.EXPIRED.labels(self.stage).inc(event.next - event.first)
            log.error("records have expired unread", stage=self.stage, error=sentence)
        producer = Producer(
            self.cluster.client(enable_idempotence=True, message_timeout_ms=5_000), logger=CLIENT_LOG
        )
        name = self.cluster.name(PROGRESS)
        for number in producer.list_topics(name, timeout=_left(until)).topics[name].partitions:
            for event in events:
                value = self.codec.encode(event, PROGRESS.name)
                producer.produce(name, value, f"/expired/{event.topic}/{event.partition}", partition=number)
        if producer.flush(_left(until)):
            raise TransientError(f"{sentences[0]}; this could not be written to {PROGRESS.name}")
        return sentences

    def _event(self, gap: _Gap, before: datetime) -> RecordsExpired:
        return RecordsExpired(
            stage=self.stage,
            topic=self.cluster.short(gap.start.topic),
            partition=gap.start.partition,
            first=gap.first,
            next=gap.start.offset,
            before=before,
        )

    def _oldest_left(self, starts: Sequence[TopicPartition]) -> dict[tuple[str, int], datetime]:
        """The time of the record at each of these places, where it can be read soon."""
        found: dict[tuple[str, int], datetime] = {}
        if not starts:
            return found
        reader = Consumer(
            self.cluster.client(group_id=self.cluster.name("readers"), enable_auto_commit=False),
            logger=CLIENT_LOG,
        )
        until = time.monotonic() + _FIRST_SECONDS
        try:
            reader.assign(list(starts))
            while len(found) < len(starts) and time.monotonic() < until:
                for message in reader.consume(1_000, _AGAIN_SECONDS):
                    if message.error() is None:
                        place = (message.topic() or "", message.partition() or 0)
                        found.setdefault(place, datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC))
        finally:
            reader.close()
        return found


@dataclass(frozen=True)
class _Gap:
    """Records that have expired: from `first` to `start`, where nothing is left if it `is_empty`."""

    start: TopicPartition
    first: int
    is_empty: bool


def describe(event: RecordsExpired) -> str:
    """A sentence about the expired records."""
    count, place = event.next - event.first, f"{event.topic}[{event.partition}]"
    return (
        f"{count:,} records of {place} expired before {event.stage} had read them, written before "
        f"{event.before:%Y-%m-%d %H:%M:%S} UTC"
    )
