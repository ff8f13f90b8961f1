"""Compares what is listed with what is indexed: a merge of two sorted streams.

    listing, in key order ──┐
                            ├─► merged ─► (listed or not, what is indexed of the key) ─► action
    indexed, in key order ──┘

Neither is ever completely in memory.
"""

from collections.abc import AsyncIterator, Sequence
from enum import Enum
from itertools import groupby

from schemas.errors import DocumentError, DocumentTooLarge, RequestError
from schemas.events import Document, DocumentUpserted, Payload, RunRequested
from schemas.limits import MAX_FILE_BYTES
from schemas.sources import SOURCE_TYPES
from services.connectors.lister import Content, Item, Skipped
from services.connectors.scratch import Placed
from services.connectors.states import Indexed, shown
from streams.reembedded import Reembedded
from streams.state.store import Essence


class Action(Enum):
    """What a listed document needs."""

    UPSERT = "upsert"
    UNCHANGED = "unchanged"
    #: An interrupted attempt of this invocation has already indexed it.
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

#: Maximum pairs yielded together, if many indexed keys lie between two listed ones.
_MOST_PAIRS = 2_000


async def merged(
    listed: AsyncIterator[Sequence[Placed]], indexed: AsyncIterator[Sequence[Essence]]
) -> AsyncIterator[Sequence[Pair]]:
    """Every listed or indexed key, once and in order, with its entry and its rows, in batches.

    Raises RequestError for a listing that is not in order, because seemingly missing keys may exist.
    """
    rows = _Rows(indexed)
    last: bytes | None = None
    async for page in listed:
        pairs: list[Pair] = []
        for place, entry in page:
            if last is not None and place <= last:
                raise RequestError(_disorder(place, last))
            last = place
            while (rows.at < len(rows.page) or await rows.load()) and rows.page[rows.at][0] < place:
                pairs.append(rows.take())
                if len(pairs) == _MOST_PAIRS:
                    yield pairs
                    pairs = []
            here = rows.at < len(rows.page) and rows.page[rows.at][0] == place
            pairs.append((place, entry, rows.take()[2] if here else ()))
        yield pairs
    while rows.at < len(rows.page) or await rows.load():
        yield [rows.take() for _ in range(len(rows.page) - rows.at)]


class _Rows:
    """Rows of consecutive pages, grouped by place.

    Attributes:
        page: the places in memory with their rows; `at` is the index of the next one to take.
    """

    def __init__(self, pages: AsyncIterator[Sequence[Essence]]) -> None:
        self._pages, self._rest = pages, list[Essence]()
        self._ended = False
        self.page: list[tuple[bytes, list[Essence]]] = []
        self.at = 0

    async def load(self) -> bool:
        """Load the next page when this one is taken. False at the end."""
        self.page, self.at = [], 0
        while not self._ended and len(self.page) < 2:  # the last place may continue on the next page
            try:
                self._rest += await anext(self._pages)
            except StopAsyncIteration:
                self._ended = True
            self.page = [(place, list(rows)) for place, rows in groupby(self._rest, _place)]
        self._rest = [] if self._ended or not self.page else self.page.pop()[1]
        return bool(self.page)

    def take(self) -> Pair:
        """Take the next place, which is not listed."""
        place, rows = self.page[self.at]
        self.at += 1
        return place, None, rows


def _place(row: Essence) -> bytes:
    return row.place


def _disorder(place: bytes, last: bytes) -> str:
    now, before = (text[:200].decode(errors="backslashreplace") for text in (place, last))
    return (
        f"its listing is in no order: {now!r} comes after {before!r}, so it may be incomplete. Nothing was "
        "deleted; run it again"
    )


def embedded_anew(run: RunRequested, renewed: Reembedded) -> RunRequested:
    """A run into a collection that was embedded again: with its model instead of the source's."""
    source = run.source.model_copy(update={"embedding": renewed.over(run.source.embedding)})
    return run.model_copy(update={"source": source})


def document_of(run: RunRequested, item: Item, version_key: str) -> Document:
    """The document of a listed item."""
    kind = SOURCE_TYPES[run.source.type]
    return Document(
        tenant=run.source.tenant,
        database=run.source.database,
        collection=run.collection,
        document_key=item.key,
        namespace=run.source.id if kind.own_tree else "",
        version_key=version_key,
        metadata=dict(item.facts),
        custom_id=item.custom_id,
        chunking=run.source.chunking,
        embedding=run.source.embedding,
        source_id=run.source.id,
        main_content=kind.main_content(run.source.config),
    )


def fault(item: Item) -> DocumentError | None:
    """Why an item cannot be a document, whatever its content; None if it can."""
    if not item.key.isascii() and (told := shown(item.key)) != item.key:
        return DocumentError(f"{told}: the name is not UTF-8, so it cannot be a document key")
    if item.size is not None and item.size > MAX_FILE_BYTES:
        return DocumentTooLarge(f"{shown(item.key)}: {item.size:,} bytes, the limit is {MAX_FILE_BYTES:,}")
    return None


def upserted(document: Document, payload: Payload, content: Content) -> DocumentUpserted:
    """The event of a document whose content is stored at `payload`."""
    return DocumentUpserted(
        document=document,
        content=payload,
        filename=content.filename or document.document_key,
        content_type=content.content_type,
    )
