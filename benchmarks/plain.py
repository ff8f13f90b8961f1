"""The plain loop: what one would write without Kafka, over the same pure functions, in one process.

    for each file: read ─► parse ─► cut ─► embed ─► upsert

No retries, no limits on what a file may do, no state, no second run as a difference.
"""

import hashlib
import time
from pathlib import Path

from schemas.events import Document, DocumentEmbedded, Embedding
from services.chunking.stage import cut
from services.connectors.folder.walk import list_files, read_file
from services.embedding import Embedder
from services.embedding.stage import embedded_text
from services.indexing import ChromaStore
from services.indexing.rows import Collection, rows_of
from services.indexing.vectors import pack
from services.parsing import parse

TENANT, DATABASE = "default_tenant", "default_database"


class PlainLoop:
    """Indexes files into a collection, a document at a time.

    Args:
        context: whether a chunk's context is embedded with it, as `HEADRACE_EMBED_CONTEXT` says.
    """

    def __init__(self, chroma: ChromaStore, embedder: Embedder, model: str, context: bool) -> None:
        self._chroma, self._embedder, self._context = chroma, embedder, context
        self._embedding = Embedding(model=model)

    async def sync(self, folder: Path, collection: str) -> tuple[int, int, float]:
        """Documents and chunks of all files of a folder, and when the last was indexed."""
        documents = chunks = 0
        for key in list_files(folder).keys:
            documents += 1
            chunks += await self.index(read_file(folder, key), key, collection)
        return documents, chunks, time.time()

    async def index(self, content: bytes, key: str, collection: str) -> int:
        """Chunks of one file."""
        document = Document(
            tenant=TENANT,
            database=DATABASE,
            collection=collection,
            document_key=key,
            version_key=hashlib.sha256(content).hexdigest(),
            embedding=self._embedding,
        )
        parsed = parse(content, key)
        chunks = cut(parsed.markdown, key, parsed.text_type, document.chunking, [])
        texts = [embedded_text(chunk, self._context) for chunk in chunks]
        vectors = await self._embedder.embed_documents(texts)
        event = DocumentEmbedded(
            document=document,
            sequence=0,
            part=0,
            parts=1,
            first=0,
            total=len(chunks),
            chunks=chunks,
            dimension=self._embedder.dimension,
            vectors=vectors.astype("<f4").tobytes(),
        )
        target = Collection.of(document)
        identity = await self._chroma.create(target, lambda: None)
        for request in pack([(key, rows_of(event))]):
            await self._chroma.upsert(target, identity, request.rows, lambda: None)
        return len(chunks)
