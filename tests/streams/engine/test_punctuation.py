"""A stage that acts by the clock: when it is called, what it commits, and what a rebalance does to it."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence

import pytest

from schemas.errors import FencedError, TransientError
from schemas.events import ApiKey
from streams.engine.engine import Engine
from streams.engine.outputs import Send
from streams.engine.stage import Context, Outcome, PunctuatedStage, Record
from tests.streams.engine import virtual_time
from tests.streams.engine.simulation import INPUT, OUTPUT, SimulatedLog, entry, event
from tests.waiting import eventually as until

PARTITIONS = [(INPUT.name, 0), (INPUT.name, 1)]


class Ticking(PunctuatedStage[ApiKey]):
    """Says its number whenever it is due."""

    name = "ticking"
    topic = INPUT

    def __init__(self, tick: Callable[[], Awaitable[object]] | None = None) -> None:
        self._tick = tick
        self.due, self.calls = False, list[list[int]]()
        self.busy, self.overlapped = False, False
        self.error: Exception | None = None

    async def process_batch(self, records: Sequence[Record[ApiKey]], context: Context) -> Sequence[Outcome]:
        self.overlapped |= self.busy
        self.busy = True
        await asyncio.sleep(0.01)
        self.busy = False
        return [()] * len(records)

    @property
    def due(self) -> bool:
        return self.is_due()

    @due.setter
    def due(self, now: bool) -> None:
        self.alarm.ring_in(0 if now else 3600)

    async def punctuate(self, partitions: Sequence[int]) -> Sequence[Send]:
        self.due = False
        self.overlapped |= self.busy
        self.calls.append(sorted(partitions))
        if self.error is not None:
            raise self.error
        if self._tick is not None:
            self.busy = True
            await self._tick()
            self.busy = False
        return [Send(OUTPUT, str(len(self.calls)), event(len(self.calls)))]


@pytest.fixture
def log() -> SimulatedLog:
    return SimulatedLog(random.Random(1))


async def started(stage: Ticking, log: SimulatedLog) -> tuple[Engine, "asyncio.Task[None]"]:
    engine = Engine(stage, log, commit_seconds=0.001)
    await engine.assign(PARTITIONS)
    return engine, asyncio.create_task(engine.run())


async def test_it_is_called_for_partitions_that_are_read_to_their_end_and_commits_their_positions(
    log: SimulatedLog,
) -> None:
    stage = Ticking()
    engine, running = await started(stage, log)
    stage.due = True
    await asyncio.sleep(0.02)
    assert stage.calls == []  # an earlier owner may still have a transaction open

    engine.reach_end(PARTITIONS[0], 7)
    await until(lambda: log.produced != [])
    engine.reach_end(PARTITIONS[1], 3)
    stage.due = True
    await until(lambda: len(log.produced) == 2)

    assert stage.calls == [[0], [0, 1]]
    assert log.committed == {PARTITIONS[0]: 7, PARTITIONS[1]: 3}
    engine.finish()
    await running


def test_an_idle_engine_sleeps_until_the_stage_is_due_or_becomes_due_sooner() -> None:
    async def a_day() -> None:
        stage = Ticking()
        looked = 0

        def look() -> bool:
            nonlocal looked
            looked += 1
            return PunctuatedStage.is_due(stage)

        stage.is_due = look  # type: ignore[method-assign]
        stage.alarm.ring_in(3600)
        engine, running = await started(stage, SimulatedLog(random.Random(1)))
        engine.reach_end(PARTITIONS[0], 0)
        await asyncio.sleep(3000)
        assert (looked < 5, stage.calls) == (True, [])

        stage.alarm.ring_in(100)  # a time of the past would be an hour late
        await asyncio.sleep(99)
        assert stage.calls == []
        await asyncio.sleep(2)
        assert len(stage.calls) == 1

        await asyncio.sleep(3700)
        assert len(stage.calls) == 2
        engine.finish()
        await running

    virtual_time.run(a_day())


async def test_it_takes_turns_with_batches_and_commits_nothing_that_is_not_processed(
    log: SimulatedLog,
) -> None:
    stage = Ticking(lambda: asyncio.sleep(0.005))
    engine, running = await started(stage, log)
    for partition in PARTITIONS:
        engine.reach_end(partition, 0)
    for offset in range(20):
        stage.due = True
        engine.deliver([entry(0, offset)])
        await asyncio.sleep(0.003)
    await until(lambda: engine.idle)
    stage.due = True
    await until(lambda: stage.calls[-1:] == [[0, 1]] and not stage.busy)
    await until(lambda: log.committed[PARTITIONS[1]] == 0 and log.committed[PARTITIONS[0]] == 20)

    assert not stage.overlapped
    committed = [offset for partition, offset, _ in log.commit_log if partition == PARTITIONS[0]]
    assert committed == sorted(committed)
    engine.finish()
    await running


async def test_one_that_may_work_later_is_called_again_and_any_other_error_ends_the_worker(
    log: SimulatedLog,
) -> None:
    stage = Ticking()
    engine, running = await started(stage, log)
    engine.reach_end(PARTITIONS[0], 0)
    stage.error, stage.due = TransientError("not now"), True
    await until(lambda: stage.calls != [])
    stage.error, stage.due = None, True
    await until(lambda: log.produced != [])

    stage.error, stage.due = ValueError("broken"), True
    with pytest.raises(ValueError, match="broken"):
        await running


async def test_a_partition_leaves_when_the_call_has_ended(log: SimulatedLog) -> None:
    going_on = asyncio.Event()
    stage = Ticking(lambda: asyncio.wait_for(going_on.wait(), 5))
    engine, running = await started(stage, log)
    engine.reach_end(PARTITIONS[0], 0)
    stage.due = True
    await until(lambda: stage.busy)

    leaving = asyncio.create_task(engine.revoke([PARTITIONS[0]], 5.0))
    await asyncio.sleep(0.01)
    assert not leaving.done()
    going_on.set()
    await leaving

    assert len(log.produced) == 1
    engine.finish()
    await running


async def test_nothing_begins_while_partitions_leave(log: SimulatedLog) -> None:
    going_on = asyncio.Event()
    stage = Ticking(lambda: asyncio.wait_for(going_on.wait(), 5))
    engine, running = await started(stage, log)
    for partition in PARTITIONS:
        engine.reach_end(partition, 0)
    stage.due = True
    await until(lambda: stage.busy)
    leaving = asyncio.create_task(engine.revoke([PARTITIONS[1]], 5.0))
    await asyncio.sleep(0.01)

    stage.due = True  # again, while the first call holds up the rebalance
    going_on.set()
    await leaving
    await until(lambda: len(stage.calls) == 2)

    assert stage.calls == [[0, 1], [0]]
    engine.finish()
    await running


async def test_a_partition_that_is_lost_during_the_call_ends_the_worker_and_nothing_is_written(
    log: SimulatedLog,
) -> None:
    stage = Ticking(lambda: asyncio.sleep(60))
    engine, running = await started(stage, log)
    engine.reach_end(PARTITIONS[0], 0)
    stage.due = True
    await until(lambda: stage.busy)

    await engine.lose([PARTITIONS[0]])

    with pytest.raises(FencedError):
        await running
    assert log.produced == []


async def test_a_call_about_partitions_that_stay_goes_on_when_others_leave(log: SimulatedLog) -> None:
    going_on = asyncio.Event()
    stage = Ticking(lambda: asyncio.wait_for(going_on.wait(), 5))
    engine, running = await started(stage, log)
    engine.reach_end(PARTITIONS[0], 0)
    stage.due = True
    await until(lambda: stage.busy)

    await engine.revoke([PARTITIONS[1]], 0.01)
    going_on.set()
    await until(lambda: len(log.produced) == 1)

    engine.finish()
    await running
