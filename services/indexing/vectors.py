"""The seam to the vector store, and how rows are packed into its requests."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from schemas.errors import TransientError
from services.indexing.rows import Collection, Row

#: Raises FencedError when this worker must not touch anything any more (`Context.check_alive`).
Guard = Callable[[], None]

#: Rows of a request: Chroma Cloud's quota for a write. A local server takes 5,461 and writes as many rows a
#: second with 300 (`benchmarks/indexing.py`), so there is one figure for both.
MAX_ROWS = 300
#: Estimated bytes of a request's body. The server's limit is 40 MiB; escaping can make a text six times as
#: long (a control character is `\\u0000`), and 6 x 6 MiB still fits. 300 usual rows are about 1.5 MB.
MAX_BYTES = 6 * 1024 * 1024
#: Ids of a delete.
MAX_IDS = 300


class CollectionFault(TransientError):
    """The store answers, but with an error of its own, to a request for one collection."""


class VectorStore(Protocol):
    """Where collections live.

    Every method calls `guard` right before each of its requests. It raises TransientError when the same call
    may work later (CollectionFault when that may hold for this collection alone), DocumentError when the
    store refuses what it was given, with the store's own words.
    """

    async def upsert(self, collection: Collection, rows: Sequence[Row], guard: Guard) -> None:
        """Write rows, all of them or, when a DocumentError is raised, none. Creates the collection.

        At most MAX_ROWS rows of different ids."""
        ...

    async def delete(self, collection: Collection, ids: Sequence[str], guard: Guard) -> None:
        """Remove rows; those that do not exist, and a collection that does not, count as removed.

        At most MAX_IDS ids."""
        ...

    def identity(self, collection: Collection) -> str | None:
        """The store's id of the collection that was written last under this name, if it is known."""
        ...

    async def writable(self, beside: Collection, guard: Guard) -> bool:
        """Whether the store takes a write in the database of this collection, elsewhere than in it."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


@dataclass(slots=True)
class Request:
    """Rows that are written together, and which documents they belong to."""

    collection: Collection
    rows: list[Row] = field(default_factory=list)
    documents: set[str] = field(default_factory=set)
    size: int = 0

    def takes(self, count: int, size: int) -> bool:
        """Whether so many more rows and bytes fit."""
        return len(self.rows) + count <= MAX_ROWS and self.size + size <= MAX_BYTES


def pack(parts: Iterable[tuple[str, Collection, Sequence[Row]]]) -> Iterator[Request]:
    """Requests that hold the rows of (document, collection, rows), few and within the limits.

    The rows of a part share a request when they fit into one: what is refused is then refused whole.
    """
    open_: dict[Collection, Request] = {}
    for document, collection, rows in parts:
        for piece, size in _pieces(rows):
            request = open_.get(collection)
            if request is None or not request.takes(len(piece), size):
                if request is not None:
                    yield request
                request = open_[collection] = Request(collection)
            request.rows.extend(piece)
            request.documents.add(document)
            request.size += size
    yield from open_.values()


def _pieces(rows: Sequence[Row]) -> Iterator[tuple[Sequence[Row], int]]:
    start = size = 0
    for index, row in enumerate(rows):
        cost = _cost(row)
        if index > start and (index - start == MAX_ROWS or size + cost > MAX_BYTES):
            yield rows[start:index], size
            start, size = index, 0
        size += cost
    if len(rows) > start:
        yield rows[start:], size


def _cost(row: Row) -> int:
    """About the bytes of a row in a request: UTF-8 text, base64 vector, metadata with its punctuation."""
    metadata = sum(len(key) + 8 + len(str(value)) for key, value in row.metadata.items())
    return len(row.id) + len(row.text.encode(errors="replace")) + len(row.vector) * 4 // 3 + metadata + 64
