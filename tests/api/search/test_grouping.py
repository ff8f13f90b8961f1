from api.search.expression import GroupBy
from api.search.grouping import best_of_groups

RANKED = [("a", 0.1), ("b", 0.2), ("c", 0.3), ("d", 0.4), ("e", 0.5)]
METADATA = {
    "a": {"of": "x", "year": 2020},
    "b": {"of": "x", "year": 2021},
    "c": {"of": "y", "year": 2021.5},
    "d": {},
    "e": {"of": "x", "year": 2021},
}


def test_the_best_of_each_group_stay_in_the_order_of_their_scores() -> None:
    found = best_of_groups(RANKED, METADATA, GroupBy(("of",), ("#score",), 1))
    assert found == [("a", 0.1), ("c", 0.3), ("d", 0.4)]


def test_the_greatest_of_a_key_with_ties_by_score() -> None:
    found = best_of_groups(RANKED, METADATA, GroupBy(("of",), ("year",), 1, greatest=True))
    assert [id_ for id_, _ in found] == ["b", "c", "d"]


def test_several_keys_make_a_group_and_break_ties() -> None:
    assert len(best_of_groups(RANKED, METADATA, GroupBy(("of", "year"), ("#score",), 1))) == 4
    found = best_of_groups(RANKED, METADATA, GroupBy(("of",), ("year", "#score"), 2, greatest=True))
    assert [id_ for id_, _ in found] == ["b", "c", "d", "e"]


def test_values_of_every_kind_are_compared_and_what_is_missing_comes_first() -> None:
    values = [None, True, 3, 2.5, "text", ["a", "list"]]
    metadata = {str(n): {} if value is None else {"v": value} for n, value in enumerate(values)}
    ranked = [(str(n), float(n)) for n in range(len(values))]
    found = best_of_groups(ranked, metadata, GroupBy(("no such key",), ("v",), 4))
    assert [id_ for id_, _ in found] == ["0", "1", "2", "3"]
    assert len(best_of_groups(ranked, metadata, GroupBy(("v",), ("v",), 1))) == len(values)
