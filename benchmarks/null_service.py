"""A service whose model costs nothing and whose vector store takes everything, for `benchmarks.stages`.

python -m benchmarks.null_service parsing
"""

import asyncio
import sys
from collections.abc import Sequence

import numpy as np

import services.embedding
import services.indexing
from headrace.cli.settings import load_settings
from headrace.logs import configure_logs
from headrace.wiring import run_service
from headrace.wiring import services as wired
from schemas.events import CollectionSwitched
from services.embedding.embedder import Prompts, Vectors
from services.indexing.rows import Collection, Row, Update
from services.indexing.vectors import Guard
from streams.reembedded import Reembedded

DIMENSION = 384


class NullEmbedder:
    """The same vector for every text."""

    model, fingerprint, dimension, max_tokens = "null", "null", DIMENSION, 512

    async def embed_documents(
        self, texts: Sequence[str], task: Prompts | None = None, *, urgent: bool = False
    ) -> Vectors:
        """See `Embedder`."""
        return np.full((len(texts), DIMENSION), DIMENSION**-0.5, dtype=np.float32)

    async def embed_queries(self, texts: Sequence[str], task: Prompts | None = None) -> Vectors:
        """See `Embedder`."""
        return await self.embed_documents(texts)

    async def count_tokens(self, texts: Sequence[str]) -> int:
        """See `Embedder`."""
        return 0

    async def check_reading(self) -> None:
        """Nothing is read."""

    async def close(self) -> None:
        """Nothing is open."""


class NullStore:
    """A `VectorStore` that forgets everything at once. Its arguments are those of `ChromaStore`."""

    def __init__(self, *given: object) -> None:
        return

    async def create(self, collection: Collection, guard: Guard) -> str:
        """See `VectorStore`."""
        return collection.name

    async def look_up(self, collection: Collection) -> str | None:
        """See `VectorStore`."""
        return collection.name

    def model_of(self, identity: str) -> str:
        """See `VectorStore`."""
        return ""

    def reembedded(self, identity: str) -> Reembedded | None:
        """See `VectorStore`."""
        return None

    async def settled(self, switch: CollectionSwitched, waited_s: float, guard: Guard) -> bool:
        """See `VectorStore`."""
        return True

    async def upsert(self, collection: Collection, identity: str, rows: Sequence[Row], guard: Guard) -> None:
        """See `VectorStore`."""
        guard()

    async def update(
        self, collection: Collection, identity: str, updates: Sequence[Update], guard: Guard
    ) -> None:
        """See `VectorStore`."""
        guard()

    async def delete(self, collection: Collection, identity: str, ids: Sequence[str], guard: Guard) -> None:
        """See `VectorStore`."""
        guard()

    async def writable(self, beside: Collection, guard: Guard) -> bool:
        """See `VectorStore`."""
        return True

    async def close(self) -> None:
        """Nothing is open."""


def main() -> None:
    """Run the service that is named on the command line."""
    vars(wired)["open_cached"] = lambda settings, model, cache: NullEmbedder()
    services.indexing.ChromaStore = NullStore  # type: ignore[assignment,misc]
    configure_logs("warning")
    asyncio.run(run_service(sys.argv[1], load_settings()))


if __name__ == "__main__":
    main()
