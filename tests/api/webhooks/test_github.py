"""Deliveries of GitHub through a running gateway: who may send them, and what is on the topics afterwards."""

import hmac
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus
from zlib import crc32

import pytest
from prometheus_client import REGISTRY

from api import Gateway
from api.webhooks.signature import MAX_PAYLOAD_BYTES
from schemas.events import RunRequested, Source, Status
from streams.engine.outputs import Send
from streams.topics import RUNS, SOURCES
from tests.api.conftest import DATABASE, Server, asked_runs, create_run, running
from tests.api.fake_tracking import FakeTracking
from tests.api.raw import head, send
from tests.api.webhooks.test_decisions import push, source
from tests.waiting import eventually

SECRET = "It's a Secret to Everybody"
PATH = "/webhooks/github"


@pytest.fixture(scope="module")
async def hooked(
    configuration: Gateway,
    tracking: FakeTracking,
    database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Server]:
    """A gateway that takes webhooks."""
    folder = Path(tmp_path_factory.mktemp("webhooks"))
    async with AsyncExitStack() as stack:
        gateway = replace(configuration, state_folder=folder, github_webhook_secret=SECRET)
        yield await stack.enter_async_context(running(gateway))


Follow = Callable[..., Any]


@pytest.fixture
def follows(hooked: Server, tracking: FakeTracking) -> Follow:
    """Makes a source that follows branches of a repository of its own."""

    async def make(repository: str, **config: Any) -> Source:
        made = source(repository, **config).model_copy(update={"id": str(uuid.uuid4()), "database": DATABASE})
        made = made.model_copy(update={"tenant": "default_tenant"})
        await tracking.producer.send(Send(SOURCES, made.id, made))
        await hooked.call("GET", f"/api/v1/sources/{made.id}", status=200)
        return made

    return make


def signed(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, sha256).hexdigest()


async def deliver(
    server: Server, event: str, payload: Any, *, status: int, delivery: str = "", form: bool = False
) -> Any:
    """Send a delivery as GitHub does."""
    body = json.dumps(payload, ensure_ascii=False).encode()
    if form:
        body = b"payload=" + quote_plus(body).encode()
    kind = "application/x-www-form-urlencoded" if form else "application/json; charset=utf-8"
    headers = {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery or str(uuid.uuid4()),
        "X-Hub-Signature-256": signed(body),
        "Content-Type": kind,
    }
    return await server.call("POST", PATH, status=status, key=None, data=body, headers=headers)


def a_push(repository: str, number: int | None = None, **fields: Any) -> dict[str, Any]:
    body = push(full_name=repository, **fields).model_dump()
    body["repository"]["id"] = crc32(repository.encode()) if number is None else number
    return body


async def runs_of(server: Server, made: Source) -> list[RunRequested]:
    return [run for run in await asked_runs(server, RUNS["github"]) if run.source.id == made.id]


# ---------------------------------------------------------------------------------------- what a push does


async def test_a_push_is_a_run_on_the_topics_before_it_is_answered_and_tracking_is_not_waited_for(
    hooked: Server, follows: Follow, tracking: FakeTracking, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await follows("acme/pushed", follow={"main": "docs"})
    monkeypatch.setattr(tracking, "answer", None)  # tracking is not running

    answer = await deliver(hooked, "push", a_push("acme/pushed"), status=202)

    [run] = await runs_of(hooked, made)
    assert answer["invocation_ids"] == [run.invocation_id]
    assert (run.collection, run.trigger) == ("docs", "webhook")
    assert run.options is not None
    assert run.options.github.branch == "main"  # type: ignore[attr-defined]
    assert run.options.github.after == "b" * 40  # type: ignore[attr-defined]


async def test_a_delivery_that_comes_again_is_the_same_invocation(hooked: Server, follows: Follow) -> None:
    made = await follows("acme/again", follow={"main": "docs"})

    first = await deliver(hooked, "push", a_push("acme/again"), status=202, delivery="72d3162e")
    second = await deliver(hooked, "push", a_push("acme/again"), status=202, delivery="72d3162e")
    other = await deliver(hooked, "push", a_push("acme/again"), status=202, delivery="72d3162f")

    assert first["invocation_ids"] == second["invocation_ids"] != other["invocation_ids"]
    assert len({run.invocation_id for run in await runs_of(hooked, made)}) == 2
    shown = await hooked.call("GET", f"/api/v1/invocations?source_id={made.id}", status=200)
    assert len(shown) == 2


@pytest.mark.parametrize("form", [False, True])
async def test_both_forms_of_a_payload_are_read_and_signed_as_raw_bytes(
    hooked: Server, follows: Follow, form: bool
) -> None:
    made = await follows(f"acme/form-{form}", follow={"main": "docs"})
    payload = {**a_push(f"acme/form-{form}"), "head_commit": {"message": "naïve “quotes” & 🎉 + 100 %"}}

    await deliver(hooked, "push", payload, status=202, form=form)

    assert len(await runs_of(hooked, made)) == 1


async def test_a_push_of_many_files_is_read(hooked: Server, follows: Follow) -> None:
    made = await follows("acme/big", follow={"main": "docs"})
    commits = [{"id": "c" * 40, "added": ["some/file/in/the/repository.md"] * 1000}] * 100

    await deliver(hooked, "push", {**a_push("acme/big"), "commits": commits}, status=202)

    assert len(await runs_of(hooked, made)) == 1


async def test_a_push_that_no_source_reads_is_answered_and_counted(hooked: Server) -> None:
    def counted() -> float:
        labels = {"event": "push", "outcome": "unmatched"}
        return REGISTRY.get_sample_value("headrace_webhooks_total", labels) or 0

    before = counted()

    answer = await deliver(hooked, "push", a_push("nobody/reads-this"), status=202)

    assert answer["invocation_ids"] == []
    assert "no source reads it" in answer["message"]
    assert counted() == before + 1


async def test_two_sources_never_fill_one_collection_with_the_same_repository(
    hooked: Server, follows: Follow
) -> None:
    one = await follows("acme/twice", follow={"main": "docs"})
    other = await follows("acme/twice", follow={"main": "docs", "dev": "docs"}, include_globs=["*.md"])
    first, second = sorted((one, other), key=lambda made: made.id)

    answer = await deliver(hooked, "push", a_push("acme/twice"), status=202)

    assert len(answer["invocation_ids"]) == 1
    assert f"source {second.id} does not run into 'docs': source {first.id}" in answer["message"]
    assert "branch main of acme/twice: runs asked for: 1;" in answer["message"]
    assert len(await runs_of(hooked, first)) == 1
    assert not await runs_of(hooked, second)


async def test_a_source_does_not_follow_into_what_another_source_of_the_repository_fills(
    hooked: Server,
) -> None:
    def body(**config: Any) -> dict[str, Any]:
        return {"github": {"repository": "acme/handbook", **config}}

    async def create(status: int, **config: Any) -> Any:
        made = {**body(**config), "database_name": DATABASE}
        return await hooked.call("POST", "/api/v1/sources", status=status, json=made)

    first = (await create(201))["source_id"]
    await create_run(hooked, first, "handbook")
    follow = [{"branch": "main", "target_collection_name": "handbook"}]

    refused = await create(409, follow=follow)

    assert refused["source_id"] == first
    assert f"let that source follow the branch (PUT /api/v1/sources/{first})" in refused["message"]
    second = (await create(201, include_globs=["*.md"]))["source_id"]
    changed = body(include_globs=["*.md"], follow=follow)
    refused = await hooked.call("PUT", f"/api/v1/sources/{second}", status=409, json=changed)
    assert refused["source_id"] == first
    assert "follow" not in (await hooked.call("GET", f"/api/v1/sources/{second}", status=200))["github"]
    await hooked.call("PUT", f"/api/v1/sources/{first}", status=200, json=body(follow=follow))
    misspelt = [{"branch": "main", "target_collection": "handbook"}]
    await hooked.call("PUT", f"/api/v1/sources/{first}", status=400, json=body(follow=misspelt))


# --------------------------------------------------------------------------------------- what a source says


async def test_access_that_is_lost_is_shown_and_nothing_is_deleted(hooked: Server, follows: Follow) -> None:
    made = await follows("lost/docs", app_id="12")
    account = {"login": "lost", "html_url": "https://github.com/lost"}
    payload = {"action": "deleted", "installation": {"id": 1, "app_id": 12, "account": account}}

    await deliver(hooked, "installation", payload, status=202)

    shown = await hooked.call("GET", f"/api/v1/sources/{made.id}", status=200)
    assert "may not read lost/docs any more. What is indexed of it stays" in shown["notice"]["message"]
    assert not await runs_of(hooked, made)
    await deliver(hooked, "installation", {**payload, "action": "created"}, status=202)
    assert "notice" not in await hooked.call("GET", f"/api/v1/sources/{made.id}", status=200)


async def test_a_source_says_why_its_newest_run_failed_and_what_was_lost_until_one_completes(
    hooked: Server, follows: Follow, tracking: FakeTracking
) -> None:
    made = await follows("suspended/docs", app_id="12")

    async def notice() -> str | None:
        shown = await hooked.call("GET", f"/api/v1/sources/{made.id}", status=200)
        listed = await hooked.call("GET", "/api/v1/sources?limit=1000", status=200)
        assert shown in listed
        return str(shown["notice"]["message"]) if "notice" in shown else None

    async def ends(status: Status, **fields: Any) -> None:
        push = a_push("suspended/docs")
        [run] = (await deliver(hooked, "push", push, status=202))["invocation_ids"]
        path = f"/api/v1/invocations/{run}"
        await eventually(lambda: run in tracking.known)  # the hook does not wait for it
        await tracking.put(run, status=status, **fields)
        deadline = time.monotonic() + 10
        while (await hooked.call("GET", path, status=200))["status"] == "pending":
            assert time.monotonic() < deadline

    await ends(Status.FAILED, error="the installation of GitHub App 12 is suspended")
    assert await notice() == "its newest run failed: the installation of GitHub App 12 is suspended"
    await ends(Status.COMPLETE)
    assert await notice() is None

    account = {"login": "suspended", "html_url": "https://github.com/suspended"}
    payload = {"action": "suspend", "installation": {"id": 1, "app_id": 12, "account": account}}
    await deliver(hooked, "installation", payload, status=202)
    assert "GitHub App 12 may not read suspended/docs any more" in str(await notice())
    await ends(Status.FAILED, error="suspended")
    assert "GitHub App 12 may not read suspended/docs any more" in str(await notice())
    await ends(Status.COMPLETE)
    assert await notice() is None, "nobody told that it may be read again, and it is"


async def test_a_push_finds_its_source_by_the_number_of_its_repository(
    hooked: Server, follows: Follow
) -> None:
    made = await follows("before/a-name")

    await deliver(hooked, "push", a_push("before/a-name", 4711), status=202)
    await deliver(hooked, "push", a_push("x/y", 4711), status=202)

    assert [run.source.origin_id for run in await runs_of(hooked, made)] == [None, "4711"]
    shown = await hooked.call("GET", f"/api/v1/sources/{made.id}", status=200)
    assert shown["github"]["repository"] == "x/y"
    assert shown["notice"]["message"] == "before/a-name is x/y now, and read as that"
    answer = await deliver(hooked, "push", a_push("x/y", 4712), status=202)
    assert answer["invocation_ids"] == []
    shown = await hooked.call("GET", f"/api/v1/sources/{made.id}", status=200)
    assert "x/y is another repository now (number 4712" in shown["notice"]["message"]


# -------------------------------------------------------------------------------------------- who may send


async def test_a_ping_is_answered_and_events_of_no_concern_are_nothing(hooked: Server) -> None:
    assert (await deliver(hooked, "ping", {"zen": "Design for failure."}, status=200))["invocation_ids"] == []
    assert await deliver(hooked, "issues", {"action": "opened"}, status=204) is None


async def test_without_a_secret_no_webhook_is_taken_and_the_answer_says_what_to_set(server: Server) -> None:
    answer = await deliver(server, "push", a_push("acme/docs"), status=404)

    assert "HEADRACE_GITHUB_WEBHOOK_SECRET" in answer["message"]


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        "sha256=" + "0" * 64,
        "sha1=" + "0" * 40,
        "sha256=" + "é" * 64,
        "sha256=" + "٣" * 64,
        signed(b"{}", "wrong"),
        signed(b"{} "),
        signed(b"{}").removeprefix("sha256="),
    ],
)
async def test_a_delivery_that_is_not_signed_with_the_secret_is_refused(
    hooked: Server, header: str | None
) -> None:
    lines = ["Content-Type: application/json", "Content-Length: 2", "X-GitHub-Event: push"]
    request = head("POST", PATH, *lines, *([] if header is None else [f"X-Hub-Signature-256: {header}"]))

    answer = await send(hooked, request + b"{}")

    assert answer.status == 401
    assert "X-Hub-Signature-256" in answer.json()["message"]


async def test_a_body_over_the_limit_is_refused_before_it_is_read(hooked: Server) -> None:
    size = f"Content-Length: {MAX_PAYLOAD_BYTES + 1}"

    answer = await send(hooked, head("POST", PATH, size, f"X-Hub-Signature-256: {signed(b'')}"))

    assert answer.status == 413
    assert str(MAX_PAYLOAD_BYTES) in answer.json()["message"]


async def test_a_body_that_does_not_say_its_size_is_read_to_the_limit(
    hooked: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.webhooks.signature.MAX_PAYLOAD_BYTES", 10)
    top = head("POST", PATH, "Transfer-Encoding: chunked", f"X-Hub-Signature-256: {signed(b'')}")

    answer = await send(hooked, top + b"b\r\n" + b"x" * 11 + b"\r\n")

    assert answer.status == 413


async def test_a_body_that_never_ends_is_given_up(hooked: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.webhooks.signature.READ_SECONDS", 0.1)

    answer = await send(
        hooked, head("POST", PATH, "Content-Length: 9", f"X-Hub-Signature-256: {signed(b'')}")
    )

    assert answer.status == 400
    assert "was not whole" in answer.json()["message"]


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        (b"{", "application/json", "the payload"),
        (b'{"ref": "refs/heads/main"}', "application/json", "repository: Field required"),
        (b"{}", "text/plain", "the Content-Type is 'text/plain'"),
        (b"payload=1&payload=2", "application/x-www-form-urlencoded", "2 fields 'payload'"),
        (b"zen=1", "application/x-www-form-urlencoded", "0 fields 'payload'"),
        (b"\xff", "application/x-www-form-urlencoded", "not a form"),
    ],
)
async def test_a_signed_delivery_that_cannot_be_read_says_what_is_wrong(
    hooked: Server, body: bytes, kind: str, says: str
) -> None:
    headers = {
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": "d",
        "X-Hub-Signature-256": signed(body),
        "Content-Type": kind,
    }

    answer = await hooked.call("POST", PATH, status=400, key=None, data=body, headers=headers)

    assert says in answer["message"]


@pytest.mark.parametrize("delivery", ["é", "x" * 201])
async def test_a_delivery_without_a_proper_id_is_refused(hooked: Server, delivery: str) -> None:
    answer = await deliver(hooked, "push", a_push("acme/docs"), status=400, delivery=delivery)

    assert "X-GitHub-Delivery" in answer["message"]
