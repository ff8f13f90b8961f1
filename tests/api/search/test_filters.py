from typing import Any

import pytest

from api.search.filters import joined, metadata_part, names_documents, parse_filter

A, B, TEXT = {"a": {"$eq": 1}}, {"b": {"$gt": 2}}, {"#document": {"$contains": "x"}}


@pytest.mark.parametrize(
    ("where", "wider"),
    [
        (A, A),
        (TEXT, None),
        ({"$and": [A, TEXT]}, A),
        ({"$and": [A, B, TEXT]}, {"$and": [A, B]}),
        ({"$or": [A, TEXT]}, None),
        ({"$or": [A, B]}, {"$or": [A, B]}),
        ({"$and": [{"$or": [A, TEXT]}, B]}, B),
        (None, None),
    ],
)
def test_the_part_on_metadata_is_never_narrower_than_the_whole(where: Any, wider: Any) -> None:
    assert metadata_part(where) == wider
    assert names_documents(where) == (where is not None and wider != where)


def test_ids_are_taken_out_of_a_filter() -> None:
    found = parse_filter({"$and": [A, {"#id": {"$in": ["q", "p", "q"]}}, {"#id": {"$in": ["p"]}}]}, "filter")
    assert (found.where, found.ids) == (A, ("p",))
    assert parse_filter({"#id": {"$eq": "p"}}, "filter").ids == ("p",)
    published = parse_filter({"query_ids": ["p"], "where_clause": A}, "filter")
    assert (published.where, published.ids) == (A, ("p",))


def test_conditions_are_joined() -> None:
    assert joined(None, A, {}) == A
    assert joined(A, B) == {"$and": [A, B]}
    assert joined() is None
