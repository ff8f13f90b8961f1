"""Evaluate an expression for each record, with Chroma's rules for records that a leg has not found.

The value is a *domain*: the scores of records, and one score for all others, which are excluded if it is
None. An operator joins two domains over the records that have a score on both sides.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from api.search.expression import Binary, Fold, Knn, Rank, Unary, Val

#: The hits of a leg: ids and distances, nearest first.
Hits = Sequence[tuple[str, float]]


@dataclass(frozen=True)
class Domain:
    """The scores of records, and the score of all others."""

    scores: Mapping[str, float]
    others: float | None

    def map(self, function: Callable[[float], float]) -> "Domain":
        """Apply a function to every score."""
        others = None if self.others is None else function(self.others)
        return Domain({id_: function(score) for id_, score in self.scores.items()}, others)

    def join(self, other: "Domain", function: Callable[[float, float], float]) -> "Domain":
        """Apply a function to the scores of both sides."""
        if self.others is None and other.others is None:
            ids = self.scores.keys() & other.scores.keys()
        elif self.others is None:
            ids = set(self.scores)
        elif other.others is None:
            ids = set(other.scores)
        else:
            ids = self.scores.keys() | other.scores.keys()
        found = {id_: function(self.of(id_), other.of(id_)) for id_ in ids}
        if self.others is None or other.others is None:
            return Domain(found, None)
        return Domain(found, function(self.others, other.others))

    def of(self, id_: str) -> float:
        found = self.scores.get(id_, self.others)
        assert found is not None  # join only passes records that have a score on this side
        return found


def rank_records(rank: Rank, hits: Mapping[Knn, Hits]) -> list[tuple[str, float]]:
    """Ids and scores, best first: by ascending score, then id; NaN last.

    Only records that a leg has found are included, also with defaults.
    """
    scores = evaluate(rank, hits).scores
    return sorted(scores.items(), key=lambda entry: order_of(entry[1], entry[0]))


def order_of(score: float, id_: str) -> tuple[bool, float, str]:
    """The sort key of a record."""
    wrong = math.isnan(score)
    return (wrong, 0.0 if wrong else score, id_)


def evaluate(rank: Rank, hits: Mapping[Knn, Hits]) -> Domain:
    """The domain of an expression."""
    match rank:
        case Val(value=value):
            return Domain({}, value)
        case Knn():
            return _leg(rank, hits[rank])
        case Unary(operator=operator, operand=operand):
            return evaluate(operand, hits).map(_UNARY[operator])
        case Binary(operator=operator, left=left, right=right):
            return evaluate(left, hits).join(evaluate(right, hits), _BINARY[operator])
        case Fold(operator=operator, operands=(first, *rest)):
            found = evaluate(first, hits)
            for operand in rest:
                found = found.join(evaluate(operand, hits), _FOLD[operator])
            return found
    raise AssertionError(rank)


def _leg(knn: Knn, hits: Hits) -> Domain:
    if knn.return_rank:
        return Domain({id_: float(place) for place, (id_, _) in enumerate(hits)}, knn.default)
    return Domain(dict(hits), knn.default)


# IEEE 754, as in Chroma: undefined operations yield infinity or NaN, and never fail a search.
def _divide(left: float, right: float) -> float:
    if right != 0:
        return left / right
    if left == 0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def _log(value: float) -> float:
    if value == 0:
        return -math.inf
    return math.log(value) if value > 0 else math.nan


def _greater(left: float, right: float) -> float:
    return right if math.isnan(left) or right > left else left


def _smaller(left: float, right: float) -> float:
    return right if math.isnan(left) or right < left else left


_UNARY: Mapping[str, Callable[[float], float]] = {"abs": abs, "exp": _exp, "log": _log}
_BINARY: Mapping[str, Callable[[float, float], float]] = {"sub": lambda a, b: a - b, "div": _divide}
_FOLD: Mapping[str, Callable[[float, float], float]] = {
    "sum": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "max": _greater,
    "min": _smaller,
}
