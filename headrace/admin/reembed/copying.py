"""Copy the rows of a collection into its successor, with other vectors."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from headrace.admin.reembed.texts import Texts
from schemas.events import Chunk
from services.embedding.stage import embedded_text
from services.indexing.rows import Collection, Row
from services.indexing.vectors import MAX_IDS, pack
from services.indexing.vectors import VectorStore as Store
from streams.chroma import ChromaClient, segment

#: Rows per request: Chroma Cloud's maximum.
_PAGE = 300
#: Pages whose rows are embedded and written at once.
_PAGES_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Successor:
    """The new collection: Chroma's id, what records call it, and the fingerprint of its model."""

    at: str
    identity: str
    fingerprint: str
    collection: Collection


@dataclass(frozen=True, slots=True)
class _Read:
    id: str
    text: str | None
    metadata: Mapping[str, Any]

    @property
    def digest(self) -> bytes:
        described = json.dumps([self.text, self.metadata], sort_keys=True).encode(errors="surrogatepass")
        return blake2b(described, digest_size=16).digest()


class Copy:
    """Makes the rows of the successor those of the old collection.

    Args:
        old: Chroma's id of the old collection.
        context: whether the context of a chunk is embedded with it (`HEADRACE_EMBED_CONTEXT`).
        told: called with the number of rows that are as they should be.

    Attributes:
        without_text: ids of rows that have no text to embed, and stay behind.
    """

    def __init__(
        self,
        chroma: ChromaClient,
        store: Store,
        texts: Texts,
        old: str,
        new: Successor,
        context: bool,
        told: Callable[[int], None],
    ) -> None:
        place = chroma.collections(new.collection.tenant, new.collection.database)
        self._chroma, self._store, self._texts, self._new = chroma, store, texts, new
        self._old_path, self._new_path = f"{place}/{segment(old)}", f"{place}/{segment(new.at)}"
        self._context, self._told = context, told
        self._known: dict[str, bytes] = {}
        self.without_text: set[str] = set()

    async def load(self) -> None:
        """Read what an earlier command has copied."""
        async for page in self._pages(self._new_path):
            self._known |= {row.id: row.digest for row in page}

    async def everything(self, expected: Iterable[str]) -> None:
        """Copy all rows. Pages shift while rows are written and deleted, so rows that are `expected` or known
        and were not seen are looked for by their ids."""
        seen: set[str] = set()
        slots = asyncio.Semaphore(_PAGES_AT_ONCE)
        try:
            async with asyncio.TaskGroup() as tasks:
                async for page in self._pages(self._old_path):
                    seen.update(row.id for row in page)
                    await slots.acquire()
                    tasks.create_task(self._brought(page, slots))
        except ExceptionGroup as failures:  # `except*` would wrap what is raised in it, before Python 3.11.4
            raise failures.exceptions[0] from None
        await self.some({*expected, *self._known} - seen)

    async def some(self, ids: Iterable[str]) -> None:
        """Copy the rows with these ids, and remove those that the old collection does not have."""
        wanted = sorted(ids)
        for start in range(0, len(wanted), _PAGE):
            asked = wanted[start : start + _PAGE]
            found = await self._get(self._old_path, {"ids": asked, "limit": _PAGE})
            there = {row.id for row in found}
            await self._remove([id_ for id_ in asked if id_ in self._known and id_ not in there])
            self.without_text -= set(asked) - there
            await self._bring(found)

    async def agree(self) -> bool:
        """Whether both have as many rows; if not, their ids are compared, and the difference is copied.
        Nothing may write to the old collection meanwhile."""
        if await self._counted():
            return True
        old, new = [
            {row.id async for page in self._pages(path, ()) for row in page}
            for path in (self._old_path, self._new_path)
        ]
        self._known = {id_: digest for id_, digest in self._known.items() if id_ in new}
        await self.some(old ^ new)
        return await self._counted()

    async def _counted(self) -> bool:
        old, new = [
            int(await self._chroma.get(f"{path}/count", "the number of rows"))
            for path in (self._old_path, self._new_path)
        ]
        return old - len(self.without_text) == new

    async def _brought(self, rows: Sequence[_Read], slots: asyncio.Semaphore) -> None:
        try:
            await self._bring(rows)
        finally:
            slots.release()

    async def _bring(self, rows: Sequence[_Read]) -> None:
        """Embed and write the rows that differ."""
        self.without_text |= {row.id for row in rows if row.text is None}
        differ = [row for row in rows if row.text is not None and self._known.get(row.id) != row.digest]
        # An upsert would merge metadata. Nobody reads the successor yet.
        await self._remove([row.id for row in differ if row.id in self._known])
        texts = [_embedded(row, self._context) for row in differ]
        vectors = await self._texts.vectors(texts, self._new.fingerprint)
        made = [
            Row(row.id, row.text or "", vector, row.metadata)
            for row, vector in zip(differ, vectors, strict=True)
        ]
        for request in pack([("", made)]):
            await self._store.upsert(self._new.collection, self._new.identity, request.rows, _unguarded)
        self._known |= {row.id: row.digest for row in differ}
        self._told(len(self._known))

    async def _remove(self, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), MAX_IDS):
            some = ids[start : start + MAX_IDS]
            await self._store.delete(self._new.collection, self._new.identity, some, _unguarded)
            for id_ in some:
                self._known.pop(id_, None)  # pages shift: another one may have had it, too

    async def _pages(
        self, path: str, include: Sequence[str] = ("documents", "metadatas")
    ) -> AsyncIterator[list[_Read]]:
        offset = 0
        while page := await self._get(path, {"limit": _PAGE, "offset": offset}, include):
            yield page
            offset += len(page)

    async def _get(
        self, path: str, which: Mapping[str, object], include: Sequence[str] = ("documents", "metadatas")
    ) -> list[_Read]:
        found = await self._chroma.post(f"{path}/get", {**which, "include": list(include)}, "rows")
        ids = found["ids"]
        texts, metadatas = (found.get(name) or [None] * len(ids) for name in ("documents", "metadatas"))
        return [_Read(*row[:2], row[2] or {}) for row in zip(ids, texts, metadatas, strict=True)]


def _embedded(row: _Read, context: bool) -> str:
    """The text that the pipeline embeds for this row."""
    known = row.metadata.get("context")
    chunk = Chunk(
        text=row.text or "",
        start_line=0,
        end_line=0,
        start_col=0,
        end_col=0,
        strategy="",
        context=known if isinstance(known, str) else "",
    )
    return embedded_text(chunk, context)


def _unguarded() -> None:
    """Nobody else writes to the successor."""
