"""The records on `sparse-rows`: in the end those of the newest version, and nothing else."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import ContractError
from schemas.events import Document, DocumentState, SparseEmbedding, SparseRow, SparseVectors
from schemas.ids import document_id, sparse_row_key
from services.indexing.plan import Incoming, check
from services.indexing.writer import Work
from streams.engine.outputs import Send
from streams.topics import SPARSE_ROWS
from tests.services.indexing.documents import NOON, deleted, document, embedded, terms

BM25 = SparseEmbedding(model="Chroma/BM25", key="sparse_embedding")
TEXTS = st.lists(st.sampled_from(["one", "three", ""]), max_size=5)


@dataclass
class World:
    """The topic and the recorded state of one document, in a collection with the id `identity`."""

    identity: str | None = "c1"
    state: DocumentState | None = None
    topic: dict[str, SparseRow] = field(default_factory=dict)
    partition_keys: set[str | None] = field(default_factory=set)

    def process(self, events: Sequence[Incoming]) -> None:
        work = Work(document_id(events[-1].document), self.state, events)
        work.prepare(self.identity, NOON, lambda state: None)
        assert work.error is None
        for send in work.sparse(self.identity):
            self._take(send)
        self.state = work.next_state(self.identity) or self.state

    def _take(self, send: Send) -> None:
        assert send.topic is SPARSE_ROWS
        self.partition_keys.add(send.partition_key)
        if send.event is None:
            self.topic.pop(send.key, None)
        else:
            assert isinstance(send.event, SparseRow)
            self.topic[send.key] = send.event


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, list[Incoming]]]:
    """Versions of a document, with and without sparse vectors, each with the id of the collection that it
    meets; the parts of a version in any order, and now and then twice."""
    history: list[tuple[str, list[Incoming]]] = []
    identity = 1
    for number in range(draw(st.integers(1, 4))):
        identity += draw(st.integers(0, 1)) if number else 0
        sparse = draw(st.sampled_from([None, BM25, BM25.model_copy(update={"key": "other"})]))
        about = document(version=f"v{number}", metadata={"a": number}, sparse=sparse)
        if draw(st.integers(0, 4)) == 0:
            events: list[Incoming] = [deleted(about, number)]
        else:
            events = [*embedded(about, number, draw(TEXTS), parts=draw(st.integers(1, 3)))]
        events = draw(st.permutations(events))
        history.append((f"c{identity}", [*events, draw(st.sampled_from(events))]))
    return history


@given(histories(), st.data())
@settings(max_examples=100, deadline=None)
def test_whatever_happens_the_topic_ends_as_the_newest_version_exactly(
    history: list[tuple[str, list[Incoming]]], data: st.DataObject
) -> None:
    world = World()
    stale: list[Incoming] = []
    for identity, events in history:
        world.identity = identity
        rest = [*events]
        while rest:
            count = data.draw(st.integers(1, len(rest)))
            late = data.draw(st.lists(st.sampled_from(stale), max_size=1)) if stale else []
            world.process([*late, *rest[:count]])
            del rest[:count]
        stale.extend(events)

    identity, events = history[-1]
    about, fresh = events[-1].document, World(identity)
    for event in events:
        fresh.process([event])
    assert world.topic == fresh.topic
    if about.embedding.sparse is None or isinstance(events[0], type(deleted(about, 0))):
        assert world.topic == {}
    assert world.state is not None
    assert world.state.sparse_extent == len(world.topic)


def test_a_record_is_the_chunk_with_its_terms_and_metadata() -> None:
    about, world = document(metadata={"a": 1, "none": None, "sparse_embedding": "mine"}, sparse=BM25), World()

    world.process(embedded(about, 7, ["one", "three", ""], parts=2))

    row = world.topic[sparse_row_key(about, row_ids(about, 2)[1])]
    assert (row.collection_id, row.id, row.sequence) == ("c1", row_ids(about, 2)[1], 7)
    assert (row.model, row.key) == ("Chroma/BM25", "sparse_embedding")
    expected = terms(["three"])
    assert (row.indices, row.values) == (expected.indices, expected.values)
    assert row.metadata["a"] == 1
    assert row.metadata["document_key"] == "notes.md"
    assert not {"none", "sparse_embedding"} & row.metadata.keys()
    assert world.partition_keys == {document_id(about)}
    assert len(world.topic) == 3


def test_a_document_that_is_deleted_while_its_collection_is_gone_leaves_nothing() -> None:
    about, world = document(sparse=BM25), World()
    world.process(embedded(about, 1, ["one", "three"]))

    world.identity = None
    world.process([deleted(about, 2)])

    assert world.topic == {}


@pytest.mark.parametrize(
    ("sparse", "reason"),
    [
        (None, "missing"),
        (terms(["one"]), "1 sparse vectors for 2 chunks"),
        (SparseVectors(counts=[1, -1], indices=b"", values=b""), "2 sparse vectors for 2 chunks"),
        (SparseVectors(counts=[1, 0], indices=b"1234", values=b""), "4 of each expected"),
        (SparseVectors(counts=[2, 0], indices=struct.pack("<2I", 5, 5), values=bytes(8)), "not ascending"),
        (SparseVectors(counts=[0, 2], indices=struct.pack("<2I", 5, 4), values=bytes(8)), "not ascending"),
        (
            SparseVectors(counts=[1, 0], indices=bytes(4), values=struct.pack("<f", float("nan"))),
            "not a finite number",
        ),
    ],
)
def test_broken_sparse_vectors_break_the_contract(sparse: SparseVectors | None, reason: str) -> None:
    [part] = embedded(document(sparse=BM25), 1, ["one", "two"])
    check(part)

    with pytest.raises(ContractError, match=reason):
        check(part.model_copy(update={"sparse": sparse}))


def test_indices_need_not_ascend_from_one_chunk_to_the_next() -> None:
    [part] = embedded(document(sparse=BM25), 1, ["one", "two", "", "three"])
    found = SparseVectors(counts=[1, 1, 0, 1], indices=struct.pack("<3I", 9, 9, 1), values=bytes(12))

    check(part.model_copy(update={"sparse": found}))


def row_ids(about: Document, count: int) -> list[str]:
    [part] = embedded(about, 1, ["x"] * count)
    world = World()
    world.process([part])
    return [row.id for row in world.topic.values()]


def test_a_document_without_text_has_no_sparse_vectors_and_that_is_right() -> None:
    [event] = embedded(document(sparse=BM25), 1, [])

    check(event)
    assert event.sparse == SparseVectors(counts=[], indices=b"", values=b"")
