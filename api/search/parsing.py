"""Parse JSON to expressions. Errors name the path of the part that is invalid, too deep or too large."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, cast

from pydantic import ValidationError

from api.errors import BadRequest, describe_invalid
from api.search.expression import (
    EMBEDDING,
    Binary,
    Fold,
    GroupBy,
    Knn,
    Query,
    Rank,
    Search,
    Sparse,
    Unary,
    Val,
)
from api.search.filters import parse_filter
from schemas.api.searching import MAX_TEXT, SparseVector

#: Maximum number of searches in one request, each with its own legs.
MAX_SEARCHES = 32
#: Maximum nesting of operators; `Rrf` of chromadb has five levels.
MAX_DEPTH = 32
MAX_NODES = 500
#: Maximum number of legs of all searches of a request; each is a query to Chroma or the sparse index.
MAX_LEGS = 64
#: Maximum number of candidates of a leg, and of rows of a search.
MAX_CANDIDATES = 10_000
MAX_ROWS = 10_000
MAX_DIMENSION = 16_384
_MAX_KEYS = 100
#: Chroma uses 32-bit floats.
_LARGEST = 3.4e38


def read_json(body: bytes) -> Any:
    """Parse a JSON body. Raises BadRequest, also for NaN and Infinity, which are not JSON."""
    try:
        return json.loads(body, parse_constant=_no_number)
    except RecursionError as error:
        raise BadRequest("the body is nested too deeply") from error
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from error


def _no_number(name: str) -> NoReturn:
    raise BadRequest(f"the body has {name}, which is no number of JSON")


def parse_searches(body: Any) -> list[Search]:
    """Parse the searches of a request. Raises BadRequest."""
    found = body.get("searches") if isinstance(body, dict) else None
    if not isinstance(found, list) or not found:
        raise BadRequest("the body must have a list of searches")
    if len(found) > MAX_SEARCHES:
        raise BadRequest(f"{len(found)} searches, at most {MAX_SEARCHES} are taken in one call")
    parser = _Parser()
    return [parser.search(one, f"searches[{number}]") for number, one in enumerate(found)]


class _Parser:
    """Counts the legs of all searches of a request, and the nodes of each search."""

    def __init__(self) -> None:
        self._legs = 0
        self._nodes = 0
        self._has_leg = False

    def search(self, value: Any, place: str) -> Search:
        self._nodes, self._has_leg = 0, False
        given = _members(value, place, {"filter", "rank", "group_by", "limit", "select"})
        limit, offset = _limit(given.get("limit"), f"{place}.limit")
        rank = given.get("rank")
        found = Search(
            filter=parse_filter(given.get("filter"), f"{place}.filter"),
            rank=None if rank is None or rank == {} else self._rank(rank, f"{place}.rank", 1),
            group_by=_group_by(given.get("group_by"), f"{place}.group_by"),
            limit=limit,
            offset=offset,
            select=_select(given.get("select"), f"{place}.select"),
        )
        if found.rank is None and found.group_by is not None:
            raise BadRequest(f"{place}: group_by needs a rank")
        if found.rank is not None and not self._has_leg:
            raise BadRequest(f"{place}.rank needs at least one $knn: it says which records take part")
        return found

    def _rank(self, value: Any, place: str, depth: int) -> Rank:
        if depth > MAX_DEPTH:
            raise BadRequest(f"{place[:60]}… is nested deeper than {MAX_DEPTH} levels")
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise BadRequest(f"{place[:60]}: an expression may have {MAX_NODES} operators")
        if not isinstance(value, dict) or len(value) != 1:
            raise BadRequest(f"{place}: an expression is an object with one operator, found {_shown(value)}")
        ((operator, operand),) = value.items()
        parse = self._OPERATORS.get(operator)
        if parse is None:
            raise BadRequest(f"{place}: {operator[:40]!r} is none of {', '.join(self._OPERATORS)}")
        return parse(self, operator, operand, f"{place}.{operator}", depth)

    def _val(self, operator: str, value: Any, place: str, depth: int) -> Rank:
        return Val(_number(value, place))

    def _knn(self, operator: str, value: Any, place: str, depth: int) -> Rank:
        self._legs, self._has_leg = self._legs + 1, True
        if self._legs > MAX_LEGS:
            raise BadRequest(f"{place}: at most {MAX_LEGS} $knn are taken in one call")
        given = _members(value, place, {"query", "key", "limit", "default", "return_rank"})
        key = given.get("key", EMBEDDING)
        if not isinstance(key, str) or not key or (key.startswith("#") and key != EMBEDDING):
            raise BadRequest(
                f"{place}.key must be {EMBEDDING} or the name of a sparse key, found {_shown(key)}"
            )
        default, return_rank = given.get("default"), given.get("return_rank", False)
        if not isinstance(return_rank, bool):
            raise BadRequest(f"{place}.return_rank must be true or false, found {_shown(return_rank)}")
        return Knn(
            query=_query(given.get("query"), key, f"{place}.query"),
            key=key,
            limit=_whole(given.get("limit", 16), f"{place}.limit", 1, MAX_CANDIDATES),
            default=None if default is None else _number(default, f"{place}.default"),
            return_rank=return_rank,
        )

    def _fold(self, operator: str, value: Any, place: str, depth: int) -> Rank:
        if not isinstance(value, list) or not value:
            raise BadRequest(f"{place} takes a list of expressions, found {_shown(value)}")
        operands = (self._rank(one, f"{place}[{number}]", depth + 1) for number, one in enumerate(value))
        return Fold(cast(Any, operator[1:]), tuple(operands))

    def _binary(self, operator: str, value: Any, place: str, depth: int) -> Rank:
        given = _members(value, place, {"left", "right"})
        left, right = (
            self._rank(given.get(side), f"{place}.{side}", depth + 1) for side in ("left", "right")
        )
        return Binary(cast(Any, operator[1:]), left, right)

    def _unary(self, operator: str, value: Any, place: str, depth: int) -> Rank:
        return Unary(cast(Any, operator[1:]), self._rank(value, place, depth + 1))

    _OPERATORS: Mapping[str, Callable[["_Parser", str, Any, str, int], Rank]] = {
        "$val": _val,
        "$knn": _knn,
        **dict.fromkeys(("$sum", "$mul", "$max", "$min"), _fold),
        **dict.fromkeys(("$sub", "$div"), _binary),
        **dict.fromkeys(("$abs", "$exp", "$log"), _unary),
    }


def _query(value: Any, key: str, place: str) -> Query:
    if isinstance(value, str):
        if not value.strip() or len(value) > MAX_TEXT:
            raise BadRequest(f"{place} must have 1 to {MAX_TEXT:,} characters, found {len(value):,}")
        return value
    if key != EMBEDDING:
        return _sparse(value, key, place)
    if isinstance(value, dict):
        raise BadRequest(f"{place}: {EMBEDDING} takes a list of numbers or a text, found a sparse vector")
    if not isinstance(value, list) or not 0 < len(value) <= MAX_DIMENSION:
        raise BadRequest(f"{place} must be a text or a list of 1 to {MAX_DIMENSION:,} numbers")
    return tuple(_number(one, f"{place}[{number}]") for number, one in enumerate(value))


def _sparse(value: Any, key: str, place: str) -> Sparse:
    if not isinstance(value, dict):
        raise BadRequest(f"{place}: {key[:40]!r} takes a text or a sparse vector, found {_shown(value)}")
    members = {name: one for name, one in value.items() if name in ("indices", "values")}
    try:
        found = SparseVector.model_validate(members)
    except ValidationError as error:
        raise BadRequest(describe_invalid(error, place)) from error
    return Sparse(tuple(found.indices), tuple(found.values))


def _group_by(value: Any, place: str) -> GroupBy | None:
    if value is None or value == {}:
        return None
    given = _members(value, place, {"keys", "aggregate"})
    aggregate = _members(given.get("aggregate"), f"{place}.aggregate", {"$min_k", "$max_k"})
    if len(aggregate) != 1:
        raise BadRequest(f"{place}.aggregate must be $min_k or $max_k")
    ((operator, kept),) = aggregate.items()
    kept = _members(kept, f"{place}.aggregate.{operator}", {"keys", "k"})
    return GroupBy(
        keys=_keys(given.get("keys"), f"{place}.keys", frozenset()),
        by=_keys(kept.get("keys"), f"{place}.aggregate.{operator}.keys", frozenset({"#score"})),
        count=_whole(kept.get("k"), f"{place}.aggregate.{operator}.k", 1, MAX_ROWS),
        greatest=operator == "$max_k",
    )


def _keys(value: Any, place: str, special: frozenset[str]) -> tuple[str, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= _MAX_KEYS:
        raise BadRequest(f"{place} must be a list of 1 to {_MAX_KEYS} keys")
    for one in value:
        if not isinstance(one, str) or (one.startswith("#") and one not in special):
            also = "".join(f" or {name}" for name in special)
            raise BadRequest(f"{place}: {_shown(one)} is no key of metadata{also}")
    return tuple(value)


def _limit(value: Any, place: str) -> tuple[int | None, int]:
    if isinstance(value, int) and not isinstance(value, bool):
        value = {"limit": value}
    given = {} if value is None else _members(value, place, {"limit", "offset"})
    limit, offset = given.get("limit"), given.get("offset")
    return (
        None if limit is None else _whole(limit, f"{place}.limit", 1, MAX_ROWS),
        0 if offset is None else _whole(offset, f"{place}.offset", 0, 2**31),
    )


def _select(value: Any, place: str) -> frozenset[str]:
    given = {"keys": []} if value is None else {"keys": value} if isinstance(value, list) else value
    keys = _members(given, place, {"keys"}).get("keys") or []
    if not isinstance(keys, list) or len(keys) > _MAX_KEYS or not all(isinstance(one, str) for one in keys):
        raise BadRequest(f"{place}.keys must be a list of at most {_MAX_KEYS} texts")
    known = {"#id", "#document", "#embedding", "#metadata", "#score"}
    if odd := sorted(one for one in keys if one.startswith("#") and one not in known):
        raise BadRequest(f"{place}.keys: {odd[0][:40]!r} is none of {', '.join(sorted(known))}")
    return frozenset(keys)


def _members(value: Any, place: str, known: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadRequest(f"{place} must be an object, found {_shown(value)}")
    if odd := sorted(str(name) for name in value if name not in known):
        raise BadRequest(f"{place}: {odd[0][:40]!r} is none of {', '.join(sorted(known))}")
    return value


def _number(value: Any, place: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST:
        return float(value)
    raise BadRequest(f"{place} must be a number below {_LARGEST:g}, found {_shown(value)}")


def _whole(value: Any, place: str, least: int, most: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    raise BadRequest(f"{place} must be a whole number from {least} to {most:,}, found {_shown(value)}")


def _shown(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= 60 else text[:59] + "…"
