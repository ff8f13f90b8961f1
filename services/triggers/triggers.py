"""Which queues and topics are followed now.

Nothing is followed until the settings name a queue or a topic, or a source names a queue. Whether one does is
looked for every ten seconds, at the cost of a request to the broker.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import structlog

from schemas.codec import Codec
from schemas.errors import TransientError
from schemas.events import Source
from schemas.sources.s3 import S3_BUCKET
from services.triggers.choosing import NONE
from services.triggers.events_topic import EventsTopic
from services.triggers.handling import Handler, ReadObject
from services.triggers.sources import BucketSources
from services.triggers.sqs import (
    LONG_POLL_SECONDS,
    VISIBLE_SECONDS,
    Queue,
    QueuePoller,
    SignIn,
    is_allowed,
    region_of,
)
from streams.kafka.cluster import Cluster, admin, partition_counts
from streams.kafka.producer import EventProducer
from streams.partitions import Partition
from streams.state.reader import Reader, end_offsets
from streams.topics import SOURCES

log = structlog.get_logger(__name__)

LOOK_SECONDS = 10.0
#: Changes of sources that come together are one change of what is followed.
_SETTLE_SECONDS = 1.0
_DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True)
class TriggerSettings:
    """What a deployment follows.

    Attributes:
        queues: URLs of SQS queues, for all sources.
        events_topic: whole name of a Kafka topic; None for none.
        endpoints: `scheme://host[:port]` of servers whose queues a source may name, beside AWS's.
        poll_s: how long a call to a queue waits for a message.
        visible_s: how long a message is ours before it is extended.
    """

    queues: Sequence[str] = ()
    events_topic: str | None = None
    endpoints: Sequence[str] = ()
    poll_s: int = LONG_POLL_SECONDS
    visible_s: int = VISIBLE_SECONDS


class Triggers:
    """Starts runs for the events of buckets, from `start` to `close`.

    Args:
        folder: of its state; one process at a time.
        read: reads a `.meta.json`.
        sign_in: what calls to a queue are signed with.
    """

    def __init__(
        self,
        cluster: Cluster,
        codec: Codec,
        folder: Path,
        settings: TriggerSettings,
        read: ReadObject,
        sign_in: SignIn,
    ) -> None:
        self._cluster, self._codec, self._settings = cluster, codec, settings
        self._read, self._sign_in = read, sign_in
        self._sources = BucketSources(cluster, codec, folder / "bucket-sources.sqlite")
        self._pollers: dict[str, tuple[object, QueuePoller]] = {}
        self._only: dict[str, frozenset[str]] = {}
        self._refused: set[str] = set()

    def start(self) -> None:
        """Follow what is there, now and later."""
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(_raise)

    async def close(self) -> None:
        """Take nothing more, and let what is in hand be handled."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        await self._wait_for_a_queue()
        async with AsyncExitStack() as opened:
            producer = EventProducer(self._cluster, self._codec)
            opened.push_async_callback(producer.close)
            await self._sources.start()
            opened.push_async_callback(self._sources.close)
            self._handler = Handler(self._sources, self._read, producer.send)
            opened.push_async_callback(self._close_pollers)
            if self._settings.events_topic is not None:
                topic = EventsTopic(self._settings.events_topic, self._cluster, self._handler)
                topic.start()
                opened.push_async_callback(topic.close)
            await self._keep_following()

    async def _keep_following(self) -> None:
        with self._sources.changed() as watch:
            while True:
                await self._follow(self._queues())
                await watch.wait()
                await asyncio.sleep(_SETTLE_SECONDS)

    def _queues(self) -> Mapping[str, Queue]:
        """The queues that are to be followed, by their URLs. Those of the settings serve all sources."""
        found = {
            url: Queue(url, region_of(url, _DEFAULT_REGION)) for url in dict.fromkeys(self._settings.queues)
        }
        only: dict[str, set[str]] = {}
        for source in self._sources.with_queues():
            config = S3_BUCKET.of(source)
            url = config.queue_url or ""
            if url in self._settings.queues or not self._allowed(url, source):
                continue
            only.setdefault(url, set()).add(source.id)
            found.setdefault(url, Queue(url, region_of(url, config.region), source))
        self._only = {url: frozenset(ids) for url, ids in only.items()}
        return found

    def _allowed(self, url: str, source: Source) -> bool:
        if is_allowed(url, self._settings.endpoints):
            return True
        if url not in self._refused:
            self._refused.add(url)
            log.error(
                "queue not followed: it is neither AWS's nor of an endpoint in HEADRACE_S3_ENDPOINTS",
                queue=url,
                source=source.id,
            )
        return False

    async def _follow(self, queues: Mapping[str, Queue]) -> None:
        """Follow these queues and no others. Who signs in differently begins anew."""
        for url, (signed, poller) in list(self._pollers.items()):
            if url not in queues or signed != _signed(queues[url]):
                del self._pollers[url]
                await poller.close()
        for url, queue in queues.items():
            if url not in self._pollers:
                times = self._settings.poll_s, self._settings.visible_s
                poller = QueuePoller(queue, self._handler, self._sign_in, self._only_of(url), *times)
                self._pollers[url] = (_signed(queue), poller)
                poller.start()
                log.info("queue followed", queue=url)

    def _only_of(self, url: str) -> Callable[[], frozenset[str] | None]:
        return (lambda: None) if url in self._settings.queues else lambda: self._only.get(url, frozenset())

    async def _close_pollers(self) -> None:
        await asyncio.gather(*(poller.close() for _, poller in self._pollers.values()))

    async def _wait_for_a_queue(self) -> None:
        """Return when there is something to follow."""
        if self._settings.queues or self._settings.events_topic is not None:
            return
        seen: Mapping[Partition, int] | None = None
        while True:
            try:
                ends = await asyncio.to_thread(_ends_of_sources, self._cluster)
                if ends != seen and await asyncio.to_thread(self.is_named, ends):
                    return
                seen = ends
            except TransientError as error:
                log.info("sources cannot be looked at now", error=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    def is_named(self, ends: Mapping[Partition, int]) -> bool:
        """Whether a source names a queue."""
        reader = Reader(self._cluster, self._codec)
        named: dict[str, bool] = {}
        try:
            reader.assign(dict.fromkeys(ends, 0))
            for batch in reader.read_to(ends):
                named |= {change.key: _names_a_queue(change.event) for change in batch.changes}
        finally:
            reader.close()
        return any(named.values())


def _raise(task: "asyncio.Task[None]") -> None:
    """What ends triggers ends their process, which is started again."""
    if not task.cancelled() and (error := task.exception()) is not None:
        raise error


def _ends_of_sources(cluster: Cluster) -> Mapping[Partition, int]:
    count = partition_counts(admin(cluster), cluster)[SOURCES.name]
    return end_offsets(cluster, [(SOURCES.name, partition) for partition in range(count)])


def _names_a_queue(event: object) -> bool:
    if not isinstance(event, Source) or event.type != S3_BUCKET.name:
        return False
    config = S3_BUCKET.of(event)
    return config.queue_url is not None and config.auto_sync != NONE


def _signed(queue: Queue) -> object:
    """Equal for those who sign in alike."""
    if queue.source is None:
        return None
    config = S3_BUCKET.of(queue.source)
    return (queue.source.tenant, config.credential_id, queue.region)
