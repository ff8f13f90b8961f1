"""Compares what is listed with what is indexed: a merge of two sorted streams.

    listing, in key order ──┐
                            ├─► merged ─► (listed or not, what is indexed of the key) ─► action
    indexed, in key order ──┘

Neither is ever completely in memory.
"""

from collections.abc import AsyncIterator, Sequence
from enum import Enum

from schemas.errors import RequestError
from services.connectors.lister import Item, Skipped
from services.connectors.scratch import Placed
from services.connectors.states import Indexed
from streams.state.store import Essence


class Action(Enum):
    """What a listed document needs."""

    UPSERT = "upsert"
    UNCHANGED = "unchanged"
    #: This invocation has indexed it already, in an attempt that was interrupted.
    WRITTEN = "written"


def action(indexed: Indexed | None, content: bytes, invocation: bytes, collection: bytes | None) -> Action:
    """What to do with a document that is listed with this content.

    It is sent again unless it is known to be in this collection, complete and unchanged. The arguments are
    digests, as in `Indexed`; `collection` is None when there is no collection.
    """
    if indexed is None or indexed.deleted or not indexed.complete or indexed.content != content:
        return Action.UPSERT
    if indexed.collection != collection and indexed.chunks:  # without chunks, nothing of it can be missing
        return Action.UPSERT
    return Action.WRITTEN if indexed.invocation == invocation else Action.UNCHANGED


Pair = tuple[bytes, Item | Skipped | None, Sequence[Essence]]


async def merged(
    listed: AsyncIterator[Sequence[Placed]], indexed: AsyncIterator[Sequence[Essence]]
) -> AsyncIterator[Pair]:
    """Every key that is listed or indexed, once and in order, with its entry and its rows.

    Raises RequestError for a listing that is not in order, because a key that it seems to lack may exist.
    """
    rows = _Rows(indexed)
    last: bytes | None = None
    async for page in listed:
        for place, entry in page:
            if last is not None and place <= last:
                raise RequestError(_disorder(place, last))
            last = place
            while (head := await rows.head()) is not None and head.place < place:
                yield head.place, None, await rows.of(head.place)
            yield place, entry, await rows.of(place)
    while (head := await rows.head()) is not None:
        yield head.place, None, await rows.of(head.place)


class _Rows:
    """Rows of consecutive pages, one at a time."""

    def __init__(self, pages: AsyncIterator[Sequence[Essence]]) -> None:
        self._pages, self._page, self._at = pages, list[Essence](), 0

    async def head(self) -> Essence | None:
        """The next row, None at the end."""
        while self._at >= len(self._page):
            try:
                self._page, self._at = list(await anext(self._pages)), 0
            except StopAsyncIteration:
                return None
        return self._page[self._at]

    async def of(self, place: bytes) -> Sequence[Essence]:
        """Take the next rows that are at this place."""
        found: list[Essence] = []
        while (row := await self.head()) is not None and row.place == place:
            found.append(row)
            self._at += 1
        return found


def _disorder(place: bytes, last: bytes) -> str:
    now, before = (text[:200].decode(errors="backslashreplace") for text in (place, last))
    return (
        f"its listing is in no order: {now!r} comes after {before!r}, so it may be incomplete. Nothing was "
        "deleted; run it again"
    )
