"""`group_by`: the best records of each group."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from api.search.expression import GroupBy
from api.search.scoring import order_of

#: Metadata of a record by key.
Metadata = Mapping[str, Any]


def best_of_groups(
    ranked: Sequence[tuple[str, float]], metadata: Mapping[str, Metadata], group_by: GroupBy
) -> list[tuple[str, float]]:
    """The remaining records, best first.

    Records without a key form a group of their own. The order of a key's values is: missing, false, true,
    numbers, texts, lists; `greatest` reverses it. Records with equal values keep the order of their scores.
    """
    groups: dict[tuple[Any, ...], list[tuple[str, float]]] = {}
    for id_, score in ranked:
        of = _values(metadata.get(id_, {}), score, group_by.keys)
        groups.setdefault(of, []).append((id_, score))

    def by(entry: tuple[str, float]) -> tuple[Any, ...]:
        return _values(metadata.get(entry[0], {}), entry[1], group_by.by)

    kept = [entry for group in groups.values() for entry in _first(group, by, group_by)]
    return sorted(kept, key=lambda entry: order_of(entry[1], entry[0]))


def _first(
    group: list[tuple[str, float]], by: Callable[[tuple[str, float]], tuple[Any, ...]], group_by: GroupBy
) -> list[tuple[str, float]]:
    # `reverse` is stable, too.
    return sorted(group, key=by, reverse=group_by.greatest)[: group_by.count]


def _values(metadata: Metadata, score: float, keys: Sequence[str]) -> tuple[Any, ...]:
    return tuple(_ordered(score if key == "#score" else metadata.get(key)) for key in keys)


def _ordered(value: Any) -> tuple[int, Any]:
    """A sort key for any value; hashable."""
    if value is None:
        return (0, 0)
    if isinstance(value, bool):
        return (1, value)
    if isinstance(value, int | float):
        return (2, value)
    if isinstance(value, str):
        return (3, value)
    return (4, str(value))
