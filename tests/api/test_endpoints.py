"""Completion webhooks over HTTP: endpoints, their secrets, deliveries, and who may see them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api import Gateway
from schemas.events import WebhookDelivery, WebhookEndpoint
from streams.credentials import SavedCredentials
from streams.engine.outputs import Send
from streams.secrets import Secrets, SecretsKey
from streams.state.webhooks import SECRET, context_of, signing_secrets
from streams.topics import WEBHOOK_DELIVERIES, WEBHOOK_ENDPOINTS
from tests.api.conftest import DATABASE, Server, running
from tests.api.fake_tracking import FakeTracking
from tests.api.records import read_all

PATH = "/api/v1/webhook-endpoints"
URL = "https://hooks.example.com/headrace"
OLD, NEW = SecretsKey(b"o" * 32), SecretsKey(b"n" * 32)


@pytest.fixture(scope="module")
def keys() -> list[SecretsKey]:
    return [OLD]


@pytest.fixture(scope="module")
async def gateway(
    configuration: Gateway,
    tracking: FakeTracking,
    database: str,
    keys: list[SecretsKey],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Server]:
    folder = Path(tmp_path_factory.mktemp("endpoints"))
    saved = SavedCredentials(
        configuration.cluster, configuration.codec, folder / "credentials.sqlite", Secrets(lambda: keys)
    )
    hosts = frozenset({"10.0.0.7:8080"})
    made = replace(
        configuration, credentials=saved, state_folder=folder / "state", webhook_allowed_hosts=hosts
    )
    async with running(made) as server:
        yield server


async def create(server: Server, status: int = 201, key: str | None = None, **body: Any) -> Any:
    arguments = {} if key is None else {"key": key}
    return await server.call("POST", PATH, status=status, json={"url": URL, **body}, **arguments)


async def test_an_endpoint_is_shown_without_its_secret_which_is_encrypted_on_the_topic(
    gateway: Server, keys: list[SecretsKey]
) -> None:
    made = await create(gateway, database_name=DATABASE, description="on call")
    assert made["secret"].startswith("whsec_")
    shown = await gateway.call("GET", f"{PATH}/{made['id']}", status=200)
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    assert shown["events"] == ["invocation.complete", "invocation.failed", "invocation.cancelled"]
    assert shown in await gateway.call("GET", PATH, status=200)

    def newest(records: list[Any]) -> WebhookEndpoint:
        return [one.event for one in records if one.key == made["id"]][-1]  # type: ignore[no-any-return]

    stored = newest(await read_all(gateway.gateway.cluster, WEBHOOK_ENDPOINTS))
    assert made["secret"] not in stored.model_dump_json()
    context = context_of(made["id"], "default_tenant")
    assert Secrets(lambda: [OLD]).open(stored.secret, context)[SECRET] == made["secret"]

    keys.insert(0, NEW)
    await gateway.call("POST", "/api/v1/credentials/rotate", status=200, json={})
    stored = newest(await read_all(gateway.gateway.cluster, WEBHOOK_ENDPOINTS))
    assert Secrets(lambda: [NEW]).open(stored.secret, context)[SECRET] == made["secret"]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://hooks.example.com/x", "expected https"),
        ("https://127.0.0.1/x", "no public address"),
        ("https://[::1]/x", "no public address"),
        ("https://localhost/x", "no public address"),
        ("https://hooks.example.com:22/x", "port 22 is not allowed"),
        ("ftp://hooks.example.com/x", "no URL of a receiver"),
        ("https://user:secret@hooks.example.com/x", "without a user"),
        ("https://", "no URL of a receiver"),
        ("https://[::1", "no URL of a receiver"),
    ],
)
async def test_a_url_that_may_not_be_asked_is_refused(gateway: Server, url: str, said: str) -> None:
    refused = await create(gateway, 400, url=url)
    assert said in refused["message"]
    assert "secret@" not in refused["message"] or "user" in said


async def test_an_allowed_host_may_be_private_and_without_tls(gateway: Server) -> None:
    made = await create(gateway, url="http://10.0.0.7:8080/x")
    await create(gateway, 400, url="http://10.0.0.7:8081/x")
    changed = await gateway.call("PATCH", f"{PATH}/{made['id']}", status=200, json={"enabled": False})
    assert (changed["enabled"], changed["url"]) == (False, "http://10.0.0.7:8080/x")
    await gateway.call("PATCH", f"{PATH}/{made['id']}", status=400, json={"url": "http://10.0.0.8/x"})


async def test_deliveries_are_listed_tested_and_tried_again(gateway: Server, tracking: FakeTracking) -> None:
    endpoint = await create(gateway)
    path = f"{PATH}/{endpoint['id']}"
    sent = [await gateway.call("POST", f"{path}/test", status=202) for _ in range(3)]
    page = await gateway.call("GET", f"{path}/deliveries", status=200, params={"limit": "2"})
    rest = await gateway.call("GET", f"{path}/deliveries", status=200, params={"cursor": page["next_cursor"]})
    found = [one["id"] for one in (*page["deliveries"], *rest["deliveries"])]
    assert sorted(found) == sorted(one["id"] for one in sent)

    (failed,) = (
        one.event
        for one in await read_all(gateway.gateway.cluster, WEBHOOK_DELIVERIES)
        if one.key == sent[0]["id"]
    )
    assert isinstance(failed, WebhookDelivery)
    ended = failed.model_copy(update={"state": "failed", "next_at": None, "tries": 11})
    await tracking.producer.send(Send(WEBHOOK_DELIVERIES, failed.id, ended))
    again = await gateway.call("POST", f"{path}/deliveries/{failed.id}/retry", status=202)
    assert (again["id"], again["state"], again["tries"]) == (failed.id, "pending", 0)
    assert await gateway.call("GET", f"{path}/deliveries/{failed.id}", status=200) == again
    await gateway.call("GET", f"{path}/deliveries/msg_0", status=404)
    await gateway.call("POST", f"{path}/deliveries/msg_0/retry", status=404)
    await gateway.call("DELETE", path, status=204)
    await gateway.call("GET", path, status=404)


async def test_changes_at_the_same_time_do_not_undo_one_another(gateway: Server) -> None:
    endpoint = await create(gateway)
    path = f"{PATH}/{endpoint['id']}"
    changes = ({"description": "on call"}, {"enabled": False}, {"events": ["invocation.failed"]})
    await asyncio.gather(*(gateway.call("PATCH", path, status=200, json=change) for change in changes))
    shown = await gateway.call("GET", path, status=200)
    assert {name: shown[name] for change in changes for name in change} == {
        name: value for change in changes for name, value in change.items()
    }


async def test_a_secret_is_rotated_and_the_one_before_signs_meanwhile(gateway: Server) -> None:
    made = await create(gateway)
    changed = await gateway.call("POST", f"{PATH}/{made['id']}/rotate", status=200)
    assert changed["secret"].startswith("whsec_")
    assert {**changed, "secret": made["secret"]} == made
    stored = [
        one.event
        for one in await read_all(gateway.gateway.cluster, WEBHOOK_ENDPOINTS)
        if one.key == made["id"]
    ][-1]
    assert isinstance(stored, WebhookEndpoint)
    assert gateway.gateway.credentials is not None
    members = gateway.gateway.credentials.secrets.open(
        stored.secret, context_of(made["id"], "default_tenant")
    )
    now = datetime.now(UTC)
    assert signing_secrets(members, now) == [changed["secret"], made["secret"]]
    assert signing_secrets(members, now + timedelta(days=1)) == [changed["secret"]]
    assert changed["secret"] not in stored.model_dump_json()


async def test_endpoints_are_for_admins_of_their_databases(gateway: Server) -> None:
    endpoint = await create(gateway)
    scopes: list[dict[str, Any]] = [
        {"admin": True, "databases": [DATABASE]},
        {"admin": True, "tenant": "another"},
        {},
    ]
    made = [
        await gateway.call("POST", "/api/v1/keys", status=201, json={"name": "x", **scope})
        for scope in scopes
    ]
    limited, foreign, plain = (one["key"] for one in made)
    assert await gateway.call("GET", PATH, status=200, key=foreign) == []
    await gateway.call("GET", PATH, status=403, key=plain)
    await create(gateway, 403, key=plain)
    await create(gateway, 403, key=limited)  # of all databases
    own = await create(gateway, key=limited, database_name=DATABASE)
    assert own["id"] in [one["id"] for one in await gateway.call("GET", PATH, status=200, key=limited)]
    for key in (limited, foreign):
        await gateway.call("GET", f"{PATH}/{endpoint['id']}", status=404, key=key)
        await gateway.call("DELETE", f"{PATH}/{endpoint['id']}", status=404, key=key)
        await gateway.call("GET", f"{PATH}/{endpoint['id']}/deliveries", status=404, key=key)
