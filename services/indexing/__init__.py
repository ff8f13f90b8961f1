"""Indexing: what stands in the collections, kept true to the newest version of each document.

    embeddings ──► IndexingStage ──► VectorStore (Chroma server, Chroma Cloud)
                        │
                        └──► document-states, source-documents, part-requests, progress

`plan` is the core: from the state of a document and the events about it, which rows to upsert, which ids to
delete afterwards and what the next state is. It knows nothing of Kafka or of a store. Its law: whatever is
repeated, reordered or lost in between, the collection ends up with the newest version exactly.
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
