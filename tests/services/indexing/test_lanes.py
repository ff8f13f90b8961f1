"""Requests of different collections do not wait for each other, and those of one never overlap."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count

import pytest

from services.indexing.lanes import Lanes
from services.indexing.rows import Collection
from services.indexing.vectors import CollectionFault
from tests.services.indexing.documents import MINILM
from tests.waiting import eventually

SLOW, OTHER = (Collection("tenant", "database", name, MINILM) for name in ("slow", "other"))


@pytest.fixture
async def lanes() -> AsyncIterator[Lanes]:
    lanes = Lanes(patience=0.05)
    yield lanes
    await lanes.abandon()


class Server:
    """Answers when it is told to, and counts what is under way."""

    def __init__(self) -> None:
        self.answer, self.asked, self.under_way, self.most = asyncio.Event(), 0, 0, 0

    async def __call__(self) -> str:
        self.asked += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await self.answer.wait()
            return "done"
        finally:
            self.under_way -= 1


async def quick() -> str:
    return "quick"


async def test_a_collection_that_hangs_holds_up_no_other(lanes: Lanes) -> None:
    hanging = Server()

    with pytest.raises(CollectionFault, match="'slow'"):
        await lanes.send(SLOW, hanging)

    assert await lanes.send(OTHER, quick) == "quick"


async def test_nothing_is_sent_behind_a_request_that_has_not_ended(lanes: Lanes) -> None:
    hanging = Server()

    for _ in range(3):
        with pytest.raises(CollectionFault):
            await lanes.send(SLOW, hanging)
    assert (hanging.asked, hanging.under_way) == (1, 1)

    hanging.answer.set()
    await eventually(lambda: not hanging.under_way)
    assert await lanes.send(SLOW, hanging) == "done"
    assert hanging.most == 1


async def test_a_collection_that_answers_late_is_waited_for_the_next_time(lanes: Lanes) -> None:
    """Else each request of a collection that always takes longer than the patience would be in vain."""
    late = Server()
    with pytest.raises(CollectionFault):
        await lanes.send(SLOW, late)
    await asyncio.wait([asyncio.create_task(asyncio.sleep(0.1))])
    late.answer.set()
    await eventually(lambda: not late.under_way)

    again = Server()
    asyncio.get_running_loop().call_later(0.1, again.answer.set)

    assert await lanes.send(SLOW, again) == "done"


async def test_what_belongs_to_another_worker_now_is_broken_off(lanes: Lanes) -> None:
    hanging = Server()
    with pytest.raises(CollectionFault):
        await lanes.send(SLOW, hanging)

    await lanes.abandon()

    assert hanging.under_way == 0
    assert await lanes.send(SLOW, quick) == "quick"


async def test_a_batch_that_is_cancelled_takes_its_request_along(lanes: Lanes) -> None:
    hanging = Server()
    batch = asyncio.create_task(lanes.send(SLOW, hanging))
    await eventually(lambda: hanging.under_way == 1)

    batch.cancel()

    await eventually(lambda: hanging.under_way == 0)


async def test_an_error_is_the_requests_own(lanes: Lanes) -> None:
    numbers = count()

    async def fails() -> str:
        raise CollectionFault(f"damaged {next(numbers)}")

    for number in range(2):
        with pytest.raises(CollectionFault, match=f"damaged {number}"):
            await lanes.send(SLOW, fails)
