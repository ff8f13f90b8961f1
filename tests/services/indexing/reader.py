"""Looks into a Chroma server past the code under test."""

import struct
from collections.abc import Sequence

import aiohttp

from tests.services.indexing.memory import Stored

DATABASE = "/api/v2/tenants/default_tenant/databases/default_database"


class Reader:
    """Collections of the default database, by name."""

    def __init__(self, url: str) -> None:
        self._url = url + DATABASE + "/collections"

    async def describe(self, name: str) -> dict[str, object]:
        async with aiohttp.request("GET", f"{self._url}/{name}") as answer:
            return dict(await answer.json())

    async def content(self, name: str) -> dict[str, Stored]:
        identity = (await self.describe(name))["id"]
        include = {"include": ["documents", "metadatas", "embeddings"]}
        async with aiohttp.request("POST", f"{self._url}/{identity}/get", json=include) as answer:
            found = await answer.json()
        rows = zip(found["ids"], found["documents"], found["embeddings"], found["metadatas"], strict=True)
        # A collection of cosine space gives back what it had made unit vectors: the last bit may differ.
        return {id_: (text, packed([round(v) for v in values]), m or {}) for id_, text, values, m in rows}

    async def drop(self, name: str) -> None:
        async with aiohttp.request("DELETE", f"{self._url}/{name}") as answer:
            assert answer.status == 200


def packed(values: Sequence[float]) -> bytes:
    """Little-endian float32."""
    return struct.pack(f"<{len(values)}f", *values)
