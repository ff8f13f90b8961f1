"""Validate Chroma's filters, and split them into the parts that each leg supports.

Chroma's server evaluates filters, for every leg: see `api.search.legs`.
"""

import math
from collections.abc import Mapping
from typing import Any

from api.errors import BadRequest
from api.search.expression import Filter, Where

DOCUMENT, ID = "#document", "#id"
#: Maximum number of conditions of a filter, and of their nesting, because Chroma walks them recursively.
MAX_CONDITIONS = 1_000
MAX_DEPTH = 32
#: Maximum number of values of all `$in` and `$nin` of a filter.
MAX_VALUES = 10_000
_OF_METADATA = frozenset(
    {"$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$contains", "$not_contains"}
)
_OF_DOCUMENT = frozenset({"$contains", "$not_contains", "$regex", "$not_regex"})
_LISTS = frozenset({"$in", "$nin"})


def parse_filter(value: Any, place: str) -> Filter:
    """Parse the `filter` of a search. Raises BadRequest with the path of the invalid part.

    `#id` supports `$eq` and `$in`, outside of `$or`, because Chroma takes ids separately from its filter.
    """
    if value is None or value == {}:
        return Filter()
    if isinstance(value, dict) and ("where_clause" in value or "query_ids" in value):
        # The form in Chroma's API documentation; its clients send only the conditions.
        inner = parse_filter(value.get("where_clause"), f"{place}.where_clause")
        return _both(inner, _ids(value.get("query_ids"), f"{place}.query_ids"))
    conjuncts = value.get("$and", [value]) if isinstance(value, dict) else [value]
    if not isinstance(conjuncts, list):
        raise BadRequest(f"{place}.$and must be a list of conditions, found {_kind(conjuncts)}")
    if not conjuncts:
        raise BadRequest(f"{place}.$and needs at least one condition")
    ids: tuple[str, ...] | None = None
    rest = []
    for conjunct in conjuncts:
        if isinstance(conjunct, dict) and set(conjunct) == {ID}:
            given = _compared_ids(conjunct[ID], place)
            ids = given if ids is None else _common(ids, given)
        else:
            rest.append(conjunct)
    if isinstance(value, dict) and "$and" in value and len(value) > 1:
        raise BadRequest(f"{place}: $and cannot stand beside other conditions; put them into its list")
    if rest:
        _Check(place).conditions(rest)
    where = None if not rest else rest[0] if len(rest) == 1 else {"$and": rest}
    return Filter(where, ids)


def names_documents(where: Where | None) -> bool:
    """Whether a filter has conditions on the text of documents."""
    return where is not None and any(
        key == DOCUMENT or (key in ("$and", "$or") and any(names_documents(one) for one in value))
        for key, value in where.items()
    )


def metadata_part(where: Where | None) -> dict[str, Any] | None:
    """The strictest condition on metadata alone that `where` implies; None if there is none."""
    if where is None or not names_documents(where):
        return None if where is None else dict(where)
    if "$and" in where:
        parts = [part for one in where["$and"] if (part := metadata_part(one)) is not None]
        return None if not parts else parts[0] if len(parts) == 1 else {"$and": parts}
    return None  # an `$or` implies none of its branches; a condition on `#document` implies no metadata


def joined(*conditions: Where | None) -> dict[str, Any] | None:
    """The conjunction of these conditions."""
    given = [dict(one) for one in conditions if one]
    return None if not given else given[0] if len(given) == 1 else {"$and": given}


class _Check:
    """Validates and counts conditions recursively."""

    def __init__(self, place: str) -> None:
        self._place, self._conditions, self._values = place, 0, 0

    def conditions(self, found: list[Any], depth: int = 1) -> None:
        if depth > MAX_DEPTH:
            raise BadRequest(f"{self._place} is nested deeper than {MAX_DEPTH} levels")
        if not found:
            raise BadRequest(f"{self._place}: $and and $or need at least one condition")
        for one in found:
            self._conditions += 1
            if self._conditions > MAX_CONDITIONS:
                raise BadRequest(f"{self._place} has more than {MAX_CONDITIONS:,} conditions")
            self._condition(one, depth)

    def _condition(self, condition: Any, depth: int) -> None:
        if not isinstance(condition, dict) or len(condition) != 1:
            raise BadRequest(
                f"{self._place}: a condition is an object with one key, found {_shown(condition)}"
            )
        ((key, value),) = condition.items()
        if key in ("$and", "$or"):
            if not isinstance(value, list):
                raise BadRequest(f"{self._place}: {key} takes a list of conditions, found {_kind(value)}")
            self.conditions(value, depth + 1)
        elif key == ID:
            raise BadRequest(
                f"{self._place}: {ID} takes $eq or $in, and cannot stand inside of $or or a nested $and"
            )
        elif key.startswith("$") or (key.startswith("#") and key != DOCUMENT):
            raise BadRequest(f"{self._place}: {key[:40]!r} is no key to filter by")
        else:
            self._comparison(key, value)

    def _comparison(self, key: str, value: Any) -> None:
        if not isinstance(value, dict):
            value = {"$eq": value}
        if len(value) != 1:
            raise BadRequest(f"{self._place}: {key[:40]!r} takes one operator, found {_shown(value)}")
        ((operator, operand),) = value.items()
        allowed = _OF_DOCUMENT if key == DOCUMENT else _OF_METADATA
        if operator not in allowed:
            known = ", ".join(sorted(allowed))
            raise BadRequest(f"{self._place}: {key[:40]!r} takes {known}; found {str(operator)[:40]!r}")
        operands = operand if operator in _LISTS else [operand]
        if not isinstance(operands, list) or not operands:
            raise BadRequest(f"{self._place}: {operator} takes a list of values, found {_shown(operand)}")
        self._values += len(operands)
        if self._values > MAX_VALUES:
            raise BadRequest(f"{self._place} has more than {MAX_VALUES:,} values")
        for one in operands:
            self._operand(key, operator, one)

    def _operand(self, key: str, operator: str, value: Any) -> None:
        kinds = (str,) if key == DOCUMENT else (str, int, float, bool)
        if not isinstance(value, kinds) or (isinstance(value, float) and not math.isfinite(value)):
            expected = "a text" if key == DOCUMENT else "a text, a number, true or false"
            raise BadRequest(
                f"{self._place}: {operator} of {key[:40]!r} takes {expected}, found {_shown(value)}"
            )


def _compared_ids(value: Any, place: str) -> tuple[str, ...]:
    if isinstance(value, Mapping) and len(value) == 1:
        if "$eq" in value:
            return _ids([value["$eq"]], place) or ()
        if "$in" in value:
            return _ids(value["$in"], place) or ()
    if isinstance(value, str):
        return (value,)
    raise BadRequest(f"{place}: {ID} takes $eq or $in, found {_shown(value)}")


def _ids(value: Any, place: str) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadRequest(f"{place}: ids are a list of texts, found {_shown(value)}")
    if len(value) > MAX_VALUES:
        raise BadRequest(f"{place}: {len(value):,} ids, at most {MAX_VALUES:,} are taken")
    return tuple(dict.fromkeys(value))


def _both(found: Filter, ids: tuple[str, ...] | None) -> Filter:
    if ids is None or found.ids is None:
        return Filter(found.where, found.ids if ids is None else ids)
    return Filter(found.where, _common(ids, found.ids))


def _common(ids: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """The ids that are among both, in the order of the first."""
    kept = frozenset(others)
    return tuple(one for one in ids if one in kept)


def _kind(value: Any) -> str:
    return {dict: "an object", list: "a list", str: "a text", type(None): "null"}.get(type(value), "a number")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
