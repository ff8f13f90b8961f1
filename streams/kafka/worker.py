"""A worker: one member of a stage's consumer group, with its engine, its producers and its poll thread."""

import asyncio
import faulthandler
import sys
import threading
from collections.abc import Mapping, Sequence

import structlog

from schemas.codec import Codec
from schemas.errors import FencedError
from streams.engine.blame import Blame
from streams.engine.engine import Engine
from streams.engine.journal import Journal
from streams.engine.log import Headers, RecordMetadata
from streams.engine.outputs import Send
from streams.engine.retries import RECORD_SECONDS
from streams.engine.stage import AnyStage
from streams.engine.window import WindowLimits
from streams.kafka.cluster import Cluster
from streams.kafka.expired import ExpiredRecords
from streams.kafka.health import HealthReporter
from streams.kafka.liveness import Liveness
from streams.kafka.log_writer import LogWriter
from streams.kafka.membership import Membership, without_owner
from streams.kafka.messages import Incoming
from streams.kafka.poller import DRAIN_SECONDS, Poller
from streams.partitions import Partition

log = structlog.get_logger(__name__)

#: Maximum records per read. They may exceed the window limit before the pause takes effect.
_MOST_AT_ONCE = 2_000
#: Time to leave the group and to close producers and stage. A client library that hangs there would keep a
#: worker half alive: without partitions, and never started again.
ENDING_SECONDS = 30.0
#: The same when there is nothing to end in order: the partitions have other owners, or the time is up.
_LATE_SECONDS = 5.0
#: Between two looks for partitions without an owner, longer than a member takes to give some up; and how
#: often a member joins anew for them, at most.
OWNERS_SECONDS, _MOST_JOINS = 2 * DRAIN_SECONDS, 3
#: Between two looks for topics of others that do not exist yet.
_LOOK_SECONDS = 10


class Worker:
    """One member of a stage's consumer group. `run` works until `stop`, or raises what ended it.

    Args:
        ending_seconds: maximum time to leave the group and to close, after the worker was stopped or failed.
    """

    def __init__(
        self,
        stage: AnyStage,
        cluster: Cluster,
        codec: Codec,
        membership: Membership | None = None,
        limits: WindowLimits | None = None,
        journal: Journal | None = None,
        record_seconds: float = RECORD_SECONDS,
        ending_seconds: float = ENDING_SECONDS,
    ) -> None:
        self._stage, self._cluster, self._codec = stage, cluster, codec
        self._ending_seconds = ending_seconds
        self._membership = membership or Membership()
        self._limits, self._journal, self._record_seconds = limits or WindowLimits(), journal, record_seconds
        #: When others own the partitions, the records queued in the producers are stale and must not be sent.
        self._liveness = Liveness(self._membership.session_seconds, lambda: self._writer.abandon())
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._limit: asyncio.TimerHandle | None = None  # of the drain
        self._overdue = False
        #: Set when partitions are assigned and their state is restored.
        self.ready = asyncio.Event()

    async def run(self) -> None:
        """Process records until `stop` is called, then drain.

        Raises FencedError and other fatal errors; TimeoutError when closing takes too long. Threads may still
        hang after an error, so the process must end.
        """
        self._loop = asyncio.get_running_loop()
        self._writer = LogWriter(
            self._stage, self._cluster, self._codec, self._membership, lambda error: self._engine.fail(error)
        )
        await self._writer.start()
        self._engine = Engine(
            self._stage,
            self,
            self._limits,
            self._journal,
            record_seconds=self._record_seconds,
            naming=self._cluster.name,
        )
        await self._stage.start()
        self._poller = self._new_poller()
        health = HealthReporter(
            self._cluster,
            self._codec,
            self._stage.name,
            self._membership.slot,
            self._engine.oldest,
            lambda: list(self._poller.expired),
        )
        beside = [asyncio.create_task(health.run()), asyncio.create_task(self._see_all_owned())]
        self._poller.start()
        in_order = False
        try:
            await self._engine.run()
            in_order = True
        except FencedError:
            self._liveness.fence()
            raise
        finally:
            self._stopping.set()
            if self._limit:
                self._limit.cancel()
            for task in beside:
                task.cancel()
            await self._end(health, in_order)

    async def _see_all_owned(self) -> None:
        """Once a fixed member has come back, see to it that each partition has an owner."""
        stage = self._stage
        topics = [topic.name for topic in (stage.topic, *stage.more_topics)]
        found: list[str] | None = None
        joins = 0
        while self._membership.static and found != [] and joins < _MOST_JOINS:
            await asyncio.sleep(OWNERS_SECONDS)
            seen, found = found, await asyncio.to_thread(without_owner, self._cluster, stage.name, topics)
            if found and found == seen:
                log.warning("joins its group anew", stage=stage.name, without_owner=found)
                self._poller.subscription.join_anew()
                found, joins = None, joins + 1

    async def _end(self, health: HealthReporter, in_order: bool) -> None:
        late = self._liveness.fenced or self._overdue
        seconds = min(self._ending_seconds, _LATE_SECONDS) if late else self._ending_seconds
        try:
            async with asyncio.timeout(seconds):
                await asyncio.to_thread(self._poller.join)
                await asyncio.to_thread(health.close, in_order)
                await self._writer.close()
                await self._stage.close()
        except TimeoutError as error:
            faulthandler.dump_traceback(all_threads=True)
            sys.stderr.flush()
            reason = f"{self._stage.name} did not leave its group and close within {seconds:g} s"
            if in_order:
                raise TimeoutError(reason) from error
            log.error(reason)  # what ended the worker is raised

    def _new_poller(self) -> Poller:
        return Poller(
            self._stage,
            self._cluster,
            self._membership.consumer(self._cluster, self._stage.name, self._stage.fetch_seconds)
            | self._looking_for_more(),
            Incoming(self._cluster, self._codec, self._stage.topic, self._stage.takes_tombstones),
            self._engine,
            self._writer,
            self._liveness,
            ExpiredRecords(self._cluster, self._codec, self._stage.name),
            min(_MOST_AT_ONCE, self._limits.records),
            self._stopping,
            self.ready.set,
        )

    def _looking_for_more(self) -> dict[str, object]:
        """librdkafka looks for topics that did not exist every five minutes. Ours exist."""
        if not self._stage.more_topics:
            return {}
        return {"topic.metadata.refresh.interval.ms": _LOOK_SECONDS * 1000}

    def stop(self) -> None:
        """Drain and end. Returns immediately; `run` returns when it is done, or raises TimeoutError: a client
        may wait for its broker for minutes, and the poll thread with it."""
        self._stopping.set()
        if self._loop is not None and self._limit is None:
            self._limit = self._loop.call_later(DRAIN_SECONDS + self._ending_seconds, self._give_up)

    def _give_up(self) -> None:
        self._overdue = True
        within = f"{DRAIN_SECONDS + self._ending_seconds:g} s"
        self._engine.fail(TimeoutError(f"{self._stage.name} did not drain and leave its group in {within}"))

    def announce(self, error: BaseException) -> None:
        """Note the unhandled error that is about to end the process. Thread-safe."""
        if self._journal:
            Blame(self._journal).announce(error)

    # ------------------------------------------------------------------- what the engine may ask

    def pause(self, partition: Partition) -> None:
        """See `streams.engine.log.Log`."""
        self._poller.pause(partition)

    def resume(self, partition: Partition) -> None:
        """See `streams.engine.log.Log`."""
        self._poller.resume(partition)

    def produce(self, send: Send, headers: Headers | None = None) -> asyncio.Future[RecordMetadata]:
        """See `streams.engine.log.Log`."""
        return self._writer.produce(send, headers)

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        """See `streams.engine.log.Log`. A refused commit loses nothing: the records are read again, without
        effect."""
        self._poller.commit(offsets)

    async def transact(
        self, sends: Sequence[Send], offsets: Mapping[Partition, int], headers: Sequence[Headers] = ()
    ) -> list[RecordMetadata]:
        """See `streams.engine.log.Log`."""
        return await self._writer.transact(sends, offsets, headers)

    def check_alive(self) -> None:
        """See `streams.engine.log.Log`."""
        self._liveness.check()
