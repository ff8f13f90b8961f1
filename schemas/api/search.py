"""Models of our own search: one query text, one collection."""

from typing import Annotated, Any, Literal

from pydantic import Field

from schemas.base import WHOLE, Body, OwnBody

#: The deepest row of a search: 300 candidates of each of two legs.
MAX_DEPTH = 600
MAX_HITS = 300
MAX_QUERY = 32_768

Mode = Literal["hybrid", "dense", "sparse"]


class SearchPayload(OwnBody):
    """A search. `hybrid` is by meaning and by words, wherever a collection has both; `contains`, `regex` and
    `where` (Chroma's filter on metadata) leave only chunks that match all of them. `sparse_key` is needed
    only where a collection has several. `rerank: false` leaves a configured reranker out."""

    collection_name: str
    query: Annotated[str, Field(min_length=1, max_length=MAX_QUERY)]
    database_name: str = "default_database"
    mode: Mode = "hybrid"
    sparse_key: str | None = None
    contains: Annotated[str, Field(min_length=1, max_length=10_000)] | None = None
    regex: Annotated[str, Field(min_length=1, max_length=10_000)] | None = None
    where: dict[str, Any] | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_HITS), WHOLE] = 10
    offset: Annotated[int, Field(ge=0, le=MAX_DEPTH), WHOLE] = 0
    rerank: bool = True


class DensePlace(Body):
    """The place of a chunk by meaning, from 1, and its cosine similarity, at most 1."""

    rank: int
    similarity: float


class SparsePlace(Body):
    """The place of a chunk by words, from 1, and its score: greater is better, comparable within a query."""

    rank: int
    score: float


class SearchHit(Body):
    """A chunk. `rank` counts from 1 over all pages. `score` is greater for better and orders the hits of one
    answer; it is no percentage and not comparable between queries: use a leg's own score for thresholds. A
    leg that has not found the chunk is null.

    `document_id` and `chunk_number` (from 0) are where it is among documents; null for rows of other
    programs.
    """

    id: str
    document_id: str | None = None
    chunk_number: int | None = None
    rank: int
    score: float
    text: str
    metadata: dict[str, Any]
    dense: DensePlace | None
    sparse: SparsePlace | None
    relevance: float | None


class Searched(Body):
    """How many chunks each leg searches: all of the collection, and those that the sparse index has."""

    dense: int
    sparse: int


class SearchAnswer(Body):
    """Hits, best first.

    `mode` is what was done, `notes` say why it is not what was asked for. `candidates` is how many chunks the
    pages of this search have together; `complete` is false if a leg has found as many as it may, so that
    there may be more. `reranked`: the first hits are in the order of a reranker, whose `relevance` they have.
    """

    mode: Mode
    hits: list[SearchHit]
    candidates: int
    complete: bool
    reranked: bool
    searched: Searched
    notes: list[str]
