"""The set of cuts is the cheapest there is."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from services.chunking.packing import LEVEL, MIXED, pack

_PRICES = st.sampled_from([100, 105, 110, 120, 300, 1000, 4000])


def _price(spans: list[tuple[int, int]], cuts: dict[int, int], limit: int, fill: float) -> int:
    """What the spans cost by the rules: each cut, and `MIXED` where a chunk runs on too far."""
    total = 0
    for start, end in spans:
        total += cuts.get(start, 0)
        level = cuts.get(start, 0) // LEVEL
        for position, price in cuts.items():
            higher = price // LEVEL < level
            level_again = price // LEVEL == level and position - start >= int(limit * fill)
            if start < position < end and (higher or level_again):
                total += MIXED
                break
    return total


@settings(deadline=None, max_examples=150)
@given(
    units=st.lists(st.tuples(st.integers(1, 40), _PRICES), min_size=1, max_size=9),
    fill=st.sampled_from([0.5, 0.9, 1.0]),
)
def test_no_other_choice_of_cuts_is_cheaper(units: list[tuple[int, int]], fill: float) -> None:
    limit = 64
    cuts: dict[int, int] = {}
    size = 0
    for length, price in units:
        if size:
            cuts[size] = price
        size += length
    source = b"x" * size

    chosen = pack(source, cuts, limit, fill)

    assert chosen[0][0] == 0
    assert chosen[-1][1] == size
    assert all(end - start <= limit for start, end in chosen)
    every = (
        list(zip([0, *picked], [*picked, size], strict=True))
        for count in range(len(cuts) + 1)
        for picked in combinations(sorted(cuts), count)
    )
    allowed = [spans for spans in every if all(end - start <= limit for start, end in spans)]
    best = min(_price(spans, cuts, limit, fill) for spans in allowed)
    assert _price(chosen, cuts, limit, fill) == best


def test_blank_edges_are_left_out_but_not_the_indentation() -> None:
    source = b"\n\n  one\n\n\n  two  \n"

    assert [source[a:b] for a, b in pack(source, {9: 100}, 10, 1.0)] == [b"  one", b"  two"]
