"""The gateway's application on the session's broker and Chroma, with a fake of tracking beside it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from api import ChromaAccess, Gateway, Models, serve
from schemas.codec import SingleObjectCodec
from schemas.events import RunRequested
from services.connectors import Access, GithubAccess, origins
from streams.blobs import BlobStore
from streams.kafka.cluster import Cluster, ensure_topics
from streams.places import Places
from streams.state.reader import Reader, end_offsets
from streams.topics import Topic
from tests.api.fake_tracking import FakeTracking
from tests.conftest import Chroma, Kafka

ADMIN_KEY = "test-admin-key"
DATABASE = "gateway_tests"
PARTITIONS = 2
MODEL = "sentence-transformers/all-MiniLM-L6-v2"


@dataclass(frozen=True)
class Server:
    """A running gateway on 127.0.0.1: its configuration, and a session whose base is its address."""

    gateway: Gateway
    client: aiohttp.ClientSession
    port: int
    stop: Callable[[], Awaitable[None]]

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    async def call(
        self, method: str, path: str, *, status: int, key: str | None = ADMIN_KEY, **arguments: Any
    ) -> Any:
        """Send a request, expect a status; the JSON of the answer (None for an empty one)."""
        headers = dict(arguments.pop("headers", {}))
        if key is not None:
            headers["x-chroma-token"] = key
        async with self.client.request(method, path, headers=headers, **arguments) as response:
            text = await response.text()
            assert response.status == status, f"{method} {path}: {response.status} {text[:500]}"
            return await response.json() if text else None


@asynccontextmanager
async def running(gateway: Gateway) -> AsyncIterator[Server]:
    """A gateway as `api.serve` runs it."""
    async with AsyncExitStack() as serving:
        port = await serving.enter_async_context(serve(gateway, "127.0.0.1", 0, drain_s=2))
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
            yield Server(gateway, client, port, serving.aclose)


Start = Callable[..., Awaitable[Server]]


@pytest.fixture(scope="session")
async def database(chroma: Chroma) -> str:
    """A database of these tests."""
    async with aiohttp.ClientSession() as session:
        url = f"{chroma.url}/api/v2/tenants/default_tenant/databases"
        async with session.post(url, json={"name": DATABASE}) as response:
            assert response.status == 200, await response.text()
    return DATABASE


@pytest.fixture(scope="session")
def cluster(kafka: Kafka) -> Cluster:
    """The topics of these tests."""
    found = Cluster(kafka.bootstrap_servers, prefix="api-tests.")
    ensure_topics(found, partitions=PARTITIONS)
    return found


@pytest.fixture(scope="session")
async def tracking(cluster: Cluster) -> AsyncIterator[FakeTracking]:
    fake = FakeTracking(cluster)
    await fake.start()
    yield fake
    await fake.close()


@pytest.fixture(scope="session")
def roots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder below which folder sources are allowed."""
    return Path(tmp_path_factory.mktemp("roots"))


@pytest.fixture(scope="session")
def configuration(
    cluster: Cluster, chroma: Chroma, roots: Path, tmp_path_factory: pytest.TempPathFactory
) -> Gateway:
    folder = Path(tmp_path_factory.mktemp("gateway"))
    return Gateway(
        cluster=cluster,
        codec=SingleObjectCodec(),
        blobs=BlobStore(str(folder / "blobs")),
        state_folder=folder / "state",
        chroma=ChromaAccess(chroma.url),
        models=Models(MODEL, ["other/model"]),
        admin_key=ADMIN_KEY,
        # Nobody answers there: sources of repositories are made without asking anybody.
        origins=origins(Access(Places([roots]), github=GithubAccess("http://127.0.0.1:9"))),
    )


@pytest.fixture(scope="session")
async def server(configuration: Gateway, tracking: FakeTracking, database: str) -> AsyncIterator[Server]:
    """One gateway for all tests that need no other configuration."""
    async with running(configuration) as server:
        yield server


@pytest.fixture
async def start(
    configuration: Gateway, tracking: FakeTracking, database: str, tmp_path: Path
) -> AsyncIterator[Start]:
    """Starts further gateways with changed configuration."""
    started = 0
    async with AsyncExitStack() as servers:

        async def start_one(**changes: Any) -> Server:
            nonlocal started
            started += 1
            gateway = replace(configuration, **{"state_folder": tmp_path / f"state-{started}", **changes})
            return await servers.enter_async_context(running(gateway))

        yield start_one


@pytest.fixture
async def folder_source(server: Server, roots: Path, tmp_path: Path) -> str:
    """The id of a new folder source."""
    folder = roots / tmp_path.name
    folder.mkdir()
    return await create_folder_source(server, folder)


async def create_folder_source(server: Server, folder: Path) -> str:
    body = {"folder": {"path": str(folder)}, "database_name": DATABASE}
    created = await server.call("POST", "/api/v1/sources", status=201, json=body)
    return str(created["source_id"])


async def asked_runs(server: Server, topic: Topic) -> list[RunRequested]:
    """What the connector of a topic `runs.<type>` has been asked."""

    def read() -> list[RunRequested]:
        cluster = server.gateway.cluster
        ends = end_offsets(cluster, [(topic.name, partition) for partition in range(PARTITIONS)])
        reader = Reader(cluster, server.gateway.codec)
        reader.assign(dict.fromkeys(ends, 0))
        found = [change.event for batch in reader.read_to(ends) for change in batch.changes]
        reader.close()
        return [event for event in found if isinstance(event, RunRequested)]

    return await asyncio.to_thread(read)


async def create_run(server: Server, source_id: str, collection: str = "notes") -> str:
    path = f"/api/v1/sources/{source_id}/invocations"
    created = await server.call("POST", path, status=201, json={"target_collection_name": collection})
    return str(created["invocation_id"])
