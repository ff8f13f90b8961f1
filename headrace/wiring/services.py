"""Each service: its stages with their stores and clients, and the workers that run them.

A service opens its workers and closes the resources they use. It imports its package when it starts, so that
a process, which runs one service, only pays for that service's imports.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial

import structlog

from headrace.embedding_models import models_of, open_cached
from headrace.preflight import browser_of, naming_model
from headrace.wiring.access import origins_of, saved_credentials
from headrace.wiring.embed_endpoint import embed_endpoint
from headrace.wiring.shared import Wiring
from headrace.wiring.vision import vision_of
from schemas.errors import RequestError
from schemas.events import DocumentState
from streams.engine.journal import Journal
from streams.engine.stage import AnyStage
from streams.engine.window import WindowLimits
from streams.kafka.membership import Membership
from streams.kafka.worker import Worker
from streams.state.group_reading import GroupReading
from streams.state.layout import base_of
from streams.state.order import DocumentsOrder
from streams.topics import DOCUMENT_STATES, PROGRESS

log = structlog.get_logger(__name__)

#: A document in a process pool waits behind at most three others (`workers * 4` are in flight), each of which
#: may use its full time limit, and then uses its own. One more is for the work before and after.
_POOL_TURNS = 5
#: Timeout of a connector's collection look-up, which is retried; it need not wait as long as a request of 300
#: rows.
_LOOK_UP_SECONDS = 5.0


@contextlib.asynccontextmanager
async def connectors(wiring: Wiring) -> AsyncIterator[list[Worker]]:
    from headrace.wiring.bucket_events import triggers
    from headrace.wiring.inbox import inbox
    from headrace.wiring.notifying import notifying
    from headrace.wiring.schedules import schedules
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
        origins = origins_of(wiring, credentials, browser_of(wiring.settings))
        following = triggers(wiring.settings, wiring.cluster, wiring.codec, folder, origins["s3"])
        if not wiring.draining:
            following.start()
            opened.push_async_callback(following.close)
        scheduling = schedules(wiring, folder, view.status)
        tracking_at = GroupReading(wiring.cluster, PROGRESS, "tracking", partitions)
        invocations = Invocations(view, tracking_at)
        order = DocumentsOrder(wiring.cluster, wiring.documents_id)
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
                run_base=base_of(wiring.eras),
                require_order=order.require,
            )
            for kind, origin in origins.items()
        ]
        sent = await opened.enter_async_context(inbox(wiring, collections))
        telling = notifying(wiring, folder)
        uploads = UploadConnector(invocations, base_of(wiring.eras), order.require)
        stages: list[AnyStage] = [*syncs, uploads, telling]
        workers = [_worker(wiring, stage) for stage in stages]
        if wiring.draining:
            yield workers
            return
        intake = [_worker(wiring, scheduling), sent]

        async def stop_intake() -> None:
            await following.close()
            wiring.retired += intake
            for worker in intake:
                worker.stop()

        wiring.stop_intake = stop_intake
        yield [*workers, *intake]


@contextlib.asynccontextmanager
async def parsing(wiring: Wiring) -> AsyncIterator[list[Worker]]:
    from services.parsing import Choices
    from services.parsing.sandbox.pool import Sandbox
    from services.parsing.stage import ParsingStage

    settings = wiring.settings
    async with contextlib.AsyncExitStack() as opened:
        vision = vision_of(settings, wiring.data / "cache" / "vision.sqlite")
        if vision is not None:
            opened.push_async_callback(vision.close)
        sandbox = Sandbox(
            settings.workers,
            settings.parsing_memory_bytes,
            settings.parsing_cpu_seconds,
            settings.parsing_wall_seconds,
            vision,
            choices=Choices(settings.parsing_comments, settings.parsing_hidden),
            ocr_models=settings.ocr_models,
        )
        # Enough that the pool never waits for a blob or an acknowledgement.
        concurrency = settings.workers * 4
        stage = ParsingStage(sandbox, wiring.blobs, await wiring.partitions(), concurrency, wiring.eras)
        # A document with questions passes through the pool twice, and waits for the answers in between.
        seconds = _POOL_TURNS * settings.parsing_wall_seconds + vision.seconds if vision else 0.0
        # Finished documents wait behind a slow one with their text, at most 64 KB each.
        yield [_worker(wiring, stage, WindowLimits(records=200), native=True, more_seconds=seconds)]


@contextlib.asynccontextmanager
async def chunking(wiring: Wiring) -> AsyncIterator[list[Worker]]:
    from services.chunking.ahead import RequestedPartsStage
    from services.chunking.stage import ChunkingStage, cutters

    settings = wiring.settings
    pool = cutters(settings.workers, settings.parsing_wall_seconds, settings.parsing_memory_bytes)
    concurrency = settings.workers * 4
    stage = ChunkingStage(pool, wiring.blobs, concurrency, settings.max_chunks, wiring.codec)
    # Finished documents wait behind a slow one as chunks with their whole text.
    limits = WindowLimits(records=100)
    yield [
        _worker(wiring, stage, limits, native=True),
        _worker(wiring, RequestedPartsStage(wiring.blobs, wiring.codec), limits),
    ]


@contextlib.asynccontextmanager
async def embedding(wiring: Wiring) -> AsyncIterator[list[Worker]]:
    from services.embedding import Embedder, LoadedModels, VectorCache
    from services.embedding.sparse import SparseEncoders, load_encoder
    from services.embedding.stage import EmbeddingStage

    settings = wiring.settings
    default = models_of(settings).default
    cache = VectorCache(wiring.data / "cache" / "vectors.sqlite", settings.vector_cache_bytes)

    def load(model: str) -> Embedder:
        with naming_model(settings, model) if model == default else contextlib.nullcontext():
            return open_cached(settings, model, cache)

    models, sparse = LoadedModels(load), SparseEncoders(partial(load_encoder, cache_dir=settings.cache_dir))
    stage = EmbeddingStage(models, settings.embed_context, default, sparse)
    try:
        async with embed_endpoint(settings, models, sparse):
            yield [_worker(wiring, stage, native=True)]
    finally:
        cache.close()


@contextlib.asynccontextmanager
async def indexing(wiring: Wiring) -> AsyncIterator[list[Worker]]:
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
async def tracking(wiring: Wiring) -> AsyncIterator[list[Worker]]:
    from services.tracking import TrackingStage

    stage = TrackingStage.opened(wiring.cluster, wiring.codec, wiring.state("tracking"))
    # Progress events are small; the batch limit decides how many share a transaction.
    yield [
        _worker(wiring, stage, WindowLimits(records=10_000))
    ]  # the worker closes the stage, and the stage its stores


def _worker(
    wiring: Wiring,
    stage: AnyStage,
    limits: WindowLimits | None = None,
    native: bool = False,
    more_seconds: float = 0.0,
) -> Worker:
    """`native`: the stage runs native code, which may crash the process. `more_seconds`: what a record may
    take beyond its turns in a process pool."""
    settings = wiring.settings
    worker = Worker(
        stage,
        wiring.cluster,
        wiring.codec,
        Membership(settings.slot, settings.static_membership),
        limits,
        Journal(wiring.data / "journal" / f"{stage.name}-{settings.slot}", announced_only=not native),
        max(settings.record_seconds, _POOL_TURNS * settings.parsing_wall_seconds if native else 0)
        + more_seconds,
    )
    wiring.workers.append(worker)
    return worker


async def searching(wiring: Wiring, stop: asyncio.Event) -> None:
    from services.embedding.sparse import SparseEncoders, load_encoder
    from services.searching import search_service
    from streams.chroma import ChromaClient

    settings = wiring.settings
    if settings.search_token is None:
        raise RequestError("searching needs HEADRACE_SEARCH_TOKEN: a secret, the same for the gateway")
    await wiring.partitions()
    encoders = SparseEncoders(partial(load_encoder, cache_dir=settings.cache_dir))
    chroma = ChromaClient(wiring.chroma_url, wiring.chroma_token, settings.chroma_tenant, _LOOK_UP_SECONDS)
    try:
        async with search_service(
            wiring.cluster,
            wiring.codec,
            wiring.state("searching"),
            (settings.host, settings.search_port),
            settings.search_token.get_secret_value(),
            encoders.query,
            chroma,
        ) as port:
            log.info("listening", url=f"http://{settings.host}:{port}")
            await stop.wait()
    finally:
        await encoders.close()
        await chroma.close()
