"""The laws of the stage loop, on a simulated log that fails at every step."""

import asyncio
import random
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import FencedError
from schemas.events import ApiKey
from streams.engine.engine import Engine
from streams.engine.stage import Context, Record, Stage, StatefulStage
from streams.engine.window import WindowLimits
from streams.partitions import Partition
from streams.topics import DEAD_LETTERS
from tests.streams.engine import virtual_time
from tests.streams.engine.simulation import INPUT, OUTPUT, Moody, SimulatedLog, entry, record_of
from tests.waiting import eventually


def no_wait(attempt: int, error: Exception) -> float:
    return 0.0005


def acknowledged_head(log: SimulatedLog, partition: int) -> int:
    """Records of a partition whose outputs are all safe, counted from its beginning."""
    head = log.committed[INPUT.name, partition]
    while f"{OUTPUT.name}:{partition}-{head}" in log.acknowledged:
        head += 1
    return head


async def run_through(
    seed: int, lengths: list[int], concurrency: int, limits: WindowLimits, bad: set[str]
) -> tuple[SimulatedLog, Moody, int]:
    """Deliver `lengths[p]` records to each partition as its window allows, until all is committed."""
    dice = random.Random(seed)
    log, stage = SimulatedLog(dice), Moody(dice, bad, concurrency)
    engine = Engine(stage, log, limits, wait=no_wait)
    partitions = [(INPUT.name, p) for p in range(len(lengths))]
    await engine.assign(partitions)
    running = asyncio.create_task(engine.run())
    sent = [0] * len(lengths)
    fullest = 0
    async with asyncio.timeout(20):
        while any(log.committed[p] < length for p, length in zip(partitions, lengths, strict=True)):
            for number, length in enumerate(lengths):
                if partitions[number] not in log.paused and sent[number] < length:
                    engine.deliver([entry(number, sent[number])])
                    sent[number] += 1
                fullest = max(fullest, sent[number] - acknowledged_head(log, number))
            await asyncio.sleep(0)
            engine.commit()
    engine.finish()
    await running
    return log, stage, fullest


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    lengths=st.lists(st.integers(0, 25), min_size=1, max_size=3),
    concurrency=st.integers(1, 6),
    bad=st.sets(st.integers(0, 24), max_size=4),
)
def test_outputs_keep_the_order_of_their_partition_and_none_is_lost_or_doubled(
    seed: int, lengths: list[int], concurrency: int, bad: set[int]
) -> None:
    failing = {f"0-{offset}" for offset in bad if offset < lengths[0]}
    log, stage, _ = asyncio.run(run_through(seed, lengths, concurrency, WindowLimits(), failing))

    copied = [send.key for send in log.produced if send.topic is OUTPUT]
    dead = [record_of(send) for send in log.produced if send.topic is DEAD_LETTERS]
    for number, length in enumerate(lengths):
        of_partition = [key for key in copied if key.startswith(f"{number}-")]
        expected = [f"{number}-{o}" for o in range(length) if f"{number}-{o}" not in failing]
        assert of_partition == expected
    assert sorted(dead) == sorted(failing)
    assert stage.most_at_once <= concurrency


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), length=st.integers(1, 40), concurrency=st.integers(1, 6))
def test_an_offset_is_committed_only_when_everything_before_it_is_acknowledged(
    seed: int, length: int, concurrency: int
) -> None:
    log, _, _ = asyncio.run(run_through(seed, [length], concurrency, WindowLimits(), set()))

    assert log.commit_log
    for _, offset, acknowledged in log.commit_log:
        assert {f"{OUTPUT.name}:0-{o}" for o in range(offset)} <= acknowledged


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), most=st.integers(2, 12))
def test_a_window_is_bounded_and_the_partition_goes_on_when_it_empties(seed: int, most: int) -> None:
    _, _, fullest = asyncio.run(run_through(seed, [60, 60], 4, WindowLimits(records=most), set()))

    assert fullest <= most


async def test_bytes_bound_a_window_as_records_do() -> None:
    log = SimulatedLog(random.Random(1))
    engine = Engine(Hanging(), log, WindowLimits(records=100, bytes=50))
    await engine.assign([(INPUT.name, 0)])

    engine.deliver([entry(0, offset, size=20) for offset in range(2)])
    assert not log.paused
    engine.deliver([entry(0, 2, size=20)])
    assert log.paused == {(INPUT.name, 0)}
    await engine.lose([(INPUT.name, 0)])


class Hanging(Stage[ApiKey]):
    """Works until it is told to end."""

    name = "hanging"
    topic = INPUT
    sequential_keys = False

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.seen: list[str] = []

    async def process(self, record: Record[ApiKey], context: Context) -> list[object]:  # type: ignore[override]
        self.seen.append(record.key)
        await self.go_on.wait()
        return []


class Counted(Engine):
    """Counts how often it looks for something to commit."""

    looks = 0

    def commit(self, leaving: Iterable[Partition] | None = None) -> None:
        self.looks += 1
        super().commit(leaving)


def test_an_idle_engine_sleeps_until_a_record_comes_and_commits_it_at_once() -> None:
    log = SimulatedLog(random.Random(1))

    async def an_hour_then_a_record() -> tuple[int, float]:
        engine = Counted(Moody(random.Random(1), set()), log)
        await engine.assign([(INPUT.name, 0)])
        running = asyncio.create_task(engine.run())
        await asyncio.sleep(3600)
        looks, began = engine.looks, asyncio.get_running_loop().time()
        engine.deliver([entry(0, 0)])
        await eventually(lambda: log.committed[INPUT.name, 0] == 1)
        took_s = asyncio.get_running_loop().time() - began
        engine.finish()
        await running
        return looks, took_s

    looks, took_s = virtual_time.run(an_hour_then_a_record())
    assert looks == 1
    assert took_s < 1


async def test_a_revoked_partition_is_drained_and_committed_before_it_goes() -> None:
    log, stage = SimulatedLog(random.Random(1)), Hanging()
    engine = Engine(stage, log)
    await engine.assign([(INPUT.name, 0)])
    engine.deliver([entry(0, 0), entry(0, 1)])
    await asyncio.sleep(0)

    revoking = asyncio.create_task(engine.revoke([(INPUT.name, 0)], deadline=5))
    await asyncio.sleep(0)
    stage.go_on.set()
    await revoking

    assert log.committed[INPUT.name, 0] == 2


async def test_work_that_outlasts_the_deadline_is_given_back_uncommitted() -> None:
    log, stage = SimulatedLog(random.Random(1)), Hanging()
    engine = Engine(stage, log)
    await engine.assign([(INPUT.name, 0)])
    engine.deliver([entry(0, 0)])
    await asyncio.sleep(0)

    await engine.revoke([(INPUT.name, 0)], deadline=0.01)

    assert log.committed[INPUT.name, 0] == 0


class Runs(Hanging):
    """Runs of a source: one after the other for a key."""

    name = "runs"
    sequential_keys = True


async def test_records_of_one_key_run_one_after_the_other_while_others_go_on() -> None:
    stage = Runs()
    engine = Engine(stage, SimulatedLog(random.Random(1)))
    await engine.assign([(INPUT.name, 0)])
    first, second, other = entry(0, 0), entry(0, 1), entry(0, 2)
    for made, key in ((first, "a"), (second, "a"), (other, "b")):
        assert made.record is not None
        made.record = Record(INPUT.name, 0, made.offset, key, made.record.event, 0)

    engine.deliver([first, second, other])
    await eventually(lambda: stage.seen == ["a", "b"])
    stage.go_on.set()
    await eventually(lambda: stage.seen == ["a", "b", "a"])


class Refusing(StatefulStage[ApiKey]):
    """A worker that lost its partitions."""

    name = "refusing"
    topic = INPUT

    async def process_batch(self, records, context):  # type: ignore[no-untyped-def]
        context.check_alive()
        return [[] for _ in records]


async def test_a_fenced_worker_ends_and_commits_nothing() -> None:
    class Gone(SimulatedLog):
        def check_alive(self) -> None:
            raise FencedError("away for 12 s")

    log = Gone(random.Random(1))
    engine = Engine(Refusing(), log)
    await engine.assign([(INPUT.name, 0)])
    engine.deliver([entry(0, 0)])

    with pytest.raises(FencedError, match="away"):
        async with asyncio.timeout(30):
            await engine.run()
    assert not log.committed
