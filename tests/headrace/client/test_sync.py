"""A sync against a small gateway of its own, which can break off and come back."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from headrace.cli.display import print_result
from headrace.cli.origins import Chosen, request_of
from headrace.cli.origins.repositories import following, not_asked_about, repository
from headrace.cli.settings import load_settings
from headrace.client.gateway import ApiError, GatewayClient
from headrace.client.progress import status_of
from headrace.client.stalls import Stalls, in_words
from headrace.client.sync import (
    SourceOfSync,
    SyncRequest,
    SyncResult,
    as_json,
    begin,
    finish,
    follow,
    looked_for,
)
from schemas.api import InHand, InvocationProgress, Source
from schemas.errors import RequestError, TransientError
from tests.headrace.cli.test_changing import SCHEDULE
from tests.headrace.client.fake_gateway import ID, FakeGateway, fake_gateway, source
from tests.headrace.client.test_progress import COMPLETE, progress
from tests.waiting import eventually

REQUEST = SyncRequest("/srv/notes", "default_database", "notes")
KNOWN = SourceOfSync(ID.format(1), new=False)


@pytest.fixture
async def gateway() -> AsyncIterator[FakeGateway]:
    async with fake_gateway() as fake:
        yield fake


@pytest.fixture
async def client(gateway: FakeGateway) -> AsyncIterator[GatewayClient]:
    async with GatewayClient(gateway.url, "key") as opened:
        yield opened


async def test_a_new_folder_becomes_a_source(gateway: FakeGateway, client: GatewayClient) -> None:
    assert await begin(client, REQUEST) == (SourceOfSync(ID.format(9), new=True), "i")
    assert json.loads(gateway.asked[0]) == {
        "folder": {"path": "/srv/notes"},
        "database_name": "default_database",
    }


async def test_a_folder_that_is_known_runs_again(gateway: FakeGateway, client: GatewayClient) -> None:
    gateway.sources = [source(1), source(2, "/srv/other")]

    assert await begin(client, REQUEST) == (SourceOfSync(ID.format(1), new=False), "i")
    assert gateway.asked == [ID.format(1)]
    assert [query["collection_name"] for query in gateway.listed] == ["notes"]


async def test_other_patterns_change_the_source_that_fills_the_collection(
    gateway: FakeGateway, client: GatewayClient
) -> None:
    gateway.sources = [source(1), source(2, "/srv/other")]

    assert await begin(client, replace(REQUEST, include=("*.md", "*.md"))) == (
        SourceOfSync(ID.format(1), new=False),
        "i",
    )

    change = {"folder": {"path": "/srv/notes", "include_globs": ["*.md"]}}
    assert gateway.changed == {ID.format(1): change}


@pytest.mark.parametrize(
    ("known", "asked", "change", "told"),
    [
        pytest.param(
            {"include_globs": ["*.md"], "include_hidden": True},
            {},
            None,
            ["keeps --include '*.md', --hidden;"],
            id="nothing is asked for",
        ),
        pytest.param(
            {"include_globs": ["*.md"], "exclude_globs": ["a b"]},
            {"include": ["*.rst", "*.txt"]},
            {"include_globs": ["*.rst", "*.txt"], "exclude_globs": ["a b"]},
            ["changes", "--include '*.md' → --include '*.rst' --include '*.txt'", "keeps --exclude 'a b';"],
            id="other files",
        ),
        pytest.param(
            {"include_globs": ["*.md"], "include_hidden": True},
            {"include": [""], "hidden": False},
            {},
            ["--include '*.md' → no --include", "--hidden → --no-hidden"],
            id="all files, and no hidden ones",
        ),
        pytest.param({}, {}, None, [], id="a source without any choice"),
    ],
)
async def test_a_sync_keeps_what_it_is_not_asked_to_change_and_says_so(
    gateway: FakeGateway,
    client: GatewayClient,
    tmp_path: Path,
    known: dict[str, Any],
    asked: dict[str, Any],
    change: dict[str, Any] | None,
    told: list[str],
) -> None:
    shown = source(1).model_dump(mode="json", exclude_unset=True)
    shown["folder"] = {"path": str(tmp_path), **known}
    gateway.sources = [Source.model_validate_json(json.dumps(shown))]
    said: list[str] = []

    request = request_of(str(tmp_path), "default_database", "notes", Chosen(**asked), load_settings())
    await begin(client, request, said.append)

    changed = {} if change is None else {ID.format(1): {"folder": {"path": str(tmp_path), **change}}}
    assert gateway.changed == changed
    assert all(words in "\n".join(said) for words in told)
    assert bool(said) == bool(told)


async def test_main_content_is_a_choice_that_may_change(gateway: FakeGateway, client: GatewayClient) -> None:
    gateway.sources = [source(1)]

    await begin(client, replace(REQUEST, main_content=True))

    assert gateway.changed == {ID.format(1): {"folder": {"path": "/srv/notes", "main_content": True}}}


async def test_a_source_without_a_sparse_model_gets_the_one_that_is_asked_for(
    gateway: FakeGateway, client: GatewayClient
) -> None:
    said: list[str] = []
    bm25 = replace(REQUEST, sparse="Chroma/BM25")

    await begin(client, bm25, said.append)
    assert json.loads(gateway.asked[0])["embedding"] == {"sparse": {"model": "Chroma/BM25"}}
    assert said == []
    gateway.sources = [source(1)]
    await begin(client, bm25, said.append)
    change = {"folder": {"path": "/srv/notes"}, "embedding": {"sparse": {"model": "Chroma/BM25"}}}
    assert gateway.changed == {ID.format(1): change}
    assert "search by words" in said[0]

    gateway.changed.clear()
    await begin(client, REQUEST)  # asks for none, and takes none away
    shown = source(1).model_dump(mode="json", exclude_unset=True)
    shown["embedding"]["sparse"] = {"model": "prithivida/Splade_PP_en_v1", "key": "words"}
    gateway.sources = [Source.model_validate_json(json.dumps(shown))]
    await begin(client, bm25)
    assert gateway.changed == {}


async def test_of_two_sources_of_the_folder_the_one_with_the_same_patterns_is_run(
    gateway: FakeGateway, client: GatewayClient
) -> None:
    gateway.sources = [source(1), source(2, globs=["*.md"])]

    assert await begin(client, replace(REQUEST, include=("*.md",))) == (
        SourceOfSync(ID.format(2), new=False),
        "i",
    )
    assert gateway.changed == {}


@pytest.mark.parametrize("path", ["/srv", "/srv/notes/a.md", "/srv/notes/deep/er"])
async def test_a_folder_above_or_below_a_synced_one_is_refused_before_anything_is_made(
    gateway: FakeGateway, client: GatewayClient, path: str
) -> None:
    gateway.sources = [source(1)]

    with pytest.raises(RequestError, match="/srv/notes is synced into collection 'notes' already") as refused:
        await begin(client, replace(REQUEST, path=path))
    assert f"headrace sources delete {ID.format(1)} --documents" in str(refused.value)
    assert gateway.asked == []


@pytest.mark.parametrize(
    ("asked", "follow"),
    [(None, {"main": "notes", "dev": "other"}), ("next", {"dev": "other", "next": "notes"})],
)
async def test_a_repository_follows_what_it_followed_and_what_is_asked_for(
    gateway: FakeGateway, client: GatewayClient, asked: str | None, follow: dict[str, str]
) -> None:
    shown = source(1).model_dump(mode="json", exclude_unset=True)
    del shown["folder"]
    known = [{"branch": b, "target_collection_name": c} for b, c in (("main", "notes"), ("dev", "other"))]
    shown["github"] = {"repository": "o/r", "app_id": "12", "credential_id": 3, "follow": known}
    gateway.sources = [Source.model_validate_json(json.dumps(shown))]
    form = repository("github:o/r", "https://github.com", ["*.md"], None)
    form = form if asked is None else following(form, asked, None, "notes")
    keeps = not_asked_about(None, asked is not None, ["*.md"])

    await begin(client, SyncRequest("github:o/r", "d", "notes", origin=form, keeps=keeps))

    [changed] = gateway.changed.values()
    github = changed["github"]  # type: ignore[index]
    assert {one["branch"]: one["target_collection_name"] for one in github.pop("follow")} == follow
    assert github == {"repository": "o/r", "include_globs": ["*.md"], "app_id": "12", "credential_id": 3}


async def test_a_source_that_exists_and_fills_nothing_yet_is_run(
    gateway: FakeGateway, client: GatewayClient
) -> None:
    gateway.exists = ID.format(3)

    assert await begin(client, REQUEST) == (SourceOfSync(ID.format(3), new=False), "i")


def unused(number: int, path: str = "/srv/notes", **more: Any) -> Source:
    shown = source(number, path, ["*.md"]).model_dump(mode="json", exclude_unset=True)
    return Source.model_validate_json(json.dumps({**shown, **more}))


@pytest.mark.parametrize("filled", [[], ["notes"]], ids=["no run", "a run that found nothing"])
async def test_a_source_with_other_patterns_that_fills_nothing_yet_is_changed_and_run(
    gateway: FakeGateway, client: GatewayClient, filled: list[str]
) -> None:
    gateway.unused = [unused(4, "/srv/other"), unused(5)]
    gateway.filled = {ID.format(5): filled}
    said: list[str] = []

    request = replace(REQUEST, include=("*.rst",))
    assert await begin(client, request, said.append) == (SourceOfSync(ID.format(5), new=False), "i")

    assert gateway.asked == [ID.format(5)]
    change = {"folder": {"path": "/srv/notes", "include_globs": ["*.rst"]}}
    assert gateway.changed == {ID.format(5): change}
    assert said == [f"this sync changes source {ID.format(5)}: --include '*.md' → --include '*.rst'"]


@pytest.mark.parametrize(
    ("filled", "change"),
    [([], {}), (["notes"], {ID.format(5): {"folder": {"path": "/srv/notes"}}})],
    ids=["no run", "a run that found nothing"],
)
async def test_patterns_stay_unless_nothing_was_found_with_them(
    gateway: FakeGateway, client: GatewayClient, filled: list[str], change: dict[str, Any]
) -> None:
    gateway.unused = [unused(5)]
    gateway.filled = {ID.format(5): filled}

    await begin(client, replace(REQUEST, keeps=("include_globs",)))

    assert gateway.changed == change


@pytest.mark.parametrize(
    ("more", "filled"), [({"schedule": SCHEDULE}, []), ({}, ["docs"])], ids=["a schedule", "a run"]
)
async def test_a_source_of_another_collection_is_left_alone(
    gateway: FakeGateway, client: GatewayClient, more: dict[str, Any], filled: list[str]
) -> None:
    gateway.unused = [unused(5, **more)]
    gateway.filled = {ID.format(5): filled}

    assert await begin(client, REQUEST) == (SourceOfSync(ID.format(9), new=True), "i")
    assert gateway.changed == {}


async def test_only_who_says_so_lets_a_folder_be_empty(gateway: FakeGateway, client: GatewayClient) -> None:
    await begin(client, REQUEST)
    await begin(client, replace(REQUEST, allow_empty=True))

    assert gateway.runs == [
        {"target_collection_name": "notes"},
        {"target_collection_name": "notes", "allow_empty": True},
    ]


async def test_every_change_is_shown_until_the_end(gateway: FakeGateway, client: GatewayClient) -> None:
    gateway.streams = [[progress(parsed=1), progress(parsed=2), progress(COMPLETE, indexed=10)]]
    shown: list[InvocationProgress] = []

    last = await follow(client, "i", shown.append)

    assert [one.counts.parsed for one in shown] == [1, 2, 0]
    assert last.counts.indexed == 10


async def test_a_stream_that_breaks_off_is_taken_up_again(
    gateway: FakeGateway, client: GatewayClient
) -> None:
    gateway.streams = [[progress(parsed=1)], [progress(COMPLETE, indexed=10)]]
    gateway.polled = [progress(parsed=5)]
    shown: list[InvocationProgress] = []

    last = await follow(client, "i", shown.append, poll_s=0)

    assert [one.counts.parsed for one in shown] == [1, 5, 0]
    assert status_of(last.status) == "complete"


async def test_a_gateway_that_stays_away_is_given_up_with_what_is_known(gateway: FakeGateway) -> None:
    said: list[str] = []

    async with GatewayClient(gateway.url, "key", reconnect_s=0.5) as client:
        gateway.streams = [[progress(parsed=3, indexed=2, failed=1)]]
        gateway.calm, gateway.away = 1, 1000
        with pytest.raises(TransientError, match=rf"the gateway at {gateway.url} does not answer") as failed:
            await asyncio.wait_for(follow(client, "i", lambda shown: None, said.append), 10)

    told = str(failed.value)
    assert "(HEADRACE_RECONNECT_SECONDS)" in told
    assert "The run was processing when last seen: 3 of 10 documents done (2 written, 1 failed)" in told
    assert told.endswith("see it later: headrace invocations show i")
    assert [one.partition("; ")[2] for one in said] == ["trying again for 0.5 s"]


async def test_nobody_who_asks_for_no_patience_waits() -> None:
    async with GatewayClient("http://127.0.0.1:1", "key", reconnect_s=0) as client:
        with pytest.raises(
            TransientError, match=r"does not answer: Connection refused.* The run was asked for; "
        ):
            await asyncio.wait_for(follow(client, "i", lambda shown: None), 10)


@pytest.mark.parametrize("status", [None, 500, 502, 503])
async def test_a_run_is_followed_over_a_restart_of_the_gateway(
    gateway: FakeGateway, client: GatewayClient, status: int | None
) -> None:
    """Its connections break, then it or a proxy answers with an error, then it is back."""
    gateway.streams = [[progress(parsed=1)], [progress(COMPLETE, indexed=9, failed=1)]]
    gateway.calm, gateway.away, gateway.away_status = 1, 3, status
    shown: list[InvocationProgress] = []
    said: list[str] = []

    last = await asyncio.wait_for(follow(client, "i", shown.append, said.append), 20)

    assert status_of(last.status) == "complete"
    assert len(said) == 1
    gateway.away = 2  # again, while the result is fetched
    result = await asyncio.wait_for(finish(client, KNOWN, last, 1, said.append), 20)
    assert [failed.document_key for failed in result.failures] == ["a.pdf"]


async def test_a_long_silence_before_an_outage_is_no_part_of_it(gateway: FakeGateway) -> None:
    gateway.streams = [[progress(parsed=1)], [progress(COMPLETE, indexed=10)]]
    gateway.silent_s, gateway.calm, gateway.away = 0.2, 1, 1

    async with GatewayClient(gateway.url, "key", reconnect_s=0.1) as client:
        last = await asyncio.wait_for(follow(client, "i", lambda shown: None), 20)

    assert status_of(last.status) == "complete"


async def test_a_refusal_is_no_outage(gateway: FakeGateway, client: GatewayClient) -> None:
    gateway.away, gateway.away_status = 100, 404

    with pytest.raises(ApiError, match="restarting"):
        await asyncio.wait_for(follow(client, "i", lambda shown: None), 10)


async def test_a_run_whose_answer_is_lost_is_asked_for_again_under_the_same_key(
    gateway: FakeGateway, client: GatewayClient
) -> None:
    gateway.lost = ["PUT", "POST"]
    gateway.sources = [source(1)]

    begun = await asyncio.wait_for(begin(client, replace(REQUEST, include=("*.md",))), 20)

    assert begun == (SourceOfSync(ID.format(1), new=False), "i")
    assert len(gateway.keys) == 2
    assert len(set(gateway.keys)) == 1
    await begin(client, REQUEST)
    assert len(set(gateway.keys)) == 2


async def test_a_gateway_that_never_answered_is_not_waited_for() -> None:
    async with GatewayClient("http://127.0.0.1:1", "key", reconnect_s=60) as client:
        with pytest.raises(
            TransientError, match=r"http://127\.0\.0\.1:1 does not answer: Connection refused$"
        ):
            await asyncio.wait_for(begin(client, REQUEST), 10)


async def test_what_is_no_gateway_is_told_as_that(gateway: FakeGateway, client: GatewayClient) -> None:
    gateway.is_one = False
    gateway.exists = ID.format(1)

    with pytest.raises(
        ApiError, match=rf"^{gateway.url} \(HEADRACE_URL\) does not answer as .*, but: source"
    ):
        await client.create_source({})


async def test_a_page_of_something_else_is_not_taken_for_an_answer(gateway: FakeGateway) -> None:
    async with GatewayClient(f"{gateway.url}/page", "key") as client:
        with pytest.raises(TransientError, match=r"does not answer as a Headrace gateway does, but: <html>$"):
            await client.keys()


def test_a_request_says_what_it_looks_for() -> None:
    assert looked_for(REQUEST) == "files in /srv/notes, or a .gitignore excludes them"
    assert (
        looked_for(replace(REQUEST, include=("*.md", "*.rst")))
        == "files that match *.md, *.rst in /srv/notes, or a .gitignore excludes them"
    )


async def test_failed_documents_come_with_their_reason(client: GatewayClient) -> None:
    result = await finish(client, KNOWN, progress(COMPLETE, indexed=9, failed=1), 1.5)

    assert not result.ok
    told: dict[str, Any] = json.loads(as_json(result))
    assert told["failures"] == [{"document_key": "a.pdf", "error": "broken"}]
    assert (told["status"], told["listed"], told["written"], told["failed"]) == ("complete", 10, 9, 1)


async def test_documents_with_warnings_are_told_at_the_end(
    client: GatewayClient, capsys: pytest.CaptureFixture[str]
) -> None:
    last = progress(COMPLETE, indexed=10).model_copy(update={"warnings": 3})

    result = await finish(client, KNOWN, last, 1.5)

    told = json.loads(as_json(result))
    assert told["with_warnings"] == 3
    assert told["warnings"] == [{"document_key": "a.txt", "warnings": ["encoding guessed as cp1252"]}]
    print_result(result, as_json=False, looked_for="files")
    shown = capsys.readouterr().out
    assert "3 documents with warnings:\n  a.txt: encoding guessed as cp1252\n  and 2 more" in shown


@pytest.mark.parametrize("status", ["cancelled", {"failed": {"error": "gone"}}])
def test_a_run_that_did_not_complete_is_not_ok(status: Any) -> None:
    assert not SyncResult("s", progress(status), [], 1).ok


async def test_a_refusal_carries_the_gateways_words(gateway: FakeGateway, client: GatewayClient) -> None:
    gateway.exists = ID.format(1)

    with pytest.raises(ApiError, match="exists already") as refused:
        await client.create_source({})

    assert (refused.value.status, refused.value.source_id) == (409, ID.format(1))


async def test_a_run_in_which_nothing_moves_says_why_once_for_each_reason(
    gateway: FakeGateway, client: GatewayClient
) -> None:
    said: list[str] = []
    full = ""
    stalls = Stalls(client, said.append, lambda: full, after_s=0.01)
    stalls.saw(progress(parsed=1))
    watching = asyncio.create_task(stalls.watch())
    try:
        await eventually(lambda: len(said) == 1)
        gateway.fault = "Chroma does not answer"
        await eventually(lambda: len(said) == 2)
        full = "the disk is full"
        await eventually(lambda: len(said) == 3)
    finally:
        watching.cancel()
    reasons = [one.partition(" s: ")[2] for one in said]
    assert reasons[0].startswith("all parts answer")
    assert reasons[1:] == [
        "Chroma does not answer; waiting until it does",
        "the disk is full; make room there, the run goes on by itself",
    ]


async def test_a_run_that_lists_for_long_waits_for_no_other_run(client: GatewayClient) -> None:
    said: list[str] = []
    stalls = Stalls(client, said.append, lambda: "", after_s=0.01)
    stalls.saw(progress(total=None))
    watching = asyncio.create_task(stalls.watch())
    try:
        await eventually(lambda: len(said) == 1)
    finally:
        watching.cancel()
    assert "the origin is still being listed" in said[0]
    assert "other runs" not in said[0]


async def test_a_run_that_waits_for_a_gateway_that_is_gone_says_so(client: GatewayClient) -> None:
    async with GatewayClient("http://127.0.0.1:1", "key") as gone:
        assert await gone.fault() == "the gateway at http://127.0.0.1:1 does not answer"
    assert await client.fault() is None


async def test_a_run_that_moved_in_between_is_told_of_again(client: GatewayClient) -> None:
    said: list[str] = []
    stalls = Stalls(client, said.append, lambda: "", after_s=0.01)
    watching = asyncio.create_task(stalls.watch())
    for parsed in (1, 2, 3):
        stalls.saw(progress(parsed=parsed))
        await eventually(lambda: len(said) == parsed)  # noqa: B023
        stalls.saw(progress(parsed=parsed))  # the same again is no movement
    watching.cancel()
    assert len({one.partition(" s: ")[2] for one in said}) == 1


def in_hand(name: str | None = "big.txt", own: bool = True, error: str | None = None) -> InHand:
    return InHand(
        stage="indexing",
        document_key=name,
        collection_name="notes" if name else None,
        of_this_invocation=own,
        since=datetime(2026, 1, 1, tzinfo=UTC),
        seconds=42,
        attempts=3,
        last_error=error,
    )


def test_what_a_run_waits_for_is_told_in_words() -> None:
    assert in_words(in_hand()) == "indexing has worked on 'big.txt' (collection notes) for 42 s"
    assert in_words(in_hand(own=False, error="time-out")) == (
        "indexing has worked on 'big.txt' (collection notes) of another run for 42 s; "
        "last error, in attempt 2: time-out"
    )
    assert in_words(in_hand(None, own=False)) == "indexing has worked on a document of another run for 42 s"


async def test_a_run_in_which_nothing_moves_names_what_it_waits_for(
    gateway: FakeGateway, client: GatewayClient
) -> None:
    said: list[str] = []
    stalls = Stalls(client, said.append, lambda: "", after_s=0.01)
    still = progress(parsed=1)
    stalls.saw(still)
    later = still.model_copy(update={"waits_for": [in_hand(error="time-out")], "elapsed_ms": 43_000})
    gateway.polled = [later] * 1_000
    watching = asyncio.create_task(stalls.watch())
    try:
        await eventually(lambda: len(said) == 1)
        gateway.polled = [still] * 1_000
        gateway.remarks = ["parsing (0) has not reported for 61 s"]
        await eventually(lambda: len(said) == 2)
    finally:
        watching.cancel()

    assert said[0].endswith(
        " s: indexing has worked on 'big.txt' (collection notes) for 42 s; last error, in attempt 2: time-out"
    )
    assert said[1].endswith(" s: parsing (0) has not reported for 61 s")


def test_time_and_another_attempt_are_no_movement(client: GatewayClient) -> None:
    stalls = Stalls(client, lambda sentence: None, lambda: "")
    stalls.saw(progress(parsed=1))
    moved_at = stalls.moved_at
    later = {"elapsed_ms": 9, "attempts": 7, "waits_for": [in_hand()]}
    stalls.saw(progress(parsed=1).model_copy(update=later))
    assert stalls.moved_at == moved_at
    stalls.saw(progress(parsed=2))
    assert stalls.moved_at > moved_at


async def test_a_sync_with_a_schedule_gives_it_to_the_source_that_is_there_or_to_a_new_one(
    gateway: FakeGateway, client: GatewayClient
) -> None:
    schedule = {"every": "15m", "target_collection_name": "docs"}
    timed = replace(REQUEST, schedule=schedule)
    await begin(client, timed)
    assert json.loads(gateway.asked[0])["schedule"] == schedule

    gateway.sources = [source(1)]
    assert await begin(client, timed) == (SourceOfSync(ID.format(1), new=False), "i")
    assert gateway.changed == {ID.format(1): {"folder": {"path": "/srv/notes"}, "schedule": schedule}}
