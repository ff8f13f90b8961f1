"""The stage on the engine with a store that fails in every way: retries lose nothing and leave nothing."""

import asyncio
import random
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from schemas.codec import SingleObjectCodec
from schemas.errors import TransientError
from schemas.events import DocumentState, Progress, Step
from schemas.ids import document_id
from services.indexing.plan import Incoming
from services.indexing.rows import Collection, Row
from services.indexing.stage import IndexingStage
from services.indexing.vectors import CollectionFault, Guard
from streams.engine.engine import Engine
from streams.engine.stage import Context, Outcome, Record
from streams.engine.window import Entry, Raw
from streams.kafka.cluster import Cluster
from streams.state.store import PartitionStore
from streams.topics import DEAD_LETTERS, DOCUMENT_STATES, EMBEDDINGS
from tests.services.indexing.documents import NOON, Version
from tests.services.indexing.memory import MemoryVectors, stored
from tests.streams.engine.simulation import SimulatedLog
from tests.waiting import eventually

HOME = (EMBEDDINGS.name, 0)


class FailingVectors(MemoryVectors):
    """Fails as often as the dice say, and may have done what it was asked for all the same."""

    def __init__(self, dice: random.Random, often: float) -> None:
        super().__init__()
        self._dice, self._often = dice, often

    async def upsert(self, collection: Collection, identity: str, rows: Sequence[Row], guard: Guard) -> None:
        self._fail()
        await super().upsert(collection, identity, rows, guard)
        self._fail()

    async def delete(self, collection: Collection, identity: str, ids: Sequence[str], guard: Guard) -> None:
        self._fail()
        await super().delete(collection, identity, ids, guard)
        self._fail()

    def _fail(self) -> None:
        if self._dice.random() < self._often:
            raise self._dice.choice([TransientError("away"), CollectionFault("locked")])


class FailingStage(IndexingStage):
    """Has a bug, too, which shows at times when it has more than one record."""

    dice = random.Random(0)
    often = 0.0

    async def process_batch(self, records: Sequence[Record[Incoming]], context: Context) -> Sequence[Outcome]:
        bugs = [len(records) > 1 and self.dice.random() < self.often for _ in range(2)]
        if bugs[0]:
            raise ZeroDivisionError
        outcomes = await super().process_batch(records, context)
        if bugs[1]:
            raise ZeroDivisionError
        return outcomes


def entries(events: Sequence[Incoming]) -> list[Entry]:
    made = []
    for offset, event in enumerate(events):
        key = document_id(event.document)
        one = Entry(*HOME, offset, Raw(key.encode(), b"x", {}))
        one.record = Record(*HOME, offset, key, event, 0)
        made.append(one)
    return made


class Service:
    """The stage on its engine and a log in memory."""

    def __init__(self, path: Path, store: MemoryVectors, dice: random.Random) -> None:
        cluster = Cluster("127.0.0.1:1")  # never reached: nothing is restored here
        self.states = PartitionStore[DocumentState](cluster, SingleObjectCodec(), DOCUMENT_STATES, path)
        self.stage = FailingStage(store, self.states, lambda: NOON)
        self.log = SimulatedLog(dice)

    async def process(self, events: Sequence[Incoming]) -> None:
        """Until all is committed."""
        self.stage.stores = ()  # nothing to restore
        engine = Engine(self.stage, self.log, wait=lambda attempt, error: 0.0)
        await engine.assign([HOME])
        self.stage.stores = (self.states,)
        engine.deliver(entries(events))
        with capture_logs():
            await eventually(lambda: self.log.committed[HOME] == len(events), 20)

    def indexed(self) -> list[tuple[int, int]]:
        """Ordinals that were reported as indexed, and their chunks."""
        found = [send.event for send in self.log.produced if isinstance(send.event, Progress)]
        return [(p.ordinal, p.chunks) for one in found if one.stage is Step.INDEXED for p in one.passed]

    def state(self, version: Version) -> DocumentState | None:
        return self.states.get(0, document_id(version.document))


async def test_a_document_on_both_sides_of_a_record_that_is_due_again_is_completed(tmp_path: Path) -> None:
    store = MemoryVectors()
    service = Service(tmp_path / "states.sqlite", store, random.Random(1))
    split, bad = Version(1, ["a", "b"], parts=2), Version(2, ["c"], key="other", collection="damaged")
    store.faulty = {"damaged"}
    asyncio.get_running_loop().call_later(0.02, store.faulty.clear)

    await service.process([split.events[0], *bad.events, split.events[1]])

    state = service.state(split)
    assert state is not None
    assert (state.complete, state.parts_done) == (True, [0, 1])
    assert sorted(service.indexed()) == [(1, 2), (2, 1)]


async def test_versions_that_are_tried_apart_after_a_bug_leave_no_row_of_the_older(tmp_path: Path) -> None:
    vectors = MemoryVectors()
    service = Service(tmp_path / "states.sqlite", vectors, random.Random(1))
    service.stage.often = 1.0
    long, short, split = (
        Version(1, ["a", "b", "c"]),
        Version(2, ["d"]),
        Version(3, ["e", "f"], {}, 2, key="x"),
    )

    await service.process([*long.events, *short.events, *split.events])

    assert vectors.content() == stored(short.rows + split.rows)
    state = service.state(split)
    assert state is not None
    assert state.complete


VERSIONS = st.tuples(st.integers(0, 3), st.none() | st.integers(0, 3), st.integers(1, 3))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    versions=st.lists(VERSIONS, min_size=1, max_size=12),
    often=st.sampled_from([0.1, 0.3]),
    bugs=st.sampled_from([0.0, 0.3]),
)
def test_whatever_fails_the_newest_versions_stand_and_are_reported(
    seed: int,
    versions: list[tuple[int, int | None, int]],
    often: float,
    bugs: float,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Documents 0 to 3, the odd ones in a collection of their own; parts of versions come mixed."""
    dice, sequence = random.Random(seed), count()
    turns = [
        Version(
            next(sequence),
            None if length is None else [f"{key}{at}" for at in range(length)],
            parts=parts,
            key=str(key),
            collection="odd" if key % 2 else "even",
        )
        for key, length, parts in versions
    ]
    queues = [list(version.events) for version in turns]
    events: list[Incoming] = []
    while queues := [queue for queue in queues if queue]:
        first = dice.choice(queues)
        mine = [queue for queue in queues if queue[0].document.document_key == first[0].document.document_key]
        events.append(mine[0].pop(0))  # the versions of a document do not overtake each other
    store = FailingVectors(dice, often)
    service = Service(tmp_path_factory.mktemp("states") / "states.sqlite", store, dice)
    service.stage.dice, service.stage.often = dice, bugs

    asyncio.run(service.process(events))

    newest = {version.key: version for version in turns}
    assert store.content() == stored([row for version in newest.values() for row in version.rows])
    for version in newest.values():
        state = service.state(version)
        assert state is not None
        assert (state.sequence, state.complete) == (version.sequence, True)
    upserted = {version.sequence for version in turns if version.texts is not None}
    assert {ordinal for ordinal, _ in service.indexed()} == upserted
    assert not [send for send in service.log.produced if send.topic is DEAD_LETTERS]
    service.states.close()
