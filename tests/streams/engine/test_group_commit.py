"""What waits for a transaction shares the next one, and each that writes answers for itself."""

import asyncio
import random
from collections.abc import Mapping, Sequence

import pytest

from schemas.errors import DocumentTooLarge, FencedError, TransientError
from streams.engine.log import Headers, RecordMetadata
from streams.engine.outputs import Send
from streams.engine.publishing.group_commit import GroupCommit
from streams.partitions import Partition
from tests.streams.engine.simulation import INPUT, OUTPUT, SimulatedLog, event
from tests.waiting import eventually

A, B = (INPUT.name, 0), (INPUT.name, 1)


class Gate(SimulatedLog):
    """Takes a transaction when its gate is open; keys that begin with `!` fit no message."""

    def __init__(self) -> None:
        super().__init__(random.Random(1))
        self.gate = asyncio.Event()
        self.begun = 0
        self.written: list[tuple[list[str], dict[Partition, int]]] = []
        self.refuses: Exception | None = None
        self.away = False

    def check_alive(self) -> None:
        if self.away:
            raise FencedError("away")

    async def transact(
        self, sends: Sequence[Send], offsets: Mapping[Partition, int], headers: Sequence[Headers] = ()
    ) -> list[RecordMetadata]:
        self.begun += 1
        await self.gate.wait()
        if self.refuses:
            raise self.refuses
        if any(send.key.startswith("!") for send in sends):
            raise DocumentTooLarge("too large")
        self.written.append(([send.key for send in sends], dict(offsets)))
        return await super().transact(sends, offsets, headers)


def sends(*keys: str) -> list[Send]:
    return [Send(OUTPUT, key, event(0)) for key in keys]


@pytest.fixture
def log() -> Gate:
    return Gate()


@pytest.fixture
def ends() -> list[BaseException]:
    """What has ended the worker."""
    return []


@pytest.fixture
def group(log: Gate, ends: list[BaseException]) -> GroupCommit:
    return GroupCommit(log, ends.append)


async def test_what_waits_is_written_as_one_in_the_order_of_the_calls(log: Gate, group: GroupCommit) -> None:
    first = group.write(A, 1, sends("a"))
    await eventually(lambda: log.begun == 1)
    others = [group.write(A, 2, sends("b", "c")), group.write(B, 7, []), group.write(B, 8, sends("d"))]

    log.gate.set()
    written = await asyncio.gather(first, *others)

    assert log.written == [(["a"], {A: 1}), (["b", "c", "d"], {A: 2, B: 8})]
    assert [[record.send.key for record in records] for records in written] == [["a"], ["b", "c"], [], ["d"]]


async def test_a_position_never_goes_back(log: Gate, group: GroupCommit) -> None:
    log.gate.set()
    await group.write(A, 5, sends("released"))
    await group.write(A, 3, sends("emitted for a record that was still open when it was asked for"))

    assert [positions for _, positions in log.written] == [{A: 5}, {A: 5}]

    await group.let_go([A], 0)  # and comes back, its positions set back by somebody
    await group.write(A, 2, sends("again"))
    assert log.written[-1][1] == {A: 2}


async def test_an_event_that_fits_no_message_costs_only_who_wrote_it(
    log: Gate, group: GroupCommit, ends: list[BaseException]
) -> None:
    log.gate.set()
    sound, emitted = group.write(A, 1, sends("a")), group.write(A, 1, sends("!b"))
    released = group.write(B, 2, sends("!c"), instead=lambda error: [sends("!c"), sends(f"letter: {error}")])
    hopeless = group.write(B, 2, sends("!e"), instead=lambda error: [sends("!e"), sends("!e")])
    other = group.write(B, 3, sends("d"))

    await asyncio.gather(sound, released, other)

    assert [keys for keys, _ in log.written] == [["a"], ["letter: too large"], ["d"]]
    with pytest.raises(DocumentTooLarge):
        await emitted
    with pytest.raises(DocumentTooLarge):
        await hopeless
    assert ends == []


async def test_what_cannot_be_written_now_is_told_to_who_wrote_it_and_ends_nothing(
    log: Gate, group: GroupCommit, ends: list[BaseException]
) -> None:
    log.gate.set()
    log.refuses = TransientError("the schema registry is away")
    with pytest.raises(TransientError):
        await group.write(A, 1, sends("a"))

    log.refuses = None
    await group.write(A, 1, sends("a"))
    assert ends == []


async def test_partitions_leave_when_what_is_under_way_has_ended_and_nothing_of_them_follows(
    log: Gate, group: GroupCommit
) -> None:
    under_way = group.write(A, 1, sends("under way"))
    await eventually(lambda: log.begun == 1)
    waiting, other = group.write(A, 2, sends("waiting")), group.write(B, 1, sends("other"))
    under_way.cancel()  # who wrote it has ended, and its transaction has not

    assert not await group.let_go([A], 0.01)
    leaving = asyncio.create_task(group.let_go([A], 30))
    await asyncio.sleep(0)
    assert not leaving.done()
    log.gate.set()

    assert await leaving
    await other
    assert waiting.cancelled()
    assert log.written == [(["under way"], {A: 1}), (["other"], {B: 1})]


async def test_a_worker_that_was_away_writes_nothing_of_what_waited(
    log: Gate, group: GroupCommit, ends: list[BaseException]
) -> None:
    log.away = True
    both = [group.write(A, 1, sends("a")), group.write(B, 1, sends("b"))]

    assert [type(e) for e in await asyncio.gather(*both, return_exceptions=True)] == [FencedError] * 2
    assert log.written == []
    assert [type(end) for end in ends] == [FencedError]


async def test_a_transaction_that_does_not_end_ends_the_worker(log: Gate, ends: list[BaseException]) -> None:
    group = GroupCommit(log, ends.append, stuck_seconds=0.01)

    with pytest.raises(FencedError, match="TimeoutError"):
        await group.write(A, 1, sends("a"))
    assert [type(end) for end in ends] == [FencedError]
