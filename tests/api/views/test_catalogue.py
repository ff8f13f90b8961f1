import asyncio
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from api.views import catalogue as views
from api.views.catalogue import Catalogue, ResultPage, fold_catalogue
from api.views.tables import CATALOGUE
from schemas.codec import SingleObjectCodec
from schemas.events import ApiKey, Chunking, Embedding, make_source
from schemas.sources.github import GithubConfig
from streams.engine.outputs import Send
from streams.kafka.cluster import Cluster
from streams.kafka.producer import EventProducer
from streams.state.reader import ChangelogRecord
from streams.topics import API_KEYS, SOURCES


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


def test_the_name_of_a_repository_is_found_in_any_case() -> None:
    source = make_source(
        GithubConfig(repository="Acme/Handbook"),
        id="s",
        tenant="t",
        database="d",
        type="github",
        embedding=Embedding(model="m"),
        chunking=Chunking(),
        created_at=datetime.now(UTC),
    )
    with sqlite3.connect(":memory:") as database:
        database.executescript(CATALOGUE)
        fold_catalogue(database, ChangelogRecord(SOURCES.name, 0, 0, "s", source, 0))
        found = {
            name: len(database.execute(*views.select("sources", ResultPage("t", repository=name))).fetchall())
            for name in ("Acme/Handbook", "acme/handbook", "acme/handbook2")
        }
    assert found == {"Acme/Handbook": 1, "acme/handbook": 1, "acme/handbook2": 0}
