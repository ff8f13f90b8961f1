"""The index: what is folded in is found, what was flushed survives, what is damaged is rebuilt."""

import errno
import math
import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from schemas.errors import RequestError, TransientError
from schemas.events import SparseRow
from schemas.limits import BM25
from services.embedding.sparse import Bm25
from services.searching.index import SparseIndex
from services.searching.points import VectorName
from services.searching.shard import IndexDamaged, Shard
from services.searching.where import compile_where
from streams.partitions import Partition
from streams.state.reader import ChangelogRecord
from streams.topics import SPARSE_ROWS
from tests.services.searching.rows import record, row, tombstone

PARTITION: Partition = (SPARSE_ROWS.name, 0)
IDS = {SPARSE_ROWS.name: "topic-id"}
VECTOR = VectorName("sparse_embedding", BM25)


def ids_of(
    index: SparseIndex, terms: dict[int, float], identity: str = "c1", vector: VectorName = VECTOR
) -> list[str]:
    shard = index.shard(identity)
    if shard is None:
        return []
    hits = shard.search(vector, sorted(terms), [terms[i] for i in sorted(terms)], compile_where(None), 100)
    return [hit.id for hit in hits]


def test_bm25_ranks_as_the_formula_says(tmp_path: Path) -> None:
    """Against Lucene's formula, whose IDF Qdrant has too, on the tokens and weights of our encoder."""
    chance = random.Random(7)
    words = ["".join(chance.choices("bcdfgklmnprst", k=5)) for _ in range(60)]
    texts = [" ".join(chance.choices(words, k=chance.randint(5, 60))) for _ in range(200)]
    vectors = Bm25().encode(texts)
    index = SparseIndex(tmp_path)
    index.fold(
        [
            record(row(f"r-{n}", dict(zip(v.indices.tolist(), v.values.tolist(), strict=True))))
            for n, v in enumerate(vectors)
        ]
    )
    frequency = Counter(index for vector in vectors for index in vector.indices.tolist())
    idf = {i: math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for i, n in frequency.items()}
    shard = index.shard("c1")
    assert shard is not None

    for _ in range(20):
        [query] = Bm25().encode([" ".join(chance.choices(words, k=4))])
        weights = dict(zip(query.indices.tolist(), query.values.tolist(), strict=True))
        expected = {
            f"r-{n}": sum(
                weights[i] * idf[i] * value
                for i, value in zip(v.indices.tolist(), v.values.tolist(), strict=True)
                if i in weights
            )
            for n, v in enumerate(vectors)
        }
        hits = shard.search(VECTOR, list(weights), list(weights.values()), compile_where(None), 500)
        assert {hit.id for hit in hits} == {id_ for id_, score in expected.items() if score}
        assert [hit.score for hit in hits] == pytest.approx([expected[hit.id] for hit in hits], rel=1e-4)
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    index.close()


def test_a_row_is_what_its_last_record_says(tmp_path: Path) -> None:
    index = SparseIndex(tmp_path)
    index.fold([record(row("a", {1: 1.0})), record(row("b", {1: 1.0})), record(row("c", {1: 1.0}))])

    index.fold([record(row("a", {2: 1.0})), tombstone("b"), tombstone("never"), record(row("d", {}))])
    index.fold([record(row("c", {3: 1.0})), tombstone("c"), record(row("c", {4: 1.0}))])

    assert ids_of(index, {1: 1.0}) == []
    assert ids_of(index, {2: 1.0, 4: 1.0}) == ["a", "c"]
    index.close()


def test_rows_of_a_collection_that_is_made_again_leave_the_former(tmp_path: Path) -> None:
    index = SparseIndex(tmp_path)
    index.fold([record(row("a", {1: 1.0})), record(row("b", {1: 1.0}))])
    index.fold([record(row("a", {1: 1.0}, collection="other", identity="c9"))])

    index.fold([record(row("a", {1: 1.0}, identity="c2")), tombstone("b")])

    assert ids_of(index, {1: 1.0}, "c1") == []
    assert ids_of(index, {1: 1.0}, "c2") == ["a"]
    assert ids_of(index, {1: 1.0}, "c9") == ["a"]
    index.drop("c1")
    assert {each.id for each in index.collections()} == {"c2", "c9"}
    assert [id_ for id_, *_ in index.dropped()] == ["c1"]
    assert len([*(tmp_path / "shards").iterdir()]) == 2
    index.close()


def test_a_collection_may_have_several_keys_and_a_row_has_one_of_them(tmp_path: Path) -> None:
    index = SparseIndex(tmp_path)
    splade, other = VectorName("sparse_embedding", "splade"), VectorName("other", BM25)
    index.fold([record(row("a", {1: 1.0})), record(row("b", {1: 1.0}))])
    index.fold([record(row("b", {1: 1.0}, key="other")), record(row("c", {1: 2.0}, model="splade"))])
    shard = index.shard("c1")
    assert shard is not None

    assert ids_of(index, {1: 1.0}) == ["a"]
    assert ids_of(index, {1: 1.0}, vector=other) == ["b"]
    [hit] = shard.search(splade, [1], [3.0], compile_where(None), 5)
    assert (hit.id, hit.score) == ("c", 6.0)  # without IDF
    assert shard.counts() == {VECTOR: 1, other: 1, splade: 1}
    index.close()


def test_what_was_flushed_is_there_after_a_restart_with_its_offsets(tmp_path: Path) -> None:
    index = SparseIndex(tmp_path)
    assert index.start({PARTITION: 9}, IDS) == {PARTITION: 0}
    index.fold([record(row("a", {1: 1.0}, metadata={"n": 1})), record(row("b", {1: 1.0}, key="other"))])
    ids_of(index, {1: 1.0})
    index.flush({PARTITION: 2})
    index.close()

    index = SparseIndex(tmp_path)
    assert index.start({PARTITION: 9}, IDS) == {PARTITION: 2}
    assert ids_of(index, {1: 1.0}) == ["a"]
    assert ids_of(index, {1: 1.0}, vector=VectorName("other", BM25)) == ["b"]
    index.close()

    index = SparseIndex(tmp_path)
    assert index.start({PARTITION: 9}, {SPARSE_ROWS.name: "another"}) == {PARTITION: 0}
    assert index.collections() == []
    index.close()


def test_rows_that_are_not_durable_yet_outlive_the_opening_of_many_other_collections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collections = [f"c{number}" for number in range(4)]
    index = SparseIndex(tmp_path, most_open=1)
    index.start({PARTITION: 9}, IDS)

    def full(shard: Shard) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as disk:
        disk.setattr(Shard, "flush", full)
        index.fold([record(row("a", {1: 1.0}, collection=one, identity=one)) for one in collections])
        assert [ids_of(index, {1: 1.0}, one) for one in collections] == [["a"]] * 4
    index.flush({PARTITION: 4})
    index.close()

    index = SparseIndex(tmp_path, most_open=1)
    assert index.start({PARTITION: 9}, IDS) == {PARTITION: 4}
    assert [ids_of(index, {1: 1.0}, one) for one in collections] == [["a"]] * 4
    assert all(one.flushed for one in index.collections())
    index.close()


@pytest.mark.parametrize("harm", ["lost", "damaged"])
def test_an_index_that_lacks_a_shard_or_has_a_damaged_one_is_rebuilt(tmp_path: Path, harm: str) -> None:
    index = SparseIndex(tmp_path)
    index.start({PARTITION: 9}, IDS)
    index.fold([record(row("a", {1: 1.0})), record(row("a", {1: 1.0}, collection="x", identity="c2"))])
    index.flush({PARTITION: 2})
    index.close()
    folder = next((tmp_path / "shards").iterdir())
    if harm == "lost":
        shutil.rmtree(folder)
    else:
        for file in folder.glob("segments/*/segment.json"):
            file.write_text("{")

    index = SparseIndex(tmp_path)
    start = index.start({PARTITION: 9}, IDS)
    if harm == "damaged":
        with pytest.raises(IndexDamaged, match="shard of collection"):
            [index.shard("c1"), index.shard("c2")]
        start = index.empty({PARTITION: 9})

    assert start == {PARTITION: 0}
    assert index.collections() == []
    index.fold([record(row("a", {1: 1.0}))])
    assert ids_of(index, {1: 1.0}) == ["a"]
    index.close()


def test_a_record_that_is_none_is_passed_over(tmp_path: Path) -> None:
    index = SparseIndex(tmp_path)
    unsorted = row("b", {1: 1.0, 2: 1.0}).model_copy(update={"indices": bytes([2, 0, 0, 0, 1, 0, 0, 0])})
    good = record(row("a", {1: 1.0}))
    elsewhere = ChangelogRecord(SPARSE_ROWS.name, 0, 1, f"{good.key[:-1]}z", good.event, 0)
    stranger: SparseRow = row("c", {1: 1.0}, collection="x", identity="c1")
    cut_off = row("d", {1: 1.0}).model_copy(update={"values": b"12345"})

    index.fold([record(unsorted), elsewhere, record(cut_off), good, record(stranger)])

    assert ids_of(index, {1: 1.0}) == ["a"]
    index.close()


def test_a_search_after_the_end_opens_no_shard_that_another_process_may_have(tmp_path: Path) -> None:
    index = SparseIndex(tmp_path)
    index.fold([record(row("a", {1: 1.0}))])
    index.flush({PARTITION: 1})
    index.close()

    with pytest.raises(TransientError, match="closed"):
        ids_of(index, {1: 1.0})


def test_a_folder_has_one_owner(tmp_path: Path) -> None:
    index = SparseIndex(tmp_path)

    with pytest.raises(RequestError, match="is in use by process"):
        SparseIndex(tmp_path)
    index.close()
