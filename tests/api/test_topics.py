"""Topics with their sizes, and partitions that a gateway grows; on topics of their own."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from api.admin.topics import shown
from api.clock import now
from schemas.events import TopicLayout
from streams.growth import GrowthKeeper, draining
from streams.state.layout import DRAINING, GROWING, MOVED, SETTLED
from streams.topics import API_KEYS, DOCUMENTS, INBOX
from tests.api.conftest import Server, Start
from tests.api.dashboard.visitor import visiting
from tests.api.test_access import make_key
from tests.conftest import Kafka
from tests.streams.broker import CODEC, Writer, fresh_cluster, key
from tests.streams.growth.test_grow import read_by

GROWTH = "/api/v1/topics/growth"


async def until(server: Server, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            found: dict[str, Any] = await server.call("GET", GROWTH, status=200)
            if condition(found):
                return found
            await asyncio.sleep(0.1)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draining, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(draining, "STILL_SECONDS", 0.2)
    monkeypatch.setattr(draining, "LATE_SECONDS", 0.0)


@pytest.mark.faults
async def test_partitions_grow_and_growth_is_given_up_by_page_and_api(
    kafka: Kafka, start: Start, impatient: None
) -> None:
    cluster = await fresh_cluster(kafka, 2)
    keeper = GrowthKeeper(cluster, CODEC)
    server = await start(cluster=cluster, growth=keeper)
    writer = Writer(cluster)
    writer.write(DOCUMENTS, "a", key("a"), 0)
    await writer.written()
    foreign = (await make_key(server, tenant="another", admin=True))["key"]
    for method, path, body in (
        ("GET", f"{GROWTH}/plan?partitions=3", None),
        ("POST", GROWTH, {"partitions": 3}),
        ("POST", f"{GROWTH}/cancel", None),
    ):
        said = await server.call(method, path, status=403, key=foreign, json=body)
        assert "only the preset admin key" in said["message"]
    for wanted in (1, 2):
        await server.call("POST", GROWTH, status=400, json={"partitions": wanted})
    plan = await server.call("GET", f"{GROWTH}/plan?partitions=3", status=200)
    assert (plan["partitions"], plan["target"]) == (2, 3)
    assert plan["waits"] == ["1 record of documents waits for parsing, which does not run: start it"]
    assert plan["records"] >= 1  # the key that was made

    begun = await server.call("POST", GROWTH, status=202, json={"partitions": 3})
    assert (begun["phase"], begun["target"]) == (DRAINING, 3)
    assert begun["alive"]
    assert begun["cancellable"]
    await server.call("POST", GROWTH, status=409, json={"partitions": 3})
    said = await server.call("POST", "/api/v1/keys", status=503, json={"name": "late"})
    assert "by a gateway" in said["message"]
    async with visiting(server) as visitor:
        page = await visitor.get("/topics/grow")
        assert "From 2 to 3 partitions" in page.text
        assert "How far it is" in (await visitor.get("/topics")).text
        assert (await visitor.post("/topics/grow/cancel", "wrong")).status == 403
        assert (await visitor.post("/topics/grow/cancel")).status == 303
        found = await until(server, lambda one: one["phase"] == SETTLED)
        assert (found["partitions"], found["steps"][-1]) == (2, "given up")
        await server.call("POST", f"{GROWTH}/cancel", status=400)

        page = await visitor.get("/topics/grow?partitions=3")
        assert "Grow to 3 partitions" in page.text
        assert "cannot take any away" in (await visitor.get("/topics/grow?partitions=1")).text
        unsure = await visitor.post("/topics/grow", partitions="3")
        assert (unsure.status, "Tick the box first" in unsure.text) == (400, True)
        await asyncio.to_thread(read_by, cluster, "parsing", DOCUMENTS)
        while keeper.grows:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        assert (await visitor.post("/topics/grow", partitions="3", sure="yes")).status == 303
        found = await until(server, lambda one: one["phase"] == SETTLED and one["partitions"] == 3)
        assert found["steps"][-1] == "all topics have 3 partitions; the services begin anew"
        assert "All topics have 3 partitions" in (await visitor.get("/topics/grow")).text
    async with asyncio.timeout(30):  # the broker tells of new partitions a moment later
        while True:
            listed = await server.call("GET", "/api/v1/topics", status=200)
            topics = {one["name"]: one for one in listed["topics"]}
            if len(topics[API_KEYS.name]["partition_bytes"] or ()) == 3:
                break
            await asyncio.sleep(0.5)
    assert (topics[API_KEYS.name]["partitions"], topics[INBOX.name]["partitions"]) == (3, 2)
    assert topics[API_KEYS.name]["bytes"] == sum(topics[API_KEYS.name]["partition_bytes"]) > 0
    await keeper.close()


async def test_a_gateway_that_cannot_grow_says_what_can(server: Server) -> None:
    said = await server.call("POST", GROWTH, status=412, json={"partitions": 100})
    assert "headrace topics grow" in said["message"]
    async with visiting(server) as visitor:
        assert "headrace topics grow" in (await visitor.get("/topics/grow?partitions=100")).text


def test_what_is_said_of_a_growth() -> None:
    at = now()

    def said(phase: str, silent_s: float | None, target: int | None = 4, **more: Any) -> tuple[bool, bool]:
        told = None if silent_s is None else at.fromtimestamp(at.timestamp() - silent_s, at.tzinfo)
        made = TopicLayout(partitions=2, phase=phase, target=target, since=at, told_at=told, **more)
        found = shown(made, "", at)
        return found.alive, found.cancellable

    assert said(SETTLED, 1, None) == (False, False)
    assert said(DRAINING, 1) == (True, True)
    assert said(DRAINING, 76) == (False, True)
    assert said(DRAINING, 1, 2) == (True, False)  # a copy
    assert said(GROWING, 74) == (True, False)
    assert said(GROWING, None) == (False, False)  # of an earlier release
    assert said(MOVED, 1, None) == (False, False)
