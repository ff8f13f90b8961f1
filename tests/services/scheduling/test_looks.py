"""When an owner looks at what is due."""

import pytest

from schemas.errors import TransientError
from tests.services.scheduling.schedules import World, at, cron, every, source
from tests.waiting import eventually


async def test_a_change_does_not_put_off_a_look_that_is_to_be_repeated() -> None:
    world = World(now=at("08:00"))
    world.put(source(cron("0 8 * * *")))
    await world.stage.start()
    await eventually(lambda: world.view.table.watchers != [])
    await world.stage.assigned([0])
    world.view.table.failure = TransientError("the broker is away")
    with pytest.raises(TransientError):
        await world.look()
    world.put(source(cron("0 9 * * *"), "another"))

    await eventually(world.stage.is_due, within_s=10)
    await world.stage.close()


async def test_a_schedule_that_arrives_when_it_is_due_already_is_looked_at_soon() -> None:
    world = World(now=at("08:00"))
    await world.stage.start()
    await eventually(lambda: world.view.table.watchers != [])
    await world.stage.assigned([0])
    assert await world.look() == []
    world.put(source(every("1m", since=at("07:58:59"))))

    await eventually(world.stage.is_due, within_s=10)
    assert len(await world.look()) == 1
    assert not world.stage.is_due()
    await world.stage.close()
