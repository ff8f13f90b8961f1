"""The plan: pure, so the laws are tested on histories that hypothesis makes up."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import ContractError
from schemas.events import DocumentEmbedded, DocumentState, Payload, Step
from schemas.ids import fingerprint
from services.indexing import digests
from services.indexing.plan import Incoming, check, plan
from services.indexing.rows import Collection
from tests.services.indexing.documents import NOON, Version, deleted, document, embedded
from tests.services.indexing.memory import Budget, Crash, MemoryVectors, stored

TEXTS = st.lists(st.sampled_from(["one", "two", "three", "four"]), max_size=5)
METADATA = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from([1, "x", None, [1, 2]]))
PAGES = st.sampled_from([None, 3])
MODELS = st.sampled_from([0, 0, 0, 1])


@st.composite
def histories(draw: st.DrawFn, deletes: bool = True) -> list[Version]:
    """Versions of one document, the oldest first."""
    texts = st.none() | TEXTS if deletes else TEXTS.filter(bool)
    count = draw(st.integers(1, 4))
    versions = [
        Version(10 * n, draw(texts), draw(METADATA), draw(st.integers(1, 3)), draw(PAGES), model=draw(MODELS))
        for n in range(count)
    ]
    for n in range(1, count):  # an edit leaves most of a document as it was
        if versions[n].texts and draw(st.booleans()):
            before = draw(st.sampled_from(versions[:n]))
            versions[n] = replace(versions[n], texts=before.texts or ["one"])
    return versions


@st.composite
def logs(draw: st.DrawFn, history: list[Version]) -> list[Incoming]:
    """Events as a partition may hold them: the versions in order, their parts in any order, and among them
    duplicates and events that come long after their time (dead letters that were replayed)."""
    log: list[Incoming] = []
    for version in history:
        log.extend(draw(st.permutations(version.events)))
    for _ in range(draw(st.integers(0, 4))):
        index = draw(st.integers(0, len(log) - 1))
        log.insert(draw(st.integers(index, len(log))), log[index])
    return log


@pytest.fixture(autouse=True, scope="module")
def small_blocks() -> Iterator[None]:
    """Documents of two chunks fill a block of digests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digests, "BLOCK", 2)
        yield


AHEAD = 2


def held_back(version: Version) -> list[Incoming]:
    """The events of a version, each part naming the one that stands `AHEAD` behind it."""
    made: list[Incoming] = []
    for event in version.events:
        if isinstance(event, DocumentEmbedded) and event.part + AHEAD < event.parts:
            name = f"{event.sequence}/{event.part + AHEAD}"
            event = event.model_copy(update={"next_part": Payload(size=1, sha256=name, blob=name)})
        made.append(event)
    return made


class World:
    """A collection, the recorded state, and a process that may die between any two requests."""

    def __init__(self, vectors: MemoryVectors) -> None:
        self.vectors = vectors
        self.state: DocumentState | None = None
        self.requested: list[str] = []
        self.blocks: dict[int, tuple[int, bytes]] = {}

    def load_block(self, number: int) -> bytes:
        epoch, packed = self.blocks.get(number, (-1, b""))
        return packed if self.state is not None and epoch == self.state.digest_epoch else b""

    def process(self, events: Sequence[Incoming], budget: Budget) -> None:
        made = plan(self.state, events, NOON, self.load_block)
        collection = Collection.of(events[-1].document)
        for rows in made.upserts:
            for row in rows:  # one by one: a crash may come anywhere
                budget.spend()
                self.vectors.put(collection, [row])
        for updates in made.updates:
            for update in updates:
                budget.spend()
                self.vectors.change(collection, [update])
        for id_ in made.surplus:
            budget.spend()
            self.vectors.collections.get(collection, {}).pop(id_, None)
            self.vectors.watch(self.vectors)
        budget.spend()
        self.state = made.state or self.state
        for number, packed in made.blocks.items():
            self.blocks[number] = (self.state.digest_epoch if self.state else 0, packed)
        self.requested += [request.part.sha256 for request in made.requests]


def run(world: World, log: list[Incoming], data: st.DataObject) -> None:
    """Read the log in batches; a crash loses what was not recorded, and the batches are cut anew."""
    offset = crashes = 0
    while offset < len(log):
        size = data.draw(st.integers(1, 4), "batch")
        left = data.draw(st.none() | st.integers(0, 12), "requests until a crash") if crashes < 4 else None
        try:
            world.process(log[offset : offset + size], Budget(left))
            offset += size
        except Crash:
            crashes += 1


@settings(max_examples=100, deadline=None)
@given(history=histories(), data=st.data())
def test_whatever_happens_the_collection_ends_as_the_newest_version_exactly(
    history: list[Version], data: st.DataObject
) -> None:
    log = data.draw(logs(history), "log")
    world = World(MemoryVectors())

    run(world, log, data)

    newest = history[-1]
    assert world.vectors.content() == stored(newest.rows)
    assert world.state is not None
    assert world.state.sequence == newest.sequence
    assert world.state.complete
    assert world.state.deleted == (newest.texts is None)
    assert world.state.extent == world.state.chunks == len(newest.rows)
    if newest.texts is not None:  # a delete records no metadata
        assert world.state.fingerprint == fingerprint(newest.document)


@settings(max_examples=50, deadline=None)
@given(history=histories(deletes=False), data=st.data())
def test_rows_that_somebody_removes_are_back_with_the_next_version(
    history: list[Version], data: st.DataObject
) -> None:
    world = World(MemoryVectors())
    for version in history:
        run(world, data.draw(logs([version]), "log"), data)
        for rows in world.vectors.collections.values():
            for id_ in data.draw(st.lists(st.sampled_from(sorted(rows) or ["none"]), max_size=2), "lost"):
                rows.pop(id_, None)

    newest = replace(history[-1], sequence=history[-1].sequence + 1)
    run(world, list(newest.events), data)

    assert world.vectors.content() == stored(newest.rows)


@settings(max_examples=100, deadline=None)
@given(history=histories(), data=st.data())
def test_parts_that_come_when_they_are_asked_for_make_the_newest_version_too(
    history: list[Version], data: st.DataObject
) -> None:
    """What is asked for joins the tail of the log, now and then twice; later versions come at any time."""
    parts = [data.draw(st.integers(1, 7)) for _ in history]
    versions = [
        held_back(replace(version, parts=count)) for version, count in zip(history, parts, strict=True)
    ]
    named = {
        f"{version[0].sequence}/{number}": event
        for version in versions
        for number, event in enumerate(version)
    }
    world, log, offset, answered, crashes = World(MemoryVectors()), list[Incoming](), 0, 0, 0
    while versions or offset < len(log):
        if versions and (offset == len(log) or data.draw(st.booleans(), "the next version comes")):
            log += versions.pop(0)[:AHEAD]
        batch = log[offset : offset + data.draw(st.integers(1, 4), "batch")]
        left = data.draw(st.none() | st.integers(0, 12), "requests until a crash") if crashes < 4 else None
        try:
            world.process(batch, Budget(left))
        except Crash:
            crashes += 1
            continue
        offset += len(batch)
        for name in world.requested[answered:]:
            log += [named[name]] * data.draw(st.sampled_from([1, 1, 2]), "times that it comes")
        answered = len(world.requested)

    assert world.vectors.content() == stored(history[-1].rows)
    assert world.state is not None
    assert (world.state.sequence, world.state.complete) == (history[-1].sequence, True)
    assert len(world.requested) == len(set(world.requested))


@settings(max_examples=100, deadline=None)
@given(history=histories(deletes=False), data=st.data())
def test_a_reader_never_sees_a_document_vanish_between_versions(
    history: list[Version], data: st.DataObject
) -> None:
    world = World(MemoryVectors(watch=lambda vectors: sizes.append(len(vectors.content()))))
    sizes: list[int] = []

    run(world, data.draw(logs(history), "log"), data)

    assert sizes
    assert min(sizes) > 0


@settings(max_examples=100, deadline=None)
@given(history=histories(), data=st.data())
def test_every_event_of_a_run_is_reported_in_the_end(history: list[Version], data: st.DataObject) -> None:
    log = data.draw(logs(history), "log")
    state, reported, chunks = None, set(), {}
    offset = 0
    while offset < len(log):
        batch = log[offset : offset + data.draw(st.integers(1, 4), "batch")]
        made = plan(state, batch, NOON)
        state, offset = made.state or state, offset + len(batch)
        for note in (note for notes in made.notes for note in notes):
            reported.add((note.run.ordinal, note.stage))
            chunks[note.run.ordinal] = note.chunks

    expected = {(v.sequence, Step.DELETED if v.texts is None else Step.INDEXED) for v in history}
    assert reported == expected
    assert chunks[history[-1].sequence] == len(history[-1].rows)


@settings(max_examples=60, deadline=None)
@given(history=histories())
def test_a_replay_of_everything_changes_nothing(history: list[Version]) -> None:
    log = [event for version in history for event in version.events]
    state = plan(None, log, NOON).state

    again = plan(state, log, NOON)

    assert not any(again.upserts)
    assert not any(again.updates)
    assert not again.surplus
    assert again.state is None


def test_a_version_that_is_missing_a_part_is_not_complete_and_keeps_the_old_tail() -> None:
    old = plan(None, Version(1, ["a", "b", "c", "d"]).events, NOON).state
    first, last = Version(2, ["x", "y"], parts=2).events

    half = plan(old, [last], NOON)
    assert half.state is not None
    assert (half.state.complete, half.state.parts_done, half.state.extent) == (False, [1], 4)
    assert half.surplus == []
    assert half.notes == [[]]

    whole = plan(half.state, [first], NOON)
    assert whole.state is not None
    assert (whole.state.complete, whole.state.extent) == (True, 2)
    assert [id_.rsplit("-", 1)[1] for id_ in whole.surplus] == ["2", "3"]
    assert [note.chunks for note in whole.notes[0]] == [2]


def test_a_delete_of_an_unknown_document_fences_off_what_is_older() -> None:
    fence = plan(None, Version(7, None).events, NOON)
    assert fence.state is not None
    assert (fence.state.deleted, fence.state.sequence, fence.surplus) == (True, 7, [])

    late = plan(fence.state, Version(6, ["a"]).events, NOON)

    assert late.state is None
    assert not any(late.upserts)
    assert [(note.stage, note.chunks) for note in late.notes[0]] == [(Step.INDEXED, 0)]


def test_keys_that_the_new_version_does_not_set_are_cleared() -> None:
    old = plan(None, Version(1, ["a"], {"team": "red", "draft": True}, page=4).events, NOON).state

    rows = plan(old, Version(2, ["b"], {"team": "blue"}).events, NOON).upserts[0]

    cleared = {key for key, value in rows[0].metadata.items() if value is None}
    assert cleared == {"draft", "page", "context", "custom_id"}
    assert rows[0].metadata["team"] == "blue"


def written(old: Version, new: Version) -> tuple[int, int]:
    """Rows that the second version writes whole, and rows of which it changes metadata."""
    world = World(MemoryVectors())
    world.process(old.events, Budget())
    world.vectors.written = world.vectors.changed = 0
    world.process(new.events, Budget())
    assert world.vectors.content() == stored(new.rows)
    return world.vectors.written, world.vectors.changed


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"texts": "abcdX"}, (1, 4)),
        ({"texts": "abcdeX"}, (1, 5)),
        ({"texts": "abXde"}, (1, 4)),
        ({"texts": "abcd"}, (0, 4)),
        ({"texts": "Xabcde"}, (6, 0)),
        ({"texts": "abcde"}, (0, 5)),
        ({"metadata": {"b": 2}}, (0, 5)),
        ({"page": 7}, (0, 5)),
        ({"parts": 3}, (0, 5)),
        ({"model": 1}, (5, 0)),
    ],
)
def test_a_version_writes_whole_only_the_rows_whose_text_or_vector_changed(
    change: dict[str, Any], expected: tuple[int, int]
) -> None:
    old = Version(1, "abcde", {"a": 1})

    assert written(old, replace(old, sequence=2, **change)) == expected


def test_a_row_that_differs_in_its_version_alone_gets_that_alone() -> None:
    first = plan(None, Version(1, "ab", {"a": 1}).events, NOON).state

    (updates,) = plan(first, Version(2, "ab", {"a": 1}).events, NOON, lambda number: b"").updates

    assert {key for update in updates for key in update.metadata} == {"version_key", "version_key_sha256"}


def test_of_rows_that_are_recorded_without_digests_nothing_is_believed() -> None:
    old, new = Version(1, "abc"), Version(2, "abc")
    world = World(MemoryVectors())
    world.process(old.events, Budget())
    assert world.state is not None
    world.state = world.state.model_copy(update={"digests": b""})  # as an earlier release recorded it
    world.blocks.clear()

    world.process(new.events, Budget())

    assert (world.vectors.written, world.vectors.changed) == (6, 0)


def test_blocks_of_digests_that_a_shorter_version_has_no_rows_for_are_removed() -> None:
    world = World(MemoryVectors())
    world.process(Version(1, "abcdef").events, Budget())
    assert {number: len(packed) for number, (_, packed) in world.blocks.items()} == {1: 48, 2: 48}

    world.process(Version(2, "abc").events, Budget())
    assert {number: len(packed) for number, (_, packed) in world.blocks.items()} == {1: 24, 2: 0}

    world.process(Version(3, None).events, Budget())
    assert {number: len(packed) for number, (_, packed) in world.blocks.items()} == {1: 0, 2: 0}


def test_a_document_cut_anew_at_the_same_sequence_starts_over() -> None:
    state = plan(None, embedded(document(), 1, ["a", "b", "c"], parts=3)[:2], NOON).state

    again = plan(state, embedded(document(), 1, ["a", "b"], parts=1), NOON)

    assert again.state is not None
    assert (again.state.complete, again.state.extent) == (True, 2)
    assert len(again.surplus) == 1


def test_a_part_asks_for_the_one_that_it_names_when_it_is_in_and_a_replay_asks_for_nothing() -> None:
    events = held_back(Version(1, "abcd", parts=4))

    made = plan(None, events[:2], NOON)

    assert [request.part.sha256 for request in made.requests] == ["1/2", "1/3"]
    assert all((asked.sequence, asked.document) == (1, events[0].document) for asked in made.requests)
    assert plan(made.state, events[:2], NOON).requests == []


@pytest.mark.parametrize("newer", [Version(2, ["x"]), Version(2, None)])
def test_a_version_that_is_superseded_between_its_parts_asks_for_no_more_and_leaves_nothing(
    newer: Version,
) -> None:
    old = held_back(Version(1, "abcdef", parts=6))
    world = World(MemoryVectors())
    world.process(old[:2], Budget())
    assert world.requested == ["1/2", "1/3"]

    world.process([old[2], *newer.events], Budget())
    late = plan(world.state, [old[3]], NOON)

    assert world.requested == ["1/2", "1/3"]
    assert (late.requests, late.state) == ([], None)
    assert [(note.stage, note.chunks) for note in late.notes[0]] == [(Step.INDEXED, 0)]
    assert world.vectors.content() == stored(newer.rows)


def test_late_parts_of_a_cut_that_was_made_anew_change_nothing() -> None:
    former, anew = held_back(Version(1, "abcde", parts=5)), held_back(Version(1, "vwxyz", parts=4))
    world = World(MemoryVectors())

    world.process(former[:2], Budget())
    for event in [anew[0], former[2], anew[1], former[3], *anew[2:]]:
        world.process([event], Budget())

    assert world.state is not None
    assert world.state.complete
    assert world.vectors.content() == stored(Version(1, "vwxyz", parts=4).rows)
    assert world.requested == ["1/2", "1/3", "1/2", "1/3"]


def test_an_event_outside_of_an_invocation_reports_nothing() -> None:
    assert plan(None, embedded(document(), 1, ["a"]), NOON).notes == [[]]
    assert plan(None, [deleted(document(), 1)], NOON).notes == [[]]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"vectors": b"123"}, "3 bytes of vectors for 2 chunks of 3 float32 values; 24 expected"),
        ({"part": 1}, "part 1 of 1"),
        ({"first": 1}, "chunks 1 to 2 of 2"),
        (
            {"vectors": struct.pack("<6f", 1, 1, 1, 1, float("nan"), 1)},
            "chunk 1: its vector has a number that is",
        ),
        (
            {"vectors": struct.pack("<6f", 1, float("inf"), 1, 1, 1, 1)},
            "chunk 0: its vector has a number that is",
        ),
        ({"vectors": struct.pack("<6f", 1, 1, 1, 0, 0, 0)}, "chunk 1: its vector is zero"),
    ],
)
def test_a_part_that_contradicts_itself_breaks_the_contract(broken: dict[str, object], message: str) -> None:
    event = embedded(document(), 1, ["a", "b"])[0].model_copy(update=broken)

    with pytest.raises(ContractError, match=message):
        check(event)


def test_a_delete_without_a_sequence_breaks_the_contract() -> None:
    with pytest.raises(ContractError, match="without a sequence"):
        check(deleted(document(), 1).model_copy(update={"sequence": None}))


def test_versions_may_differ_in_metadata_alone() -> None:
    first = Version(1, ["a"], {"a": 1})
    second = replace(first, sequence=2, metadata={"a": 2})

    assert fingerprint(first.document) != fingerprint(second.document)


def test_a_version_that_is_superseded_in_the_same_batch_is_not_written() -> None:
    old, new = Version(1, ["a", "b", "c"]), Version(2, ["x"])

    made = plan(None, [*old.events, *new.events], NOON)

    assert [len(rows) for rows in made.upserts] == [0, 1]
    assert [[(n.stage, n.chunks) for n in notes] for notes in made.notes] == [
        [(Step.INDEXED, 0)],
        [(Step.INDEXED, 1)],
    ]


def test_what_a_version_left_behind_before_a_crash_is_cleared_by_the_one_that_supersedes_it() -> None:
    lost, new = Version(1, ["a", "b", "c"], {"draft": True}), Version(2, ["x"], {"team": "red"})
    world = World(MemoryVectors())
    with pytest.raises(Crash):
        world.process(lost.events, Budget(3))  # all rows are in, the state is not

    world.process([*lost.events, *new.events], Budget())

    assert world.vectors.content() == stored(new.rows)


@pytest.mark.parametrize("lost", [Version(2, "xyz"), Version(2, None)])
def test_rows_of_a_version_that_was_not_recorded_do_not_pass_for_those_that_were(lost: Version) -> None:
    old, new = Version(1, "abc"), Version(3, "abc")
    world = World(MemoryVectors())
    world.process(old.events, Budget())
    with pytest.raises(Crash):
        world.process(lost.events, Budget(3))  # all rows are others, or gone; the state is not

    world.process([*lost.events, *new.events], Budget())

    assert world.vectors.content() == stored(new.rows)
    assert world.state is not None
    assert world.state.digest_epoch == 1
