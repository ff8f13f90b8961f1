"""The gateway beside the real tracking: what it asks for is decided there, and shown here."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api import Gateway
from schemas.events import Passed, Progress, RunListed, RunStarted, Step
from services.tracking import TrackingStage
from streams.engine.outputs import Send
from streams.kafka.cluster import Cluster, ensure_topics
from streams.kafka.membership import Membership
from streams.kafka.producer import EventProducer
from streams.kafka.worker import Worker
from streams.topics import PROGRESS
from tests.api.conftest import Server, create_folder_source, create_run, running
from tests.api.sync.test_progress import BEGUN, stream
from tests.conftest import Kafka

pytestmark = pytest.mark.pythons


@pytest.fixture(scope="module")
async def tracked(
    kafka: Kafka, configuration: Gateway, database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Server]:
    cluster = Cluster(kafka.bootstrap_servers, prefix="api-tracking.")
    ensure_topics(cluster, partitions=1)
    folder = Path(tmp_path_factory.mktemp("tracked"))
    codec = configuration.codec
    stage = TrackingStage.opened(cluster, codec, folder / "tracking")
    worker = Worker(stage, cluster, codec, Membership(slot="0", static=True))
    working = asyncio.ensure_future(worker.run())
    gateway = replace(configuration, cluster=cluster, state_folder=folder / "gateway", wait_s=30)
    async with running(gateway) as server:
        yield server
    worker.stop()
    await working


async def test_a_run_is_followed_from_its_creation_to_its_end(
    tracked: Server, roots: Path, tmp_path: Path
) -> None:
    (roots / tmp_path.name).mkdir()
    source_id = await create_folder_source(tracked, roots / tmp_path.name)
    cancelled, broken_off, run_id = [await create_run(tracked, source_id) for _ in range(3)]
    producer = EventProducer(tracked.gateway.cluster, tracked.gateway.codec)
    path = f"/api/v1/invocations/{run_id}"

    assert await tracked.call("PUT", f"/api/v1/invocations/{cancelled}", status=202) == {}
    await tracked.call("PUT", f"/api/v1/invocations/{cancelled}", status=412)

    for begun in (broken_off, run_id):
        async with stream(tracked, f"/api/v1/invocations/{begun}/progress") as events:
            await producer.send(_about(RunStarted(invocation_id=begun, attempt=7, started_at=BEGUN)))
            while (await anext(events))[1]["status"] != "processing":
                pass
    assert await tracked.call("PUT", f"/api/v1/invocations/{broken_off}", status=202) == {}

    ends = {Step.INDEXED: Passed(ordinal=0, document_key="a.md", chunks=3)}
    ends[Step.FAILED] = Passed(ordinal=1, document_key="b.pdf", error="no such page")
    for end, passed in ends.items():
        await producer.send(_about(Progress(invocation_id=run_id, attempt=7, stage=end, passed=[passed])))
    await producer.send(_about(RunListed(invocation_id=run_id, attempt=7, total=2)))
    async with stream(tracked, f"{path}/progress") as events:
        seen: list[tuple[str, Any]] = [event async for event in events]
    await producer.close()

    assert seen[-1] == ("end", {"status": "complete"})
    assert seen[-2][1]["done"] == seen[-2][1]["total"] == 2
    assert seen[-2][1]["last_errors"] == [{"document_key": "b.pdf", "error": "no such page"}]
    found = await tracked.call("GET", f"{path}/documents", status=200)
    assert [(d["document_key"], d["status"]) for d in found] == [("a.md", "indexed"), ("b.pdf", "failed")]


def _about(event: RunStarted | RunListed | Progress) -> Send:
    return Send(PROGRESS, event.invocation_id, event)
