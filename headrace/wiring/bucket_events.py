"""Wire triggers, which receive bucket notifications in the connectors' process."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from headrace.settings import Settings
from schemas.codec import Codec
from schemas.errors import DocumentTooLarge
from schemas.events import Source
from schemas.meta_files import MAX_BYTES
from schemas.sources.s3 import S3_BUCKET
from services.triggers import Triggers, TriggerSettings
from streams.kafka.cluster import Cluster

if TYPE_CHECKING:
    from services.connectors import Origin
    from services.connectors.s3 import S3Origin


def triggers(
    settings: Settings, cluster: Cluster, codec: Codec, folder: Path, buckets: "Origin[Any]"
) -> Triggers:
    """The configured triggers, not started.

    Args:
        buckets: the origin of type `s3`, which can authenticate.
    """
    followed = TriggerSettings(
        tuple(settings.s3_queues), settings.s3_events_topic, tuple(settings.s3_endpoints)
    )
    origin = cast("S3Origin", buckets)

    async def read(source: Source, key: str) -> bytes:
        bucket = await origin.bucket(S3_BUCKET.of(source), source.tenant)
        found = await bucket.open(key)
        if found.size > MAX_BYTES:
            found.close()
            raise DocumentTooLarge(f"it has {found.size:,} bytes, at most {MAX_BYTES:,} are possible")
        return await bucket.content(key, found.etag or None, found)

    async def sign_in(source: Source | None) -> Mapping[str, str] | None:
        return None if source is None else await origin.secret(S3_BUCKET.of(source), source.tenant)

    return Triggers(cluster, codec, folder, followed, read, sign_in)
