"""What compares a collection with what is recorded of it: given to the gateway by the command."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from api.views.documents import Place
from schemas.api import CollectionFinding


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison has found. `sources` are those whose runs write documents again, `others` the keys of
    documents that no source can read again."""

    documents: int
    rows: int
    sparse_rows: int
    unknown_rows: int
    changed_meanwhile: int
    findings: Sequence[CollectionFinding]
    sources: Sequence[str] = ()
    others: Sequence[str] = ()


class Comparing(Protocol):
    """A comparison of one collection, which may be repeated."""

    async def compare(self, tell: Callable[[int], None]) -> Compared:
        """Compare now; `tell` is called with the rows read so far. Raises RequestError, TransientError."""
        ...

    async def doubt(self) -> None:
        """Have the documents that were found recorded as incomplete, so that their next run writes them."""
        ...


class Verifier(Protocol):
    """Opens comparisons."""

    def open(self, place: Place) -> AbstractAsyncContextManager[Comparing]:
        """A comparison of this collection."""
        ...
