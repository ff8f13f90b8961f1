"""The poll thread of a worker. It only polls, hands records to the event loop and answers rebalances, so the
member keeps its partitions however long processing takes.

Only this thread uses the consumer; the event loop queues its calls. A second thread that calls the consumer
during a rebalance would deadlock (confluent-kafka 2.16 holds an internal lock).
"""

from __future__ import annotations  # confluent's Message is generic for type checkers alone

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import wait
from typing import Any

import structlog
from confluent_kafka import OFFSET_INVALID, Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.errors import FencedError, RequestError
from streams.engine.engine import Engine
from streams.engine.stage import AnyStage, PunctuatedStage, StatefulStage
from streams.kafka.cluster import CLIENT_LOG, Cluster
from streams.kafka.expired import ExpiredRecords, is_position_gone
from streams.kafka.lag import Lag
from streams.kafka.liveness import Liveness
from streams.kafka.log_writer import LogWriter
from streams.kafka.membership import Subscription
from streams.kafka.messages import Incoming
from streams.partitions import Partition

log = structlog.get_logger(__name__)

#: Time for work in progress to finish when partitions are revoked; well below the session timeout.
DRAIN_SECONDS = 5.0
#: Poll timeouts: while the windows hold records or state is restored, and otherwise. A queued call of the
#: event loop waits this long. At fifty polls a second, eight idle workers took a tenth of a core.
_BUSY_POLL_SECONDS = 0.02
_IDLE_POLL_SECONDS = 0.6  # confluent-kafka wakes every 0.2 s to look for Ctrl-C
#: How often an idle thread asks librdkafka for its partitions and its generation, where a stage that acts by
#: the clock may begin a transaction without a record; and how often the event loop is told of polls, of which
#: it may miss those of two minutes. Each wakes another thread.
_NOTE_SECONDS, _TELL_SECONDS = 1.0, 10.0
#: Errors of a consumer whose rights are missing. librdkafka tries on for ever.
_REFUSALS = (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED)


class Poller:
    """Reads a stage's topic for its engine, in a thread. Create it in the event loop; when the thread ends,
    it calls the engine's `finish` there.

    Args:
        properties: librdkafka properties of the consumer.
        most_at_once: maximum records per read.
        stopping: set to drain and leave the group.
        on_ready: called when partitions are assigned and their state is restored.

    Attributes:
        expired: sentences about records that expired unread.
        subscription: joins the group anew.
    """

    def __init__(
        self,
        stage: AnyStage,
        cluster: Cluster,
        properties: dict[str, Any],
        incoming: Incoming,
        engine: Engine,
        writer: LogWriter,
        liveness: Liveness,
        expired_records: ExpiredRecords,
        most_at_once: int,
        stopping: threading.Event,
        on_ready: Callable[[], None],
    ) -> None:
        self._stage, self._cluster, self._incoming = stage, cluster, incoming
        self._engine, self._writer, self._liveness = engine, writer, liveness
        self._expired_records, self._most_at_once = expired_records, most_at_once
        self._stopping, self._on_ready = stopping, on_ready
        self._topics = [cluster.name(topic) for topic in (stage.topic, *stage.more_topics)]
        self._stateful, self._by_clock = isinstance(stage, StatefulStage), isinstance(stage, PunctuatedStage)
        self._lag = Lag(stage.name)
        self._loop = asyncio.get_running_loop()
        self._calls: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._told_at = self._owned_at = float("-inf")  # last beat; last look at what is owned
        self._restoring = 0  # assignments whose state is not restored yet
        self._gone: dict[Partition, Message[Any, Any]] = {}  # those whose position is gone, by their errors
        self._consumer = Consumer({**properties, "on_commit": self._committed}, logger=CLIENT_LOG)
        self.subscription = Subscription(self._topics, self.assigned, self.revoked, self.lost)
        self._thread = threading.Thread(target=self._poll, name="poll", daemon=True)
        self.expired: list[str] = []

    def start(self) -> None:
        """Join the group and poll."""
        self._thread.start()

    def join(self) -> None:
        """Wait until the thread has left the group."""
        self._thread.join()

    # -------------------------------------------------------------------- what the loop may ask

    def pause(self, partition: Partition) -> None:
        """Pause reading a partition."""
        self._calls.put(lambda: self._consumer.pause(self._still_ours([partition])))

    def resume(self, partition: Partition) -> None:
        """Resume reading a partition."""
        self._calls.put(lambda: self._consumer.resume(self._still_ours([partition])))

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Commit these offsets. A refusal is reported to the engine."""
        positions = [self._topic_partition(p, offset) for p, offset in offsets.items()]
        self._calls.put(lambda: self._commit(positions))

    # --------------------------------------------------------------------------- the poll thread

    def _poll(self) -> None:
        self._liveness.begin()
        try:
            while not self._stopping.is_set():
                self.subscription.keep(self._consumer)
                idle = self._engine.idle and not self._restoring
                message = self._consumer.poll(_IDLE_POLL_SECONDS if idle else _BUSY_POLL_SECONDS)
                self._note_poll()
                if message is not None:
                    self._owned_at = float("-inf")  # a transaction follows, with the generation of now
                    self._note_owned()
                    self._hand_over([message])  # now, because `consume` may run a rebalance first
                    self._hand_over(self._consumer.consume(self._most_at_once, 0))
                    self._begin_again()
                self._serve()
                self._lag.report(self._consumer)
            self._in_loop(self._engine.revoke(self._engine.partitions, DRAIN_SECONDS))
        except BaseException as error:
            if isinstance(error, FencedError):
                self._liveness.fence()
            self._loop.call_soon_threadsafe(self._engine.fail, error)
            self._in_loop(self._engine.lose(self._engine.partitions))
        finally:
            try:
                self._consumer.close()
            finally:
                self._loop.call_soon_threadsafe(self._engine.finish)

    def _in_loop(self, call: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine in the event loop and serve its calls until it is done."""
        future = asyncio.run_coroutine_threadsafe(call, self._loop)
        done = False
        while not done:
            done = bool(wait([future], timeout=0.005).done)
            if not self._liveness.fenced:  # a fenced worker only gives up its partitions
                self._note_poll()
            self._serve()
        future.result()

    def _serve(self) -> None:
        """Execute the queued calls of the event loop, and update the owned partitions for the next
        transaction."""
        while not self._calls.empty():
            self._calls.get()()
        self._note_owned()

    def _begin(self, restored: Sequence[Partition]) -> None:
        self._restoring -= 1
        self._consumer.resume(self._still_ours(restored))

    def _note_owned(self) -> None:
        now = time.monotonic()
        fresh_seconds = _NOTE_SECONDS if self._by_clock else float("inf")
        if not self._writer.transactional or (now - self._owned_at < fresh_seconds and self._engine.idle):
            return
        self._owned_at = now
        owned = frozenset(self._ours(self._consumer.assignment()))
        self._writer.owned(owned, self._consumer.consumer_group_metadata())

    def _note_poll(self) -> None:
        self._liveness.polled()
        at = self._liveness.polled_at
        if at - self._told_at >= _TELL_SECONDS:
            self._told_at = at
            self._loop.call_soon_threadsafe(self._liveness.beat, at)

    def _commit(self, positions: list[TopicPartition]) -> None:
        # Never waits: a broker that hangs would hold the poll thread up for minutes, and its partitions with
        # it. Those of a rebalance arrive before its next request, on the same connection and of the same
        # generation; those of a consumer that is closed are waited for there.
        try:
            self._consumer.commit(offsets=positions, asynchronous=True)
        except KafkaException as error:
            self._committed(error.args[0], positions)

    def _committed(self, error: KafkaError | None, positions: list[TopicPartition]) -> None:
        if error is not None:
            log.info("offsets not committed yet", stage=self._stage.name, error=error.str())
            self._loop.call_soon_threadsafe(self._engine.commit_refused, self._ours(positions))

    def _hand_over(self, messages: Sequence[Message[Any, Any]]) -> None:
        sound: list[Message[Any, Any]] = []
        ends: list[TopicPartition] = []
        for message in messages:
            error = message.error()
            if error is None:
                sound.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                place = message.topic() or "", message.partition() or 0
                ends.append(TopicPartition(*place, message.offset() or 0))
            elif is_position_gone(error):
                self._gone[self._cluster.short(message.topic() or ""), message.partition() or 0] = message
            elif error.code() in _REFUSALS:
                names = ", ".join([*self._topics, self._cluster.name(self._stage.name)])
                raise RequestError(f"the broker refuses: {error.str()} The user needs READ on {names}")
            elif error.fatal():
                raise FencedError(f"the consumer cannot go on: {error.str()}")
            elif not error.retriable():
                log.warning("consumer", stage=self._stage.name, error=error.str())
        for end in ends:
            self._lag.reach_end(end)
        if sound or ends:
            self._loop.call_soon_threadsafe(self._deliver, sound, ends)

    def _begin_again(self) -> None:
        if not (gone := self._gone):
            return
        self._gone = {}
        self.expired += self._expired_records.begin_again(self._consumer, list(gone.values()))
        # Their state is not restored yet, or their window is full.
        if closed := [self._topic_partition(place) for place in gone if not self._engine.takes(place)]:
            self._consumer.pause(closed)

    def _moved(self, partitions: Sequence[TopicPartition]) -> None:
        """Forget what was known of partitions that come or go."""
        self._owned_at = float("-inf")
        for place in self._ours(partitions):
            self._gone.pop(place, None)

    # -------------------------------------------------------------------------------- rebalances

    def assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Rebalance callback: partitions are assigned."""
        consumer.incremental_assign(partitions)
        self._moved(partitions)  # for what begins with them, and again once the group has settled
        if self._stateful:  # read nothing before the state is restored, which may outlast a session
            consumer.pause(partitions)
            self._restoring += 1
            asyncio.run_coroutine_threadsafe(self._take_on(self._ours(partitions)), self._loop)
        else:
            # librdkafka remembers a pause across assignments: a partition that was revoked while paused would
            # stay paused when it is assigned again.
            consumer.resume(partitions)
            self._in_loop(self._take_on(self._ours(partitions)))
            self._moved(partitions)

    def revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Rebalance callback: partitions are revoked. Returns after their work in progress has ended."""
        self._in_loop(self._engine.revoke(self._ours(partitions), DRAIN_SECONDS))
        consumer.incremental_unassign(partitions)
        self._moved(partitions)

    def lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Rebalance callback: partitions already have other owners. Raises FencedError."""
        self._liveness.fence()
        self._in_loop(self._engine.lose(self._ours(partitions)))
        consumer.incremental_unassign(partitions)
        raise FencedError(f"{len(partitions)} partitions have other owners")

    # ------------------------------------------------------------------------------- in the loop

    async def _take_on(self, partitions: list[Partition]) -> None:
        try:
            ready = await self._engine.assign(partitions)
            if self._stateful:
                # At once: those that come later wait for the end of a fetch that finds nothing.
                self._calls.put(lambda: self._begin(ready))
        except Exception as error:
            self._engine.fail(error)
            return
        self._on_ready()

    def _deliver(self, messages: Sequence[Message[Any, Any]], ends: Sequence[TopicPartition]) -> None:
        try:
            self._engine.deliver([self._incoming.entry(message) for message in messages])
            for end, partition in zip(ends, self._ours(ends), strict=True):  # after earlier records
                self._engine.reach_end(partition, end.offset)
        except Exception as error:
            self._engine.fail(error)

    # --------------------------------------------------------------------------------- plumbing

    def _still_ours(self, partitions: Sequence[Partition]) -> list[TopicPartition]:
        ours = set(self._ours(self._consumer.assignment()))
        return [self._topic_partition(partition) for partition in partitions if partition in ours]

    def _topic_partition(self, partition: Partition, offset: int = OFFSET_INVALID) -> TopicPartition:
        return TopicPartition(self._cluster.name(partition[0]), partition[1], offset)

    def _ours(self, partitions: Sequence[TopicPartition]) -> list[Partition]:
        return [(self._cluster.short(tp.topic), tp.partition) for tp in partitions]
