"""The wire form of chromadb's `Search` becomes our expressions; all else is refused with its place."""

import contextlib
import json
from typing import Any

import pytest
from chromadb import K, Knn, Rrf, Search, SparseVector
from chromadb.execution.expression import GroupBy, MaxK, MinK, Val
from hypothesis import given
from hypothesis import strategies as st

from api.errors import BadRequest
from api.search import expression as ours
from api.search.parsing import MAX_LEGS, MAX_NODES, MAX_SEARCHES, parse_searches, read_json

DENSE = [0.5, 0.25]


def parsed(search: Search) -> ours.Search:
    (found,) = parse_searches({"searches": [json.loads(json.dumps(search.to_dict()))]})
    return found


def ranked(rank: Any) -> ours.Rank:
    found = parsed(Search(rank=rank)).rank
    assert found is not None
    return found


def test_a_whole_search_of_the_stock_client() -> None:
    where = (K("a") == 1) & (K.DOCUMENT.contains("x") | K("b").is_in([1, 2])) & K.ID.is_in(["p", "q"])
    rank = Knn(DENSE) + Knn(SparseVector([1, 7], [0.5, 2.0]), key="sparse", limit=3, default=9.0)
    search = Search(where=where, rank=rank, limit=5, select=["#document", "#score", "title"])
    search = search.limit(5, offset=2).group_by(GroupBy(K("c"), MaxK([K("p"), K.SCORE], k=2)))

    found = parsed(search)

    documents = {"$or": [{"#document": {"$contains": "x"}}, {"b": {"$in": [1, 2]}}]}
    assert found.filter == ours.Filter({"$and": [{"a": {"$eq": 1}}, documents]}, ("p", "q"))
    assert found.rank == ours.Fold(
        "sum",
        (
            ours.Knn((0.5, 0.25)),
            ours.Knn(ours.Sparse((1, 7), (0.5, 2.0)), key="sparse", limit=3, default=9.0),
        ),
    )
    assert (found.limit, found.offset) == (5, 2)
    assert found.select == {"#document", "#score", "title"}
    assert found.group_by == ours.GroupBy(("c",), ("p", "#score"), 2, greatest=True)


def test_every_operator_of_the_stock_client() -> None:
    knn, leg = Knn(DENSE, return_rank=True), ours.Knn((0.5, 0.25), return_rank=True)

    assert ranked(knn * 2.0) == ours.Fold("mul", (leg, ours.Val(2.0)))
    assert ranked(knn - 1) == ours.Binary("sub", leg, ours.Val(1.0))
    assert ranked(knn / 4) == ours.Binary("div", leg, ours.Val(4.0))
    assert ranked(abs(-knn)) == ours.Unary("abs", ours.Fold("mul", (ours.Val(-1.0), leg)))
    assert ranked(knn.exp().log()) == ours.Unary("log", ours.Unary("exp", leg))
    assert ranked(knn.min(0.5).max(Val(0.1))) == ours.Fold(
        "max", (ours.Fold("min", (leg, ours.Val(0.5))), ours.Val(0.1))
    )
    fused = ranked(Rrf([knn, Knn("words", key="sparse", return_rank=True)], k=20, weights=[3.0, 1.0]))
    assert [found.key for found in ours.knns_of(fused)] == ["#embedding", "sparse"]


def test_what_is_left_out_has_chromas_defaults() -> None:
    assert parsed(Search()) == ours.Search()
    (found,) = parse_searches({"searches": [{"rank": {"$knn": {"query": "words"}}}]})
    assert found.rank == ours.Knn("words", "#embedding", 16, None, False)
    assert parsed(Search().group_by(GroupBy())).group_by is None
    grouped = Search(rank=Knn(DENSE)).group_by(GroupBy([K("a")], MinK(K.SCORE, 1)))
    assert parsed(grouped).group_by == ours.GroupBy(("a",), ("#score",), 1)


def nested(depth: int) -> Any:
    return {"$knn": {"query": [1.0]}} if depth == 0 else {"$abs": nested(depth - 1)}


WIDE = {"$sum": [{"$val": 1}] * MAX_NODES}
LEGS = {"$sum": [{"$knn": {"query": [1.0]}}] * (MAX_LEGS + 1)}
DEEP_FILTER: Any = {"a": 1}
for _ in range(40):
    DEEP_FILTER = {"$and": [DEEP_FILTER, {"b": 1}]}

WRONG: dict[str, tuple[Any, str]] = {
    "no object": ([], "searches[0] must be an object"),
    "unknown member": ({"ranks": {}}, "'ranks' is none of"),
    "two operators": ({"rank": {"$val": 1, "$abs": {}}}, "one operator"),
    "unknown operator": ({"rank": {"$pow": []}}, "'$pow' is none of $val, $knn"),
    "a number": ({"rank": 3}, "searches[0].rank: an expression is an object"),
    "no leg": ({"rank": {"$val": 3}}, "needs at least one $knn"),
    "a text as value": ({"rank": {"$val": "x"}}, "searches[0].rank.$val must be a number"),
    "true as value": ({"rank": {"$val": True}}, "must be a number"),
    "infinite": ({"rank": {"$val": 1e300 * 1e300}}, "must be a number below"),
    "no list": ({"rank": {"$sum": {"$val": 1}}}, "takes a list"),
    "half a division": ({"rank": {"$div": {"left": nested(0)}}}, "$div.right: an expression"),
    "no query": ({"rank": {"$knn": {}}}, "$knn.query must be"),
    "no vector": ({"rank": {"$knn": {"query": []}}}, "numbers"),
    "a vector of texts": ({"rank": {"$knn": {"query": [1, "x"]}}}, "$knn.query[1] must be a number"),
    "a blank text": ({"rank": {"$knn": {"query": " "}}}, "characters"),
    "a dense vector for a sparse key": ({"rank": {"$knn": {"query": [1.0], "key": "s"}}}, "sparse vector"),
    "unordered": (
        {"rank": {"$knn": {"key": "s", "query": {"indices": [2, 1], "values": [1, 1]}}}},
        "ascending",
    ),
    "negative index": (
        {"rank": {"$knn": {"key": "s", "query": {"indices": [-1], "values": [1]}}}},
        "greater than or equal to 0",
    ),
    "a strange key": ({"rank": {"$knn": {"query": [1.0], "key": "#document"}}}, "$knn.key must be"),
    "no candidates": ({"rank": {"$knn": {"query": [1.0], "limit": 0}}}, "limit must be a whole number"),
    "too many candidates": ({"rank": {"$knn": {"query": [1.0], "limit": 10**9}}}, "10,000"),
    "too deep": ({"rank": nested(40)}, "deeper than 32"),
    "too wide": ({"rank": WIDE}, "500 operators"),
    "too many legs": ({"rank": LEGS}, "64 $knn"),
    "limit 0": ({"limit": {"limit": 0}}, "limit.limit must be"),
    "negative offset": ({"limit": {"offset": -1}}, "limit.offset must be"),
    "select of a number": ({"select": {"keys": [1]}}, "select.keys"),
    "select of a strange key": ({"select": {"keys": ["#scores"]}}, "'#scores' is none of"),
    "group without rank": (
        {"group_by": {"keys": ["a"], "aggregate": {"$min_k": {"keys": ["#score"], "k": 1}}}},
        "group_by needs a rank",
    ),
    "group by a score": (
        {"group_by": {"keys": ["#score"], "aggregate": {"$min_k": {"keys": ["a"], "k": 1}}}},
        "no key of metadata",
    ),
    "a filter that is a list": ({"filter": ["a"]}, "searches[0].filter"),
    "two conditions": ({"filter": {"a": 1, "b": 2}}, "one key"),
    "empty and": ({"filter": {"$and": []}}, "at least one"),
    "regex on metadata": ({"filter": {"a": {"$regex": "x"}}}, "takes $contains"),
    "equality of a document": ({"filter": {"#document": {"$eq": "x"}}}, "takes $contains, $not_contains"),
    "ids in an or": ({"filter": {"$or": [{"#id": {"$in": ["a"]}}, {"a": 1}]}}, "cannot stand inside"),
    "deep filter": ({"filter": DEEP_FILTER}, "deeper than 32"),
    "many values": ({"filter": {"a": {"$in": [1] * 10_001}}}, "10,000 values"),
    "a null": ({"filter": {"a": None}}, "takes a text, a number"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_named_with_its_place(wrong: str) -> None:
    search, words = WRONG[wrong]
    with pytest.raises(BadRequest) as refused:
        parse_searches({"searches": [search]})
    assert words in str(refused.value)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("body", [None, [], {}, {"searches": {}}, {"searches": [{}] * (MAX_SEARCHES + 1)}])
def test_a_body_without_searches_or_with_too_many_is_refused(body: Any) -> None:
    with pytest.raises(BadRequest, match="searches"):
        parse_searches(body)


@pytest.mark.parametrize("body", [b"", b"{", b"[NaN]", b"[Infinity]", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        read_json(body)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["$knn", "$val", "$sum", "$div", "left", "right", "query", "key", "limit", "filter", "rank",
             "$and", "$or", "#document", "#id", "$in", "a", "select", "keys", "group_by", "aggregate",
             "$min_k", "k"]
        ),
        inner,
        max_size=3,
    ),
    max_leaves=12,
)  # fmt: skip


@given(st.lists(VALUES, max_size=2))
def test_nothing_but_a_refusal_comes_of_nonsense(searches: list[Any]) -> None:
    with contextlib.suppress(BadRequest):
        parse_searches({"searches": searches})
