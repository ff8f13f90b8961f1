"""The stage loop when something is wrong: with a record, with its output, with the worker."""

import asyncio
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from schemas.codec import SingleObjectCodec
from schemas.errors import ContractError, CorruptDocument, DocumentTooLarge, FencedError
from schemas.events import ApiKey, DeadLetter, Document, DocumentDeleted, Embedding, Progress, RunPosition
from schemas.events import Step as Passed
from streams.engine.engine import Engine
from streams.engine.journal import Journal, Position
from streams.engine.log import Headers, RecordMetadata
from streams.engine.outputs import Output, ProgressReport, Send
from streams.engine.stage import Context, Outcome, Record, Stage, StatefulStage
from streams.engine.window import Entry
from streams.state.store import PartitionStore
from streams.topics import DEAD_LETTERS, PROGRESS
from streams.tracing.headers import TRACEPARENT
from tests.streams.engine.simulation import INPUT, OUTPUT, SimulatedLog, entry
from tests.waiting import eventually

CODEC = SingleObjectCodec()
PARTITION = (INPUT.name, 0)


class Copy(Stage[ApiKey]):
    """Copies, and notes that a document has passed."""

    name = "copy"
    topic = INPUT

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Output]:
        self.seen.append(record.key)
        run = RunPosition(invocation_id="run", attempt=1, ordinal=record.offset)
        return [
            Send(OUTPUT, f"{record.key}/a", record.event),
            Send(OUTPUT, f"{record.key}/b", record.event),
            ProgressReport(run, Passed.PARSED),
        ]


class Narrow(SimulatedLog):
    """Takes no event with a key of these."""

    def __init__(self, refused: dict[str, Exception]) -> None:
        super().__init__(random.Random(1))
        self._refused = refused
        self.headers: list[Headers] = []

    def produce(self, send: Send, headers: Headers | None = None) -> "asyncio.Future[RecordMetadata]":
        if send.key in self._refused:
            raise self._refused[send.key]
        self.headers.append(headers or {})
        return super().produce(send, headers)


def about_a_document(offset: int) -> Entry:
    made = entry(0, offset)
    document = Document(
        tenant="t",
        database="d",
        collection="c",
        document_key="big.pdf",
        embedding=Embedding(model="m"),
        run=RunPosition(invocation_id="run", attempt=1, ordinal=offset),
    )
    made.record = Record(INPUT.name, 0, offset, f"0-{offset}", DocumentDeleted(document=document), 0)
    return made


async def committed(engine: Engine, log: SimulatedLog, offset: int) -> None:
    def reached() -> bool:
        engine.commit()
        return log.committed[PARTITION] == offset

    await eventually(reached)


def letters(log: SimulatedLog) -> list[DeadLetter]:
    return [s.event for s in log.produced if s.topic is DEAD_LETTERS and isinstance(s.event, DeadLetter)]


@pytest.mark.parametrize("error", [DocumentTooLarge("an event of 2 MB"), ContractError("beyond 64 bits")])
async def test_an_output_that_no_topic_takes_costs_its_document_and_not_the_worker(error: Exception) -> None:
    log = Narrow({"0-1/b": error})
    engine = Engine(Copy(), log)
    await engine.assign([PARTITION])

    engine.deliver([entry(0, 0), about_a_document(1), entry(0, 2)])
    await committed(engine, log, 3)

    [letter] = letters(log)
    assert (letter.offset, letter.error, letter.error_class) == (1, str(error), type(error).__name__)
    assert letter.document_key == "big.pdf"
    keys = [send.key for send in log.produced if send.topic is OUTPUT]
    assert keys == ["0-0/a", "0-0/b", "0-1/a", "0-2/a", "0-2/b"]
    events = [s.event for s in log.produced if s.topic is PROGRESS and isinstance(s.event, Progress)]
    passed = {(p.ordinal, e.stage) for e in events for p in e.passed}
    assert passed == {(0, Passed.PARSED), (1, Passed.FAILED), (2, Passed.PARSED)}


class Strict(SimulatedLog):
    """Takes no event larger than this, which it says at once or when it acknowledges."""

    def __init__(self, most: int, late: bool) -> None:
        super().__init__(random.Random(1))
        self._most, self._late = most, late

    def produce(self, send: Send, headers: Headers | None = None) -> "asyncio.Future[RecordMetadata]":
        if send.event is None or len(CODEC.encode(send.event, send.topic.name)) <= self._most:
            return super().produce(send, headers)
        if not self._late:
            raise DocumentTooLarge("too large")
        refused: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        refused.set_exception(DocumentTooLarge("too large"))
        return refused


@pytest.mark.parametrize("late", [False, True])
async def test_a_dead_letter_that_does_not_fit_is_written_without_its_record(late: bool) -> None:
    log = Strict(2_000, late)
    engine = Engine(Copy(), log)
    await engine.assign([PARTITION])
    broken = entry(0, 0, size=3_000)
    broken.error = ContractError("it does not decode")

    engine.deliver([broken, entry(0, 1)])
    await committed(engine, log, 2)

    [letter] = letters(log)
    assert (letter.offset, letter.whole, letter.value) == (0, False, None)
    assert "it does not decode" in letter.error


class Mute(Copy):
    """Cannot say that a document failed."""

    async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Output]:
        raise CorruptDocument("no pages")

    def failed(self, record: Record[ApiKey], error: Exception) -> Sequence[Output]:
        raise ValueError("nor say so")


async def test_a_stage_that_cannot_say_that_a_document_failed_costs_no_more_than_that_document() -> None:
    log = SimulatedLog(random.Random(1))
    engine = Engine(Mute(), log)
    await engine.assign([PARTITION])

    engine.deliver([entry(0, 0), entry(0, 1)])
    await committed(engine, log, 2)

    assert [letter.error for letter in letters(log)] == ["no pages", "no pages"]


async def test_progress_that_fits_no_message_is_passed_over() -> None:
    log = Strict(5_000, late=False)
    engine = Engine(Copy(), log)
    await engine.assign([PARTITION])
    harmful = about_a_document(0)
    document = getattr(harmful.record, "event").document  # noqa: B009
    run = RunPosition(invocation_id="i" * 10_000, attempt=1, ordinal=0)
    event = DocumentDeleted(document=document.model_copy(update={"run": run}))
    harmful.record = Record(INPUT.name, 0, 0, "0-0", event, 0)
    harmful.error = CorruptDocument("no pages")

    engine.deliver([harmful, entry(0, 1)])
    await committed(engine, log, 2)


async def test_what_follows_from_a_record_carries_its_trace() -> None:
    log, trace = Narrow({}), "0af7651916cd43dd8448eb211c80319c"
    engine = Engine(Copy(), log)
    await engine.assign([PARTITION])
    made = entry(0, 0)
    made.raw = type(made.raw)(
        made.raw.key, made.raw.value, {TRACEPARENT: f"00-{trace}-b7ad6b7169203331-01".encode()}
    )

    engine.deliver([made])
    await committed(engine, log, 1)

    assert all(trace in headers[TRACEPARENT].decode() for headers in log.headers[:2])


async def test_a_record_over_which_its_worker_dies_three_times_is_a_dead_letter_and_the_others_go_on(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal"

    class Killed(Stage[ApiKey]):
        name = "killed"
        topic = INPUT

        async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Output]:
            if record.offset == 1:
                await asyncio.Event().wait()  # what the process dies over
            return [Send(OUTPUT, record.key, record.event)]

    class Dead(Journal):
        """The journal of a process that was killed: nothing is written any more."""

        gone = False

        def end(self, positions: Iterable[Position]) -> None:
            if not self.gone:
                super().end(positions)

    async def life(until: int) -> SimulatedLog:
        log, journal = SimulatedLog(random.Random(1)), Dead(path)
        engine = Engine(Killed(), log, journal=journal)
        await engine.assign([PARTITION])
        engine.deliver([entry(0, offset) for offset in range(4)])
        await committed(engine, log, until)
        journal.gone = True
        await engine.lose([PARTITION])
        return log

    assert not letters(await life(until=1))
    assert not letters(await life(until=1))  # alone this time, which may be chance
    assert not letters(await life(until=1))  # and again: convicted
    [letter] = letters(await life(until=4))
    assert letter.offset == 1
    assert "has ended its worker 3 times" in letter.error


async def test_a_stage_that_says_it_is_fenced_ends_the_worker_and_commits_nothing() -> None:
    class Fenced(Stage[ApiKey]):
        name = "fenced"
        topic = INPUT

        async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Output]:
            raise FencedError("the partitions have other owners")

    log = SimulatedLog(random.Random(1))
    engine = Engine(Fenced(), log)
    await engine.assign([PARTITION])
    engine.deliver([entry(0, 0)])

    with pytest.raises(FencedError, match="other owners"):
        async with asyncio.timeout(30):
            await engine.run()
    assert not log.committed[PARTITION]
    assert not log.produced


async def test_records_of_a_partition_that_has_left_are_not_worked_on() -> None:
    log, stage = SimulatedLog(random.Random(1)), Copy()
    engine = Engine(stage, log)
    await engine.assign([PARTITION])

    engine.deliver([entry(1, 0), entry(0, 0)])
    await committed(engine, log, 1)

    assert stage.seen == ["0-0"]


class SlowStore(PartitionStore[ApiKey]):
    """Restores when it is told to."""

    def __init__(self) -> None:
        self.restorations: list[asyncio.Event] = []

    async def catch_up(self, partitions: Sequence[int]) -> None:
        self.restorations.append(asyncio.Event())
        await self.restorations[-1].wait()


class Restored(StatefulStage[ApiKey]):
    name = "restored"
    topic = INPUT

    def __init__(self) -> None:
        self.store = SlowStore()
        self.stores = [self.store]
        self.owned: list[int] = []

    async def assigned(self, partitions: Sequence[int]) -> None:
        self.owned.extend(partitions)

    async def process_batch(self, records: Sequence[Record[ApiKey]], context: Context) -> Sequence[Outcome]:
        return [[] for _ in records]


async def test_a_partition_that_left_while_its_state_was_restored_is_not_taken_on() -> None:
    stage = Restored()
    engine = Engine(stage, SimulatedLog(random.Random(1)))
    restoring = asyncio.create_task(engine.assign([PARTITION, (INPUT.name, 1)]))
    await eventually(lambda: len(stage.store.restorations) == 1)

    await engine.revoke([PARTITION], deadline=1)
    stage.store.restorations[0].set()

    assert await restoring == [(INPUT.name, 1)]
    assert engine.partitions == [(INPUT.name, 1)]
    assert stage.owned == [1]


async def test_a_partition_that_came_back_waits_for_the_state_that_others_wrote_meanwhile() -> None:
    stage = Restored()
    engine = Engine(stage, SimulatedLog(random.Random(1)))
    older = asyncio.create_task(engine.assign([PARTITION]))
    await eventually(lambda: len(stage.store.restorations) == 1)
    await engine.lose([PARTITION])
    newer = asyncio.create_task(engine.assign([PARTITION]))
    await eventually(lambda: len(stage.store.restorations) == 2)

    stage.store.restorations[0].set()
    assert await older == []
    assert not stage.owned
    stage.store.restorations[1].set()
    assert await newer == [PARTITION]
