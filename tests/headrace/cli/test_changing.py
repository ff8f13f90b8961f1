"""`headrace sources edit` and `check`, and the options that say when a source runs by itself."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from headrace.cli import ask as ask_module
from headrace.cli import indexed_documents, resources, webhooks
from headrace.cli import sources as sources_module
from headrace.cli.app import run
from headrace.cli.origins import Chosen, request_of
from headrace.cli.origins.schedules import from_now_on, schedule_payload
from headrace.cli.settings import load_settings
from headrace.cli.source import check as check_module
from headrace.client.gateway import ApiError
from headrace.usage_error import UsageError
from schemas.api import ChangedSource, Source, SourceCheck
from tests.headrace.client.fake_gateway import ID, source

SCHEDULE = {
    "cron": "0 */6 * * *",
    "timezone": "Europe/Berlin",
    "target_collection_name": "docs",
    "paused": False,
    "set_at": "2026-11-01T00:00:00Z",
    "next_at": "2026-11-28T17:00:00Z",
    "next_local": "2026-11-28T18:00:00+01:00",
    "late_seconds": 0.0,
    "last_at": "2026-11-28T11:00:00Z",
    "last_requested_at": "2026-11-28T11:00:00.120Z",
    "last_invocation_ids": ["6ba7b810-9dad-41d1-80b4-00c04fd430c8"],
    "runs": 4,
    "skips": 2,
    "skipped": [
        {
            "first_at": "2026-11-27T23:00:00Z",
            "last_at": "2026-11-28T05:00:00Z",
            "count": 2,
            "reason": "overlap",
            "message": "invocation x of an earlier due time had not ended",
        }
    ],
}


def timed() -> Source:
    shown = source(1).model_dump(mode="json", exclude_unset=True)
    return Source.model_validate_json(json.dumps({**shown, "schedule": SCHEDULE}))


class Gateway:
    """A client, as the commands call it."""

    def __init__(self) -> None:
        self.patched: list[tuple[str, Any, str | None]] = []
        self.checked: list[Any] = []
        self.created: list[Any] = []
        self.deleted: list[str] = []
        self.cancelled: list[str] = []
        self.sized = 998
        self.queries: list[dict[str, str | None]] = []
        self.listed = [timed(), source(2)]

    async def source(self, source_id: str) -> Source:
        return next((one for one in self.listed if one.id == source_id), timed())

    async def invocations(self, limit: int, **query: str | None) -> list[Any]:
        self.queries.append(query)
        return [SimpleNamespace(id=one.id) for one in self.listed] if not query else []

    async def all_documents(self, **query: str | None) -> AsyncIterator[Any]:
        self.queries.append(query)
        for one in list[Any]():
            yield one

    async def create_webhook(self, payload: dict[str, str | None]) -> Any:
        self.queries.append(payload)
        return SimpleNamespace(id="w", secret="whsec_")

    async def collections(self, **query: str | None) -> list[Any]:
        return []

    async def delete_source(self, source_id: str) -> None:
        self.deleted.append(source_id)

    async def cancel(self, invocation_id: str) -> None:
        self.cancelled.append(invocation_id)

    async def sources(self, **query: str | None) -> list[Source]:
        return self.listed

    async def create_source(self, payload: Any) -> str:
        self.created.append(payload)
        return ID.format(3)

    async def patch_source(self, source_id: str, body: Any, version: str | None) -> ChangedSource:
        self.patched.append((source_id, body, version))
        shown = source(1).model_dump(mode="json", exclude_unset=True)
        change = {
            "fields": ["schedule"],
            "effects": ["It is due next."],
            "version": "v",
            "old_invocation_ids": [],
        }
        return ChangedSource.model_validate_json(json.dumps({**shown, "id": source_id, "change": change}))

    async def check_source(self, body: Any) -> SourceCheck:
        self.checked.append(body)
        return SourceCheck.model_validate_json(
            json.dumps(
                {
                    "source": "/srv/notes",
                    "complete": False,
                    "stopped": "1,000 entries were looked at (limit)",
                    "documents": 998,
                    "bytes": 12345 if self.sized else 0,
                    "sized": self.sized,
                    "first": [{"document_key": "a\x1b[31m.md", "size": 3}],
                    "skipped": [{"reason": "hidden", "count": 2, "examples": [".env"]}],
                    "unreadable": [{"reason": "Permission denied", "count": 1, "examples": ["x"]}],
                    "overlapping_source_ids": [ID.format(7)],
                    "notes": ["Files were not opened."],
                    "seconds": 0.1,
                }
            )
        )


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    found = Gateway()

    def ask(data_dir: Path | None, use: Callable[[Any], Awaitable[Any]]) -> Any:
        async def asked() -> Any:
            return await use(found)

        return asyncio.run(asked())

    for module in (ask_module, sources_module, check_module, indexed_documents, resources, webhooks):
        monkeypatch.setattr(module, "ask", ask)
    return found


def test_a_list_and_a_source_say_when_it_was_and_will_be_due(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sources", "list"]) == 0
    header, first, second = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert header[-2:] == ["last due", "next due"]
    assert all("2026-11-28" in cell for cell in first[-2:])
    assert second[-2:] == ["", ""]

    assert run(["sources", "show", ID.format(1)]) == 0
    shown = capsys.readouterr().out
    assert "0 */6 * * * (Europe/Berlin) → docs" in shown
    assert "2026-11-28 17:00:00Z (2026-11-28T18:00:00+01:00)" in shown
    assert "2026-11-28 11:00:00Z (6ba7b810" in shown
    assert "2 times, invocation x of an earlier due time had not ended" in shown


@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        (["--every", "15m", "-c", "docs"], {"schedule": {"every": "15m", "target_collection_name": "docs"}}),
        (
            ["--schedule", "@daily", "--timezone", "Europe/Berlin"],
            {"schedule": {"cron": "@daily", "timezone": "Europe/Berlin"}},
        ),
        (["--pause"], {"schedule": {"paused": True}}),
        (["--resume"], {"schedule": {"paused": False}}),
        (["-c", "other"], {"schedule": {"target_collection_name": "other"}}),
        (["--no-schedule"], {"schedule": None}),
        (["--exclude", "drafts/"], {"folder": {"exclude_globs": ["drafts/"]}}),
        (["--include", ""], {"folder": {"include_globs": None}}),
        (
            ["--config", '{"folder": {"include_hidden": true}}', "--exclude", "a", "--exclude", "b"],
            {"folder": {"include_hidden": True, "exclude_globs": ["a", "b"]}},
        ),
    ],
)
def test_an_edit_sends_what_it_was_asked_for_and_tells_what_it_means(
    gateway: Gateway, arguments: list[str], body: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sources", "edit", ID.format(1), *arguments, "--if-version", "v1"]) == 0

    assert gateway.patched == [(ID.format(1), body, "v1")]
    printed = capsys.readouterr()
    assert "schedule changed" in printed.out
    assert "It is due next." in printed.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "nothing to change"),
        (["--schedule", "@daily", "--every", "1h"], "either --schedule or --every"),
        (["--schedule", "every day"], "--schedule 'every day' must have five fields"),
        (["--every", "10s"], "--every must be a number"),
        (["--timezone", "UTC"], "--timezone needs --schedule"),
        (["--schedule", "@daily", "--timezone", "Nowhere"], "--timezone 'Nowhere'"),
        (["--no-schedule", "--pause"], "--no-schedule removes"),
        (["--config", "{"], "--config is not JSON"),
    ],
)
def test_an_edit_that_cannot_be_is_refused_before_anybody_is_asked(
    gateway: Gateway, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sources", "edit", ID.format(1), *arguments]) == 2

    assert words in capsys.readouterr().err
    assert gateway.patched == []


def test_a_check_takes_what_a_sync_takes_and_tells_what_would_be_synced(
    gateway: Gateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    limits = ["--limit", "1000", "--seconds", "5"]
    assert run(["sources", "check", str(tmp_path), "--exclude", "*.log", *limits]) == 0
    printed = capsys.readouterr()
    assert run(["sources", "check", "github:o/r", "--include", "*.md", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["documents"] == 998
    assert run(["sources", "check", "https://e.org/docs/", "--max-depth", "2"]) == 0
    assert run(["sources", "check", "s3://bucket/pre", "--aws-credential", "123456789"]) == 0

    folder, repository, site, bucket = gateway.checked
    assert folder == {
        "folder": {"path": str(tmp_path), "exclude_globs": ["*.log"]},
        "database_name": "default_database",
        "limit": 1000,
        "seconds": 5,
    }
    assert repository["github"] == {"repository": "o/r", "include_globs": ["*.md"]}
    assert site["web_scrape"]["max_depth"] == 2
    assert bucket["s3"]["path_prefix"] == "pre"
    assert "998 so far" in printed.out
    assert "\x1b" not in printed.out
    assert "hidden\t.env" in printed.out
    assert ID.format(7) in printed.err


def test_sizes_that_an_origin_does_not_tell_are_unknown(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.sized = 0
    assert run(["sources", "check", "https://e.org/docs/"]) == 0
    assert "bytes      unknown\n" in capsys.readouterr().out


def test_a_check_of_a_source_takes_its_id_and_does_not_name_the_source_itself(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.listed = [source(7, globs=["*.md"]), source(2)]
    assert run(["sources", "check", ID.format(7)]) == 0
    assert ID.format(7) not in capsys.readouterr().err
    assert run(["sources", "check", ID.format(7)[:8]]) == 2
    assert "2 sources begin with" in capsys.readouterr().err
    assert run(["sources", "check", ID.format(7), "--hidden"]) == 2

    [body] = gateway.checked
    assert body["folder"] == {"path": "/srv/notes", "include_globs": ["*.md"]}


@pytest.mark.parametrize(
    ("stays", "said"), [(True, ""), (False, ". Start `headrace up`: without it nothing runs by itself")]
)
def test_a_schedule_that_was_set_says_when_it_is_due_and_what_it_needs(stays: bool, said: str) -> None:
    schedule = timed().schedule
    assert schedule is not None
    assert schedule.next_at is not None
    due = f"{schedule.next_at.astimezone():%Y-%m-%d %H:%M:%S}"

    begun = f"it runs by itself from now on: 0 */6 * * * (Europe/Berlin) → docs; next at {due}"
    assert from_now_on(schedule, stays) == begun + said


def test_a_short_id_is_that_of_the_one_source_that_it_begins(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = timed().model_dump(mode="json", exclude_unset=True) | {"id": f"abcd{ID.format(3)[4:]}"}
    gateway.listed = [source(2), Source.model_validate_json(json.dumps(shown))]
    assert run(["sources", "edit", "abcd", "--pause"]) == 0
    assert run(["sources", "delete", "abcd"]) == 0
    assert run(["invocations", "cancel", "abcd"]) == 0
    assert [patched for patched, *_ in gateway.patched] == gateway.deleted == [shown["id"]]
    assert gateway.cancelled == [shown["id"]]
    gateway.queries.clear()
    for listing in (["invocations", "list"], ["documents", "list"], ["webhooks", "create", "https://a/"]):
        assert run([*listing, "--source", "abcd"]) == 0
    assert [query["source_id"] for query in gateway.queries] == [shown["id"]] * 3
    said = capsys.readouterr().out
    assert (said.count(f"source {shown['id']}"), said.count(f"invocation {shown['id']}")) == (2, 1)
    assert run(["sources", "edit", "ffff", "--pause"]) == 2
    assert "no source begins with 'ffff'; `headrace sources list` shows their ids" in capsys.readouterr().err


def test_a_schedule_without_a_collection_names_the_option(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def refused(*asked: object) -> None:
        raise ApiError("schedule.target_collection_name is required for a source of type folder", 400)

    monkeypatch.setattr(gateway, "create_source", refused)
    monkeypatch.setattr(gateway, "patch_source", refused)
    assert run(["sources", "create", "/srv/a", "--every", "6h"]) == 2
    assert run(["sources", "edit", ID.format(1), "--every", "6h"]) == 2
    assert capsys.readouterr().err.count("--collection (-c) is required for a source of type folder") == 2


def test_a_source_is_created_with_a_schedule(gateway: Gateway) -> None:
    assert run(["sources", "create", "/srv/a", "--every", "6h", "-c", "docs"]) == 0
    assert run(["sources", "create", "/srv/a", "-c", "docs"]) == 2

    [made] = gateway.created
    assert made["schedule"] == {"every": "6h", "target_collection_name": "docs"}


def chosen(**more: Any) -> Chosen:
    return Chosen(**{**dict.fromkeys(Chosen.__dataclass_fields__), "follow": False, "timed": False, **more})


@pytest.mark.parametrize(
    "asked", [{"path": "github:o/r@next/one"}, {"path": "github:o/r", "branch": "next/one"}]
)
def test_a_branch_is_named_beside_the_repository_or_as_an_option(asked: dict[str, Any]) -> None:
    path = asked.pop("path")

    request = request_of(path, "d", "docs", chosen(**asked), load_settings())

    assert request.ref == {"branch": "next/one"}
    assert request.origin.repository == "o/r"  # type: ignore[union-attr]
    # What runs by itself brings the branch that the source follows.
    again = request_of(path, "d", "docs", chosen(**asked, timed=True), load_settings())
    followed = [one.model_dump() for one in again.origin.follow or ()]  # type: ignore[union-attr]
    assert followed == [{"branch": "next/one", "target_collection_name": "docs"}]


def test_a_branch_is_named_once_and_a_commit_has_no_schedule() -> None:
    with pytest.raises(UsageError, match="names a branch"):
        request_of("github:o/r@next", "d", "docs", chosen(branch="main"), load_settings())
    with pytest.raises(UsageError, match="needs a branch"):
        request_of("github:o/r", "d", "docs", chosen(sha="abcd1234", timed=True), load_settings())
    assert schedule_payload(None, None, None, "docs") is None
