import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from schemas.events import Status
from streams.topics import RUNS
from tests.api.conftest import DATABASE, Server, Start, asked_runs, create_folder_source, create_run
from tests.api.fake_tracking import FakeTracking
from tests.conftest import Chroma

INVOCATIONS = "/api/v1/invocations"


async def test_a_created_invocation_is_pending_and_asks_the_connector(
    server: Server, folder_source: str
) -> None:
    run_id = await create_run(server, folder_source, "my-notes")

    job = await server.call("GET", f"{INVOCATIONS}/{run_id}", status=200)

    assert job.pop("created_at").endswith("Z")
    assert job == {
        "id": run_id,
        "source_id": folder_source,
        "status": "pending",
        "metadata": {"database_name": DATABASE, "collection_name": "my-notes", "folder": {}},
        "trigger": "api",
    }
    asked = await asked_runs(server, RUNS["folder"])
    assert [(run.source.id, run.collection) for run in asked if run.invocation_id == run_id] == [
        (folder_source, "my-notes")
    ]


async def test_requests_with_one_idempotency_key_make_one_run(server: Server, folder_source: str) -> None:
    path = f"/api/v1/sources/{folder_source}/invocations"
    into, other = {"target_collection_name": "once"}, {"target_collection_name": "other"}

    async def created(body: dict[str, str], **headers: str) -> str:
        answer = await server.call("POST", path, status=201, json=body, headers=headers)
        return str(answer["invocation_id"])

    first, again = [await created(into, **{"Idempotency-Key": "k"}) for _ in range(2)]
    others = {
        await created(other, **{"Idempotency-Key": "k"}),
        await created(into, **{"Idempotency-Key": "k2"}),
        await created(into),
    }

    assert first == again
    assert len(others | {first}) == 4
    listed = await server.call("GET", f"{INVOCATIONS}?source_id={folder_source}", status=200)
    assert len({job["id"] for job in listed} & (others | {first})) == len(listed) == 4
    # The run is asked for each time: the first request may not have got so far.
    asked = [run.invocation_id for run in await asked_runs(server, RUNS["folder"])]
    assert asked.count(first) == 2
    for key in ("", "x" * 256):
        refused = await server.call("POST", path, status=400, json=into, headers={"Idempotency-Key": key})
        assert "Idempotency-Key" in refused["message"]


@pytest.mark.parametrize("allowed", [False, True])
async def test_whether_a_folder_may_be_empty_is_the_callers_to_say(
    server: Server, folder_source: str, allowed: bool
) -> None:
    path, body = f"/api/v1/sources/{folder_source}/invocations", {"target_collection_name": "emptied"}
    asked = {**body, "allow_empty": True} if allowed else body

    created = await server.call("POST", path, status=201, json=asked)

    runs = await asked_runs(server, RUNS["folder"])
    [run] = [run for run in runs if run.invocation_id == created["invocation_id"]]
    assert run.allow_empty is allowed
    refused = await server.call("POST", path, status=400, json={**body, "allow_empty": "yes"})
    assert "allow_empty" in refused["message"]


async def test_each_status_has_its_form(server: Server, folder_source: str, tracking: FakeTracking) -> None:
    run_id = await create_run(server, folder_source)
    begun = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
    ended = begun + timedelta(seconds=90)

    async def becomes(shown: object, **fields: object) -> None:
        await tracking.put(run_id, **fields)
        await _shows(server, run_id, shown)

    await becomes("processing", status=Status.PROCESSING, started_at=begun)
    complete = {"finished_at": "2026-01-02T03:05:35.678000Z", "duration_ms": 90_000}
    await becomes({"complete": complete}, status=Status.COMPLETE, finished_at=ended)
    await becomes({"failed": {"error": "no such folder"}}, status=Status.FAILED, error="no such folder")
    await becomes("cancelled", status=Status.CANCELLED)


async def _shows(server: Server, run_id: str, status: object) -> None:
    """Return when the invocation is shown with this status."""
    deadline = time.monotonic() + 10
    while (found := await server.call("GET", f"{INVOCATIONS}/{run_id}", status=200))["status"] != status:
        assert time.monotonic() < deadline, f"it stays {found['status']}"


async def test_a_pending_invocation_can_be_cancelled_once(server: Server, folder_source: str) -> None:
    run_id = await create_run(server, folder_source)

    assert await server.call("PUT", f"{INVOCATIONS}/{run_id}", status=202) == {}

    assert (await server.call("GET", f"{INVOCATIONS}/{run_id}", status=200))["status"] == "cancelled"
    refused = await server.call("PUT", f"{INVOCATIONS}/{run_id}", status=412)
    assert refused["error"] == "ChromaError"


async def test_a_run_that_lists_can_be_cancelled_until_it_has_ended_and_an_upload_until_it_began(
    server: Server, folder_source: str, tracking: FakeTracking
) -> None:
    run_id, upload = [await create_run(server, folder_source) for _ in range(2)]
    for one, single in ((run_id, False), (upload, True)):
        await tracking.put(one, status=Status.PROCESSING, single_document=single)
        await _shows(server, one, "processing")

    assert await server.call("PUT", f"{INVOCATIONS}/{run_id}", status=202) == {}
    ended = await server.call("PUT", f"{INVOCATIONS}/{run_id}", status=412)
    began = await server.call("PUT", f"{INVOCATIONS}/{upload}", status=412)

    assert "is cancelled; only one that has not ended" in ended["message"]
    assert "is processing; only a pending one of a single document" in began["message"]


async def test_a_finished_collection_is_a_conflict(
    server: Server, folder_source: str, chroma: Chroma
) -> None:
    url = f"{chroma.url}/api/v2/tenants/default_tenant/databases/{DATABASE}/collections"
    async with aiohttp.ClientSession() as session:
        for name, finished in (("closed", True), ("open", False)):
            body = {"name": name, "metadata": {"finished_ingest": finished}}
            async with session.post(url, json=body) as response:
                assert response.status == 200, await response.text()

    path = f"/api/v1/sources/{folder_source}/invocations"
    refused = await server.call("POST", path, status=409, json={"target_collection_name": "closed"})
    assert "finished_ingest" in refused["message"]
    await create_run(server, folder_source, "open")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "target_collection_name is required"),
        ({"target_collection_name": None}, "target_collection_name is required"),
        ({"target_collection_name": "ab"}, "3 to 512"),
        ({"target_collection_name": "a..b"}, "3 to 512"),
        ({"target_collection_name": "-ab"}, "3 to 512"),
        ({"target_collection_name": "10.0.0.1"}, "IP address"),
        ({"target_collection_name": "abc\n"}, "3 to 512"),
        ({"target_collection_name": "abc", "object_key": "k"}, "object_key is not possible"),
        ({"target_collection_name": "abc", "ref_identifier": {"branch": "b"}}, "ref_identifier is not"),
        ({"target_collection_name": "abc", "metadata": {}}, "metadata is not possible"),
    ],
)
async def test_an_invocation_that_cannot_be_is_refused(
    server: Server, folder_source: str, body: dict[str, object], reason: str
) -> None:
    path = f"/api/v1/sources/{folder_source}/invocations"
    refused = await server.call("POST", path, status=400, json=body)
    assert reason in refused["message"]


async def test_nulls_of_other_types_are_accepted(server: Server, folder_source: str) -> None:
    body = {"target_collection_name": "abc", "object_key": None, "custom_id": None, "metadata": None}
    path = f"/api/v1/sources/{folder_source}/invocations"
    await server.call("POST", path, status=201, json={**body, "ref_identifier": None, "unknown": 1})


async def test_lists_are_filtered_by_source_database_status_and_type(
    server: Server, folder_source: str, tracking: FakeTracking
) -> None:
    first, second = [await create_run(server, folder_source) for _ in range(2)]
    await tracking.put(first, status=Status.FAILED, error="broken")
    await _shows(server, first, {"failed": {"error": "broken"}})

    async def ids(**query: str) -> list[str]:
        found = await server.call("GET", INVOCATIONS, status=200, params=query)
        return [job["id"] for job in found]

    assert set(await ids(source_id=folder_source)) == {first, second}
    assert await ids(source_id=folder_source, status="failed") == [first]
    assert await ids(source_id=folder_source, status="pending", source_type="folder") == [second]
    assert await ids(source_id=folder_source, source_type="s3") == []
    assert set((await ids(database_name=DATABASE))[:2]) == {first, second}
    assert await ids(database_name="other") == []
    both = {"source_id": folder_source, "database_name": DATABASE}
    await server.call("GET", INVOCATIONS, status=400, params=both)
    await server.call("GET", INVOCATIONS, status=404, params={"source_id": str(uuid.uuid4())})


async def test_the_history_of_a_deleted_source_stays(server: Server, folder_source: str) -> None:
    run_id = await create_run(server, folder_source)
    await server.call("DELETE", f"/api/v1/sources/{folder_source}", status=204)

    found = await server.call("GET", INVOCATIONS, status=200, params={"source_id": folder_source})

    assert [job["id"] for job in found] == [run_id]
    path = f"/api/v1/sources/{folder_source}/invocations"
    await server.call("POST", path, status=404, json={"target_collection_name": "notes"})


async def test_unknown_ids_are_not_found(server: Server) -> None:
    unknown = str(uuid.uuid4())
    await server.call("GET", f"{INVOCATIONS}/{unknown}", status=404)
    await server.call("PUT", f"{INVOCATIONS}/{unknown}", status=404)
    await server.call("GET", f"{INVOCATIONS}/{unknown}/progress", status=404)
    await server.call("POST", f"/api/v1/sources/{unknown}/invocations", status=404, json={})


async def test_without_tracking_the_answer_says_so(
    start: Start, roots: Path, tmp_path: Path, tracking: FakeTracking
) -> None:
    server = await start(wait_s=2)
    (roots / tmp_path.name).mkdir()
    source_id = await create_folder_source(server, roots / tmp_path.name)
    tracking.answer = None
    try:
        path = f"/api/v1/sources/{source_id}/invocations"
        failed = await server.call("POST", path, status=500, json={"target_collection_name": "notes"})
    finally:
        tracking.answer = Status.PENDING
    assert failed["error"] == "InternalError"
    assert "tracking" in failed["message"]


async def test_what_one_gateway_made_the_others_know_at_once(
    server: Server, start: Start, roots: Path, tmp_path: Path
) -> None:
    other = await start()
    for number in range(3):
        folder = roots / f"{tmp_path.name}-{number}"
        folder.mkdir()
        source_id = await create_folder_source(server, folder)
        await other.call("GET", f"/api/v1/sources/{source_id}", status=200)
        run_id = await create_run(other, source_id)
        await server.call("GET", f"{INVOCATIONS}/{run_id}", status=200)
        body = {"folder": {"path": str(folder)}, "database_name": DATABASE}
        await other.call("POST", "/api/v1/sources", status=409, json=body)
