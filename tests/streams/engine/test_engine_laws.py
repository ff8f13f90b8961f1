"""The engine while partitions come and go, stages fail and time passes: nothing is lost, skipped, starved."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from schemas.errors import DocumentError, FencedError, TransientError
from schemas.events import ApiKey
from streams.engine.engine import Engine
from streams.engine.log import Headers, RecordMetadata
from streams.engine.outputs import Output, Send
from streams.engine.stage import AnyStage, BatchStage, Context, Outcome, Record, Stage, StatefulStage
from streams.engine.window import WindowLimits
from streams.partitions import Partition
from streams.topics import DEAD_LETTERS
from tests.streams.engine import virtual_time
from tests.streams.engine.simulation import INPUT, OUTPUT, SimulatedLog, entry, record_of

PARTITIONS = [(INPUT.name, number) for number in range(3)]
LENGTH = 30


class Work:
    """What becomes of one record: it takes up to 20 s and fails now and then, until the world is well."""

    def __init__(self, dice: random.Random) -> None:
        self.dice, self.well = dice, False
        self.at_work: set[str] = set()

    async def pause(self) -> None:
        await asyncio.sleep(self.dice.choice([0, 0, 0.1, 3, 20]))

    def fail(self, records: int) -> None:
        """Also with a bug that no single record has."""
        if not self.well and self.dice.random() < 0.2:
            bug = ZeroDivisionError("a bug") if records > 1 else TransientError("slow")
            raise self.dice.choice([TransientError("away"), bug])

    def outcome(self, record: Record[ApiKey]) -> Outcome:
        if record.offset % 11 == 5:
            return DocumentError("never")
        if not self.well and self.dice.random() < 0.1:
            return TransientError("this one")
        return [Send(OUTPUT, record.key, record.event)]


class Single(Stage[ApiKey]):
    name = "laws-single"
    topic = INPUT
    concurrency = 4

    def __init__(self, work: Work) -> None:
        self.work = work

    async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Output]:
        await self.work.pause()
        self.work.fail(1)
        outcome = self.work.outcome(record)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class Runs(Single):
    """Two sources a partition, whose runs never overlap."""

    name = "laws-runs"
    sequential_keys = True

    async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Output]:
        source = f"{record.partition}:{record.offset % 2}"
        assert source not in self.work.at_work
        self.work.at_work.add(source)
        try:
            return await super().process(record, context)
        finally:
            self.work.at_work.discard(source)


class Transactional(Single):
    name = "laws-transactional"
    transactional = True


class TransactionalRuns(Runs):
    name = "laws-transactional-runs"
    transactional = True


class Batches(BatchStage[ApiKey]):
    name = "laws-batches"
    topic = INPUT
    concurrency = 2
    max_records = 5

    def __init__(self, work: Work) -> None:
        self.work = work

    async def process_batch(self, records: Sequence[Record[ApiKey]], context: Context) -> Sequence[Outcome]:
        await self.work.pause()
        self.work.fail(len(records))
        return [self.work.outcome(record) for record in records]


class Stateful(StatefulStage[ApiKey], Batches):
    name = "laws-stateful"
    max_records = 8


#: Kinds whose outputs and positions are one transaction.
EXACTLY_ONCE = (Transactional, TransactionalRuns, Stateful)


class Log(SimulatedLog):
    """Its transactions take their time, are whole or not at all, and refused to who has lost a partition."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__(dice)
        self.owned: set[Partition] = set()
        #: Of each partition: how often it was assigned. Who began in an earlier one has lost it.
        self.generations: Counter[Partition] = Counter()

    async def transact(
        self, sends: Sequence[Send], offsets: Mapping[Partition, int], headers: Sequence[Headers] = ()
    ) -> list[RecordMetadata]:
        asked = {place: self.generations[place] for place in offsets}
        await asyncio.sleep(self._dice.choice([0, 0.01, 1]))
        now = {place: self.generations[place] for place in offsets}
        if asked != now or not self.owned.issuperset(offsets):
            raise FencedError("the generation has passed")
        written = await super().transact(sends, offsets, headers)
        self.acknowledged.update(f"{send.topic.name}:{record_of(send)}" for send in sends)
        return written


class World:
    """A worker at a time, and what it has read of each partition."""

    def __init__(self, kind: type[Single | Batches], seed: int) -> None:
        self.dice = random.Random(seed)
        self.log, self.work = Log(self.dice), Work(self.dice)
        self.kind, self.read = kind, dict.fromkeys(PARTITIONS, 0)
        self.begin()

    def begin(self) -> None:
        stage: AnyStage = self.kind(self.work)
        self.log.paused.clear()
        limits = WindowLimits(records=12)
        self.engine = Engine(stage, self.log, limits, wait=self.wait, commit_seconds=0.5)
        self.runs = asyncio.create_task(self.engine.run())

    def wait(self, attempt: int, error: Exception) -> float:
        return self.dice.choice([0, 0.01, 1, 10])

    async def assign(self, partition: Partition) -> None:
        if partition not in self.engine.partitions:
            self.log.paused.discard(partition)
            self.read[partition] = self.log.committed[partition]
            self.log.owned.add(partition)
            self.log.generations[partition] += 1
            await self.engine.assign([partition])

    def deliver(self, partition: Partition, count: int) -> None:
        if partition in self.engine.partitions and partition not in self.log.paused:
            first = self.read[partition]
            self.read[partition] = min(LENGTH, first + count)
            made = [entry(partition[1], offset) for offset in range(first, self.read[partition])]
            for one in made:
                if issubclass(self.kind, Runs) and one.record:
                    one.record = replace(one.record, key=f"{one.partition}:{one.offset % 2}")
            self.engine.deliver(made)

    async def leave(self, partition: Partition, lost: bool) -> None:
        if partition in self.engine.partitions:
            if not lost:
                await self.engine.revoke([partition], 5)
            self.log.owned.discard(partition)
            if lost:
                await self.engine.lose([partition])

    async def restart_if_fenced(self) -> None:
        """A partition that leaves in the middle of a transaction ends the worker; the next one goes on."""
        await asyncio.sleep(0)
        if self.runs.done():
            assert isinstance(self.runs.exception(), FencedError)
            assert self.kind in EXACTLY_ONCE
            self.log.owned.clear()
            await self.engine.lose(self.engine.partitions)
            self.begin()

    async def to_the_end(self) -> None:
        self.work.well = True
        for _ in range(5_000):
            await self.restart_if_fenced()
            for partition in PARTITIONS:
                await self.assign(partition)
                self.deliver(partition, 6)
            await asyncio.sleep(1)
            if all(self.log.committed[partition] == LENGTH for partition in PARTITIONS):
                break
        self.engine.finish()
        await self.runs


STEPS = st.one_of(
    st.tuples(st.just("deliver"), st.integers(0, 2), st.integers(1, 8)),
    st.tuples(st.sampled_from(["assign", "revoke", "lose"]), st.integers(0, 2), st.just(0)),
    st.tuples(st.just("pass"), st.just(0), st.sampled_from([0, 0.1, 2, 20])),
)


async def live(kind: type[Single | Batches], seed: int, steps: list[tuple[str, int, float]]) -> Log:
    world = World(kind, seed)
    for partition in PARTITIONS:
        await world.assign(partition)
    for name, number, amount in steps:
        match name:
            case "deliver":
                world.deliver(PARTITIONS[number], int(amount))
            case "assign":
                await world.assign(PARTITIONS[number])
            case "pass":
                await asyncio.sleep(amount)
            case _:
                await world.leave(PARTITIONS[number], lost=name == "lose")
        await world.restart_if_fenced()
    await world.to_the_end()
    return world.log


@pytest.mark.parametrize("kind", [Single, Runs, Batches, Transactional, TransactionalRuns, Stateful])
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), steps=st.lists(STEPS, max_size=30))
def test_whatever_leaves_and_fails_every_record_ends_and_no_offset_is_committed_before(
    kind: type[Single | Batches], seed: int, steps: list[tuple[str, int, float]]
) -> None:
    with capture_logs():
        log = virtual_time.run(live(kind, seed, steps))

    assert dict(log.committed) == dict.fromkeys(PARTITIONS, LENGTH)
    reached = dict.fromkeys(PARTITIONS, 0)
    for partition, offset, acknowledged in log.commit_log:
        assert offset >= reached[partition]
        reached[partition] = offset
        if kind in (Single, Batches):
            assert acknowledged.issuperset(ending(partition[1], before) for before in range(offset))
    ends = [f"{send.topic.name}:{record_of(send)}" for send in log.produced]
    if not issubclass(kind, Runs):
        assert set(ends) == {ending(p, offset) for _, p in PARTITIONS for offset in range(LENGTH)}
    if kind in EXACTLY_ONCE and not issubclass(kind, Runs):
        assert len(ends) == len(set(ends))
    assert REGISTRY.get_sample_value("headrace_in_flight", {"stage": kind.name}) == 0


def ending(partition: int, offset: int) -> str:
    """What says that a record has ended."""
    topic = DEAD_LETTERS if offset % 11 == 5 else OUTPUT
    return f"{topic.name}:{partition}-{offset}"
