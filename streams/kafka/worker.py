"""Connects an engine to Kafka: the poll thread, rebalances, transactions, and the end of a worker.

The poll thread only polls: it hands records to the event loop and answers rebalances, so the member keeps its
partitions however long processing takes. Only this thread uses the consumer: a second thread that calls it
during a rebalance would deadlock (confluent-kafka 2.16 holds a lock of its own). The event loop queues its
calls of the consumer for the poll thread.
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

from schemas.codec import Codec
from schemas.errors import FencedError
from streams.engine.blame import Blame
from streams.engine.engine import Engine
from streams.engine.journal import Journal
from streams.engine.log import Headers, RecordMetadata
from streams.engine.outputs import Send
from streams.engine.retries import RECORD_SECONDS
from streams.engine.stage import AnyStage, StatefulStage
from streams.engine.window import WindowLimits
from streams.kafka.cluster import CLIENT_LOG, Cluster
from streams.kafka.decoding import Incoming
from streams.kafka.expired import ExpiredRecords, is_position_gone
from streams.kafka.health import HealthReporter
from streams.kafka.lag import Lag
from streams.kafka.log_writer import LogWriter
from streams.kafka.membership import Membership
from streams.partitions import Partition

log = structlog.get_logger(__name__)

#: Time for work under way when partitions leave; well inside the session, so that the member stays alive.
DRAIN_SECONDS = 5.0
#: How long a call of the loop may wait for the poll thread while records are in the windows, and when there
#: are none: eight workers that woke fifty times a second took a tenth of a core with nothing to do.
_BUSY_POLL_SECONDS = 0.02
_IDLE_POLL_SECONDS = 0.2
#: An event loop that does not answer for this long is stuck in a call that never returns.
_LOOP_STUCK_SECONDS = 120.0


def _now() -> float:
    """Seconds that also count while the machine sleeps, where the platform can tell."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Worker:
    """One member of a stage's consumer group. `run` works until `stop`, or raises what ended it."""

    def __init__(
        self,
        stage: AnyStage,
        cluster: Cluster,
        codec: Codec,
        membership: Membership | None = None,
        limits: WindowLimits | None = None,
        journal: Journal | None = None,
        record_seconds: float = RECORD_SECONDS,
    ) -> None:
        self._stage, self._cluster, self._codec = stage, cluster, codec
        self._membership = membership or Membership()
        self._limits, self._journal, self._record_seconds = limits, journal, record_seconds
        self._incoming = Incoming(cluster, codec, stage.topic)
        #: A burst must not overrun a window by more than itself before the pause takes hold.
        self._most_at_once = min(2_000, (limits or WindowLimits()).records)
        self._stateful = isinstance(stage, StatefulStage)
        self._stopping = threading.Event()
        self._calls: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._last_poll = _now()
        self._last_beat = _now()
        self._fenced = False
        self._lag = Lag(stage.name)
        self._expired_records = ExpiredRecords(cluster, codec, stage.name)
        self._expired: list[str] = []
        self.ready = asyncio.Event()

    async def run(self) -> None:
        """Process records until `stop` is called, then drain. Raises FencedError and other fatal errors."""
        self._loop = asyncio.get_running_loop()
        name = self._stage.name
        self._writer = LogWriter(
            self._stage, self._cluster, self._codec, self._membership, lambda error: self._engine.fail(error)
        )
        await self._writer.start()
        self._engine = Engine(
            self._stage, self, self._limits, self._journal, record_seconds=self._record_seconds
        )
        await self._stage.start()
        properties = self._membership.consumer(self._cluster, name)
        self._consumer = Consumer({**properties, "on_commit": self._committed}, logger=CLIENT_LOG)
        health = HealthReporter(
            self._cluster,
            self._codec,
            name,
            self._membership.slot,
            self._engine.oldest,
            lambda: list(self._expired),
        )
        reporting = asyncio.create_task(health.run())
        poller = threading.Thread(target=self._poll, name="poll", daemon=True)
        poller.start()
        in_order = False
        try:
            await self._engine.run()
            in_order = True
        except FencedError:
            self._fence()
            raise
        finally:
            self._stopping.set()
            await asyncio.to_thread(poller.join)
            reporting.cancel()
            await asyncio.to_thread(health.close, in_order)
            await self._writer.close()
            await self._stage.close()

    def stop(self) -> None:
        """Drain and end. Returns at once; `run` returns when it is done."""
        self._stopping.set()

    def announce(self, error: BaseException) -> None:
        """This unhandled error is about to end the process. Thread-safe."""
        if self._journal:
            Blame(self._journal).announce(error)

    # ------------------------------------------------------------------- what the engine may ask

    def pause(self, partition: Partition) -> None:
        """See `streams.engine.log.Log`."""
        self._calls.put(lambda: self._consumer.pause(self._still_ours([partition])))

    def resume(self, partition: Partition) -> None:
        """See `streams.engine.log.Log`."""
        self._calls.put(lambda: self._consumer.resume(self._still_ours([partition])))

    def produce(self, send: Send, headers: Headers | None = None) -> asyncio.Future[RecordMetadata]:
        """See `streams.engine.log.Log`."""
        return self._writer.produce(send, headers)

    def commit(self, offsets: Mapping[Partition, int], wait: bool = False) -> None:
        """See `streams.engine.log.Log`. A refusal loses nothing: the records come again, without effect."""
        positions = [self._topic_partition(p, offset) for p, offset in offsets.items()]
        self._calls.put(lambda: self._commit(positions, asynchronous=not wait))

    async def transact(
        self, sends: Sequence[Send], offsets: Mapping[Partition, int], headers: Sequence[Headers] = ()
    ) -> list[RecordMetadata]:
        """See `streams.engine.log.Log`."""
        return await self._writer.transact(sends, offsets, headers)

    def check_alive(self) -> None:
        """See `streams.engine.log.Log`."""
        away = _now() - self._last_poll
        if self._fenced or away > self._membership.session_seconds:
            self._fence()
            raise FencedError(
                f"away for {away:.1f} s, longer than the session of {self._membership.session_seconds:.0f} s"
            )

    # --------------------------------------------------------------------------- the poll thread

    def _poll(self) -> None:
        self._last_poll = self._last_beat = _now()
        try:
            self._consumer.subscribe(
                [self._cluster.name(self._stage.topic)],
                on_assign=self._assigned,
                on_revoke=self._revoked,
                on_lost=self._lost,
            )
            while not self._stopping.is_set():
                message = self._consumer.poll(_IDLE_POLL_SECONDS if self._engine.idle else _BUSY_POLL_SECONDS)
                self._note_poll()
                if message is not None:
                    self._hand_over([message])  # now: `consume` may answer a rebalance in between
                    self._hand_over(self._consumer.consume(self._most_at_once, 0))
                self._serve()
                self._lag.report(self._consumer)
            self._in_loop(self._engine.revoke(self._engine.partitions, DRAIN_SECONDS))
        except BaseException as error:
            if isinstance(error, FencedError):
                self._fence()
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
            if not self._fenced:  # one that is lets go of its partitions, and does nothing else
                self._note_poll()
            self._serve()
        future.result()

    def _serve(self) -> None:
        """Execute the queued calls of the event loop, and update what is owned for the next transaction."""
        while not self._calls.empty():
            self._calls.get()()
        if self._writer.transactional:
            owned = frozenset(self._ours(self._consumer.assignment()))
            self._writer.owned(owned, self._consumer.consumer_group_metadata())

    def _commit(self, positions: list[TopicPartition], asynchronous: bool) -> None:
        try:
            if asynchronous:
                self._consumer.commit(offsets=positions, asynchronous=True)
            else:
                self._consumer.commit(offsets=positions, asynchronous=False)
        except KafkaException as error:
            self._committed(error.args[0], positions)

    def _committed(self, error: KafkaError | None, positions: list[TopicPartition]) -> None:
        if error is not None:
            log.info("offsets not committed yet", stage=self._stage.name, error=error.str())
            self._loop.call_soon_threadsafe(self._engine.commit_refused, self._ours(positions))

    def _still_ours(self, partitions: Sequence[Partition]) -> list[TopicPartition]:
        ours = set(self._ours(self._consumer.assignment()))
        return [self._topic_partition(partition) for partition in partitions if partition in ours]

    def _note_poll(self) -> None:
        now = _now()
        if now - self._last_poll > self._membership.session_seconds:
            self._fence()
            raise FencedError(f"frozen for {now - self._last_poll:.1f} s; the partitions have other owners")
        if now - self._last_beat > _LOOP_STUCK_SECONDS:
            raise FencedError("the event loop hangs")
        self._last_poll = now
        self._loop.call_soon_threadsafe(self._beat, now)

    def _fence(self) -> None:
        """Others own the partitions: records in the producer's queue are outdated and must not be sent."""
        self._fenced = True
        self._writer.abandon()

    def _beat(self, at: float) -> None:
        self._last_beat = at

    def _hand_over(self, messages: Sequence[Message[Any, Any]]) -> None:
        sound: list[Message[Any, Any]] = []
        ends: list[TopicPartition] = []
        for message in messages:
            error = message.error()
            if error is None:
                sound.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                ends.append(
                    TopicPartition(message.topic() or "", message.partition() or 0, message.offset() or 0)
                )
            elif is_position_gone(error):
                self._begin_again(message)
            elif error.fatal():
                raise FencedError(f"the consumer cannot go on: {error.str()}")
            elif not error.retriable():
                log.warning("consumer", stage=self._stage.name, error=error.str())
        for end in ends:
            self._lag.reach_end(end)
        if sound or ends:
            self._loop.call_soon_threadsafe(self._deliver, sound, ends)

    def _begin_again(self, message: Message[Any, Any]) -> None:
        if sentence := self._expired_records.begin_again(self._consumer, message):
            self._expired.append(sentence)
        place = TopicPartition(message.topic() or "", message.partition() or 0)
        if not all(self._engine.takes(partition) for partition in self._ours([place])):
            self._consumer.pause([place])  # its state is not there yet, or its window is full

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.incremental_assign(partitions)
        if self._stateful:  # nothing is read before the state is there; restoring may outlast a session
            consumer.pause(partitions)
            asyncio.run_coroutine_threadsafe(self._take_on(self._ours(partitions)), self._loop)
        else:
            # librdkafka remembers a pause across assignments: a partition that left while its window was full
            # would come back silent.
            consumer.resume(partitions)
            self._in_loop(self._take_on(self._ours(partitions)))

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._in_loop(self._engine.revoke(self._ours(partitions), DRAIN_SECONDS))
        consumer.incremental_unassign(partitions)

    def _lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._fence()
        self._in_loop(self._engine.lose(self._ours(partitions)))
        consumer.incremental_unassign(partitions)
        raise FencedError(f"{len(partitions)} partitions have other owners")

    # ------------------------------------------------------------------------------- in the loop

    async def _take_on(self, partitions: list[Partition]) -> None:
        try:
            ready = await self._engine.assign(partitions)
            if self._stateful:
                for partition in ready:
                    self.resume(partition)
        except Exception as error:
            self._engine.fail(error)
            return
        self.ready.set()

    def _deliver(self, messages: Sequence[Message[Any, Any]], ends: Sequence[TopicPartition]) -> None:
        try:
            self._engine.deliver([self._incoming.entry(message) for message in messages])
            for end, partition in zip(ends, self._ours(ends), strict=True):  # behind what was read before it
                self._engine.reach_end(partition, end.offset)
        except Exception as error:
            self._engine.fail(error)

    # --------------------------------------------------------------------------------- plumbing

    def _topic_partition(self, partition: Partition, offset: int = OFFSET_INVALID) -> TopicPartition:
        return TopicPartition(self._cluster.name(partition[0]), partition[1], offset)

    def _ours(self, partitions: Sequence[TopicPartition]) -> list[Partition]:
        return [(tp.topic.removeprefix(self._cluster.prefix), tp.partition) for tp in partitions]
