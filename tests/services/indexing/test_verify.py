"""What `verify` finds in a collection that is not what is recorded, and how the pipeline mends it."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import ChunkDigests, DocumentDoubted, DocumentState, SparseEmbedding
from schemas.ids import document_id
from services.indexing import digests
from services.indexing.comparing.verify import Comparison, Finding
from services.indexing.digests import block_key
from services.indexing.plan import Incoming, plan
from services.indexing.rows import Collection, row_id
from services.indexing.states import in_collection
from tests.services.indexing.documents import NOON, Version, document, embedded
from tests.services.indexing.memory import MemoryVectors, stored

HERE = "library-1"


@pytest.fixture(autouse=True, scope="module")
def small_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digests, "BLOCK", 2)
        yield


class Pipeline:
    """A collection and what is recorded of its documents."""

    def __init__(self) -> None:
        self.vectors = MemoryVectors()
        self.collection = Collection.of(Version(1, ["x"]).document)
        self.states: dict[str, DocumentState] = {}
        self.blocks: dict[str, ChunkDigests] = {}

    @property
    def rows(self) -> dict[str, tuple[str, bytes, dict[str, object]]]:
        return self.vectors.collections.setdefault(self.collection, {})  # type: ignore[return-value]

    def process(self, events: Sequence[Incoming]) -> None:
        key = document_id(events[0].document)
        state = in_collection(self.states.get(key), HERE)

        def load(number: int) -> bytes:
            block = self.blocks.get(block_key(key, number))
            return block.digests if block and state and block.digest_epoch == state.digest_epoch else b""

        made = plan(state, events, NOON, load)
        self.vectors.put(self.collection, [row for rows in made.upserts for row in rows])
        self.vectors.change(self.collection, [update for some in made.updates for update in some])
        for id_ in made.surplus:
            self.rows.pop(id_, None)
        assert made.state is not None
        self.states[key] = made.state.model_copy(update={"collection_id": HERE})
        for number, packed in made.blocks.items():
            block = ChunkDigests(digest_epoch=made.state.digest_epoch, digests=packed)
            self.blocks[block_key(key, number)] = block

    def compare(self, collection_id: str = HERE) -> Comparison:
        made = Comparison(collection_id, self.states, self.blocks)
        made.take(
            list(self.rows), [row[0] for row in self.rows.values()], [row[2] for row in self.rows.values()]
        )
        return made

    def findings(self) -> list[Finding]:
        return self.compare().findings()


@pytest.fixture
def pipeline() -> Pipeline:
    pipeline = Pipeline()
    pipeline.process(Version(1, "abcde", {"team": "red"}).events)
    pipeline.process(Version(2, "xyz", key="other.md").events)
    pipeline.process(Version(3, None, key="gone.md").events)
    return pipeline


def ids(pipeline: Pipeline) -> list[str]:
    return [row.id for row in Version(1, "abcde", {"team": "red"}).rows]


def test_a_collection_that_is_as_recorded_has_no_findings(pipeline: Pipeline) -> None:
    compared = pipeline.compare()

    assert (compared.rows, compared.unknown, compared.missing(), compared.findings()) == (8, 0, [], [])


def test_missing_surplus_and_wrong_rows_are_found_and_named(pipeline: Pipeline) -> None:
    first = ids(pipeline)
    text, vector, metadata = pipeline.rows[first[0]]
    pipeline.rows[first[0]] = ("other text", vector, metadata)
    pipeline.rows[first[1]] = (pipeline.rows[first[1]][0], vector, {**metadata, "team": "blue"})
    pipeline.rows[first[2]] = (pipeline.rows[first[2]][0], vector, {**metadata, "version_key": "v0"})
    pipeline.rows[first[0][:-1] + "9"] = (text, vector, metadata)
    pipeline.rows["somebody's"] = (text, vector, {})
    del pipeline.rows[first[4]]

    compared = pipeline.compare()
    [finding] = compared.findings()

    assert (finding.missing, finding.surplus, finding.wrong) == ({4}, {9}, {0, 1, 2})
    assert (finding.extent, finding.incomplete, finding.elsewhere) == (10, False, False)
    assert compared.missing() == [first[4]]
    assert compared.unknown == 1


def test_rows_whose_vector_is_lost_are_found_and_written_again(pipeline: Pipeline) -> None:
    first, rows = ids(pipeline), pipeline.rows
    compared = Comparison(HERE, pipeline.states, pipeline.blocks)
    lost = {first[1], first[0][:-1] + "9", "somebody's"}
    for id_ in (*first, *lost - {*first}):  # two of them belong to no chunk
        text, _, metadata = rows.get(id_, rows[first[0]])
        compared.take([id_], [text], [metadata], lost)

    [finding] = [one for one in compared.findings() if one.without_vector]

    assert (finding.without_vector, finding.surplus, finding.wrong) == ({1}, {9}, set())
    about = Version(1, "abcde", {"team": "red"})
    doubted = DocumentDoubted(document=about.document, sequence=1, extent=finding.extent, metadata_keys=[])
    state = plan(pipeline.states[finding.key], [doubted], NOON).state
    assert [row.id for some in plan(state, about.events, NOON).upserts for row in some] == first


def test_sparse_rows_that_are_missing_or_surplus_are_found_and_mended() -> None:
    about = document(sparse=SparseEmbedding(model="Chroma/BM25", key="sparse_embedding"))
    [part] = embedded(about, 1, ["one", "two", "three"])
    pipeline, key = Pipeline(), document_id(about)
    pipeline.process([part])

    def sparse(*numbers: int) -> list[Finding]:
        compared = pipeline.compare()
        compared.take_sparse([row_id(about, number) for number in numbers] + ["somebody's-1"])
        return compared.findings()

    assert sparse(0, 1, 2) == []
    [finding] = sparse(0, 1, 7)
    assert finding.sparse == {2, 7}

    doubted = DocumentDoubted(document=about, sequence=1, extent=finding.extent, metadata_keys=[])
    state = plan(pipeline.states[key], [doubted], NOON).state
    assert state is not None
    made = plan(state, [part], NOON)
    assert made.written == [part]
    assert made.sparse_surplus == range(3, 8)


def test_rows_of_a_document_that_is_deleted_are_surplus(pipeline: Pipeline) -> None:
    gone = Version(3, ["x"], key="gone.md").rows
    pipeline.vectors.put(pipeline.collection, gone)

    [finding] = pipeline.findings()

    assert (finding.state.deleted, finding.surplus) == (True, {0})


def test_what_was_indexed_into_an_earlier_collection_and_what_is_incomplete_is_told(
    pipeline: Pipeline,
) -> None:
    pipeline.process(Version(4, "xyz", key="other.md", parts=2).events[:1])
    assert [(one.state.sequence, one.incomplete) for one in pipeline.findings()] == [(4, True)]

    compared = pipeline.compare("library-2")

    assert [one.elsewhere for one in compared.findings()] == [True, True]
    assert compared.missing() == []


@settings(max_examples=60, deadline=None)
@given(
    lost=st.sets(st.integers(0, 4)),
    changed=st.sets(st.integers(0, 4)),
    extra=st.sets(st.integers(0, 12)),
    deleted=st.booleans(),
)
def test_doubt_and_a_new_version_mend_whatever_was_done_to_the_rows(
    lost: set[int], changed: set[int], extra: set[int], deleted: bool
) -> None:
    pipeline, version = Pipeline(), Version(1, None if deleted else "abcde", {"team": "red"})
    pipeline.process(version.events)
    rows = Version(1, "abcde" + "x" * 8).rows
    for number in changed | extra:
        pipeline.rows[rows[number].id] = ("by hand", rows[number].vector, {"mine": 1})
    for number in lost - changed - extra:
        pipeline.rows.pop(rows[number].id, None)

    for finding in pipeline.findings():
        about = finding.state.document.model_copy(update={"run": None})
        keys = sorted(finding.keys)
        doubted = DocumentDoubted(
            document=about, sequence=finding.state.sequence, extent=finding.extent, metadata_keys=keys
        )
        pipeline.process([doubted])
        if not deleted:
            assert not pipeline.states[finding.key].complete
            pipeline.process(Version(2, version.texts, version.metadata).events)

    assert pipeline.findings() == []
    if deleted or pipeline.states[document_id(version.document)].sequence == 2:
        newest = version if deleted else Version(2, version.texts, version.metadata)
        assert pipeline.vectors.content() == stored(newest.rows)


def test_doubt_about_a_version_that_is_no_longer_the_newest_changes_nothing(pipeline: Pipeline) -> None:
    version = Version(1, "abcde", {"team": "red"})
    doubted = DocumentDoubted(document=version.document, sequence=0)

    assert plan(pipeline.states[document_id(version.document)], [doubted], NOON).state is None


def test_doubt_is_settled_by_the_part_that_comes_behind_it_in_its_batch(pipeline: Pipeline) -> None:
    version, newer = Version(1, "abcde", {"team": "red"}), Version(9, "abcde")
    pipeline.rows[ids(pipeline)[0]] = ("by hand", b"", {})
    doubted = DocumentDoubted(document=version.document, sequence=1, metadata_keys=["mine"])

    pipeline.process([doubted, *newer.events])

    assert pipeline.vectors.content() == stored([*newer.rows, *Version(2, "xyz", key="other.md").rows])
