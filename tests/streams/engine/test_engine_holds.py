"""Retries in the stage loop: a record that is due again keeps its partition waiting, and nobody else."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import DocumentError, TransientError
from schemas.events import ApiKey
from streams.engine.engine import Engine
from streams.engine.log import Headers, RecordMetadata
from streams.engine.outputs import Output, Send
from streams.engine.stage import AnyStage, BatchStage, Context, Outcome, Record, Stage, StatefulStage
from streams.engine.window import Entry
from streams.partitions import Partition
from streams.topics import DEAD_LETTERS
from tests.streams.engine import virtual_time
from tests.streams.engine.simulation import INPUT, OUTPUT, SimulatedLog, entry, record_of
from tests.waiting import eventually

ZERO, ONE = (INPUT.name, 0), (INPUT.name, 1)


class Away:
    """A neighbour that some records need and that is away until it is back."""

    def __init__(self, keys: set[str]) -> None:
        self.keys = keys
        self.tried: Counter[str] = Counter()
        self.batches: list[list[str]] = []

    def outcome(self, record: Record[ApiKey]) -> Outcome:
        self.tried[record.key] += 1
        if record.key in self.keys:
            return TransientError("away")
        return [Send(OUTPUT, record.key, record.event)]


class Single(Stage[ApiKey]):
    name = "single"
    topic = INPUT
    concurrency = 1

    def __init__(self, away: Away) -> None:
        self._away = away

    async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Output]:
        outcome = self._away.outcome(record)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class Runs(Single):
    name = "runs"
    sequential_keys = True


class Batches(BatchStage[ApiKey]):
    """Says which of its records are due again."""

    name = "batches"
    topic = INPUT

    def __init__(self, away: Away) -> None:
        self._away = away

    async def process_batch(self, records: Sequence[Record[ApiKey]], context: Context) -> Sequence[Outcome]:
        self._away.batches.append([record.key for record in records])
        return [self._away.outcome(record) for record in records]


class Stateful(StatefulStage[ApiKey], Batches):
    name = "stateful"


class Blunt(Stateful):
    """Says only that some record of the batch failed."""

    name = "blunt"

    async def process_batch(self, records: Sequence[Record[ApiKey]], context: Context) -> Sequence[Outcome]:
        outcomes = await super().process_batch(records, context)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome
        return outcomes


def soon(attempt: int, error: Exception) -> float:
    return 0.001


def never(attempt: int, error: Exception) -> float:
    return 3_600.0


async def committed(engine: Engine, log: SimulatedLog, expected: dict[tuple[str, int], int]) -> None:
    def reached() -> bool:
        engine.commit()
        return all(log.committed[partition] == offset for partition, offset in expected.items())

    await eventually(reached, 10)


def copied(log: SimulatedLog, partition: int) -> list[str]:
    return [s.key for s in log.produced if s.topic is OUTPUT and s.key.startswith(f"{partition}-")]


KINDS = [Single, Batches, Stateful, Blunt]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_record_that_waits_holds_its_partition_and_no_other(kind: type[Single]) -> None:
    away = Away({"0-1"})
    log = SimulatedLog(random.Random(1))
    engine = Engine(kind(away), log, wait=soon)
    await engine.assign([ZERO, ONE])

    engine.deliver([entry(p, o) for o in range(4) for p in (0, 1)])
    await committed(engine, log, {ZERO: 1, ONE: 4})
    await eventually(lambda: away.tried["0-1"] > 5)
    assert log.committed[ZERO] == 1

    away.keys.clear()
    await committed(engine, log, {ZERO: 4, ONE: 4})
    for number in (0, 1):
        assert copied(log, number) == [f"{number}-{o}" for o in range(4)]


@pytest.mark.parametrize("kind", [Single, Batches, Stateful])
async def test_a_record_that_waits_takes_up_no_place(kind: type[Single]) -> None:
    away = Away({"0-0"})
    log = SimulatedLog(random.Random(1))
    engine = Engine(kind(away), log, wait=never)
    await engine.assign([ZERO, ONE])

    engine.deliver([entry(0, 0)])
    await eventually(lambda: away.tried["0-0"] == 1)
    engine.deliver([entry(1, 0), entry(0, 1), entry(1, 1)])
    await committed(engine, log, {ONE: 2})

    assert away.tried["0-1"] == 0


async def test_a_run_that_waits_holds_the_runs_of_its_source_alone() -> None:
    away = Away({"bucket"})
    log = SimulatedLog(random.Random(1))
    engine = Engine(Runs(away), log, wait=soon)
    await engine.assign([ZERO])

    def run(offset: int, source: str) -> Entry:
        made = entry(0, offset)
        made.record = Record(INPUT.name, 0, offset, source, made.record.event, 0)  # type: ignore[union-attr]
        return made

    engine.deliver([run(0, "bucket"), run(1, "bucket"), run(2, "folder"), run(3, "folder")])
    await eventually(lambda: away.tried["folder"] == 2 and away.tried["bucket"] > 3)
    away.keys.clear()
    await committed(engine, log, {ZERO: 4})

    keys = [send.key for send in log.produced]
    assert keys == ["bucket", "bucket", "folder", "folder"]


async def test_who_fails_a_batch_without_a_word_is_found_by_ever_smaller_batches() -> None:
    away = Away({"0-9"})
    log = SimulatedLog(random.Random(1))
    engine = Engine(Blunt(away), log, wait=soon)
    await engine.assign([ZERO])

    engine.deliver([entry(0, offset) for offset in range(64)])
    await committed(engine, log, {ZERO: 9})

    assert away.batches[0] == [f"0-{o}" for o in range(64)]
    assert ["0-9"] in away.batches
    assert copied(log, 0) == [f"0-{o}" for o in range(9)]
    await engine.lose([ZERO])  # else it is tried for ever


@pytest.mark.parametrize("kind", [Single, Runs, Batches, Stateful])
def test_a_record_that_waits_delays_no_rebalance_and_is_tried_by_its_next_owner(kind: type[Single]) -> None:
    virtual_time.run(leave_while_a_record_waits(kind))


async def leave_while_a_record_waits(kind: type[Single]) -> None:
    away = Away({"0-0"})
    log = SimulatedLog(random.Random(1))
    engine = Engine(kind(away), log, wait=lambda attempt, error: 10)
    await engine.assign([ZERO])
    engine.deliver([entry(0, 0), entry(0, 1)])
    await asyncio.sleep(1)
    assert away.tried["0-0"] == 1

    async with asyncio.timeout(1):
        await engine.revoke([ZERO], deadline=5)
    away.keys.clear()
    await asyncio.sleep(60)  # its time comes, and goes by
    assert away.tried["0-0"] == 1

    await engine.assign([ZERO])
    engine.deliver([entry(0, 0), entry(0, 1)])
    await committed(engine, log, {ZERO: 2})
    assert copied(log, 0) == ["0-0", "0-1"]
    assert away.tried["0-0"] == 2


class SlowLog(SimulatedLog):
    """Takes nothing before it is told to go on."""

    def __init__(self) -> None:
        super().__init__(random.Random(1))
        self.going = asyncio.Event()

    def produce(self, send: Send, headers: Headers | None = None) -> "asyncio.Future[RecordMetadata]":
        if not self.going.is_set():
            raise BufferError
        return super().produce(send, headers)

    async def transact(
        self, sends: Sequence[Send], offsets: Mapping[Partition, int], headers: Sequence[Headers] = ()
    ) -> list[RecordMetadata]:
        await self.going.wait()
        return await super().transact(sends, offsets, headers)


@pytest.mark.parametrize("kind", [Batches, Stateful])
async def test_a_record_is_not_tried_again_before_the_rest_of_its_batch_is_out(kind: type[Batches]) -> None:
    away, log = Away({"0-0"}), SlowLog()
    stage = kind(away)
    stage.concurrency = 2
    engine = Engine(stage, log, wait=lambda attempt, error: 0.0)
    await engine.assign([ZERO, ONE])
    engine.deliver([entry(0, 0), entry(1, 0)])

    await eventually(lambda: away.tried["0-0"] > 0)
    for _ in range(20):
        await asyncio.sleep(0.001)
    assert away.tried["0-0"] == 1

    log.going.set()
    await eventually(lambda: away.tried["0-0"] > 1)
    await committed(engine, log, {ONE: 1})
    await engine.lose([ZERO, ONE])  # else it is tried for ever


async def test_a_partition_whose_records_were_put_back_may_leave_during_the_transaction_of_others() -> None:
    away, log = Away({"0-0"}), SlowLog()
    engine = Engine(Stateful(away), log, wait=never)
    ended = asyncio.create_task(engine.run())
    await engine.assign([ZERO, ONE])
    engine.deliver([entry(0, 0), entry(1, 0)])
    await eventually(lambda: away.tried["1-0"] == 1)

    await engine.revoke([ZERO], deadline=5)
    log.going.set()
    await committed(engine, log, {ONE: 1})

    engine.finish()
    await ended


class Dicey(Stateful):
    """Fails at any time and in any way, also behind what it has done."""

    name = "dicey"
    max_records = 7

    def __init__(self, dice: random.Random, bad: set[str]) -> None:
        self._dice, self._bad = dice, bad

    async def process_batch(self, records: Sequence[Record[ApiKey]], context: Context) -> Sequence[Outcome]:
        await asyncio.sleep(self._dice.choice([0, 0, 0.001]))
        if self._dice.random() < 0.1:
            raise TransientError("all of it")
        if len(records) > 1 and self._dice.random() < 0.1:
            raise ValueError("who?")
        return [self._one(record) for record in records]

    def _one(self, record: Record[ApiKey]) -> Outcome:
        if record.key in self._bad:
            return DocumentError("never")
        if self._dice.random() < 0.2:
            return TransientError("this one")
        return [Send(OUTPUT, record.key, record.event)]


class DiceyBatches(Batches):
    """The same where batches run beside each other."""

    name = "dicey-batches"
    concurrency = 3
    max_records = 5

    def __init__(self, dice: random.Random, bad: set[str]) -> None:
        self._stateful = Dicey(dice, bad)

    async def process_batch(self, records: Sequence[Record[ApiKey]], context: Context) -> Sequence[Outcome]:
        return await self._stateful.process_batch(records, context)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    lengths=st.lists(st.integers(0, 20), min_size=1, max_size=4),
    bad=st.sets(st.integers(0, 19), max_size=3),
    kind=st.sampled_from([Dicey, DiceyBatches]),
)
def test_whatever_fails_each_output_is_written_once_and_in_order(
    seed: int, lengths: list[int], bad: set[int], kind: type[Dicey]
) -> None:
    failing = {f"0-{offset}" for offset in bad if offset < lengths[0]}

    async def through() -> SimulatedLog:
        dice = random.Random(seed)
        log = SimulatedLog(dice)
        stage: AnyStage = kind(dice, failing)
        engine = Engine(stage, log, wait=lambda attempt, error: dice.choice([0, 0.0005, 0.002]))
        partitions = [(INPUT.name, p) for p in range(len(lengths))]
        await engine.assign(partitions)
        for number, length in enumerate(lengths):
            engine.deliver([entry(number, offset) for offset in range(length)])
        await committed(engine, log, dict(zip(partitions, lengths, strict=True)))
        return log

    log = asyncio.run(through())

    for number, length in enumerate(lengths):
        expected = [f"{number}-{o}" for o in range(length) if f"{number}-{o}" not in failing]
        assert copied(log, number) == expected
    assert sorted(record_of(s) for s in log.produced if s.topic is DEAD_LETTERS) == sorted(failing)
