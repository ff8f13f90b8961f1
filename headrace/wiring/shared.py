"""The resources that the services of a process share, built from the settings."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from headrace.settings import Settings
from schemas.codec import Codec, SingleObjectCodec
from schemas.errors import RequestError
from schemas.events import Era, TopicLayout
from streams.blobs import BlobStore
from streams.kafka.cluster import Cluster, admin, partition_counts
from streams.kafka.worker import Worker
from streams.state.layout import DRAINING, SETTLED, read_layout, under_way
from streams.topics import CATALOGUE, DOCUMENTS

log = structlog.get_logger(__name__)


class Wiring:
    """The shared resources, built from the settings."""

    def __init__(self, settings: Settings) -> None:
        if settings.kafka_bootstrap_servers is None:
            raise RequestError("no broker: set HEADRACE_KAFKA_BOOTSTRAP_SERVERS, or use `headrace up`")
        self.settings = settings
        self.data = settings.data_dir.absolute()
        self.cluster = Cluster(
            settings.kafka_bootstrap_servers, settings.topic_prefix, settings.kafka_properties()
        )
        self.codec: Codec = SingleObjectCodec()
        if settings.schema_registry_url:
            from schemas.registry import RegistryCodec

            self.codec = RegistryCodec(settings.schema_registry_url, settings.topic_prefix)
        #: The workers of this process, added as they are created.
        self.workers: list[Worker] = []
        #: Workers that end while partitions are drained; the process goes on.
        self.retired: list[Worker] = []
        #: Ends what brings new work into the pipeline.
        self.stop_intake: Callable[[], Awaitable[None]] = _nothing
        #: The layout that this process has begun with.
        self.layout: TopicLayout | None = None
        self.blobs = BlobStore(settings.blob_url or str(self.data / "blobs"))

    def state(self, service: str) -> Path:
        """State folder of this process of a service; used by one process at a time."""
        return self.data / "state" / f"{service}-{self.settings.slot}"

    @property
    def chroma_url(self) -> str:
        """URL of Chroma. Raises RequestError if none is set."""
        if self.settings.chroma_url is None:
            raise RequestError("no Chroma: set HEADRACE_CHROMA_URL, or use `headrace up`")
        return self.settings.chroma_url

    @property
    def chroma_token(self) -> str | None:
        """The token for Chroma Cloud."""
        key = self.settings.chroma_api_key
        return key.get_secret_value() if key else None

    async def partitions(self) -> int:
        """Number of partitions of `documents`. Waits until all topics exist, and until no record moves
        between their partitions; logs what it waits for."""
        said: list[str] = []
        while True:
            counts = await asyncio.to_thread(partition_counts, admin(self.cluster), self.cluster)
            missing = [self.cluster.name(topic) for topic in CATALOGUE if topic.name not in counts]
            if not missing:
                return await self._settled(counts[DOCUMENTS.name])
            if missing != said:
                log.warning("waiting for topics: `headrace topics ensure` creates them", missing=missing)
                said = missing
            await asyncio.sleep(1)

    async def _settled(self, count: int) -> int:
        """The partitions, once no record moves between them."""
        said = False
        while True:
            layout = await asyncio.to_thread(read_layout, self.cluster, self.codec)
            if layout.phase in (SETTLED, DRAINING):
                self.layout = self.layout or layout
                return max(count, layout.partitions)
            if not said:
                log.warning("waiting for partitions", reason=under_way(layout))
                said = True
            await asyncio.sleep(1)

    @property
    def eras(self) -> list[Era]:
        """Since partitions were grown, what is added to offsets; known after `partitions`."""
        return self.layout.eras if self.layout else []

    @property
    def documents_id(self) -> str | None:
        """The cluster's id of `documents`, once a gateway has noted it."""
        return self.layout.topic_ids.get(DOCUMENTS.name) if self.layout else None

    @property
    def draining(self) -> bool:
        """Whether partitions were about to be grown when this process began: it takes nothing new in."""
        return self.layout is not None and self.layout.phase == DRAINING


async def _nothing() -> None:
    """A process without intake."""
