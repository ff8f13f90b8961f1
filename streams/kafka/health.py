"""Reports of a stage process: its oldest record in progress, and the records that expired unread.

A process writes to `stage-health` every few seconds. The gateway reads it, so that progress, `/health` and
the command can name what a run waits for. Nobody waits for the acknowledgement of a report: the next one
replaces a lost one.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import ClassVar
from weakref import WeakValueDictionary

import structlog
from confluent_kafka import Producer

from schemas.codec import Codec
from schemas.events import RecordInHand, StageHealth
from schemas.markers import invocation_of
from streams import metrics
from streams.engine.publishing.dead_letters import about, document_of, error_text
from streams.engine.window import Entry
from streams.kafka.cluster import CLIENT_LOG, Cluster
from streams.topics import STAGE_HEALTH

log = structlog.get_logger(__name__)

#: Report interval: while a record has been in progress for longer than `_MOMENT_SECONDS`, and otherwise. All
#: stages report at the same moments of the clock, so that a view fetches and folds them at once.
BUSY_SECONDS, IDLE_SECONDS = 5.0, 15.0
#: Records in progress for less than this are not reported.
_MOMENT_SECONDS = 5.0
#: A record in progress for this long is logged, and again whenever that time has doubled.
_LONG_SECONDS = 30.0
#: Maximum characters of an error, and of a name, in a report.
_ERROR_CHARACTERS, _NAME_CHARACTERS = 500, 1_000


class HealthReporter:
    """Reports for one process of a stage.

    Args:
        oldest: `Engine.oldest`.
        expired: sentences about records that expired before this process read them, oldest first.
    """

    def __init__(
        self,
        cluster: Cluster,
        codec: Codec,
        stage: str,
        slot: str,
        oldest: Callable[[], Entry | None],
        expired: Callable[[], list[str]] = list,
    ) -> None:
        self._codec, self._stage, self._slot = codec, stage, slot
        self._oldest, self._expired = oldest, expired
        self._topic = cluster.name(STAGE_HEALTH)
        self._shared = _SharedProducer.of(cluster)
        self._producer = self._shared.producer
        self._told: tuple[tuple[str, int, int], float] | None = None  # position, age of the next log line

    async def run(self) -> None:
        """Report until cancelled. Errors are only logged; they never stop the stage."""
        while True:
            busy = False
            try:
                busy = self.report()
            except Exception as error:
                log.warning("health is not reported", stage=self._stage, error=repr(error))
            await asyncio.sleep(until_next(BUSY_SECONDS if busy else IDLE_SECONDS, time.time()))

    def report(self) -> bool:
        """Report once. Returns whether a record has been in progress for longer than a moment."""
        now = time.time()
        entry = self._oldest()
        age = now - entry.begun_at if entry and entry.begun_at else 0.0
        metrics.OLDEST.labels(self._stage).set(age)
        busy = entry is not None and age > _MOMENT_SECONDS
        if entry and busy:
            self._tell(entry, age)
        health = StageHealth(
            stage=self._stage,
            slot=self._slot,
            reported_at=datetime.fromtimestamp(now, UTC),
            oldest=in_hand(entry) if entry and busy else None,
            expired=self._expired()[-10:],
        )
        self._send(self._codec.encode(health, STAGE_HEALTH.name))
        return busy

    def close(self, in_order: bool) -> None:
        """End reporting. After a crash (`in_order` is False) the last report stays. Blocks for a second at
        most."""
        if in_order:
            self._send(None)
        self._producer.flush(1)

    def _send(self, value: bytes | None) -> None:
        self._producer.produce(self._topic, value, f"{self._stage}/{self._slot}")
        self._producer.poll(0)

    def _tell(self, entry: Entry, age: float) -> None:
        at = self._told[1] if self._told and self._told[0] == entry.position else _LONG_SECONDS
        if age < at:
            return
        self._told = (entry.position, 2 * age)
        log.warning(
            "a record takes long",
            stage=self._stage,
            topic=entry.topic,
            partition=entry.partition,
            offset=entry.offset,
            **about(entry.record),
            seconds=round(age),
            attempt=entry.attempt,
            error=entry.last_error,
        )


def until_next(seconds: float, now: float) -> float:
    """Seconds until the clock shows a multiple of `seconds`; all of them if it shows one now."""
    return seconds - now % seconds if seconds else 0.0


class _SharedProducer:
    """One producer for all stages of a process, as long as one of them reports."""

    _of: ClassVar[WeakValueDictionary[object, "_SharedProducer"]] = WeakValueDictionary()

    def __init__(self, cluster: Cluster) -> None:
        self.producer = Producer(
            cluster.client(
                partitioner="murmur2_random", message_timeout_ms=10_000, queue_buffering_max_messages=100
            ),
            logger=CLIENT_LOG,
        )

    @classmethod
    def of(cls, cluster: Cluster) -> "_SharedProducer":
        """That of a cluster. Called in the event loop only."""
        key = (cluster.bootstrap_servers, *sorted(cluster.properties.items()))
        found = cls._of.get(key)
        if found is None:
            found = cls._of[key] = cls(cluster)
        return found


def in_hand(entry: Entry) -> RecordInHand:
    """The report about a record in progress."""
    document = document_of(entry.record.event if entry.record else None)
    run = invocation_of(document) if document else None
    named = {
        "tenant": document.tenant if document else None,
        "database": document.database if document else None,
        "collection": document.collection if document else None,
        "document_key": document.document_key if document else None,
        "invocation_id": run or getattr(_event(entry), "invocation_id", None),
    }
    return RecordInHand(
        topic=entry.topic,
        partition=entry.partition,
        offset=entry.offset,
        **{
            what: None if name is None else error_text(name, _NAME_CHARACTERS) for what, name in named.items()
        },
        since=datetime.fromtimestamp(entry.begun_at or 0, UTC),
        attempt=entry.attempt,
        error=None if entry.last_error is None else error_text(entry.last_error, _ERROR_CHARACTERS),
    )


def _event(entry: Entry) -> object:
    return entry.record.event if entry.record else None
