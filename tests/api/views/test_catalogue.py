import asyncio
from datetime import UTC, datetime
from pathlib import Path

from api.views.catalogue import Catalogue
from schemas.codec import SingleObjectCodec
from schemas.events import ApiKey
from streams.engine.outputs import Send
from streams.kafka.cluster import Cluster
from streams.kafka.producer import EventProducer
from streams.topics import API_KEYS


def key(name: str) -> ApiKey:
    now = datetime.now(UTC)
    return ApiKey(id=name, name=name, tenant="catalogue", key_sha256=f"sha of {name}", created_at=now)


async def test_a_refresh_knows_what_others_have_written_until_then(cluster: Cluster, tmp_path: Path) -> None:
    codec = SingleObjectCodec()
    producer, catalogue = EventProducer(cluster, codec), Catalogue(cluster, codec, tmp_path)
    await catalogue.start()
    for number in range(10):
        await producer.send(Send(API_KEYS, f"k{number}", key(f"k{number}")))
        await asyncio.gather(*(catalogue.refresh() for _ in range(3)))  # together: they share a round
        assert catalogue.key_by_hash(f"sha of k{number}") is not None
    for number in range(10):
        await producer.send(Send(API_KEYS, f"k{number}", None))
    await catalogue.refresh()
    assert catalogue.keys("catalogue") == []
    await catalogue.close()
    await producer.close()
