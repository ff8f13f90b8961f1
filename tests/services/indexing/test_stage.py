"""The stage on a store of states as the engine keeps it, without a broker; the vectors in memory."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import count
from math import inf
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import SingleObjectCodec
from schemas.errors import (
    ContractError,
    DocumentError,
    DocumentTooLarge,
    FencedError,
    RateLimited,
    TransientError,
)
from schemas.events import (
    DocumentEmbedded,
    DocumentState,
    Embedding,
    PartRequested,
    Payload,
    RunPosition,
    Step,
)
from schemas.ids import document_id
from services.indexing import digests, vectors
from services.indexing.digests import DIGEST_BYTES
from services.indexing.faults import Faults
from services.indexing.plan import Incoming
from services.indexing.rows import Collection, Row
from services.indexing.stage import IndexingStage
from services.indexing.vectors import CollectionFault, CollectionReplaced, Guard
from services.indexing.writer import PartlyWritten
from streams.engine.log import RecordMetadata
from streams.engine.outputs import Output, ProgressReport, Send
from streams.engine.stage import Outcome, Record
from streams.kafka.cluster import Cluster
from streams.state.store import PartitionStore
from streams.topics import DOCUMENT_STATES, PART_REQUESTS, SOURCE_DOCUMENTS
from tests.services.indexing.documents import NOON, Version, deleted, document, embedded
from tests.services.indexing.memory import MemoryVectors, Stored, stored
from tests.waiting import eventually


class Alive:
    """A context whose worker is in good health, for so many requests."""

    requests: float = inf

    def check_alive(self) -> None:
        if self.requests <= 0:
            raise FencedError("away for too long")
        self.requests -= 1

    async def emit(self, outputs: Sequence[Output]) -> None:
        raise AssertionError("indexing emits nothing on its own")


class Indexer:
    """An indexing stage with what the engine does around it: transactions, dead letters, restored state."""

    def __init__(self, path: Path, store: MemoryVectors | None = None, patience: float = 10.0) -> None:
        self.vectors = store or MemoryVectors()
        cluster = Cluster("127.0.0.1:1")  # never reached: nothing is restored here
        self.states = PartitionStore[DocumentState](cluster, SingleObjectCodec(), DOCUMENT_STATES, path)
        self.clock = 0.0
        self.stage = IndexingStage(self.vectors, self.states, lambda: NOON, lambda: self.clock, patience)
        self.context = Alive()
        self._offsets = count()

    async def process(self, *events: Incoming) -> list[Outcome]:
        """Outcomes of one batch; its outputs are recorded."""
        records = [self.record(event) for event in events]
        outcomes = list(await self.stage.process_batch(records, self.context))
        for record, outcome in zip(records, outcomes, strict=True):
            failed = isinstance(outcome, Exception)
            outputs = self.stage.failed(record, outcome) if isinstance(outcome, Exception) else outcome
            assert not failed or isinstance(outcome, DocumentError | ContractError | TransientError)
            if isinstance(outcome, TransientError):  # due again: nothing is recorded
                continue
            sends = [output for output in outputs if isinstance(output, Send)]
            self.states.apply([RecordMetadata(send, 0, next(self._offsets)) for send in sends])
        return outcomes

    def record(self, event: Incoming) -> Record[Incoming]:
        return Record("embeddings", 0, next(self._offsets), document_id(event.document), event, 0)

    def state(self, version: Version) -> DocumentState | None:
        return self.states.get(0, document_id(version.document))


@pytest.fixture(autouse=True, scope="module")
def small_blocks() -> Iterator[None]:
    """Documents of two chunks fill a block of digests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digests, "BLOCK", 2)
        yield


@pytest.fixture
def indexer(tmp_path: Path) -> Iterator[Indexer]:
    indexer = Indexer(tmp_path / "states.sqlite")
    yield indexer
    indexer.states.close()


def sends(outcome: Outcome) -> list[Send]:
    assert not isinstance(outcome, Exception), outcome
    return [output for output in outcome if isinstance(output, Send)]


def notes(outcome: Outcome) -> list[tuple[Step, int, str | None]]:
    assert not isinstance(outcome, Exception), outcome
    return [(o.stage, o.chunks, o.document_key) for o in outcome if isinstance(o, ProgressReport)]


async def test_a_document_is_written_recorded_and_reported(indexer: Indexer) -> None:
    version = Version(1, ["a", "b"])

    (outcome,) = await indexer.process(*version.events)

    assert indexer.vectors.content() == stored(version.rows)
    states, sources = sends(outcome)
    assert (states.topic, sources.topic) == (DOCUMENT_STATES, SOURCE_DOCUMENTS)
    assert states.key == sources.key == document_id(version.document)
    assert (states.partition_key, sources.partition_key) == (None, "tree")
    state = indexer.state(version)
    assert state is not None
    assert states.event == state
    assert len(state.digests) == 2 * DIGEST_BYTES
    assert sources.event == state.model_copy(update={"digests": b""})
    assert notes(outcome) == [(Step.INDEXED, 2, "notes.md")]


async def test_a_document_that_another_source_replaces_is_no_longer_its_former_sources(
    indexer: Indexer,
) -> None:
    bucket, upload = (
        document("a.txt").model_copy(update={"source_id": name}) for name in ("bucket", "upload")
    )

    await indexer.process(*embedded(bucket, 1, ["from the bucket"]))
    (outcome,) = await indexer.process(*embedded(upload, 2, ["uploaded"]))
    first, second = await indexer.process(
        *embedded(bucket, 3, ["from the bucket"]), *embedded(upload, 4, ["uploaded"])
    )

    _, gone, new = sends(outcome)
    assert (gone.topic, gone.partition_key, gone.event) == (SOURCE_DOCUMENTS, "bucket", None)
    assert (new.topic, new.partition_key, gone.key) == (SOURCE_DOCUMENTS, "upload", new.key)
    told = [(send.partition_key, send.event is None) for send in (*sends(first), *sends(second))]
    assert told[-1] == ("upload", False)
    assert ("bucket", False) not in told[told.index(("upload", False)) :]


async def test_the_part_that_follows_is_asked_for_in_the_transaction_that_records_its_forerunner(
    indexer: Indexer,
) -> None:
    first, last = embedded(document(), 1, ["a", "b"], parts=2)
    follower = Payload(size=1, sha256="f", blob="f")
    first = first.model_copy(update={"next_part": follower})

    (outcome,) = await indexer.process(first)
    (again,) = await indexer.process(first)
    (ended,) = await indexer.process(last)

    states, request = sends(outcome)
    assert states.topic == DOCUMENT_STATES
    assert (request.topic, request.key) == (PART_REQUESTS, document_id(document()))
    assert request.event == PartRequested(document=document(), sequence=1, part=follower)
    assert [send.topic for send in [*sends(again), *sends(ended)]] == [DOCUMENT_STATES]


async def test_a_part_that_is_refused_asks_for_nothing(indexer: Indexer) -> None:
    [first, _] = embedded(document(), 1, ["poison", "b"], parts=2)
    first = first.model_copy(update={"next_part": Payload(size=1, sha256="f", blob="f")})

    (outcome,) = await indexer.process(first)

    assert isinstance(outcome, DocumentError)


async def test_a_document_without_a_source_of_its_own_is_not_told_to_a_connector(indexer: Indexer) -> None:
    (outcome,) = await indexer.process(*embedded(document(), 1, ["a"]))

    assert [send.topic for send in sends(outcome)] == [DOCUMENT_STATES]


async def test_a_deleted_document_is_removed_and_reported(indexer: Indexer) -> None:
    await indexer.process(*Version(1, ["a", "b"]).events)

    (outcome,) = await indexer.process(*Version(2, None).events)

    assert indexer.vectors.content() == {}
    assert notes(outcome) == [(Step.DELETED, 0, "notes.md")]


async def test_documents_of_a_batch_share_requests_and_creates_come_before_deletes(indexer: Indexer) -> None:
    await indexer.process(*(e for key in "abc" for e in Version(1, ["x", "y"], key=key).events))
    indexer.vectors.requests.clear()

    await indexer.process(
        *(e for key in "abc" for e in Version(2, ["z"], key=key).events), *Version(3, ["q"], key="d").events
    )

    assert indexer.vectors.requests == ["upsert 4", "delete 3"]


async def test_one_bad_document_fails_alone(indexer: Indexer) -> None:
    good, bad, other = Version(1, ["a"]), Version(2, ["poison"], key="bad"), Version(3, ["c"], key="other")

    outcomes = await indexer.process(*good.events, *bad.events, *other.events)

    assert isinstance(outcomes[1], DocumentError)
    assert notes(outcomes[0]) == [(Step.INDEXED, 1, "notes.md")]
    assert notes(outcomes[2]) == [(Step.INDEXED, 1, "other")]
    assert indexer.vectors.content() == stored(good.rows + other.rows)
    assert indexer.state(bad) is None


async def test_versions_that_are_tried_apart_do_not_believe_what_was_recorded_before_the_first(
    indexer: Indexer,
) -> None:
    """Their requests are shared with a document that is refused, so each is written alone."""
    first, second, third = Version(1, "abcd"), Version(2, "abXd"), Version(3, "abcd")
    await indexer.process(*first.events)

    await indexer.process(*second.events, *third.events, *Version(4, ["poison"], key="bad.md").events)

    assert indexer.vectors.content() == stored(third.rows)


async def test_a_long_document_that_changes_a_little_is_written_a_little(indexer: Indexer) -> None:
    first, second = Version(1, "abcdefg", parts=2), Version(2, "abcdefX", parts=3)
    await indexer.process(*first.events)
    assert indexer.vectors.written == 7

    for event in second.events:
        await indexer.process(event)

    assert (indexer.vectors.written, indexer.vectors.changed) == (8, 6)
    assert indexer.vectors.content() == stored(second.rows)


async def test_a_version_is_kept_when_the_one_that_supersedes_it_is_refused(indexer: Indexer) -> None:
    old, bad = Version(1, ["a"]), Version(2, ["poison"])

    outcomes = await indexer.process(*old.events, *bad.events)

    assert notes(outcomes[0]) == [(Step.INDEXED, 1, "notes.md")]
    assert isinstance(outcomes[1], DocumentError)
    assert indexer.vectors.content() == stored(old.rows)
    assert indexer.state(old) == indexer.state(bad)


async def test_a_version_that_is_refused_takes_nothing_away(indexer: Indexer) -> None:
    old, bad = Version(1, ["a", "b", "c"]), Version(2, ["poison"])
    await indexer.process(*old.events)

    await indexer.process(*bad.events)

    assert indexer.vectors.content() == stored(old.rows)


async def test_versions_before_a_refused_one_follow_each_other_exactly(indexer: Indexer) -> None:
    long, short, bad = Version(1, ["a", "b", "c"], {"x": 1}), Version(2, ["d"]), Version(3, ["poison"])

    outcomes = await indexer.process(*long.events, *short.events, *bad.events)

    assert [notes(outcome) for outcome in outcomes[:2]] == [
        [(Step.INDEXED, 3, "notes.md")],
        [(Step.INDEXED, 1, "notes.md")],
    ]
    assert indexer.vectors.content() == stored(short.rows)


async def test_what_a_refused_part_left_behind_is_known_and_cleared_away(
    indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "MAX_ROWS", 2)
    await indexer.process(*Version(1, ["a"]).events)

    (refused,) = await indexer.process(*Version(2, ["b", "c", "d", "poison"], {"draft": 1}).events)

    assert isinstance(refused, DocumentError)
    assert len(indexer.vectors.content()) == 2
    state = indexer.state(Version(2, []))
    assert state is not None
    assert (state.sequence, state.complete, state.parts_done, state.extent) == (2, False, [], 4)

    good = Version(3, ["x"])
    await indexer.process(*good.events)
    assert indexer.vectors.content() == stored(good.rows)


async def test_a_part_that_comes_back_from_the_dead_letters_completes_its_document(indexer: Indexer) -> None:
    version = Version(1, ["a", "b", "c"], parts=3)
    first, second, third = version.events

    before = await indexer.process(first, third)
    (after,) = await indexer.process(second)

    assert [notes(outcome) for outcome in before] == [[], []]
    assert notes(after) == [(Step.INDEXED, 3, "notes.md")]
    assert indexer.vectors.content() == stored(version.rows)


async def test_a_record_under_a_foreign_key_breaks_the_contract(indexer: Indexer) -> None:
    (event,) = Version(1, ["a"]).events
    record = Record("embeddings", 3, 99, "foreign", event, 0)

    (outcome,) = await indexer.stage.process_batch([record], indexer.context)

    assert isinstance(outcome, ContractError)
    assert "embeddings, partition 3, offset 99" in str(outcome)
    assert indexer.vectors.requests == []


async def test_a_worker_that_was_away_for_too_long_writes_nothing(indexer: Indexer) -> None:
    indexer.context.requests = 0

    with pytest.raises(FencedError):
        await indexer.process(*Version(1, ["a"]).events)

    assert indexer.vectors.requests == []


class DownVectors(MemoryVectors):
    """A store that is away."""

    async def create(self, collection: Collection, guard: Guard) -> str:
        raise TransientError("away")


async def test_a_store_that_is_away_is_tried_again_with_the_whole_batch(tmp_path: Path) -> None:
    indexer = Indexer(tmp_path / "states.sqlite", DownVectors())

    (outcome,) = await indexer.process(*Version(1, ["a"]).events)

    assert isinstance(outcome, TransientError)
    assert indexer.state(Version(1, [])) is None


BAD = Version(1, ["a", "b"], collection="damaged")
GOOD = Version(1, ["a"], key="good.md")


async def test_a_collection_that_answers_with_errors_costs_the_others_of_a_batch_nothing(
    indexer: Indexer,
) -> None:
    indexer.vectors.faulty = {"damaged"}

    bad, good = await indexer.process(*BAD.events, *GOOD.events)

    assert isinstance(bad, CollectionFault)
    assert notes(good) == [(Step.INDEXED, 1, "good.md")]
    assert (indexer.state(BAD), indexer.state(GOOD) is None) == (None, False)
    indexer.vectors.faulty.clear()
    assert notes((await indexer.process(*BAD.events))[0]) == [(Step.INDEXED, 2, "notes.md")]


async def test_a_collection_that_goes_on_so_for_minutes_is_broken_and_its_documents_are_given_up(
    indexer: Indexer,
) -> None:
    indexer.vectors.faulty = {"damaged"}
    for indexer.clock in (0.0, 150.0, 299.0):
        assert isinstance((await indexer.process(*BAD.events))[0], CollectionFault)

    indexer.clock = 300.0
    (given_up,) = await indexer.process(*BAD.events)

    assert isinstance(given_up, DocumentError)
    assert "'damaged'" in str(given_up)
    assert "for 5 min" in str(given_up)
    assert "replay" in str(given_up)
    state = indexer.state(BAD)  # a server that answers 500 may have written all the same
    assert state is not None
    assert (state.complete, state.chunks) == (False, 2)


async def test_a_broken_collection_is_asked_again_once_a_minute_until_it_is_mended(indexer: Indexer) -> None:
    await indexer.process(*BAD.events)
    indexer.vectors.faulty = {"damaged"}
    rewritten = Version(2, ["b"], collection="damaged")
    await indexer.process(*rewritten.events)
    indexer.clock = 300.0
    await indexer.process(*rewritten.events)
    indexer.vectors.requests.clear()

    later = Version(3, ["c"], key="later.md", collection="damaged")
    for indexer.clock in (310.0, 359.0):
        assert isinstance((await indexer.process(*later.events))[0], DocumentError)
    assert not indexer.vectors.requests
    indexer.clock = 360.0
    assert isinstance((await indexer.process(*later.events))[0], DocumentError)
    assert indexer.vectors.requests == ["upsert 1"]

    indexer.vectors.faulty.clear()
    indexer.clock = 420.0
    assert notes((await indexer.process(*later.events))[0]) == [(Step.INDEXED, 1, "later.md")]
    indexer.vectors.faulty = {"damaged"}  # a new fault has its minutes
    newer = Version(4, ["d"], collection="damaged")
    assert isinstance((await indexer.process(*newer.events))[0], CollectionFault)


async def test_a_store_that_takes_no_write_at_all_is_waited_for_however_long(indexer: Indexer) -> None:
    indexer.vectors.healthy = False

    for minute in range(60):
        indexer.clock = minute * 60.0
        assert isinstance((await indexer.process(*BAD.events))[0], CollectionFault)
    indexer.vectors.healthy = True

    assert notes((await indexer.process(*BAD.events))[0]) == [(Step.INDEXED, 2, "notes.md")]


async def test_minutes_in_which_the_store_was_away_are_no_fault_of_a_collection(tmp_path: Path) -> None:
    class Restarting(MemoryVectors):
        away = False

        async def create(self, collection: Collection, guard: Guard) -> str:
            if self.away:
                raise TransientError("away")
            return await super().create(collection, guard)

    store = Restarting()
    indexer = Indexer(tmp_path / "states.sqlite", store)
    store.faulty = {"damaged"}
    await indexer.process(*BAD.events)
    store.away, indexer.clock = True, 299.0
    assert isinstance((await indexer.process(*BAD.events))[0], TransientError)

    store.away, indexer.clock = False, 301.0
    assert isinstance((await indexer.process(*BAD.events))[0], CollectionFault)


async def test_the_minutes_of_a_collection_that_nobody_asked_for_long_begin_anew(indexer: Indexer) -> None:
    """Its partition was with another worker meanwhile, or the collection has been mended."""
    indexer.vectors.faulty = {"damaged"}
    await indexer.process(*BAD.events)

    for indexer.clock in (86_400.0, 86_400.0 + 299):
        assert isinstance((await indexer.process(*BAD.events))[0], CollectionFault)
    indexer.clock += 1
    assert type((await indexer.process(*BAD.events))[0]) is PartlyWritten


async def test_a_store_that_asks_for_patience_is_not_away(tmp_path: Path) -> None:
    class Busy(MemoryVectors):
        async def upsert(
            self, collection: Collection, identity: str, rows: Sequence[Row], guard: Guard
        ) -> None:
            if collection.name == "busy":
                raise RateLimited("slow down", 1.0)
            await super().upsert(collection, identity, rows, guard)

    store = Busy()
    indexer = Indexer(tmp_path / "states.sqlite", store)
    store.faulty = {"damaged"}
    for indexer.clock in (0.0, 150.0, 299.0):
        assert isinstance((await indexer.process(*BAD.events))[0], CollectionFault)
        (outcome,) = await indexer.process(*Version(2, ["a"], key="other", collection="busy").events)
        assert isinstance(outcome, RateLimited)

    indexer.clock = 300.0
    assert type((await indexer.process(*BAD.events))[0]) is PartlyWritten


async def test_a_document_that_the_store_cannot_take_is_given_up_though_its_collection_is_well(
    tmp_path: Path,
) -> None:
    class Choking(MemoryVectors):
        async def upsert(
            self, collection: Collection, identity: str, rows: Sequence[Row], guard: Guard
        ) -> None:
            if any(row.text == "choke" for row in rows):
                raise CollectionFault("Chroma refused 1 chunks (500): index out of bounds")
            await super().upsert(collection, identity, rows, guard)

    indexer = Indexer(tmp_path / "states.sqlite", Choking())
    bad = Version(1, ["choke"], key="bad.md")
    for indexer.clock in (0.0, 100.0, 200.0):
        assert isinstance((await indexer.process(*bad.events))[0], CollectionFault)
        good = Version(2, [str(indexer.clock)], key=f"{indexer.clock}.md")
        assert notes((await indexer.process(*good.events))[0]) == [(Step.INDEXED, 1, good.key)]

    indexer.clock = 300.0
    (given_up,) = await indexer.process(*bad.events)

    assert type(given_up) is PartlyWritten
    assert "for 5 min on this document while collection 'library'" in str(given_up)
    last = Version(3, ["x"], key="last.md")
    assert notes((await indexer.process(*last.events))[0]) == [(Step.INDEXED, 1, "last.md")]


async def test_a_collection_that_is_never_asked_for_again_is_not_remembered() -> None:
    now = 0.0
    faults = Faults(MemoryVectors(), lambda: now)
    for number in range(5):
        now = number * 1_000.0
        collection = Collection("t", "d", str(number), Embedding(model="m"))
        await faults.judged(collection, [f"{number}.md"], CollectionFault("broken"), lambda: None)

    assert len(faults) == 2  # the last collection and its document


async def test_a_delete_that_was_given_up_halfway_leaves_no_document_that_passes_for_whole(
    indexer: Indexer,
) -> None:
    await indexer.process(*BAD.events)
    indexer.vectors.faulty = {"damaged"}
    remove = Version(2, None, collection="damaged")
    await indexer.process(*remove.events)
    indexer.clock = 300.0

    (given_up,) = await indexer.process(*remove.events)

    assert isinstance(given_up, DocumentError)
    state = indexer.state(BAD)
    assert state is not None
    assert (state.complete, state.deleted, state.sequence, state.extent) == (False, False, 1, 2)
    indexer.vectors.faulty.clear()
    indexer.clock = 600.0
    await indexer.process(*Version(3, ["x"], collection="damaged").events)
    assert indexer.vectors.content() == stored(Version(3, ["x"], collection="damaged").rows)


async def test_a_delete_of_something_unknown_asks_nothing_of_the_store(indexer: Indexer) -> None:
    (outcome,) = await indexer.process(
        deleted(document(run=RunPosition(invocation_id="r", attempt=1, ordinal=0)), 4)
    )

    assert notes(outcome) == [(Step.DELETED, 0, "notes.md")]
    assert indexer.vectors.requests == []


class Hanging(MemoryVectors):
    """Does not answer for the collections in `hangs`, until it is `released`: then it carries out what it was
    asked for, as a server does that wakes."""

    def __init__(self) -> None:
        super().__init__()
        self.hangs: set[str] = set()
        self.released = asyncio.Event()
        self.under_way = 0

    async def upsert(self, collection: Collection, identity: str, rows: Sequence[Row], guard: Guard) -> None:
        if collection.name in self.hangs:
            self.under_way += 1
            try:
                await self.released.wait()
            finally:
                self.under_way -= 1
        await super().upsert(collection, identity, rows, guard)


@pytest.fixture
async def hanging(tmp_path: Path) -> AsyncIterator[tuple[Indexer, Hanging]]:
    store = Hanging()
    store.hangs = {"damaged"}
    indexer = Indexer(tmp_path / "hanging.sqlite", store, patience=0.05)
    yield indexer, store
    await indexer.stage.close()
    indexer.states.close()


async def test_a_collection_that_hangs_costs_the_others_of_a_batch_nothing(
    hanging: tuple[Indexer, Hanging],
) -> None:
    indexer, store = hanging

    for number in range(3):
        good = Version(2 + number, ["a"], key=f"{number}.md")
        outcomes = await indexer.process(*BAD.events, *good.events)
        assert isinstance(outcomes[0], CollectionFault)
        assert notes(outcomes[1]) == [(Step.INDEXED, 1, good.key)]
    assert store.under_way == 1  # nothing is sent behind what it has not answered

    store.hangs.clear()
    store.released.set()
    await eventually(lambda: store.under_way == 0)
    assert notes((await indexer.process(*BAD.events))[0]) == [(Step.INDEXED, 2, "notes.md")]


async def test_documents_of_a_collection_that_hangs_for_minutes_are_given_up(
    hanging: tuple[Indexer, Hanging],
) -> None:
    indexer, _ = hanging
    for indexer.clock in (0.0, 299.0):
        assert isinstance((await indexer.process(*BAD.events))[0], CollectionFault)

    indexer.clock = 300.0
    (given_up,) = await indexer.process(*BAD.events)

    assert type(given_up) is PartlyWritten  # it may be done all the same
    assert "'damaged'" in str(given_up)
    assert "has not answered" in str(given_up)


async def test_a_store_that_hangs_altogether_is_waited_for(hanging: tuple[Indexer, Hanging]) -> None:
    indexer, store = hanging
    store.healthy = False

    for minute in range(10):
        indexer.clock = minute * 60.0
        assert isinstance((await indexer.process(*BAD.events))[0], CollectionFault)


async def test_a_request_that_hangs_is_broken_off_when_its_partition_leaves(
    hanging: tuple[Indexer, Hanging],
) -> None:
    indexer, store = hanging
    await indexer.process(*BAD.events)

    await indexer.stage.revoked([0])
    store.released.set()

    assert (store.under_way, store.requests) == (0, [])


async def test_a_state_that_fits_no_message_is_refused_before_anything_is_written(indexer: Indexer) -> None:
    """Its metadata fit once; the state has their keys twice."""
    huge = Version(1, ["a"], {f"{i:05d}" + "k" * 100: 1 for i in range(5_200)})

    (refused,) = await indexer.process(*huge.events)

    assert isinstance(refused, DocumentTooLarge)
    assert "document-states" in str(refused)
    assert indexer.vectors.content() == {}
    assert indexer.vectors.requests == []
    good = Version(2, ["b"], {"small": 1})
    await indexer.process(*good.events)
    await indexer.process(*deleted_as(good, 3))
    assert indexer.vectors.content() == {}


async def test_what_is_left_of_two_versions_is_recorded_or_not_written(
    indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keys of each version fit; the keys of both do not, and a version that is refused halfway has to
    record both."""
    monkeypatch.setattr(vectors, "MAX_ROWS", 2)
    first, second = ({f"{stem}{i:05d}" + "k" * 300: 1 for i in range(1_100)} for stem in "ab")
    old, half = Version(1, ["a"], first), Version(2, ["b", "c", "d", "poison"], second)
    await indexer.process(*old.events)

    (refused,) = await indexer.process(*half.events)

    assert type(refused) is DocumentTooLarge
    assert indexer.vectors.content() == stored(old.rows)
    await indexer.process(*deleted_as(half, 3))
    assert indexer.vectors.content() == {}


async def test_a_delete_with_any_metadata_is_carried_out(indexer: Indexer) -> None:
    await indexer.process(*Version(1, ["a"]).events)
    huge = Version(2, None, {f"{i:05d}" + "k" * 100: 1 for i in range(8_000)})

    (outcome,) = await indexer.process(*huge.events)

    assert notes(outcome) == [(Step.DELETED, 0, "notes.md")]
    assert indexer.vectors.content() == {}


def deleted_as(version: Version, sequence: int) -> list[Incoming]:
    return [deleted(version.document, sequence)]


@pytest.mark.parametrize("superseded", [None, ["c", "d"]], ids=["a delete", "a version"])
@pytest.mark.parametrize("texts", [[], ["e"], ["e", "f"]], ids=len)
async def test_what_a_version_has_not_cleared_because_a_newer_one_had_begun_is_cleared_by_that(
    indexer: Indexer, superseded: list[str] | None, texts: list[str]
) -> None:
    """A record that is due again stands between the two, which were written together."""
    long = Version(1, ["a", "b", "c"], {"only": "the first has it"})
    second, newest = Version(2, superseded), Version(3, texts, parts=2)
    other = Version(1, ["x"], key="other.md", collection="damaged")
    await indexer.process(*long.events)
    indexer.vectors.faulty = {"damaged"}
    outcomes = await indexer.process(*second.events, *other.events, newest.events[0])
    assert isinstance(outcomes[1], CollectionFault)

    indexer.vectors.faulty.clear()
    await indexer.process(*other.events, *newest.events)

    assert indexer.vectors.content() == stored([*other.rows, *newest.rows])


async def test_a_document_goes_on_record_with_the_collection_that_holds_it(indexer: Indexer) -> None:
    first = Version(1, ["a"])
    await indexer.process(*first.events)
    before = indexer.state(first)
    indexer.vectors.drop("library")

    second = Version(2, ["b"], key="second.md")
    (replaced,) = await indexer.process(*second.events)
    await indexer.process(*second.events)
    after = indexer.state(second)

    assert isinstance(replaced, CollectionReplaced)
    assert indexer.vectors.content() == stored(second.rows)
    assert before is not None
    assert after is not None
    assert (before.collection_id, after.collection_id) == ("library-1", "library-2")


async def test_a_batch_whose_collection_is_deleted_halfway_goes_whole_into_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "MAX_ROWS", 2)

    class Deleting(MemoryVectors):
        async def upsert(
            self, collection: Collection, identity: str, rows: Sequence[Row], guard: Guard
        ) -> None:
            await super().upsert(collection, identity, rows, guard)
            if len(self.requests) == 2:
                self.drop("library")

    indexer = Indexer(tmp_path / "states.sqlite", Deleting())
    versions = [Version(n, ["a", "b"], key=f"{n}.md") for n in range(1, 5)]
    events = [event for version in versions for event in version.events]

    outcomes = await indexer.process(*events)
    assert {type(outcome) for outcome in outcomes} == {CollectionReplaced}
    await indexer.process(*events)

    assert indexer.vectors.content() == stored([row for version in versions for row in version.rows])
    for version in versions:
        state = indexer.state(version)
        assert state is not None
        assert state.collection_id == "library-2"
    indexer.states.close()


async def test_a_document_whose_first_parts_went_with_their_collection_fails_and_says_so(
    indexer: Indexer,
) -> None:
    version = Version(1, ["a", "b", "c"], parts=3)
    first, second, third = version.events
    await indexer.process(first)
    indexer.vectors.drop("library")

    await indexer.process(second)  # finds out that the collection is gone
    outcomes = await indexer.process(second, third)

    assert [type(outcome) for outcome in outcomes] == [DocumentError, DocumentError]
    assert "deleted while this document was written: 1 of its 3 parts" in str(outcomes[0])
    assert indexer.vectors.content() == {}
    again = Version(2, ["a", "b", "c"], parts=3)
    outcomes = await indexer.process(*again.events)
    assert notes(outcomes[-1]) == [(Step.INDEXED, 3, "notes.md")]
    assert indexer.vectors.content() == stored(again.rows)


async def test_a_delete_and_a_replay_are_right_in_a_collection_made_anew(indexer: Indexer) -> None:
    one, other = Version(1, ["a", "b"]), Version(2, ["x"], key="other.md")
    await indexer.process(*one.events, *other.events)
    indexer.vectors.drop("library")
    await indexer.process(*Version(3, ["y"], key="third.md").events)  # finds out

    (outcome,) = await indexer.process(*one.events)  # the same version once more
    assert notes(outcome) == [(Step.INDEXED, 2, "notes.md")]
    (outcome,) = await indexer.process(*deleted_as(other, 4))
    assert notes(outcome) == [(Step.DELETED, 0, "other.md")]
    assert indexer.vectors.content() == stored(one.rows)


TEXTS = st.lists(st.sampled_from(["a", "b", "c", "poison"]), max_size=6)
VERSIONS = st.builds(
    lambda texts, metadata, parts: (texts, metadata, parts),
    st.none() | TEXTS,
    st.dictionaries(st.sampled_from("ab"), st.integers(0, 3)),
    st.integers(1, 2),
)


@settings(max_examples=80, deadline=None)
@given(
    histories=st.lists(st.lists(VERSIONS, min_size=1, max_size=4), min_size=1, max_size=3),
    data=st.data(),
)
def test_refusals_and_crashes_cost_no_other_document_and_leave_nothing_behind(
    histories: list[list[tuple[list[str] | None, dict[str, int], int]]],
    data: st.DataObject,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Up to three documents, requests of two rows, any row may be refused; the last versions are all good."""
    sequence = count()
    turns: list[Version] = []
    for number, versions in enumerate(histories):
        versions = [*versions, (["good", "end"][: number % 3], {"c": number}, 1)]
        turns.extend(Version(next(sequence), t, m, p, key=str(number)) for t, m, p in versions)
    order = data.draw(st.permutations(turns), "order")
    log = [event for version in sorted(order, key=lambda v: _rank(v, order)) for event in version.events]
    path = tmp_path_factory.mktemp("states") / "states.sqlite"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectors, "MAX_ROWS", 2)
        content = asyncio.run(_play(log, path, data))

    newest = {version.key: version for version in sorted(turns, key=lambda v: v.sequence)}
    assert content == stored([row for version in newest.values() for row in version.rows])


async def _play(log: list[Incoming], path: Path, data: st.DataObject) -> dict[str, Stored]:
    """Process in batches; a worker that dies in one has its batch cut anew. What the store holds then."""
    indexer, deaths = Indexer(path), 0
    while log:
        size = data.draw(st.integers(1, 6), "batch")
        indexer.context.requests = (
            data.draw(st.just(inf) | st.integers(0, 6), "until death") if deaths < 4 else inf
        )
        try:
            outcomes = await indexer.process(*log[:size])
        except FencedError:
            deaths += 1
            continue
        for event, outcome in zip(log[:size], outcomes, strict=True):
            assert not isinstance(outcome, Exception) or "poison" in _texts(event)
        del log[:size]
    indexer.states.close()
    return indexer.vectors.content()


def _texts(event: Incoming) -> list[str]:
    return [piece.text for piece in event.chunks] if isinstance(event, DocumentEmbedded) else []


def _rank(version: Version, order: Sequence[Version]) -> tuple[int, int]:
    """Documents are mixed as `order` has them, the versions of each stay in their order."""
    places = sorted(place for place, other in enumerate(order) if other.key == version.key)
    mine = sorted(other.sequence for other in order if other.key == version.key)
    return places[mine.index(version.sequence)], 0
