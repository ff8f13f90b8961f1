"""The HTTP interface of the service `searching`: sparse search in the chunks of a collection.

Only the gateway calls it, with `Authorization: Bearer <token>`. It is no public API: the gateway has
checked that its own caller may read the collection, and that its id belongs to tenant and database.

    POST /search   SearchRequest  ──► SearchResponse, one answer for each query, in their order
    POST /keys     KeysRequest    ──► KeysResponse
    POST /audit    AuditRequest   ──► AuditResponse
    GET  /health   200 {"status": "ok"}, 503 with the reason while the index cannot take or find rows

Errors are `ErrorResponse`: 400 for a query that cannot be carried out, 401 for a wrong token, 413 for a body
over `MAX_BODY_BYTES`, 503 while the index is being rebuilt or cannot be read.
"""

from typing import Annotated, Any

from pydantic import Field, model_validator

from schemas.api.common import Id
from schemas.base import OwnBody

__all__ = [
    "MAX_BODY_BYTES",
    "AuditRequest",
    "AuditResponse",
    "KeysRequest",
    "KeysResponse",
    "SearchRequest",
    "SearchResponse",
    "SparseHit",
    "SparseHits",
    "SparseKey",
    "SparseQuery",
    "SparseVector",
]

#: 100,000 ids of 70 bytes, which is what a filter on documents may leave, with room for the queries.
MAX_BODY_BYTES = 16 * 1024 * 1024
MAX_QUERIES = 64
MAX_HITS = 10_000
MAX_IDS = 100_000
#: A text of `MAX_TEXT` characters has no more terms; SPLADE's vocabulary has 30,522.
MAX_TERMS = 32_768
MAX_TEXT = 32_768


class SparseVector(OwnBody):
    """A sparse vector: `indices` ascending and unique, one value for each."""

    indices: Annotated[list[Annotated[int, Field(ge=0, lt=2**32)]], Field(max_length=MAX_TERMS)]
    values: Annotated[list[Annotated[float, Field(allow_inf_nan=False)]], Field(max_length=MAX_TERMS)]

    @model_validator(mode="after")
    def _is_one(self) -> "SparseVector":
        if len(self.indices) != len(self.values):
            raise ValueError(f"{len(self.indices)} indices and {len(self.values)} values, expected as many")
        if any(after <= before for before, after in zip(self.indices, self.indices[1:], strict=False)):
            raise ValueError("indices must be ascending and unique")
        return self


class SparseQuery(OwnBody):
    """The `limit` rows of a collection whose sparse vector under `key` is nearest to the query.

    Exactly one of `vector` and `text` is given. A text is embedded with the model of the key.

    `where` is Chroma's filter on metadata, with Chroma's semantics: a missing key is not equal to anything,
    ints and floats compare as numbers. `ids` leaves only these rows; an empty list leaves none. Both apply
    before the limit.
    """

    tenant: str
    database: str
    collection_id: Id
    key: str
    vector: SparseVector | None = None
    text: Annotated[str, Field(max_length=MAX_TEXT)] | None = None
    where: dict[str, Any] | None = None
    ids: Annotated[list[str], Field(max_length=MAX_IDS)] | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_HITS)] = 16

    @model_validator(mode="after")
    def _has_one_query(self) -> "SparseQuery":
        if (self.vector is None) == (self.text is None):
            raise ValueError("exactly one of vector and text must be given")
        return self


class SparseHit(OwnBody):
    """A row that shares a term with the query, with its score: the inner product, times IDF for BM25."""

    id: str
    score: float


class SparseHits(OwnBody):
    """Rows by descending score, equal scores by id.

    `indexed` counts the rows of the collection that have a vector under the key. A collection or a key that
    is not indexed has none, and that is no error.
    """

    hits: list[SparseHit]
    indexed: int


class SearchRequest(OwnBody):
    """Several queries at once, of any collections."""

    queries: Annotated[list[SparseQuery], Field(max_length=MAX_QUERIES)]


class SearchResponse(OwnBody):
    """The answers, in the order of the queries."""

    results: list[SparseHits]


class KeysRequest(OwnBody):
    """Which sparse keys do these collections have?"""

    collection_ids: Annotated[list[Id], Field(max_length=1_000)]


class SparseKey(OwnBody):
    """A metadata key under which `indexed` rows of a collection have a sparse vector of `model`."""

    key: str
    model: str
    indexed: int


class KeysResponse(OwnBody):
    """The keys by collection, in alphabetical order; a collection without is left out."""

    collections: dict[Id, list[SparseKey]]


class AuditRequest(OwnBody):
    """Compare the rows of a collection with those of its topic; with `repair`, mend what differs."""

    collection_id: Id
    repair: bool = False


class AuditResponse(OwnBody):
    """Rows that the topic holds, and how many of them are missing in the index, wrong in it, or surplus."""

    rows: int
    missing: int
    wrong: int
    surplus: int
