"""What an expression makes of the hits of its legs."""

import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.search.expression import Binary, Fold, Knn, Rank, Unary, Val, children_of, knns_of
from api.search.scoring import Hits, rank_records

A, B = Knn("a"), Knn("b", key="sparse")
HITS: Mapping[Knn, Hits] = {A: [("x", 0.1), ("y", 0.4)], B: [("y", 0.3), ("z", 0.5)]}


def of(rank: Rank, hits: Mapping[Knn, Hits] = HITS) -> list[tuple[str, float]]:
    return [(id_, round(score, 6)) for id_, score in rank_records(rank, hits)]


def both(a: Knn, b: Knn) -> Mapping[Knn, Hits]:
    return {a: HITS[A], b: HITS[B]}


def test_without_defaults_only_what_every_leg_has_found_takes_part() -> None:
    assert of(Fold("sum", (A, B))) == [("y", 0.7)]


def test_a_default_brings_in_what_only_the_other_legs_have_found() -> None:
    b = Knn("b", key="sparse", default=1.0)
    assert of(Fold("sum", (A, b)), both(A, b)) == [("y", 0.7), ("x", 1.1)]
    a = Knn("a", default=2.0)
    assert of(Fold("sum", (a, b)), both(a, b)) == [("y", 0.7), ("x", 1.1), ("z", 2.5)]


def test_ranks_count_from_zero_and_rrf_is_lower_for_better() -> None:
    a, b = Knn("a", return_rank=True, default=100), Knn("b", key="s", return_rank=True, default=100)
    terms = tuple(Binary("div", Val(1.0), Fold("sum", (Val(60.0), leg))) for leg in (a, b))
    found = rank_records(Fold("mul", (Val(-1.0), Fold("sum", terms))), both(a, b))
    assert [id_ for id_, _ in found] == ["y", "x", "z"]
    assert found[0][1] == pytest.approx(-(1 / 61 + 1 / 60))


def test_equal_scores_are_in_the_order_of_their_ids() -> None:
    knn = Knn("a", limit=4)
    assert [id_ for id_, _ in of(knn, {knn: [("b", 1.0), ("a", 1.0), ("c", 0.5)]})] == ["c", "a", "b"]


def test_what_has_no_value_is_infinite_or_last_and_ends_no_search() -> None:
    zero = Binary("sub", A, A)
    assert of(Binary("div", A, zero)) == [("x", math.inf), ("y", math.inf)]
    assert of(Unary("log", zero)) == [("x", -math.inf), ("y", -math.inf)]
    assert of(Unary("exp", Fold("mul", (A, Val(1e30))))) == [("x", math.inf), ("y", math.inf)]
    half = Unary("log", Binary("sub", A, Val(0.2)))  # of x it is the logarithm of a negative number
    found = rank_records(half, HITS)
    assert found[0][0] == "y"
    assert math.isnan(found[1][1])
    assert rank_records(Fold("max", (half, Val(7.0))), HITS)[0][1] == 7.0


LEGS = [
    Knn("1"), Knn("2", default=5.0), Knn("3", return_rank=True), Knn("4", return_rank=True, default=9.0)
]  # fmt: skip
RANKS: st.SearchStrategy[Rank] = st.recursive(
    st.sampled_from(LEGS) | st.builds(Val, st.floats(-9, 9)),
    lambda inner: (
        st.builds(
            Fold,
            st.sampled_from(["sum", "mul", "max", "min"]),
            st.lists(inner, min_size=1, max_size=3).map(tuple),
        )
        | st.builds(Binary, st.sampled_from(["sub", "div"]), inner, inner)
        | st.builds(Unary, st.sampled_from(["abs", "exp", "log"]), inner)
    ),
    max_leaves=8,
)
FOUND = st.lists(st.tuples(st.sampled_from("uvwxyz"), st.floats(0, 2)), unique_by=lambda hit: hit[0])


@given(RANKS, st.tuples(FOUND, FOUND, FOUND, FOUND))
def test_a_record_takes_part_if_a_leg_has_found_it_and_no_leg_without_a_default_misses_it(
    rank: Rank, found: tuple[Hits, ...]
) -> None:
    hits = dict(zip(LEGS, found, strict=True))
    seen = {id_ for knn in knns_of(rank) for id_, _ in hits[knn]}

    assert {id_ for id_, _ in rank_records(rank, hits)} == {id_ for id_ in seen if has_value(rank, id_, hits)}


def has_value(rank: Rank, id_: str, hits: Mapping[Knn, Hits]) -> bool:
    if isinstance(rank, Knn):
        return rank.default is not None or id_ in dict(hits[rank])
    return all(has_value(child, id_, hits) for child in children_of(rank))
