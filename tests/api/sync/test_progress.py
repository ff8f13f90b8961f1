import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from schemas.events import (
    Counts,
    DocumentFailure,
    Event,
    Passed,
    Progress,
    RunStarted,
    Status,
    Step,
)
from streams.engine.outputs import Send
from streams.topics import PROGRESS
from tests.api.conftest import ADMIN_KEY, Server, Start, create_run
from tests.api.fake_tracking import FakeTracking

BEGUN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


async def note(tracking: FakeTracking, *events: Event) -> None:
    """Write to `progress`, as stages do."""
    await tracking.producer.send_all([Send(PROGRESS, event.invocation_id, event) for event in events])  # type: ignore[attr-defined]


def passed(run_id: str, stage: Step, *documents: Passed, attempt: int = 7) -> Progress:
    return Progress(invocation_id=run_id, attempt=attempt, stage=stage, passed=list(documents))


@asynccontextmanager
async def stream(server: Server, path: str) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
    """The events of a stream as (name, JSON); comments as ("comment", text)."""
    headers = {"x-chroma-token": ADMIN_KEY, "Accept": "text/event-stream"}
    async with server.client.get(path, headers=headers) as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "text/event-stream"
        assert response.headers["X-Request-Id"]
        yield _events(response)


async def _events(response: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, Any]]:
    while block := await response.content.readuntil(b"\n\n"):
        lines = block.decode().splitlines()
        if lines[0].startswith(":"):
            yield "comment", lines[0][1:].strip()
        else:
            yield lines[0].removeprefix("event: "), json.loads(lines[1].removeprefix("data: "))


async def test_progress_has_counts_total_and_rate(
    server: Server, folder_source: str, tracking: FakeTracking
) -> None:
    run_id = await create_run(server, folder_source)
    path = f"/api/v1/invocations/{run_id}/progress"
    assert (await server.call("GET", path, status=200))["documents_per_second"] is None

    counts = Counts(
        parsed=90, chunked=80, embedded=70, indexed=50, unchanged=30, deleted=15, failed=5, chunks=400
    )
    async with stream(server, path) as events:
        assert (await anext(events))[1]["status"] == "pending"
        await tracking.put(
            run_id,
            status=Status.COMPLETE,
            total=100,
            attempts=1,
            attempt=7,
            counts=counts,
            last_errors=[DocumentFailure(document_key="b.pdf", error="no such page")],
            started_at=BEGUN,
            finished_at=BEGUN + timedelta(seconds=20),
        )
        assert (await anext(events))[0] == "progress"

    found = await server.call("GET", path, status=200)
    assert found["counts"] == counts.model_dump()
    assert (found["total"], found["done"], found["elapsed_ms"]) == (100, 100, 20_000)
    assert found["listed"] == 85  # without those that are deleted
    assert found["documents_per_second"] == 5.0
    assert found["last_errors"] == [{"document_key": "b.pdf", "error": "no such page"}]
    assert list(found["status"]) == ["complete"]
    assert (await server.call("GET", f"/api/v1/invocations/{run_id}", status=200))["failed"] == 5


async def test_a_progress_stream_shows_changes_and_ends_with_the_invocation(
    server: Server, folder_source: str, tracking: FakeTracking
) -> None:
    run_id = await create_run(server, folder_source)
    async with stream(server, f"/api/v1/invocations/{run_id}/progress") as events:
        assert (await anext(events))[1]["counts"]["indexed"] == 0
        await tracking.put(run_id, status=Status.PROCESSING, counts=Counts(indexed=3), started_at=BEGUN)
        assert (await anext(events))[1]["counts"]["indexed"] == 3
        await tracking.put(run_id, status=Status.FAILED, error="gone")
        name, last = await anext(events)
        assert (name, last["status"]) == ("progress", {"failed": {"error": "gone"}})
        assert [event async for event in events] == [("end", {"status": "failed"})]


async def test_a_silent_stream_sends_heartbeats_and_ends_when_the_gateway_stops(
    server: Server, folder_source: str, start: Start
) -> None:
    other = await start(heartbeat_s=0.05)
    run_id = await create_run(server, folder_source)
    async with stream(other, f"/api/v1/invocations/{run_id}/documents") as events:
        assert await anext(events) == ("comment", "heartbeat")
        async with asyncio.timeout(30):
            stopping = asyncio.ensure_future(other.stop())
            assert {name async for name, _ in events} <= {"comment"}
            await stopping


async def test_documents_tell_what_became_of_each_and_why(
    server: Server, folder_source: str, tracking: FakeTracking
) -> None:
    run_id = await create_run(server, folder_source)
    path = f"/api/v1/invocations/{run_id}/documents"
    await note(
        tracking,
        RunStarted(invocation_id=run_id, attempt=6, started_at=BEGUN),
        passed(run_id, Step.INDEXED, Passed(ordinal=9, document_key="old.md", chunks=1), attempt=6),
        RunStarted(invocation_id=run_id, attempt=7, started_at=BEGUN),
        passed(run_id, Step.PARSED, Passed(ordinal=0), Passed(ordinal=1, warnings=["encoding: cp1252"])),
        passed(run_id, Step.UNCHANGED, Passed(ordinal=3)),
        passed(run_id, Step.INDEXED, Passed(ordinal=2, document_key="c.md", chunks=4)),
        passed(run_id, Step.FAILED, Passed(ordinal=1, document_key="b.pdf", error="no such page")),
        passed(run_id, Step.DELETED, Passed(ordinal=0, document_key="a.md")),
        passed(run_id, Step.INDEXED, Passed(ordinal=8, document_key="stale.md"), attempt=6),
    )
    await tracking.put(run_id, status=Status.COMPLETE, attempt=7, started_at=BEGUN, finished_at=BEGUN)
    async with stream(server, path) as events:
        live = [event async for event in events]

    deleted = {"document_key": "a.md", "status": "deleted", "chunks": 0, "error": None, "warnings": []}
    failed = {**deleted, "document_key": "b.pdf", "status": "failed", "error": "no such page"}
    failed["warnings"] = ["encoding: cp1252"]
    indexed = {**deleted, "document_key": "c.md", "status": "indexed", "chunks": 4}
    assert live == [
        ("document", indexed),
        ("document", failed),
        ("document", deleted),
        ("end", {"status": "complete"}),
    ]
    assert await server.call("GET", path, status=200) == [deleted, failed, indexed]
    assert await server.call("GET", f"{path}?status=failed", status=200) == [failed]
    assert await server.call("GET", f"{path}?limit=1&offset=2", status=200) == [indexed]
    await server.call("GET", f"{path}?status=parsed", status=400)
    assert await server.call("GET", f"{path}?warnings=true", status=200) == [failed]
    assert (await server.call("GET", path.replace("documents", "progress"), status=200))["warnings"] == 1


async def test_a_failed_document_that_is_replayed_moves_to_indexed_and_stays_there(
    server: Server, folder_source: str, tracking: FakeTracking
) -> None:
    run_id = await create_run(server, folder_source)
    path = f"/api/v1/invocations/{run_id}/documents"
    failure = passed(run_id, Step.FAILED, Passed(ordinal=0, document_key="a.md", error="full disk"))
    await note(tracking, RunStarted(invocation_id=run_id, attempt=7, started_at=BEGUN), failure)
    await tracking.put(run_id, status=Status.PROCESSING, attempt=7, started_at=BEGUN)
    async with stream(server, path) as events:
        assert (await anext(events))[1]["status"] == "failed"
        success = passed(run_id, Step.INDEXED, Passed(ordinal=0, document_key="a.md", chunks=2))
        await note(tracking, success, failure)
        assert (await anext(events))[1] == {
            "document_key": "a.md",
            "status": "indexed",
            "chunks": 2,
            "error": None,
            "warnings": [],
        }
        await tracking.put(run_id, status=Status.COMPLETE, finished_at=BEGUN)
        assert [event async for event in events] == [("end", {"status": "complete"})]
    assert [d["status"] for d in await server.call("GET", path, status=200)] == ["indexed"]
