"""Many schedules that are due at once."""

from collections import Counter
from zlib import crc32

from schemas.events import Status
from schemas.sources.web_scrape import WebScrapeConfig
from services.scheduling.turns import MOST_WAITING
from tests.services.scheduling.schedules import NOON, World, at, cron, source

PARTITIONS = (0, 1, 2, 3)


def partition(key: str) -> int:
    return crc32(key.encode()) % len(PARTITIONS)


async def test_a_thousand_schedules_due_in_one_minute_run_once_each_and_few_wait_at_a_time() -> None:
    world = World(partition_of=partition, becomes=Status.PENDING)
    world.put(*(source(cron("0 8 * * *"), str(number)) for number in range(1000)))
    world.now = at("08:00")
    looks = 0

    while len(world.runs) < 1000:
        waiting = Counter(
            partition(run.source.id)
            for run in world.runs
            if world.statuses[run.invocation_id] is Status.PENDING
        )
        assert all(count <= MOST_WAITING for count in waiting.values())
        await world.look(partitions=PARTITIONS)
        looks += 1
        assert looks < 1000
        pending = [id_ for id_, status in world.statuses.items() if status is Status.PENDING]
        for id_ in pending[: len(pending) // 2 + 1]:  # connectors begin some of them
            world.statuses[id_] = Status.PROCESSING

    assert len({run.source.id for run in world.runs}) == 1000
    assert await world.look(partitions=PARTITIONS) == []
    assert all(state is not None and state.last is not None for state in world.states.values())


async def test_those_that_wait_for_their_turn_are_decided_once_when_their_next_time_has_come() -> None:
    world = World(becomes=Status.PENDING)
    world.put(*(source(cron("0 * * * *"), f"{number:02}") for number in range(20)))
    first = await world.look(at("08:00"))
    assert len(first) == MOST_WAITING
    assert await world.look(at("09:00:01")) == []  # connectors are away

    later = []
    for _ in range(4):
        for run in world.runs:
            world.statuses[run.invocation_id] = Status.COMPLETE
        later += await world.look()

    # Those that had no turn at eight come first, and run once for both times.
    assert not {run.source.id for run in first} & {run.source.id for run in later[:12]}
    assert len(later) == 20
    assert len({run.source.id for run in later}) == 20
    missed = [state.passed_over for state in world.states.values() if state and state.passed_over]
    assert [entry.reason for [entry] in missed] == ["missed"] * 12


async def test_sources_of_one_type_that_wait_hold_up_no_other_type() -> None:
    world = World(becomes=Status.PENDING)
    crawls = [
        source(cron("0 8 * * *"), f"w{n}", type="web_scrape", config=WebScrapeConfig(starting_url=f"https://e{n}.com"))
        for n in range(30)
    ]  # fmt: skip
    world.put(*crawls)
    assert len(await world.look(at("08:00"))) == MOST_WAITING

    world.put(source(cron("30 8 * * *"), "folder"))

    assert [run.source.id for run in await world.look(at("08:30"))] == ["source-folder"]


async def test_a_run_that_waits_for_long_keeps_nobody_from_their_turn() -> None:
    world = World(becomes=Status.PENDING)
    seconds = 0.0
    world.stage = world.owner(turns_clock=lambda: seconds)
    world.put(*(source(cron("0 8 * * *"), f"{number:02}") for number in range(2 * MOST_WAITING)))
    await world.look(at("08:00"))
    assert await world.look() == []

    seconds = 61.0

    assert len(await world.look()) == MOST_WAITING
    assert world.now < NOON
