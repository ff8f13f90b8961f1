"""Wire the inbox, which runs in the connectors' process."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

from headrace.embedding_models import models_of
from headrace.preflight import check_inbox, tables_of
from headrace.settings import Settings
from headrace.wiring.shared import Wiring
from schemas.inbox import Rules
from schemas.inbox.registry import FramedValues
from schemas.limits import BM25
from schemas.registry import RegistryCodec
from services.inbox import Collections, Following, InboxCodec, InboxStage, Room, Values
from streams.chroma import ChromaClient
from streams.engine.journal import Journal
from streams.engine.window import WindowLimits
from streams.kafka.membership import Membership
from streams.kafka.worker import Worker

#: Records wait for their turn on the broker rather than here: enough for some transactions, and a tenth of
#: what a window usually holds.
_LIMITS = WindowLimits(records=200, bytes=4 * 1024 * 1024)


def rules_of(settings: Settings) -> Rules:
    """What this deployment adds to events, and refuses."""
    models = models_of(settings)
    return Rules(
        settings.inbox_tenant,
        settings.inbox_database,
        tuple(settings.inbox_allowed),
        models.default,
        frozenset(models.names),
        BM25 if settings.sparse_default == "bm25" else None,
    )


@contextlib.asynccontextmanager
async def inbox(wiring: Wiring, chroma: ChromaClient) -> AsyncIterator[Worker]:
    """The worker of the inbox, not started. `chroma` looks collections up."""
    settings, cluster = wiring.settings, wiring.cluster
    check_inbox(settings)
    tables = tables_of(settings)
    room = Room(settings.run_window)
    following = Following(cluster, wiring.codec, await wiring.partitions(), room)
    registry = wiring.codec if isinstance(wiring.codec, RegistryCodec) else None
    values = Values(FramedValues(registry) if registry else None)
    stage = InboxStage(values, rules_of(settings), tables, Collections(chroma), wiring.blobs, room)
    worker = Worker(
        stage,
        replace(cluster, foreign=frozenset(tables)),
        InboxCodec(wiring.codec),
        Membership(settings.slot, settings.static_membership),
        _LIMITS,
        Journal(wiring.data / "journal" / f"{stage.name}-{settings.slot}", announced_only=True),
        settings.record_seconds,
    )
    wiring.workers.append(worker)
    await following.start()
    try:
        yield worker
    finally:
        await following.close()
