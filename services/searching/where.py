"""Chroma's filter on metadata (`where`) as a filter of the index.

    {"year": 2020}   {"year": {"$gte": 2020}}   {"lang": {"$in": ["en", "de"]}}   {"tags": {"$contains": "a"}}
    {"$and": [...]}  {"$or": [...]}             {"#id": {"$in": ["…-0"]}}

A missing key is unequal to everything: `$ne`, `$nin` and `$not_contains` match it, other operators do not.
Ints and floats are compared as numbers.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qdrant_edge import (
    FieldCondition,
    Filter,
    HasIdCondition,
    HasVectorCondition,
    IsEmptyCondition,
    IsNullCondition,
    MatchAny,
    MatchValue,
    NestedCondition,
    PayloadSchemaType,
    RangeFloat,
)

from schemas.errors import RequestError
from services.searching.fields import field_of, kinds_of
from services.searching.points import point_id

#: Conditions of a filter, and how deep it may be. Chroma Cloud takes 8 conditions.
MAX_CONDITIONS = 2_000
MAX_DEPTH = 32

#: As `Filter` declares it; only the first three are used.
Condition = (
    Filter
    | FieldCondition
    | HasIdCondition
    | HasVectorCondition
    | IsEmptyCondition
    | IsNullCondition
    | NestedCondition
)
Scalar = str | int | float | bool

_COMPARISONS = {"$gt": "gt", "$gte": "gte", "$lt": "lt", "$lte": "lte"}
_NEGATIONS = {"$ne": "$eq", "$nin": "$in", "$not_contains": "$contains"}
_KNOWN = ("$eq", "$ne", *_COMPARISONS, "$in", "$nin", "$contains", "$not_contains")


@dataclass(slots=True)
class Compiled:
    """A filter, and the fields that it reads with the index that each needs."""

    condition: Filter | None = None
    fields: dict[str, PayloadSchemaType] = field(default_factory=dict)
    conditions: int = 0


def compile_where(where: Mapping[str, Any] | None, ids: Sequence[str] | None = None) -> Compiled:
    """The filter for rows that `where` matches, and that are among `ids` if these are given.

    Raises RequestError for an invalid filter, with the place and what is expected.
    """
    compiled = Compiled()
    must: list[Condition] = []
    if ids is not None:
        must.append(_has_id(ids))
    if where:
        must.append(_clause(compiled, where, 1))
    if must:
        compiled.condition = Filter(must=must)
    return compiled


def _clause(compiled: Compiled, where: object, depth: int) -> Condition:
    if not isinstance(where, Mapping) or len(where) != 1:
        raise RequestError(
            f"where: expected an object with exactly one key, found {_shown(where)}; combine several by $and"
        )
    if depth > MAX_DEPTH:
        raise RequestError(f"where: nested more than {MAX_DEPTH} levels deep")
    [(key, operand)] = where.items()
    if key in ("$and", "$or"):
        if not isinstance(operand, list) or not operand:
            raise RequestError(f"where: {key} expects a list of filters, found {_shown(operand)}")
        clauses = [_clause(compiled, each, depth + 1) for each in operand]
        return Filter(must=clauses) if key == "$and" else Filter(should=clauses)
    compiled.conditions += 1
    if compiled.conditions > MAX_CONDITIONS:
        raise RequestError(f"where: more than {MAX_CONDITIONS:,} conditions")
    operator, value = _operation(key, operand)
    positive = _NEGATIONS.get(operator)
    condition = _condition(compiled, key, positive or operator, value)
    return Filter(must_not=[condition]) if positive else condition


def _operation(key: str, operand: object) -> tuple[str, object]:
    """The operator and its operand; a bare value means `$eq`."""
    if not isinstance(operand, Mapping):
        return "$eq", operand
    if len(operand) != 1 or next(iter(operand)) not in _KNOWN:
        raise RequestError(
            f"where: {key!r} expects a value or one of {', '.join(_KNOWN)}, found {_shown(operand)}"
        )
    [(operator, value)] = operand.items()
    return operator, value


def _condition(compiled: Compiled, key: str, operator: str, value: object) -> Condition:
    if key.startswith(("#", "$")):
        return _id_condition(key, operator, value)
    if operator in _COMPARISONS:
        if not _is_number(value):
            raise RequestError(f"where: {key!r} {operator} expects a number, found {_shown(value)}")
        name = _field(compiled, "n", key)
        return FieldCondition(key=name, range=RangeFloat(**{_COMPARISONS[operator]: float(value)}))  # type: ignore[arg-type]
    if operator == "$in":
        return _any(compiled, key, _scalars(key, operator, value))
    return _equal(compiled, key, _scalar(key, operator, value), array=operator == "$contains")


def _id_condition(key: str, operator: str, value: object) -> Condition:
    if key != "#id" or operator not in ("$eq", "$in"):
        raise RequestError(
            f"where: {key!r} {operator} cannot be searched here; expected a metadata key, or #id with $eq, "
            "$ne, $in or $nin"
        )
    ids = _scalars(key, operator, value) if operator == "$in" else [_scalar(key, operator, value)]
    return _has_id([str(each) for each in ids])


def _equal(compiled: Compiled, key: str, value: Scalar, array: bool = False) -> Condition:
    kind, stored = kinds_of(value)[-1]
    name = _field(compiled, f"{kind}a" if array else kind, key)
    if isinstance(stored, str):
        return FieldCondition(key=name, match=MatchValue(stored))
    return FieldCondition(key=name, range=RangeFloat(gte=float(stored), lte=float(stored)))


def _any(compiled: Compiled, key: str, values: Sequence[Scalar]) -> Condition:
    """Equal to any of these values. Texts of a field share one condition; each number has its own."""
    texts: dict[str, list[str]] = {}
    conditions: list[Condition] = []
    for value in values:
        kind, stored = kinds_of(value)[-1]
        if isinstance(stored, str):
            texts.setdefault(_field(compiled, kind, key), []).append(stored)
        else:
            conditions.append(_equal(compiled, key, value))
    compiled.conditions += len(conditions)
    if compiled.conditions > MAX_CONDITIONS:
        raise RequestError(f"where: more than {MAX_CONDITIONS:,} conditions")
    conditions.extend(FieldCondition(key=name, match=MatchAny(some)) for name, some in texts.items())
    return Filter(should=conditions)


def _field(compiled: Compiled, kind: str, key: str) -> str:
    name = field_of(kind, key)
    number = kind.startswith("n")
    compiled.fields[name] = PayloadSchemaType.Float if number else PayloadSchemaType.Keyword
    return name


def _has_id(ids: Sequence[str]) -> HasIdCondition:
    return HasIdCondition({point_id(each) for each in ids})


def _scalars(key: str, operator: str, value: object) -> list[Scalar]:
    if not isinstance(value, list) or not value:
        raise RequestError(f"where: {key!r} {operator} expects a list of values, found {_shown(value)}")
    return [_scalar(key, operator, each) for each in value]


def _scalar(key: str, operator: str, value: object) -> Scalar:
    if isinstance(value, str | bool) or _is_number(value):
        return value  # type: ignore[return-value]
    raise RequestError(
        f"where: {key!r} {operator} expects a text, a number or a boolean, found {_shown(value)}"
    )


def _is_number(value: object) -> bool:
    if isinstance(value, bool):
        return False
    return (isinstance(value, int) and -(2**63) <= value < 2**63) or (
        isinstance(value, float) and math.isfinite(value)
    )


def _shown(value: object) -> str:
    return repr(value)[:80]
