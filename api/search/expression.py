"""The expressions of a search, as small trees. Scores are distances: lower is better, as in Chroma."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

#: The key of the dense vectors.
EMBEDDING = "#embedding"

Where = Mapping[str, Any]


@dataclass(frozen=True)
class Sparse:
    """A sparse vector: ascending indices and their values."""

    indices: tuple[int, ...]
    values: tuple[float, ...]


#: The query of a `$knn`: a vector, or a text, which is embedded with the model of its key.
Query = tuple[float, ...] | Sparse | str


@dataclass(frozen=True)
class Val:
    """A constant."""

    value: float


@dataclass(frozen=True)
class Knn:
    """The `limit` records nearest to a query under a key.

    A record's score is its distance or, with `return_rank`, its rank, counted from 0. Any other record has
    the score `default`; if that is None, it is excluded from the whole expression.
    """

    query: Query
    key: str = EMBEDDING
    limit: int = 16
    default: float | None = None
    return_rank: bool = False


@dataclass(frozen=True)
class Fold:
    """`sum`, `mul`, `max` or `min` of any number of expressions."""

    operator: Literal["sum", "mul", "max", "min"]
    operands: tuple["Rank", ...]


@dataclass(frozen=True)
class Binary:
    """`sub` or `div`."""

    operator: Literal["sub", "div"]
    left: "Rank"
    right: "Rank"


@dataclass(frozen=True)
class Unary:
    """`abs`, `exp` or `log` (natural)."""

    operator: Literal["abs", "exp", "log"]
    operand: "Rank"


Rank = Val | Knn | Fold | Binary | Unary


@dataclass(frozen=True)
class GroupBy:
    """Keep `count` records of each group: those with the smallest values of `by`, or the greatest."""

    keys: tuple[str, ...]
    by: tuple[str, ...]
    count: int
    greatest: bool = False


@dataclass(frozen=True)
class Filter:
    """Selects the records that match `where` and are among `ids`; None is no condition.

    `where` is a filter of Chroma that may also contain conditions on `#document`.
    """

    where: Where | None = None
    ids: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Search:
    """One search. Without `rank`, records come in the order of the collection. `limit` None is no limit."""

    filter: Filter = Filter()
    rank: Rank | None = None
    group_by: GroupBy | None = None
    limit: int | None = None
    offset: int = 0
    select: frozenset[str] = frozenset()


def children_of(rank: Rank) -> Sequence[Rank]:
    """The operands of an expression."""
    match rank:
        case Fold(operands=operands):
            return operands
        case Binary(left=left, right=right):
            return (left, right)
        case Unary(operand=operand):
            return (operand,)
    return ()


def knns_of(rank: Rank) -> Iterator[Knn]:
    """Every `$knn` in an expression, from left to right."""
    if isinstance(rank, Knn):
        yield rank
    for child in children_of(rank):
        yield from knns_of(child)
