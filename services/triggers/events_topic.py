"""The events of buckets on a Kafka topic of yours: MinIO, Ceph and SeaweedFS write them there by themselves.

Offsets are committed when all that follows from what was before them is acknowledged. What was handled and
not committed is handled again, and makes the same runs. Where events have expired before they were read,
whole prefixes are run instead.
"""

import asyncio
import threading
import time
from collections.abc import Sequence
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

from schemas.errors import TransientError
from services.triggers.handling import STAGE, Handler, Message
from streams.engine.backoff import backoff
from streams.kafka.cluster import CLIENT_LOG, SESSION_SECONDS, Cluster
from streams.kafka.expired import is_position_gone, watermarks

log = structlog.get_logger(__name__)

_BATCH = 100
_POLL_SECONDS = 0.5
_DRAIN_SECONDS = 5.0
_ANSWER_SECONDS = 30.0
#: A message that fails for a reason that nobody foresaw is given up after so many tries.
_MOST_TRIES = 3


class EventsTopic:
    """Follows a topic until it is closed.

    Args:
        topic: its whole name; no prefix is put before it.
    """

    def __init__(self, topic: str, cluster: Cluster, handler: Handler) -> None:
        self._topic, self._cluster, self._handler = topic, cluster, handler
        self._stopping = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._follow, name="events-topic", daemon=True)
        self._said: str | None = None

    def start(self) -> None:
        """Begin to follow, from where the group stands, else from the beginning."""
        self._thread.start()

    async def close(self) -> None:
        """Take no more; what is in hand has a few seconds to be handled."""
        self._stopping.set()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join, 2 * _DRAIN_SECONDS)

    # --------------------------------------------------------------------------------------- the thread

    def _follow(self) -> None:
        consumer = Consumer(
            self._cluster.client(
                group_id=self._cluster.name(STAGE),
                enable_auto_commit=False,
                auto_offset_reset="error",  # what has expired must not be passed over in silence
                isolation_level="read_committed",
                partition_assignment_strategy="cooperative-sticky",
                session_timeout_ms=int(SESSION_SECONDS * 1000),
                fetch_wait_max_ms=2_000,
            ),
            logger=CLIENT_LOG,
        )
        consumer.subscribe([self._topic], on_assign=_assigned)
        waiting: list[Any] = []
        gone: set[int] = set()  # partitions whose position is not in the log
        try:
            while not self._stopping.is_set():
                batch = self._sound([*waiting, *consumer.consume(_BATCH, _POLL_SECONDS)], gone)
                waiting = []
                if gone:
                    self._begin_again(consumer, gone)
                if batch and not self._handle(consumer, batch, waiting):
                    return
        finally:
            consumer.close()

    def _handle(self, consumer: Consumer, batch: Sequence[Any], waiting: list[Any]) -> bool:
        """Have a batch handled, and commit. False when it was not done before the end.

        The consumer is polled meanwhile, so that it keeps its partitions; what comes of new ones waits.
        """
        consumer.pause(consumer.assignment())
        handled = asyncio.run_coroutine_threadsafe(self._handle_all(batch), self._loop)
        give_up_at = float("inf")
        while not handled.done():
            message = consumer.poll(0.05)
            if message is not None:
                waiting.append(message)
            if self._stopping.is_set():
                give_up_at = min(give_up_at, time.monotonic() + _DRAIN_SECONDS)
            if time.monotonic() >= give_up_at:
                handled.cancel()
                return False
        handled.result()
        self._commit(consumer, batch)
        consumer.resume(consumer.assignment())
        return True

    def _commit(self, consumer: Consumer, batch: Sequence[Any]) -> None:
        ends: dict[int, int] = {}
        for message in batch:
            ends[message.partition()] = max(ends.get(message.partition(), 0), message.offset() + 1)
        positions = [TopicPartition(self._topic, partition, end) for partition, end in ends.items()]
        try:
            consumer.commit(offsets=positions, asynchronous=False)
        except KafkaException as error:  # others have the partition now, and handle it once more
            log.info("offsets not committed", topic=self._topic, error=str(error))

    def _begin_again(self, consumer: Consumer, gone: set[int]) -> None:
        """Go on with these partitions at the first event that is kept, and empty the set. Until that succeeds
        it is tried again."""
        held = [one.partition for one in consumer.assignment() if one.partition in gone]
        places = [TopicPartition(self._topic, partition) for partition in held]
        if not places:  # others have them, and find the same
            gone.clear()
            return
        try:
            firsts = [first for first, _ in watermarks(self._cluster, consumer, places)]
            starts = [TopicPartition(self._topic, *start) for start in zip(held, firsts, strict=True)]
            committed = consumer.committed(places, _ANSWER_SECONDS)
            for read, start in zip(committed, starts, strict=True):
                if read.offset >= 0:  # else the group is new
                    self._make_up(f"{read.partition}@{read.offset}-{start.offset}")
                    consumer.commit(offsets=[start], asynchronous=False)  # so that it is done once
        except (KafkaException, TransientError, TimeoutError) as error:
            log.warning("topic of events cannot be read on", topic=self._topic, error=str(error))
            return
        consumer.incremental_unassign(places)  # a partition without a position accepts no other call
        consumer.incremental_assign(starts)
        gone.clear()

    def _make_up(self, gap: str) -> None:
        """Have whole prefixes run in place of these events. Raises TransientError, TimeoutError."""
        log.error("events expired unread: whole prefixes are run", topic=self._topic, events=gap)
        asked = asyncio.run_coroutine_threadsafe(self._handler.catch_up(f"{self._topic}/{gap}"), self._loop)
        asked.result(_ANSWER_SECONDS)

    def _sound(self, messages: Sequence[Any], gone: set[int]) -> list[Any]:
        sound = []
        for message in messages:
            error = message.error()
            if error is None:
                sound.append(message)
            elif is_position_gone(error):
                gone.add(message.partition())
            elif str(error) != self._said:  # a topic that is missing says so again and again
                self._said = str(error)
                log.warning("topic of events", topic=self._topic, error=self._said)
        return sound

    # ------------------------------------------------------------------------------------- in the loop

    async def _handle_all(self, batch: Sequence[Any]) -> None:
        await asyncio.gather(*(self._surely(self._message(message)) for message in batch if message.value()))

    def _message(self, message: Any) -> Message:
        partition, offset = message.partition(), message.offset()
        return Message(message.value(), f"kafka:{self._topic}", f"{partition}@{offset}", partition, offset)

    async def _surely(self, message: Message) -> None:
        """Handle a message, however long it takes; one that fails for no known reason is given up."""
        attempt = 0
        while True:
            attempt += 1
            try:
                await self._handler.handle(message)
            except TransientError as error:
                log.warning("message tried again", topic=self._topic, id=message.id, error=str(error))
                await asyncio.sleep(backoff(attempt, error))
            except Exception as error:
                log.exception("message failed", topic=self._topic, id=message.id)
                if attempt >= _MOST_TRIES:
                    await self._handler.give_up(message, error)
                    return
                await asyncio.sleep(backoff(attempt, error))
            else:
                return


def _assigned(consumer: Consumer, partitions: list[TopicPartition]) -> None:
    consumer.incremental_assign(partitions)
    consumer.resume(partitions)  # one that left while it was paused would come back silent
