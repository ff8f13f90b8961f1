"""The interface between the pipeline and every sparse model."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from services.embedding.sparse.bm25 import Bm25
from services.embedding.sparse.vectors import SparseVector


class SparseEncoder(Protocol):
    """Texts to sparse vectors, by one model. May be called concurrently; the work runs in threads."""

    async def encode_documents(self, texts: Sequence[str]) -> list[SparseVector]:
        """One vector per text, in their order. Raises TransientError or DocumentError."""
        ...

    async def encode_queries(self, texts: Sequence[str]) -> list[SparseVector]:
        """The same for queries."""
        ...

    async def close(self) -> None:
        """Free the threads and the model. Idempotent."""
        ...


class Bm25Encoder:
    """`Bm25` in a thread of its own. Queries are encoded like documents, as Chroma's clients do."""

    def __init__(self) -> None:
        self._bm25 = Bm25()
        self._thread = ThreadPoolExecutor(1, "bm25")

    async def encode_documents(self, texts: Sequence[str]) -> list[SparseVector]:
        """See `SparseEncoder`."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._bm25.encode, texts)

    async def encode_queries(self, texts: Sequence[str]) -> list[SparseVector]:
        """See `SparseEncoder`."""
        return await self.encode_documents(texts)

    async def close(self) -> None:
        """See `SparseEncoder`."""
        self._thread.shutdown(wait=False, cancel_futures=True)
