"""The interface of the vector store, and the packing of rows and updates into requests."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from schemas.errors import TransientError
from schemas.events import CollectionSwitched
from services.indexing.rows import Collection, Row, Update
from streams.reembedded import Reembedded

T = TypeVar("T", Row, Update)

#: Raises FencedError when this worker must not write any more (`Context.check_alive`).
Guard = Callable[[], None]

#: Rows per request: Chroma Cloud's quota for a write. A local server accepts 5,461, but is as fast with 300
#: (`benchmarks/indexing.py`), so both use the same limit.
MAX_ROWS = 300
#: Estimated bytes of a request's body. The server's limit is 40 MiB. Escaping can make a text six times as
#: long (a control character becomes `\\u0000`), and 6 x 6 MiB still fits. 300 typical rows are about 1.5 MB.
MAX_BYTES = 6 * 1024 * 1024
#: Ids per delete.
MAX_IDS = 300


class CollectionFault(TransientError):
    """A request for one collection failed in the store: it answered with an error, or not in time."""


class CollectionReplaced(TransientError):
    """The collection with this id was deleted with its rows; plan again."""


class VectorStore(Protocol):
    """A vector store. Rows are addressed by the id of a collection, not by its name.

    Every method calls `guard` right before each of its writing requests. It raises TransientError if the same
    call may succeed later (CollectionFault if only this collection may be affected), and DocumentError with
    the store's message if the store refuses the request.
    """

    async def create(self, collection: Collection, guard: Guard) -> str:
        """The id of the collection, which is created if it does not exist."""
        ...

    async def look_up(self, collection: Collection) -> str | None:
        """The id of the collection, None if it does not exist."""
        ...

    def model_of(self, identity: str) -> str:
        """The fingerprint of the collection's model, as `create` or `look_up` found it; empty if unknown."""
        ...

    def reembedded(self, identity: str) -> Reembedded | None:
        """What the collection says if it was embedded again, as `create` or `look_up` found it."""
        ...

    async def settled(self, switch: CollectionSwitched, waited_s: float, guard: Guard) -> bool:
        """Whether a switch is done or given up, after waiting for it for so long; see `switch.py`. Forgets
        which collection has the name."""
        ...

    async def upsert(self, collection: Collection, identity: str, rows: Sequence[Row], guard: Guard) -> None:
        """Write all rows, or none if a DocumentError is raised.

        1 to MAX_ROWS rows of different ids. Raises CollectionReplaced."""
        ...

    async def update(
        self, collection: Collection, identity: str, updates: Sequence[Update], guard: Guard
    ) -> None:
        """Update the metadata of rows; missing rows are written whole.

        1 to MAX_ROWS updates of different rows. Raises CollectionReplaced. After a DocumentError some of them
        may have been executed."""
        ...

    async def delete(self, collection: Collection, identity: str, ids: Sequence[str], guard: Guard) -> None:
        """Delete rows; missing ones count as deleted.

        1 to MAX_IDS ids. Raises CollectionReplaced."""
        ...

    async def writable(self, beside: Collection, guard: Guard) -> bool:
        """Whether the store accepts a probe write in this collection's database, outside the collection."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


@dataclass(slots=True)
class Request(Generic[T]):
    """The rows or updates of one request, and their documents."""

    rows: list[T] = field(default_factory=list)
    documents: set[str] = field(default_factory=set)
    size: int = 0

    def takes(self, count: int, size: int) -> bool:
        """Whether this many more rows and bytes fit."""
        return len(self.rows) + count <= MAX_ROWS and self.size + size <= MAX_BYTES


def pack(parts: Iterable[tuple[str, Sequence[T]]]) -> Iterator[Request[T]]:
    """Pack (document, rows) of one collection into few requests within the limits.

    The rows of a part share a request if they fit into one, so that a refusal affects all of them.
    """
    request = Request[T]()
    for document, rows in parts:
        for piece, size in _pieces(rows):
            if request.rows and not request.takes(len(piece), size):
                yield request
                request = Request[T]()
            request.rows.extend(piece)
            request.documents.add(document)
            request.size += size
    if request.rows:
        yield request


def _pieces(rows: Sequence[T]) -> Iterator[tuple[Sequence[T], int]]:
    start = size = 0
    for index, row in enumerate(rows):
        cost = _cost(row)
        if index > start and (index - start == MAX_ROWS or size + cost > MAX_BYTES):
            yield rows[start:index], size
            start, size = index, 0
        size += cost
    if len(rows) > start:
        yield rows[start:], size


def _cost(row: Row | Update) -> int:
    """Approximate bytes in a request: UTF-8 text, base64 vector, metadata with punctuation."""
    metadata = sum(len(key) + 8 + len(str(value)) for key, value in row.metadata.items())
    if isinstance(row, Update):
        return len(row.row.id) + metadata + 64
    return len(row.id) + len(row.text.encode(errors="replace")) + len(row.vector) * 4 // 3 + metadata + 64
