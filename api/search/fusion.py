"""Reciprocal rank fusion of two rankings, over the union of their hits.

A chunk that one leg has not found gets no score from that leg, but stays. Only ranks count, so that distances
and BM25 scores need not be comparable (Cormack, Clarke, Büttcher 2009).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from api.search.scoring import Hits

DENSE, SPARSE = "dense", "sparse"

#: Candidates of each leg, whatever page is asked for: so every page is a part of the same list, and a chunk
#: is on one page only. 300 is the most that Chroma Cloud answers.
WINDOW = 300

#: docs/search.md, "Fusion", has the measurements.
K = 20
WEIGHTS: Mapping[str, float] = {DENSE: 1.0, SPARSE: 1.0}


@dataclass(frozen=True)
class Place:
    """What a leg says of a chunk: its place, counted from 1, and its distance."""

    rank: int
    distance: float


@dataclass(frozen=True)
class Fused:
    """A chunk with its fused score, greater is better, and its places in the legs that have found it."""

    id: str
    score: float
    places: Mapping[str, Place]


def fuse(legs: Mapping[str, Hits], k: float = K, weights: Mapping[str, float] = WEIGHTS) -> list[Fused]:
    """The union of the legs' hits, best first; equal scores by id.

    Args:
        legs: hits by the name of their leg, nearest first. A leg may be empty.
        k: how flat the weights of places are; small, and the first places decide.
    """
    places: dict[str, dict[str, Place]] = {}
    for name, hits in legs.items():
        for rank, (id_, distance) in enumerate(hits, 1):
            places.setdefault(id_, {})[name] = Place(rank, distance)
    fused = [
        Fused(id_, sum(weights[name] / (k + place.rank) for name, place in of.items()), of)
        for id_, of in places.items()
    ]
    return sorted(fused, key=lambda one: (-one.score, one.id))
