"""Chroma's filters: every operator on every kind of value, with and without an index of the field."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import RequestError
from schemas.events import MetadataValue
from schemas.limits import BM25
from services.searching.index import SparseIndex
from services.searching.points import VectorName, point_id, point_of
from services.searching.shard import Shard
from services.searching.where import MAX_CONDITIONS, MAX_DEPTH, compile_where
from tests.services.searching.rows import record, row

SCALARS: list[str | int | float | bool] = [
    *("a", "b", "", "2", "true", "ä b.c", 0, 1, 2, 2.0, 2.5, -3, 0.1 + 0.2, 1e300),
    *(2**53, 2**53 + 1, 2**53 + 2, -(2**63), True, False),
]
KEYS = ["k", "weird key.[0]-ß", "k_"]
_scalars = st.sampled_from(SCALARS)
_arrays = st.sampled_from([["a"], ["a", "b"], [1, 2], [2.5], [2**53 + 1], [True]])
_values = st.none() | _scalars | _arrays
_rows = st.lists(st.dictionaries(st.sampled_from(KEYS), _values, max_size=3), min_size=1, max_size=6)
EQUALS = ["$eq", "$ne", "$contains", "$not_contains"]
COMPARES = ["$gt", "$gte", "$lt", "$lte"]
NUMBERS = [n for n in SCALARS if isinstance(n, int | float) and not isinstance(n, bool) and abs(n) < 2**53]


def _operations(names: list[str], operands: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(st.sampled_from(names), operands).map(lambda operation: dict([operation]))


_conditions: st.SearchStrategy[Any] = st.one_of(
    _operations(EQUALS, _scalars),
    _operations(COMPARES, st.sampled_from(NUMBERS)),
    _operations(["$in", "$nin"], st.lists(_scalars, min_size=1, max_size=3)),
    _scalars,
)
_leaves = st.dictionaries(st.sampled_from(KEYS), _conditions, min_size=1, max_size=1)
_wheres = st.recursive(
    _leaves,
    lambda inner: _operations(["$and", "$or"], st.lists(inner, min_size=1, max_size=3)),
    max_leaves=5,
)


def matches(where: Mapping[str, Any], metadata: Mapping[str, MetadataValue]) -> bool:
    """What Chroma's documentation says, and the reference of ours: a missing key is unequal to everything."""
    [(key, operand)] = where.items()
    if key in ("$and", "$or"):
        return (all if key == "$and" else any)(matches(each, metadata) for each in operand)
    if not isinstance(operand, dict):
        operand = {"$eq": operand}
    [(operator, value)] = operand.items()
    found = metadata.get(key)
    if operator in ("$ne", "$nin", "$not_contains"):
        positive = {"$ne": "$eq", "$nin": "$in", "$not_contains": "$contains"}[operator]
        return not matches({key: {positive: value}}, metadata)
    if operator == "$contains":
        return isinstance(found, list) and any(_equal(each, value) for each in found)
    if operator == "$in":
        return any(_equal(found, each) for each in value)
    if operator == "$eq":
        return _equal(found, value)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return False
    compared = {"$gt": found > value, "$gte": found >= value, "$lt": found < value, "$lte": found <= value}
    return bool(compared[operator])


def _equal(found: object, value: object) -> bool:
    if isinstance(found, list) or isinstance(found, bool) != isinstance(value, bool):
        return False
    return found == value


@pytest.fixture(scope="module", params=["indexed fields", "no indexes"])
def shard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shard]:
    with pytest.MonkeyPatch.context() as patched:
        most = 64 if request.param == "indexed fields" else 0
        patched.setattr("services.searching.shard.MAX_FIELD_INDEXES", most)
        yield Shard(tmp_path_factory.mktemp("where") / "shard", [VECTOR])


VECTOR = VectorName("sparse_embedding", BM25)


def found(shard: Shard, where: Mapping[str, Any] | None, ids: list[str] | None = None) -> set[str]:
    hits = shard.search(VECTOR, [7], [1.0], compile_where(where, ids), 100)
    return {hit.id for hit in hits}


@given(_rows, st.lists(_wheres, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_every_filter_leaves_the_rows_that_chroma_means(
    shard: Shard, rows: list[dict[str, MetadataValue]], wheres: list[dict[str, Any]]
) -> None:
    made = {f"row-{number}": metadata for number, metadata in enumerate(rows)}
    gone = [point_id(f"row-{number}") for number in range(len(rows), 6)]
    shard.apply([point_of(row(id_, {7: 1.0}, metadata=metadata)) for id_, metadata in made.items()], gone)

    for where in wheres:
        expected = {id_ for id_, metadata in made.items() if matches(where, metadata)}
        assert found(shard, where) == expected, (where, made)


def test_each_value_is_compared_with_each(shard: Shard) -> None:
    rows: dict[str, dict[str, MetadataValue]] = {f"row-{n}": {"k": value} for n, value in enumerate(SCALARS)}
    shard.apply([point_of(row(id_, {7: 1.0}, metadata=metadata)) for id_, metadata in rows.items()], [])

    for operator in (*EQUALS, *COMPARES):
        for operand in SCALARS if operator in EQUALS else NUMBERS:
            where = {"k": {operator: operand}}
            expected = {id_ for id_, metadata in rows.items() if matches(where, metadata)}
            assert found(shard, where) == expected, where
    shard.apply([], [point_id(id_) for id_ in rows])


def test_ids_filter_too(tmp_path: Path) -> None:
    index = SparseIndex(tmp_path)
    index.fold([record(row(f"r-{n}", {7: 1.0}, metadata={"n": n})) for n in range(5)])
    shard = index.shard("c1")
    assert shard is not None

    assert found(shard, None, ["r-1", "r-4", "other"]) == {"r-1", "r-4"}
    assert found(shard, None, []) == set()
    assert found(shard, {"n": {"$gt": 1}}, ["r-1", "r-4"]) == {"r-4"}
    assert found(shard, {"#id": {"$in": ["r-0"]}}) == {"r-0"}
    both = {"$and": [{"#id": {"$ne": "r-0"}}, {"#id": {"$nin": ["r-1"]}}]}
    assert found(shard, both) == {"r-2", "r-3", "r-4"}
    index.close()


DEEP: dict[str, Any] = {"a": 1}
for _ in range(MAX_DEPTH):
    DEEP = {"$and": [DEEP]}


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ({"a": 1, "b": 2}, "exactly one key"),
        ({"$and": []}, r"\$and expects a list"),
        ({"$or": {"a": 1}}, r"\$or expects a list"),
        ({"$and": [3]}, "expected an object"),
        ({"a": {"$near": 1}}, "one of"),
        ({"a": {"$gt": 1, "$lt": 3}}, "one of"),
        ({"a": {"$gt": "x"}}, "expects a number, found 'x'"),
        ({"a": {"$gte": True}}, "expects a number"),
        ({"a": {"$in": []}}, "expects a list of values"),
        ({"a": {"$in": [None]}}, "expects a text, a number or a boolean, found None"),
        ({"a": None}, "expects a text"),
        ({"a": {"$eq": 2**63}}, "expects a text"),
        ({"#document": {"$contains": "x"}}, "cannot be searched here"),
        ({"#id": {"$gt": "x"}}, "cannot be searched here"),
        (DEEP, f"more than {MAX_DEPTH} levels"),
        ({"a": {"$in": list(range(MAX_CONDITIONS + 1))}}, "more than 2,000 conditions"),
    ],
)
def test_what_is_no_filter_is_refused_with_the_reason(where: dict[str, Any], reason: str) -> None:
    with pytest.raises(RequestError, match=reason):
        compile_where(where)
