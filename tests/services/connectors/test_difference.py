"""The core of a sync: applying the difference to what is indexed gives what is listed."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import RequestError
from services.connectors.difference import Action, Pair, action, merged
from services.connectors.lister import Item, Skipped
from services.connectors.scratch import Placed
from services.connectors.states import Indexed, digest, place_of
from streams.state.store import Essence

RUN, HERE = digest("this-run"), digest("this-collection")
KEYS = st.sampled_from(["", "a", "b", "c", "a/b", "a.b", "ключ", "\U0001f600", "\uff5e", "\udcff"])
CONTENT = st.sampled_from([digest("v1"), digest("v2")])
INDEXED = st.builds(
    Indexed,
    deleted=st.booleans(),
    complete=st.booleans(),
    chunks=st.integers(0, 9),
    content=CONTENT,
    invocation=st.sampled_from([digest(None), RUN, digest("earlier")]),
    collection=st.sampled_from([digest(None), HERE, digest("one that was deleted")]),
)


@given(INDEXED)
def test_what_is_packed_is_unpacked_again(indexed: Indexed) -> None:
    assert Indexed.unpacked(indexed.packed()) == indexed


@given(st.one_of(st.none(), INDEXED), CONTENT)
def test_whatever_is_not_known_to_be_here_whole_and_the_same_is_sent(
    indexed: Indexed | None, content: bytes
) -> None:
    sound = indexed is not None and indexed.complete and not indexed.deleted
    here = sound and indexed is not None and (indexed.collection == HERE or indexed.chunks == 0)
    same = here and indexed is not None and indexed.content == content

    decided = action(indexed, content, RUN, HERE)

    assert (decided is Action.UPSERT) == (not same)
    if decided is Action.WRITTEN:
        assert indexed is not None
        assert indexed.invocation == RUN


async def pages(rows: Sequence[object], size: int) -> AsyncIterator[Sequence[object]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def merge(listed: Sequence[Placed], rows: Sequence[Essence], size: int = 2) -> list[Pair]:
    async def collected() -> list[Pair]:
        streams = pages(listed, size), pages(rows, size)
        return [pair async for some in merged(*streams) for pair in some]  # type: ignore[arg-type]

    return asyncio.run(collected())


def placed(*keys: str) -> list[Placed]:
    return sorted(((place_of(key), Item(key)) for key in keys), key=lambda one: one[0])


@given(st.sets(KEYS), st.lists(st.tuples(KEYS, st.sampled_from("xyz")), unique=True), st.integers(1, 4))
def test_every_key_comes_once_and_in_order_with_all_its_rows(
    listed: set[str], indexed: list[tuple[str, str]], size: int
) -> None:
    rows = sorted(
        (Essence(place_of(key), name, b"") for key, name in indexed), key=lambda row: (row.place, row.key)
    )

    found = merge(placed(*listed), rows, size)

    places = [place for place, _, _ in found]
    assert places == sorted({place_of(key) for key in listed | {key for key, _ in indexed}})
    assert [row for _, _, of in found for row in of] == rows
    assert {place for place, entry, _ in found if entry is not None} == {place_of(key) for key in listed}
    assert all(row.place == place for place, _, of in found for row in of)


@pytest.mark.parametrize("keys", [["b", "a"], ["a", "a"], ["a", "c", "b"]])
def test_a_listing_that_goes_back_is_refused_for_it_may_lack_what_is_there(keys: list[str]) -> None:
    listed: list[Placed] = [(place_of(key), Skipped(key, "x")) for key in keys]

    with pytest.raises(RequestError, match="in no order"):
        merge(listed, [])
