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
    """A request for one collection failed on the store's side: it answered with an error, or not in time."""


class CollectionReplaced(TransientError):
    """The collection with this id was deleted. What was written into it is gone; plan anew."""


class VectorStore(Protocol):
    """Where collections live. Rows are written under the id that a collection has now, not under its name.

    Every method calls `guard` right before each of its requests that writes. It raises TransientError when
    the same call may work later (CollectionFault when that may hold for this collection alone), DocumentError
    when the store refuses what it was given, with the store's own words.
    """

    async def create(self, collection: Collection, guard: Guard) -> str:
        """The id of the collection, which is created if there is none."""
        ...

    async def look_up(self, collection: Collection) -> str | None:
        """The id of the collection, None if there is none."""
        ...

    async def upsert(self, collection: Collection, identity: str, rows: Sequence[Row], guard: Guard) -> None:
        """Write rows, all of them or, when a DocumentError is raised, none.

        1 to MAX_ROWS rows of different ids. Raises CollectionReplaced."""
        ...

    async def delete(self, collection: Collection, identity: str, ids: Sequence[str], guard: Guard) -> None:
        """Remove rows; those that do not exist count as removed.

        1 to MAX_IDS ids. Raises CollectionReplaced."""
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

    rows: list[Row] = field(default_factory=list)
    documents: set[str] = field(default_factory=set)
    size: int = 0

    def takes(self, count: int, size: int) -> bool:
        """Whether so many more rows and bytes fit."""
        return len(self.rows) + count <= MAX_ROWS and self.size + size <= MAX_BYTES


def pack(parts: Iterable[tuple[str, Sequence[Row]]]) -> Iterator[Request]:
    """Requests for one collection that hold the rows of (document, rows), few and within the limits.

    The rows of a part share a request when they fit into one: what is refused is then refused whole.
    """
    request = Request()
    for document, rows in parts:
        for piece, size in _pieces(rows):
            if request.rows and not request.takes(len(piece), size):
                yield request
                request = Request()
            request.rows.extend(piece)
            request.documents.add(document)
            request.size += size
    if request.rows:
        yield request


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
