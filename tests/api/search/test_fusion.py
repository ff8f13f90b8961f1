from hypothesis import given
from hypothesis import strategies as st

from api.search.fusion import fuse

DENSE = [("a", 0.1), ("b", 0.2), ("c", 0.3)]
SPARSE = [("c", -9.0), ("d", -1.0)]


def test_the_union_is_ranked_and_every_place_is_kept() -> None:
    fused = fuse({"dense": DENSE, "sparse": SPARSE}, k=20)

    assert [one.id for one in fused] == ["c", "a", "b", "d"]
    assert fused[0].score == 1 / 23 + 1 / 21
    assert {name: place.rank for name, place in fused[0].places.items()} == {"dense": 3, "sparse": 1}
    assert fused[3].places["sparse"].distance == -1.0


def test_a_leg_with_one_hit_or_none_loses_nothing() -> None:
    assert [one.id for one in fuse({"dense": DENSE, "sparse": []})] == ["a", "b", "c"]
    assert [one.id for one in fuse({"dense": [], "sparse": SPARSE[:1]})] == ["c"]
    assert fuse({}) == []


def test_weights_decide_between_the_legs() -> None:
    def first(dense: float, sparse: float) -> str:
        weights = {"dense": dense, "sparse": sparse}
        return fuse({"dense": [("a", 0.1)], "sparse": [("z", 0.1)]}, weights=weights)[0].id

    assert (first(2, 1), first(1, 2), first(1, 1)) == ("a", "z", "a")


HITS = st.lists(st.sampled_from("abcdefgh"), unique=True).map(
    lambda ids: [(id_, n / 10) for n, id_ in enumerate(ids)]
)


@given(HITS, HITS)
def test_each_record_is_there_once_and_more_of_a_leg_moves_none_of_its_pairs(
    dense: list[tuple[str, float]], sparse: list[tuple[str, float]]
) -> None:
    ids = [one.id for one in fuse({"dense": dense, "sparse": sparse})]

    assert sorted(ids) == sorted({id_ for id_, _ in [*dense, *sparse]})
    only_dense = [id_ for id_ in ids if id_ not in dict(sparse)]
    assert only_dense == [id_ for id_, _ in dense if id_ not in dict(sparse)]
