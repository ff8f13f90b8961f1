"""Build each service from the settings: a stage with its store, its clients and its worker.

The one place that knows all packages. A service is a process; `run_service` is its whole life.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

import structlog
from prometheus_client import start_http_server

from headrace.admin_key import admin_key
from headrace.preflight import browser_of, check_models, naming_model
from headrace.secrets_key import secrets_of
from headrace.settings import Settings
from headrace.usage_error import UsageError
from schemas.codec import Codec, SingleObjectCodec
from schemas.errors import IngestError, RequestError
from schemas.events import DocumentState
from streams.blobs import BlobStore, folder_of
from streams.credentials import SavedCredentials
from streams.engine.guard import Guard
from streams.engine.journal import Journal
from streams.engine.stage import AnyStage
from streams.engine.window import WindowLimits
from streams.gc_tuning import collect_seldom
from streams.kafka.cluster import Cluster, admin, partition_counts
from streams.kafka.membership import Membership
from streams.kafka.worker import Worker
from streams.places import Places
from streams.topics import CATALOGUE, DOCUMENT_STATES, DOCUMENTS

if TYPE_CHECKING:
    from services.connectors import GithubAccess, Origin, WebAccess

log = structlog.get_logger(__name__)

#: A document in a pool of processes waits behind three at most (`workers * 4` are under way) that may take
#: all their time, then takes its own; one more for what comes before and after.
_POOL_TURNS = 5
#: A connector that looks a collection up tries again; it need not wait as long as a request of 300 rows.
_LOOK_UP_SECONDS = 5.0
#: Exit status of a service that must be started again: fenced, stuck, or hit by something unforeseen.
RESTART = 70


class Wiring:
    """What services share, made from the settings."""

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
        #: The workers of this process, as they are made.
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
        """What Chroma Cloud asks for."""
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


def places_of(wiring: Wiring) -> Places:
    """What folder sources may read. Gateway and connectors make the same checks."""
    blobs = folder_of(wiring.settings.blob_url) if wiring.settings.blob_url else None
    own = [wiring.data] if blobs is None else [wiring.data, blobs]
    return Places([Path(root) for root in wiring.settings.folder_roots], own)


@contextlib.asynccontextmanager
async def _connectors(wiring: Wiring) -> AsyncIterator[list[Worker]]:
    from headrace.bucket_events import triggers
    from services.connectors import (
        Invocations,
        InvocationView,
        SyncConnector,
        UploadConnector,
        source_documents,
        source_memos,
    )
    from streams.chroma import ChromaClient

    folder = wiring.state("connectors")
    view = InvocationView(wiring.cluster, wiring.codec, folder / "runs.sqlite")
    window, partitions = wiring.settings.run_window, await wiring.partitions()
    async with contextlib.AsyncExitStack() as opened:
        states = source_documents(wiring.cluster, wiring.codec, folder / "source-documents.sqlite")
        opened.callback(states.close)
        memos = source_memos(wiring.cluster, wiring.codec, folder / "source-memos.sqlite")
        opened.callback(memos.close)
        chroma = wiring.chroma_url, wiring.chroma_token, wiring.settings.chroma_tenant
        collections = ChromaClient(*chroma, seconds=_LOOK_UP_SECONDS)
        opened.push_async_callback(collections.close)
        await view.start()
        opened.push_async_callback(view.close)
        credentials = saved_credentials(wiring, "connectors")
        await credentials.start()
        opened.push_async_callback(credentials.close)
        origins = _origins(wiring, credentials, browser_of(wiring.settings))
        following = triggers(wiring.settings, wiring.cluster, wiring.codec, folder, origins["s3"])
        following.start()
        opened.push_async_callback(following.close)
        invocations = Invocations(view)
        syncs = [
            SyncConnector(
                kind,
                origin,
                invocations,
                states,
                collections,
                wiring.blobs,
                window,
                partitions,
                memos,
                wiring.settings.mass_delete_share,
                wiring.settings.origin_seconds,
            )
            for kind, origin in origins.items()
        ]
        yield [_worker(wiring, stage) for stage in (*syncs, UploadConnector(invocations))]


def saved_credentials(wiring: Wiring, service: str) -> SavedCredentials:
    """What sources sign in with, as one process of a service knows it."""
    path = wiring.state(service) / "credentials.sqlite"
    return SavedCredentials(wiring.cluster, wiring.codec, path, secrets_of(wiring.settings))


def _origins(wiring: Wiring, credentials: SavedCredentials, browser: str = "") -> "Mapping[str, Origin[Any]]":
    """Every type of source, for what the settings let it read. Only connectors have a browser."""
    from services.connectors import Access, S3Access, origins

    settings = wiring.settings
    s3 = S3Access(tuple(settings.s3_endpoints), settings.s3_ambient_credentials)
    return origins(Access(places_of(wiring), credentials, _github(wiring), _web(wiring, browser), s3))


def _github(wiring: Wiring) -> "GithubAccess":
    from services.connectors import GithubAccess

    settings = wiring.settings
    return GithubAccess(
        url=settings.github_url,
        api_url=settings.github_api_url,
        folder=wiring.data / "cache" / f"git-{settings.slot}",
        cache_bytes=settings.git_cache_bytes,
        lfs_bytes=settings.github_lfs_bytes,
    )


def _web(wiring: Wiring, browser: str = "") -> "WebAccess":
    from services.connectors import WebAccess

    settings = wiring.settings
    return WebAccess(
        allowed_hosts=frozenset(host.lower() for host in settings.web_allowed_hosts),
        delay_s=settings.web_delay_seconds,
        user_agent=settings.web_user_agent,
        max_pages=settings.web_page_limit,
        max_bytes=settings.web_max_bytes,
        obeys_robots=settings.web_obey_robots,
        browser=browser,
        folder=wiring.data / "cache" / "web",
    )


@contextlib.asynccontextmanager
async def _parsing(wiring: Wiring) -> AsyncIterator[list[Worker]]:
    from services.parsing.images.vision import Vision
    from services.parsing.sandbox.pool import Sandbox
    from services.parsing.stage import ParsingStage

    settings = wiring.settings
    key = settings.vision_api_key.get_secret_value() if settings.vision_api_key else ""
    vision = (
        Vision(settings.vision_url, settings.vision_model, key, settings.vision_pages)
        if settings.vision_url
        else None
    )
    sandbox = Sandbox(
        settings.workers,
        settings.parsing_memory_bytes,
        settings.parsing_cpu_seconds,
        settings.parsing_wall_seconds,
        vision,
    )
    # Enough that the pool never waits for a blob or an acknowledgement.
    concurrency = settings.workers * 4
    stage = ParsingStage(sandbox, wiring.blobs, await wiring.partitions(), concurrency)
    # What is done waits, with its text, behind a document that takes long: at most 64 KB each.
    yield [_worker(wiring, stage, WindowLimits(records=200), native=True)]


@contextlib.asynccontextmanager
async def _chunking(wiring: Wiring) -> AsyncIterator[list[Worker]]:
    from services.chunking.ahead import RequestedPartsStage
    from services.chunking.stage import ChunkingStage
    from streams.processes.pool import WorkerPool

    settings = wiring.settings
    pool = WorkerPool(settings.workers, settings.parsing_wall_seconds, preload=["services.chunking.stage"])
    concurrency = settings.workers * 4
    stage = ChunkingStage(pool, wiring.blobs, concurrency, settings.max_chunks, wiring.codec)
    # What is done waits, as chunks with their whole text, behind a document that takes long.
    limits = WindowLimits(records=100)
    yield [
        _worker(wiring, stage, limits, native=True),
        _worker(wiring, RequestedPartsStage(wiring.blobs, wiring.codec), limits),
    ]


@contextlib.asynccontextmanager
async def _embedding(wiring: Wiring) -> AsyncIterator[list[Worker]]:
    from services.embedding import CachedEmbedder, Embedder, VectorCache, load_embedder
    from services.embedding.stage import EmbeddingStage

    settings = wiring.settings
    cache = VectorCache(wiring.data / "cache" / "vectors.sqlite", settings.vector_cache_bytes)

    def load(model: str) -> Embedder:
        usual = model == settings.embedding_model
        with naming_model(settings) if usual else contextlib.nullcontext():
            folder = settings.embedding_folder if usual else None
            return CachedEmbedder(load_embedder(model, folder=folder, cache_dir=settings.cache_dir), cache)

    stage = EmbeddingStage(load, settings.embed_context, settings.embedding_model)
    try:
        yield [_worker(wiring, stage, native=True)]
    finally:
        cache.close()


@contextlib.asynccontextmanager
async def _indexing(wiring: Wiring) -> AsyncIterator[list[Worker]]:
    from services.indexing import BATCH_BYTES, ChromaStore, IndexingStage
    from streams.state.store import PartitionStore

    path = wiring.state("indexing") / "document-states.sqlite"
    states = PartitionStore[DocumentState](wiring.cluster, wiring.codec, DOCUMENT_STATES, path)
    chroma = ChromaStore(wiring.chroma_url, wiring.chroma_token, wiring.settings.chroma_tenant)
    try:
        yield [_worker(wiring, IndexingStage(chroma, states), WindowLimits(bytes=BATCH_BYTES))]
    finally:
        states.close()


@contextlib.asynccontextmanager
async def _tracking(wiring: Wiring) -> AsyncIterator[list[Worker]]:
    from services.tracking import TrackingStage

    stage = TrackingStage.opened(wiring.cluster, wiring.codec, wiring.state("tracking"))
    # Progress events are small; what a batch may hold decides how many of them share a transaction.
    yield [
        _worker(wiring, stage, WindowLimits(records=10_000))
    ]  # which closes the stage, and that its stores


def _worker(
    wiring: Wiring, stage: AnyStage, limits: WindowLimits | None = None, native: bool = False
) -> Worker:
    """`native`: the stage runs native code, which may crash the process."""
    settings = wiring.settings
    worker = Worker(
        stage,
        wiring.cluster,
        wiring.codec,
        Membership(settings.slot, settings.static_membership),
        limits,
        Journal(wiring.data / "journal" / f"{stage.name}-{settings.slot}", announced_only=not native),
        max(settings.record_seconds, _POOL_TURNS * settings.parsing_wall_seconds if native else 0),
    )
    wiring.workers.append(worker)
    return worker


async def _work(
    open_workers: Callable[[Wiring], contextlib.AbstractAsyncContextManager[list[Worker]]],
    wiring: Wiring,
    stop: asyncio.Event,
) -> None:
    await wiring.partitions()
    async with open_workers(wiring) as workers:
        running = [asyncio.create_task(worker.run()) for worker in workers]
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([*running, stopping], return_when=asyncio.FIRST_COMPLETED)
        for worker in workers:
            worker.stop()
        await asyncio.gather(*running)
        stopping.cancel()


async def _api(wiring: Wiring, stop: asyncio.Event) -> None:
    from api import ChromaAccess, Gateway, Models, serve

    settings = wiring.settings
    secret = settings.github_webhook_secret
    await wiring.partitions()
    credentials = saved_credentials(wiring, "api")
    gateway = Gateway(
        cluster=wiring.cluster,
        codec=wiring.codec,
        blobs=wiring.blobs,
        state_folder=wiring.state("api"),
        chroma=ChromaAccess(wiring.chroma_url, wiring.chroma_token, settings.chroma_tenant),
        models=Models(settings.embedding_model, settings.embedding_models),
        admin_key=admin_key(settings),
        origins=_origins(wiring, credentials),
        credentials=credentials,
        uploads_per_tenant=settings.uploads_per_tenant,
        github_webhook_secret=secret.get_secret_value() if secret else None,
        github_host=urlsplit(settings.github_url).hostname or "",
    )
    async with serve(gateway, settings.host, settings.port) as port:
        log.info("listening", url=f"http://{settings.host}:{port}")
        await stop.wait()


Run = Callable[[Wiring, asyncio.Event], Awaitable[None]]

_RUNS: dict[str, Run] = {
    "connectors": lambda wiring, stop: _work(_connectors, wiring, stop),
    "parsing": lambda wiring, stop: _work(_parsing, wiring, stop),
    "chunking": lambda wiring, stop: _work(_chunking, wiring, stop),
    "embedding": lambda wiring, stop: _work(_embedding, wiring, stop),
    "indexing": lambda wiring, stop: _work(_indexing, wiring, stop),
    "tracking": lambda wiring, stop: _work(_tracking, wiring, stop),
    "api": _api,
}

SERVICES: tuple[str, ...] = tuple(_RUNS)


async def run_service(name: str, settings: Settings) -> None:
    """Run one service until SIGTERM or SIGINT, then drain.

    Raises RequestError for what the user can mend. Anything else ends the process with status `RESTART`,
    at once: a thread that hangs in a transaction must not keep a worker half alive. So does an error that
    nobody handles, in a callback, a task or a thread, and an event loop that hangs (`streams.engine.guard`).
    """
    if name not in _RUNS:
        raise UsageError(f"no service {name!r}: there are {', '.join(SERVICES)}")
    wiring = Wiring(settings)
    if name == "embedding":
        check_models(settings)
    collect_seldom()
    with Guard(lambda error: _end(wiring, error), serves=name == "api"):
        if settings.metrics_port is not None:
            _serve_metrics(settings.host, settings.metrics_port)
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        structlog.contextvars.bind_contextvars(service=name, slot=settings.slot)
        try:
            await _RUNS[name](wiring, stop)
        except RequestError:
            raise
        except Exception as error:
            _end(wiring, error, announced=False)


def _end(wiring: Wiring, error: BaseException, announced: bool = True) -> NoReturn:
    """The end of a process. With `announced`, what its workers have in hand is suspected of it."""
    if announced:
        for worker in wiring.workers:
            worker.announce(error)
    if isinstance(error, IngestError):
        log.error("service ends, to be started again", error=str(error), error_class=type(error).__name__)
    else:
        log.error("service ends, to be started again", exc_info=error)
    os._exit(RESTART)


def _serve_metrics(host: str, port: int) -> None:
    try:
        start_http_server(port, addr=host)
    except OSError as error:
        where = f"{host}:{port} (HEADRACE_HOST, HEADRACE_METRICS_PORT)"
        raise RequestError(f"metrics cannot be served at {where}: {error.strerror}") from error
