"""The resources that the services of a process share, built from the settings."""

import asyncio
from pathlib import Path

import structlog

from headrace.settings import Settings
from schemas.codec import Codec, SingleObjectCodec
from schemas.errors import RequestError
from streams.blobs import BlobStore
from streams.kafka.cluster import Cluster, admin, partition_counts
from streams.kafka.worker import Worker
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
        """Number of partitions of `documents`. Waits until all topics exist, and logs the missing ones."""
        said: list[str] = []
        while True:
            counts = await asyncio.to_thread(partition_counts, admin(self.cluster), self.cluster)
            missing = [self.cluster.name(topic) for topic in CATALOGUE if topic.name not in counts]
            if not missing:
                return counts[DOCUMENTS.name]
            if missing != said:
                log.warning("waiting for topics: `headrace topics ensure` creates them", missing=missing)
                said = missing
            await asyncio.sleep(1)
