"""PATCH and PUT of sources: what changes, what that means, and who wins."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from schemas.events import Status
from streams.topics import RUNS
from tests.api.conftest import DATABASE, Server, Start, asked_runs, create_folder_source
from tests.api.fake_tracking import FakeTracking

SOURCES = "/api/v1/sources"


async def patch(server: Server, source_id: str, body: Any, status: int = 200, **more: Any) -> Any:
    return await server.call("PATCH", f"{SOURCES}/{source_id}", status=status, json=body, **more)


@pytest.fixture
def folder(roots: Path, tmp_path: Path) -> Path:
    made = roots / f"changes-{tmp_path.name}"
    made.mkdir()
    return made


async def test_a_patch_changes_what_it_names_and_says_what_that_means(server: Server, folder: Path) -> None:
    source_id = await create_folder_source(server, folder)
    before = await server.call("GET", f"{SOURCES}/{source_id}", status=200)

    patched = await patch(server, source_id, {"folder": {"exclude_globs": ["drafts/"]}})

    change = patched.pop("change")
    assert patched == {**before, "folder": {**before["folder"], "exclude_globs": ["drafts/"]}}
    assert change["fields"] == ["folder.exclude_globs"]
    assert change["old_invocation_ids"] == []
    [effect] = change["effects"]
    assert "deletes the documents there that folder.exclude_globs leave out" in effect
    assert await server.call("GET", f"{SOURCES}/{source_id}", status=200) == patched

    again = await patch(server, source_id, {"folder": {"exclude_globs": ["drafts/"]}})
    assert again["change"]["fields"] == []
    default = await patch(server, source_id, {"folder": {"exclude_globs": None}})
    assert default["folder"] == before["folder"]


async def test_unknown_fields_are_refused_with_their_names(server: Server, folder: Path) -> None:
    source_id = await create_folder_source(server, folder)
    for body, words in [
        ({"folder": {"exclude": ["a"]}}, ["folder.exclude", "exclude_globs"]),
        ({"name": "x"}, ["name"]),
        ({"chunking": {"type": "lines"}}, ["chunking"]),
        ({"schedule": {"evry": "1h"}}, ["evry"]),
        ({"web_scrape": {"max_depth": 1}}, ["folder", "web_scrape"]),
        ({"folder": {"path": "/elsewhere"}}, ["/elsewhere"]),
        ({"folder": {"exclude_globs": "drafts/"}}, ["exclude_globs"]),
        ({"timezone": "UTC"}, ["schedule"]),
    ]:
        refused = await patch(server, source_id, body, status=400)
        assert all(word in refused["message"] for word in words), (body, refused)


async def test_a_change_is_made_to_the_version_that_was_read_or_not_at_all(
    server: Server, folder: Path
) -> None:
    source_id = await create_folder_source(server, folder)
    headers = {"x-chroma-token": "test-admin-key"}
    async with server.client.get(f"{SOURCES}/{source_id}", headers=headers) as answer:
        tag = answer.headers["ETag"]

    first = {"folder": {"include_hidden": True}}
    patched = await patch(server, source_id, first, headers={"If-Match": tag})
    refused = await patch(
        server, source_id, {"folder": {"main_content": True}}, 412, headers={"If-Match": tag}
    )

    now = patched["change"]["version"]
    assert f'"{now}"' != tag
    assert now in refused["message"]
    body = {"folder": {"path": str(folder)}}
    await server.call("PUT", f"{SOURCES}/{source_id}", status=412, json=body, headers={"If-Match": tag})
    await patch(server, source_id, {"folder": {"main_content": True}}, headers={"If-Match": f'"{now}"'})


async def test_of_many_changes_at_once_to_one_version_one_is_made(server: Server, folder: Path) -> None:
    source_id = await create_folder_source(server, folder)
    version = (await patch(server, source_id, {}))["change"]["version"]

    async def exclude(number: int) -> int:
        body = {"folder": {"exclude_globs": [f"{number}/"]}}
        headers = {"x-chroma-token": "test-admin-key", "If-Match": f'"{version}"'}
        async with server.client.patch(f"{SOURCES}/{source_id}", json=body, headers=headers) as answer:
            return answer.status

    found = await asyncio.gather(*(exclude(number) for number in range(8)))

    assert sorted(found) == [200] + [412] * 7


async def test_a_run_that_goes_on_keeps_what_it_was_asked_with_and_the_answer_names_it(
    server: Server, folder: Path, tracking: FakeTracking
) -> None:
    source_id = await create_folder_source(server, folder)
    target = {"target_collection_name": "patched-while-running"}
    path = f"{SOURCES}/{source_id}/invocations"
    old = (await server.call("POST", path, status=201, json=target))["invocation_id"]
    await tracking.put(old, status=Status.PROCESSING)

    patched = await patch(server, source_id, {"folder": {"exclude_globs": ["b.md"]}})
    new = (await server.call("POST", path, status=201, json=target))["invocation_id"]

    change = patched["change"]
    assert change["old_invocation_ids"] == [old]
    assert "patched-while-running" in change["effects"][0]
    assert "1 invocation that had not ended" in change["effects"][-1]
    runs = {
        run.invocation_id: run.source.folder.exclude_globs  # type: ignore[attr-defined]
        for run in await asked_runs(server, RUNS["folder"])
        if run.source.id == source_id
    }
    assert runs == {old: None, new: ["b.md"]}


async def test_who_may_not_create_sources_may_not_change_them(server: Server, folder: Path) -> None:
    source_id = await create_folder_source(server, folder)
    key = await server.call("POST", "/api/v1/keys", status=201, json={"name": "reader", "admin": False})

    await patch(server, source_id, {"folder": {"include_hidden": True}}, 403, key=key["key"])
    other = {"folder": {"path": str(folder)}, "limit": 1}
    await server.call("POST", f"{SOURCES}/check", status=403, json=other, key=key["key"])


async def test_a_schedule_is_made_shown_merged_and_removed(server: Server, folder: Path) -> None:
    source_id = await create_folder_source(server, folder)

    cron = {"cron": "@daily", "timezone": "Europe/Berlin", "target_collection_name": "scheduled"}
    made = (await patch(server, source_id, {"schedule": cron}))["schedule"]
    paused = (await patch(server, source_id, {"schedule": {"paused": True}}))["schedule"]
    resumed = (await patch(server, source_id, {"schedule": {"paused": False}}))["schedule"]
    hourly = (await patch(server, source_id, {"schedule": {"every": "60m"}}))["schedule"]
    same = (await patch(server, source_id, {"schedule": {"every": "1h"}}))["schedule"]
    await server.call("PUT", f"{SOURCES}/{source_id}", status=200, json={"folder": {"path": str(folder)}})
    kept = (await server.call("GET", f"{SOURCES}/{source_id}", status=200))["schedule"]
    removed = await patch(server, source_id, {"schedule": None})

    assert made["cron"] == "0 0 * * *"
    assert made["timezone"] == "Europe/Berlin"
    assert made["next_local"][11:16] == "00:00"
    assert made["next_at"].endswith("Z")
    assert (made["last_at"], made["skipped"], made["runs"]) == (None, [], 0)
    assert (paused["paused"], paused["next_at"], paused["cron"]) == (True, None, made["cron"])
    assert resumed["next_at"] == made["next_at"]
    assert resumed["set_at"] > made["set_at"]
    assert ("cron" in hourly, hourly["every"], hourly["timezone"]) == (False, "1h", "UTC")
    assert hourly["target_collection_name"] == "scheduled"
    assert same["set_at"] == kept["set_at"] == hourly["set_at"]
    assert "schedule" not in removed
    assert removed["change"]["fields"] == ["schedule"]


async def test_a_source_is_created_with_a_schedule_or_refused_with_the_reason(
    server: Server, folder: Path
) -> None:
    body = {"folder": {"path": str(folder)}, "database_name": DATABASE}
    for schedule, words in [
        ("0 */6 * * *", "schedule.target_collection_name is required"),
        ({"cron": "0 * * * *"}, "schedule.target_collection_name is required"),
        ({"cron": "0 * * *", "target_collection_name": "docs"}, "five fields"),
        ({"every": "10s", "target_collection_name": "docs"}, "1m to 366d"),
        ({"every": "1h", "cron": "@daily", "target_collection_name": "docs"}, "found both"),
        ({"target_collection_name": "docs"}, "found none"),
        ({"every": "1h", "timezone": "UTC", "target_collection_name": "docs"}, "elapsed"),
        ({"cron": "@daily", "timezone": "Mars/Base", "target_collection_name": "docs"}, "Mars/Base"),
        ({"every": "1h", "target_collection_name": "a"}, "collection"),
    ]:
        refused = await server.call("POST", SOURCES, status=400, json={**body, "schedule": schedule})
        assert words in refused["message"], (schedule, refused)

    schedule = {"every": "15m", "target_collection_name": "docs"}
    made = await server.call("POST", SOURCES, status=201, json={**body, "schedule": schedule})
    shown = await server.call("GET", f"{SOURCES}/{made['source_id']}", status=200)

    assert shown["schedule"]["every"] == "15m"
    again = {"every": "30m", "target_collection_name": "docs"}
    await server.call("POST", SOURCES, status=409, json={**body, "schedule": again})


async def test_a_schedule_with_a_time_zone_may_be_a_text_where_the_source_names_its_collection(
    server: Server,
) -> None:
    body = {
        "github": {"repository": "o/timed", "follow": [{"branch": "main", "target_collection_name": "code"}]},
        "database_name": DATABASE,
        "schedule": "30 2 * * *",
        "timezone": "Australia/Lord_Howe",
    }
    made = await server.call("POST", SOURCES, status=201, json=body)

    shown = await server.call("GET", f"{SOURCES}/{made['source_id']}", status=200)

    assert shown["schedule"]["timezone"] == "Australia/Lord_Howe"
    assert "target_collection_name" not in shown["schedule"]
    nowhere = await patch(server, made["source_id"], {"github": {"follow": []}}, status=400)
    assert "schedule.target_collection_name is required" in nowhere["message"]


async def test_a_collection_that_an_overlapping_source_fills_is_refused_to_a_schedule(
    server: Server, folder: Path
) -> None:
    source_id = await create_folder_source(server, folder)
    target = {"target_collection_name": "taken-by-schedule"}
    await server.call("POST", f"{SOURCES}/{source_id}/invocations", status=201, json=target)
    (folder / "below").mkdir()

    body = {
        "folder": {"path": str(folder / "below")},
        "database_name": DATABASE,
        "schedule": {"every": "1h", **target},
    }
    refused = await server.call("POST", SOURCES, status=409, json=body)

    assert refused["source_id"] == source_id


async def test_two_gateways_show_and_change_the_same(server: Server, start: Start, folder: Path) -> None:
    other = await start()
    source_id = await create_folder_source(server, folder)
    schedule = {"every": "2h", "target_collection_name": "docs"}

    await patch(server, source_id, {"schedule": schedule})
    shown = await patch(other, source_id, {"folder": {"include_hidden": True}})

    assert shown["schedule"]["every"] == "2h"
    assert (await patch(server, source_id, {}))["folder"]["include_hidden"] is True
