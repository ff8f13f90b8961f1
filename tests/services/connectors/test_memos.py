"""Memos of a source, asked for in the order of their keys and in any other."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from services.connectors.memos import Orphans, SourceMemos
from services.connectors.states import place_of
from streams.state.store import Essence

KEYS = st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]), min_size=1, max_size=3)


class Kept:
    """Memos in memory; counts how often it is asked."""

    def __init__(self, memos: dict[str, str]) -> None:
        rows = [Essence(place_of(key), "k", f"{version}\0m".encode()) for key, version in memos.items()]
        self._rows = sorted(rows, key=lambda row: row.place)
        self.asked = 0

    async def catch_up(self, partitions: Sequence[int]) -> None:
        """They are all here."""

    def ordered(self, partition: int, scope: str, after: Essence, limit: int) -> list[Essence]:
        self.asked += 1
        return [row for row in self._rows if (row.place, row.key) > (after.place, after.key)][:limit]

    def at(self, partition: int, scope: str, place: bytes) -> list[Essence]:
        return [row for row in self._rows if row.place == place]


@given(st.dictionaries(KEYS, st.sampled_from("xy"), max_size=12), st.lists(KEYS, max_size=20), st.booleans())
def test_a_memo_is_written_where_it_is_another_one(
    known: dict[str, str], asked: list[str], in_order: bool
) -> None:
    memos = SourceMemos(Kept(known), 0, "source")
    keys = [*known, *asked]

    for key in sorted(keys, key=place_of) if in_order else keys:
        assert bool(memos.keep(key, "x", b"m")) == (known.get(key) != "x")
        assert bool(memos.keep(key, "", None)) == (key in known)


def test_many_keys_in_their_order_cost_few_looks_at_the_disk() -> None:
    kept = Kept({f"{number:05}": "x" for number in range(10_000)})
    memos = SourceMemos(kept, 0, "source")

    assert not any(memos.keep(f"{number:05}", "x", b"m") for number in range(10_000))
    assert kept.asked < 20


@given(st.dictionaries(KEYS, st.just("x"), max_size=12), st.sets(KEYS, max_size=12))
def test_memos_of_neither_listed_nor_indexed_keys_are_found_in_one_pass(
    known: dict[str, str], there: set[str]
) -> None:
    orphans, found = Orphans(SourceMemos(Kept(known), 0, "source")), 0

    for place in [*sorted(map(place_of, there)), None]:
        found += len(orphans.before(place))

    assert found == len(known.keys() - there)
