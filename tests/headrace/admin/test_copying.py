"""What `headrace reembed` copies while the old collection changes."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast

from headrace.admin.reembed.copying import Copy, Successor
from headrace.admin.reembed.texts import Texts
from schemas.events import Embedding
from services.indexing.rows import Collection, Row
from services.indexing.vectors import VectorStore
from streams.chroma import ChromaClient

PLACE = Collection("t", "d", "docs.reembed", Embedding(model="m"))


class Chroma:
    """An old collection whose pages have shifted: both have the same row. The new one has an older text."""

    def collections(self, tenant: str, database: str) -> str:
        return ""

    async def post(self, path: str, body: Mapping[str, Any], what: str) -> Mapping[str, Any]:
        pages = [["older"]] if path.startswith("/new") else [["newer"], ["newer"]]
        page = pages[body["offset"]] if body.get("offset", 0) < len(pages) else []
        return {"ids": ["row"] * len(page), "documents": page, "metadatas": [{}] * len(page)}


class Store:
    """The new collection."""

    def __init__(self) -> None:
        self.rows = {"row": "older"}

    async def upsert(self, place: Collection, identity: str, rows: Sequence[Row], guard: object) -> None:
        self.rows |= {row.id: row.text for row in rows}

    async def delete(self, place: Collection, identity: str, ids: Sequence[str], guard: object) -> None:
        await asyncio.sleep(0.01)
        for id_ in ids:
            self.rows.pop(id_, None)


class Vectors:
    async def vectors(self, texts: Sequence[str], fingerprint: str) -> list[bytes]:
        await asyncio.sleep(0.01)
        return [b""] * len(texts)


async def test_a_changed_row_on_two_pages_is_copied() -> None:
    store, new = Store(), Successor("new", "old", "fingerprint", PLACE)
    copy = Copy(
        cast(ChromaClient, Chroma()),
        cast(VectorStore, store),
        cast(Texts, Vectors()),
        "old",
        new,
        False,
        lambda rows: None,
    )
    await copy.load()
    await copy.everything([])

    assert store.rows == {"row": "newer"}
