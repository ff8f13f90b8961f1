"""Indexing: keeps collections at the newest version of each document.

    embeddings ──► IndexingStage ──► VectorStore (Chroma server, Chroma Cloud)
                        │
                        └──► document-states, source-documents, part-requests, progress

`plan` is the core: it maps a document's state and events to rows to upsert, ids to delete and the next state,
independent of Kafka and the store. Its invariant: whatever is repeated, reordered or lost on the way, the
collection ends with exactly the newest version.
"""

from services.indexing.chroma import ChromaStore
from services.indexing.plan import Plan, plan
from services.indexing.rows import Collection, Row
from services.indexing.stage import BATCH_BYTES, IndexingStage
from services.indexing.vectors import VectorStore

__all__ = [
    "BATCH_BYTES",
    "ChromaStore",
    "Collection",
    "IndexingStage",
    "Plan",
    "Row",
    "VectorStore",
    "plan",
]
