"""The faust app as a process of its own, with a webhook receiver that listens on a real port."""

import asyncio
import contextlib
import os
import signal
import sys
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from schemas.codec import SingleObjectCodec
from schemas.events import Counts, Invocation, Status
from streams.engine.outputs import Send
from streams.kafka.cluster import Cluster, ensure_topics
from streams.kafka.producer import EventProducer
from streams.local import LocalBroker
from streams.topics import INVOCATIONS
from tests.waiting import eventually

pytest.importorskip(
    "faust", reason="NOT TESTED: the dependency group `examples` is not installed (faust-streaming)"
)

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Receiver:
    """Takes webhooks; refuses the first one."""

    def __init__(self) -> None:
        self.asked = 0
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str] = []

    async def take(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.asked == 1:
            return web.Response(status=503)
        self.bodies.append(await request.json())
        self.keys.append(request.headers["Idempotency-Key"])
        return web.Response()


@contextlib.asynccontextmanager
async def listening(receiver: Receiver) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    async with TestServer(app) as server:
        yield str(server.make_url("/hook"))


@contextlib.asynccontextmanager
async def notifying(config: Path, prefix: str, url: str, folder: Path) -> AsyncIterator[None]:
    environment = os.environ | {
        "HEADRACE_KAFKA_CONFIG": str(config),
        "HEADRACE_TOPIC_PREFIX": prefix,
        "WEBHOOK_URL": url,
        "FAUST_DATADIR": str(folder),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "examples.faust_notifier", "worker", "--without-web", "-l", "warn"]
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, env=environment)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), 15)
        except TimeoutError:
            process.kill()
            await process.wait()


def invocation(name: str, status: Status, indexed: int = 0) -> Send:
    made = Invocation(
        id=name,
        tenant="t",
        database="d",
        collection="c",
        source_id="s",
        source_type="folder",
        single_document=False,
        status=status,
        counts=Counts(indexed=indexed),
        created_at=NOW,
        finished_at=None if status is Status.PROCESSING else NOW,
    )
    return Send(INVOCATIONS, name, made)


async def test_each_committed_end_is_posted_once_also_when_the_receiver_is_away_at_first(
    broker: LocalBroker, tmp_path: Path
) -> None:
    cluster = Cluster.from_file(broker.client_file, f"t{uuid.uuid4().hex[:8]}.")
    await asyncio.to_thread(ensure_topics, cluster, 1)
    producer = EventProducer(cluster, SingleObjectCodec(), "writer")
    client = producer.client
    await asyncio.to_thread(client.init_transactions, 30)

    async def write(sends: list[Send], commit: bool = True) -> None:
        client.begin_transaction()
        written = await producer.hand_over_as_one(sends)
        await asyncio.to_thread(client.flush, 20)
        await asyncio.to_thread(client.commit_transaction if commit else client.abort_transaction, 30)
        await asyncio.gather(written, return_exceptions=True)

    await write([invocation("begun", Status.PROCESSING)])
    await write([invocation("never", Status.FAILED)], commit=False)
    await write([invocation("one", Status.COMPLETE, indexed=7)])
    await write([invocation("one", Status.COMPLETE, indexed=8), invocation("two", Status.CANCELLED)])
    receiver = Receiver()
    async with listening(receiver) as url, notifying(broker.client_file, cluster.prefix, url, tmp_path):
        await eventually(lambda: len(receiver.bodies) >= 2, 60, "two webhooks")
        await write([invocation("three", Status.FAILED)])
        await eventually(lambda: len(receiver.bodies) >= 3, 60, "the third webhook")
    await producer.close()

    # One partition, so the order is the log's: nothing aborted, unfinished or repeated is among them.
    assert [(body["id"], body["status"]) for body in receiver.bodies] == [
        ("one", "complete"),
        ("two", "cancelled"),
        ("three", "failed"),
    ]
    assert receiver.bodies[0]["counts"]["indexed"] == 7
    assert len(set(receiver.keys)) == 3
    assert receiver.asked == 4
