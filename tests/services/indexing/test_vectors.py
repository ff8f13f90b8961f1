"""Packing rows into requests."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.indexing.rows import Row
from services.indexing.vectors import MAX_BYTES, MAX_ROWS, pack

PARTS = st.lists(st.integers(0, 2 * MAX_ROWS + 10), max_size=6)


def rows(document: str, count: int, size: int = 1) -> list[Row]:
    return [Row(f"{document}-{n}", "x" * size, b"1234", {"k": 1}) for n in range(count)]


@settings(deadline=None)
@given(PARTS)
def test_every_row_is_in_one_request_in_order(parts: list[int]) -> None:
    named = [(f"d{i}", rows(f"d{i}", count)) for i, count in enumerate(parts)]

    requests = list(pack(named))

    assert [row for request in requests for row in request.rows] == [row for _, some in named for row in some]
    for request in requests:
        assert 0 < len(request.rows) <= MAX_ROWS
        assert request.documents == {row.id.split("-")[0] for row in request.rows}


@settings(deadline=None)
@given(PARTS)
def test_a_part_that_fits_into_a_request_is_not_torn_apart(parts: list[int]) -> None:
    named = [(f"d{i}", rows(f"d{i}", count)) for i, count in enumerate(parts)]

    requests = list(pack(named))

    for key, some in named:
        holders = sum(key in request.documents for request in requests)
        assert holders == -(-len(some) // MAX_ROWS)


def test_a_request_stays_below_its_bytes() -> None:
    size = MAX_BYTES // 10

    requests = list(pack([("d", rows("d", 25, size))]))

    assert [len(request.rows) for request in requests] == [9, 9, 7]


def test_a_row_that_is_larger_than_a_request_is_alone_in_one() -> None:
    requests = list(pack([("d", [*rows("d", 1, MAX_BYTES + 1), *rows("e", 1)])]))

    assert [len(request.rows) for request in requests] == [1, 1]
