"""Reciprocal rank fusion of two rankings, over the union of their hits.

A chunk that only one leg found stays, with no score from the other. Only ranks count, so distances and BM25
scores need not be comparable (Cormack, Clarke, Büttcher 2009).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from api.search.scoring import Hits

DENSE, SPARSE = "dense", "sparse"

#: Candidates of each leg for every page, so that all pages are parts of the same list and a chunk is on one
#: page only. 300 is the maximum of Chroma Cloud.
WINDOW = 300

#: docs/search.md, "Fusion", has the measurements.
K = 20
WEIGHTS: Mapping[str, float] = {DENSE: 1.0, SPARSE: 1.0}


@dataclass(frozen=True)
class Place:
    """The rank of a chunk in a leg, counted from 1, and its distance."""

    rank: int
    distance: float


@dataclass(frozen=True)
class Fused:
    """A chunk with its fused score, greater is better, and its ranks in the legs that found it."""

    id: str
    score: float
    places: Mapping[str, Place]


def fuse(legs: Mapping[str, Hits], k: float = K, weights: Mapping[str, float] = WEIGHTS) -> list[Fused]:
    """The union of the legs' hits, best first; equal scores by id.

    Args:
        legs: hits by the name of their leg, nearest first. A leg may be empty.
        k: the smaller, the more the top ranks count.
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
