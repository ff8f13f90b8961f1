"""The notifying stage on real receivers; topics are tables in memory."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from standardwebhooks import Webhook

from schemas.events import Status
from streams.engine.outputs import Send
from streams.state.webhooks import SECRET, context_of, rotated
from streams.topics import WEBHOOK_ENDPOINTS
from tests.services.notifying.world import NOON, SECRETS, SIGNING, World, endpoint, receiving, run
from tests.waiting import eventually


async def settled(world: World, id_: str = "one", tries: int = 1) -> None:
    """Look until the newest delivery of an endpoint has so many tries."""
    async with asyncio.timeout(20):
        while world.deliveries(id_)[0].tries < tries:
            await world.look()
            await asyncio.sleep(0.01)


async def test_a_run_that_ends_is_told_once_and_signed() -> None:
    async with receiving() as receiver:
        world = World()
        world.now = datetime.now(UTC)  # receivers refuse what was signed long ago
        world.add(endpoint(receiver.url, created_at=world.now - timedelta(days=1)))
        ended = run(finished_at=world.now)
        assert len(await world.read(ended, ended)) == 1
        assert await world.read(ended) == []
        await settled(world)
        await world.look()

        assert [one.state for one in world.deliveries()] == ["delivered"]
        ((headers, body),) = receiver.taken
        assert Webhook(SIGNING).verify(body, headers)["data"]["invocation_id"] == "run"
        await world.sender.close()


async def test_the_old_and_the_new_secret_verify_for_a_day_after_a_rotation() -> None:
    async with receiving() as receiver:
        world = World()
        world.now = datetime.now(UTC)
        members = rotated({SECRET: SIGNING}, "whsec_" + "bmV3" * 8, world.now)
        sealed = SECRETS.seal(members, context_of("one", "t"))
        world.add(endpoint(receiver.url, secret=sealed, created_at=world.now - timedelta(days=1)))
        await world.read(run(finished_at=world.now))
        await settled(world)
        ((headers, body),) = receiver.taken
        for secret in (members[SECRET], SIGNING):
            assert Webhook(secret).verify(body, headers)["data"]["invocation_id"] == "run"
        await world.sender.close()


async def test_a_try_later_is_signed_anew_with_the_same_id_also_by_another_process() -> None:
    async with receiving() as receiver:
        receiver.answer = lambda request: web.Response(status=500)
        world = World()
        world.add(endpoint(receiver.url))
        await world.read(run())
        await settled(world)
        (waiting,) = world.deliveries()
        assert (waiting.state, waiting.attempts[0].status) == ("pending", 500)
        await world.look()
        assert len(receiver.taken) == 1  # it is not due yet

        await world.sender.close()
        world.start()
        world.now = NOON + timedelta(minutes=10)
        receiver.answer = lambda request: web.Response()
        await settled(world, tries=2)
        (first, _), (second, _) = receiver.taken
        assert first["webhook-id"] == second["webhook-id"]
        times = [int(headers["webhook-timestamp"]) for headers in (first, second)]
        assert times[1] - times[0] == 600
        assert first["webhook-signature"] != second["webhook-signature"]
        assert world.deliveries()[0].state == "delivered"
        await world.sender.close()


@pytest.mark.parametrize("after", ["Fri, 31 Dec 9999 23:59:59 -2300", "1e300", "9" * 400, "\u00b2", "soon"])
async def test_a_receiver_may_ask_for_any_time(after: str) -> None:
    async with receiving() as receiver:
        receiver.answer = lambda request: web.Response(status=503, headers={"Retry-After": after})
        world = World()
        world.add(endpoint(receiver.url))
        await world.read(run())
        await settled(world)
        (waiting,) = world.deliveries()
        assert waiting.attempts[0].status == 503
        assert NOON < (waiting.next_at or NOON) <= NOON + timedelta(days=1)
        await world.sender.close()


async def test_a_process_that_dies_before_it_writes_tries_again() -> None:
    async with receiving() as receiver:
        world = World()
        world.add(endpoint(receiver.url))
        await world.read(run())
        await world.stage.punctuate([0])
        await eventually(lambda: len(receiver.taken) == 1)
        await world.sender.close()
        world.start()
        await settled(world)
        assert {headers["webhook-id"] for headers, _ in receiver.taken} == {world.deliveries()[0].id}
        await world.sender.close()


async def test_partitions_that_leave_take_no_attempts_of_others_along() -> None:
    answering = asyncio.Event()
    async with receiving() as receiver:

        async def wait(request: web.Request) -> web.Response:
            await answering.wait()
            return web.Response()

        receiver.answer = wait
        world = World()
        world.add(endpoint(receiver.url))
        await world.stage.assigned([0, 1])
        await world.read(run("answered"))
        await world.stage.punctuate([0])
        await eventually(lambda: len(receiver.taken) == 1)
        answering.set()
        await eventually(world.stage.is_due)  # its outcome is known, and not written

        answering.clear()
        await world.read(run("under-way"))
        await world.stage.punctuate([0])
        await eventually(lambda: len(receiver.taken) == 2)
        await world.stage.revoked([1])
        answering.set()
        async with asyncio.timeout(20):
            while {one.state for one in world.deliveries()} != {"delivered"}:
                await world.look()
                await asyncio.sleep(0.01)
        assert len(receiver.taken) == 2

        answering.clear()
        await world.read(run("of-another-owner"))
        await world.stage.punctuate([0])
        await eventually(lambda: len(receiver.taken) == 3)
        await world.stage.revoked([0])
        answering.set()
        await asyncio.sleep(0.1)
        assert await world.stage.punctuate([]) == []
        await world.sender.close()


async def test_a_receiver_that_hangs_delays_no_other() -> None:
    never = asyncio.Event()
    async with receiving() as slow, receiving() as quick:

        async def hang(request: web.Request) -> web.Response:
            await never.wait()
            return web.Response()

        slow.answer = hang
        world = World()
        world.add(endpoint(slow.url, "slow"), endpoint(quick.url, "quick"))
        await world.read(*(run(f"run-{number}") for number in range(30)))
        async with asyncio.timeout(20):
            while len(quick.taken) < 30:
                await world.look()
                await asyncio.sleep(0.01)
        assert len(slow.taken) <= 4
        never.set()
        await world.sender.close()


async def test_many_receivers_that_hang_delay_no_other() -> None:
    over, hanging = asyncio.Event(), [f"hanging-{number:02}" for number in range(16)]
    async with receiving() as slow, receiving() as quick:

        async def hang(request: web.Request) -> web.Response:
            await over.wait()
            return web.Response(status=500)

        slow.answer = hang
        world = World(answer_s=60)  # the test says when those that hang are given up
        world.add(*(endpoint(slow.url, id_) for id_ in hanging), endpoint(quick.url, "quick"))
        await world.read(*(run(f"run-{number}") for number in range(20)))  # four rounds of all that hang
        async with asyncio.timeout(30):
            while len(slow.taken) + len(quick.taken) < 64:
                await world.look()
                await asyncio.sleep(0.01)
            over.set()
            over.clear()  # all of them at once; those who come now hang, too
            while not quick.taken:
                await world.look()
                await asyncio.sleep(0.01)
        assert len(slow.taken) <= 2 * 64
        over.set()
        await world.sender.close()


async def test_partitions_that_are_not_read_yet_are_looked_at_soon() -> None:
    world = World()
    await world.stage.assigned([0, 1])
    await world.stage.punctuate([0])
    await eventually(world.stage.is_due, within_s=20)  # sooner than after the half minute of an idle stage
    await world.stage.punctuate([0, 1])
    await asyncio.sleep(0.5)
    assert not world.stage.is_due()
    await world.sender.close()


async def test_a_disabled_endpoint_keeps_its_deliveries_and_a_deleted_one_fails_them() -> None:
    async with receiving() as receiver:
        world = World()
        world.add(endpoint(receiver.url, enabled=False))
        await world.read(run())
        await world.look()
        assert (world.deliveries()[0].state, receiver.taken) == ("pending", [])
        world.add(endpoint(receiver.url))
        await settled(world)
        assert len(receiver.taken) == 1

        await world.read(run("later"))
        world.write(Send(WEBHOOK_ENDPOINTS, "one", None))
        (failed,) = await world.look()
        assert (failed.state, failed.attempts[-1].error) == ("failed", "the endpoint was deleted")
        await world.sender.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:1/hook", "no public address"),
        ("http://localhost:1/hook", "no public address"),
        ("http://2130706433/hook", "not a canonical IPv4 address"),
        ("http://169.254.169.254/latest/meta-data", "no public address"),
        ("http://[::ffff:10.0.0.1]/hook", "no public address"),
    ],
)
async def test_no_private_address_is_asked_however_it_is_written(url: str, said: str) -> None:
    """Endpoints are checked when they are created; names may lead elsewhere by now."""
    world = World(allowed=frozenset())
    world.add(endpoint(url))
    await world.read(run())
    await settled(world)
    assert said in (world.deliveries()[0].attempts[0].error or "")
    await world.sender.close()


async def test_a_redirect_is_not_followed() -> None:
    async with receiving() as receiver, receiving() as elsewhere:
        receiver.answer = lambda request: web.Response(status=307, headers={"Location": elsewhere.url})
        world = World()
        world.add(endpoint(receiver.url))
        await world.read(run())
        await settled(world)
        assert (world.deliveries()[0].attempts[0].status, elsewhere.taken) == (307, [])
        await world.sender.close()


async def test_a_receiver_that_does_not_answer_is_told_so() -> None:
    never = asyncio.Event()
    async with receiving() as receiver:

        async def hang(request: web.Request) -> web.Response:
            await never.wait()
            return web.Response()

        receiver.answer = hang
        world = World(answer_s=0.2)
        world.add(endpoint(receiver.url))
        await world.read(run())
        await settled(world)
        assert world.deliveries()[0].attempts[0].error == "no answer within 0.2 s"
        never.set()
        await world.sender.close()


async def test_runs_that_ended_long_ago_are_no_news_and_old_deliveries_go() -> None:
    world = World()
    world.add(endpoint())
    world.now = NOON + timedelta(days=2)
    assert await world.read(run()) == []
    assert await world.read(run(status=Status.PROCESSING, finished_at=None)) == []
    world.now = NOON
    (send,) = await world.read(run())
    assert send.event is not None
    world.write(
        Send(send.topic, send.key, send.event.model_copy(update={"state": "failed", "next_at": None}))
    )
    world.now = NOON + timedelta(days=15)
    await world.look()
    assert world.deliveries() == []
    await world.sender.close()
