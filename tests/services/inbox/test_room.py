"""How many documents of the inbox are in flight, and who has the next turn."""

import asyncio

import pytest

from services.inbox import Room
from tests.waiting import eventually

A, B = ("inbox", 0), ("inbox", 1)
LEAST = 8


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def entering(room: Room, *records: tuple[tuple[str, int], int]) -> list[asyncio.Task[list[int]]]:
    async def enter(place: tuple[str, int], offset: int) -> list[int]:
        return [position.ordinal for position in await room.enter(place, offset)]

    return [asyncio.create_task(enter(*record)) for record in records]


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def cancel(tasks: list[asyncio.Task[list[int]]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_no_more_than_the_limit_is_in_flight_and_all_get_their_turn_in_order() -> None:
    room = Room(1_000, Clock())
    tasks = entering(room, *((A, offset) for offset in range(30)))
    for first in range(0, 30, LEAST):
        await turns()
        assert room.in_flight == min(LEAST, 30 - first)
        assert sum(task.done() for task in tasks) == min(first + LEAST, 30)
        room.done(range(first, first + LEAST))

    assert [task.result() for task in tasks] == [[number] for number in range(30)]


async def test_the_limit_follows_the_rate() -> None:
    clock = Clock()
    room = Room(1_000, clock)
    tasks = entering(room, *((A, offset) for offset in range(400)))
    for second in range(1, 5):
        await turns()
        clock.now = float(second)
        room.done(range(400))
    await turns()

    assert LEAST < room.in_flight <= 400
    await cancel(tasks)


async def test_a_record_never_waits_for_later_ones_of_its_partition() -> None:
    room = Room(1_000, Clock())
    tasks = entering(room, *((A, offset) for offset in range(100, 100 + LEAST)))
    await turns()

    [early] = entering(room, (A, 50))  # it was tried again, and the later ones cannot be released before it
    await turns()

    assert early.done()
    assert all(task.done() for task in tasks)


async def test_a_topic_that_was_made_anew_has_the_same_limit() -> None:
    room = Room(1_000, Clock())
    await asyncio.gather(*entering(room, (A, 1_000_000)))
    tasks = entering(room, *((A, offset) for offset in range(3 * LEAST)))
    await turns()

    assert room.in_flight == LEAST
    await cancel(tasks)


async def test_the_turn_of_a_record_is_that_of_all_before_it() -> None:
    room = Room(1_000, Clock())
    full = entering(room, *((B, offset) for offset in range(LEAST)))
    await turns()
    later, other, earlier = entering(room, (A, 9), (B, 20), (A, 5))
    await turns()

    room.done([0])
    await turns()

    assert later.done()
    assert earlier.done()
    assert not other.done()
    await cancel([*full, other])


async def test_a_record_that_asks_just_as_a_later_one_gets_its_turn_does_not_wait() -> None:
    room = Room(1_000, Clock())
    tasks = entering(room, *((B, offset) for offset in range(LEAST)), (A, 5))
    await turns()
    tasks += entering(room, (A, 4))  # it has not run when the turn is given, and runs before that is taken
    room.done([0])
    await turns()

    assert all(task.done() for task in tasks)


async def test_what_is_given_up_frees_its_place_in_the_queue() -> None:
    room = Room(1_000, Clock())
    entering(room, *((A, offset) for offset in range(LEAST)))
    await turns()
    waiting = entering(room, (B, 0), (B, 1))
    await turns()

    await cancel(waiting[:1])  # its partition was revoked
    room.done([0])
    await turns()

    assert waiting[1].done()
    room.done(range(100))
    assert room.in_flight == 0


async def test_outcomes_that_are_lost_do_not_stop_the_inbox_for_ever() -> None:
    clock = Clock()
    room = Room(1_000, clock)
    entering(room, *((A, offset) for offset in range(LEAST)))
    await turns()
    [waiting] = entering(room, (A, 100))
    await turns()
    clock.now = 59.0
    room.look()
    await turns()
    assert not waiting.done()

    clock.now = 61.0
    room.look()

    await eventually(waiting.done)


async def test_documents_of_others_are_not_counted() -> None:
    room = Room(1_000, Clock())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await asyncio.gather(*(room.enter(A, offset) for offset in range(LEAST + 1)))

    room.done([10**9])

    assert room.in_flight == LEAST
