"""The HTTP gateway: Chroma Sync's operations over the topics.

    request ─► middleware (id, log, refusals, key) ─► handler ─┬─► views        state of the topics (SQLite)
                                                               ├─► producer     sources, runs, progress, keys
                                                               ├─► blob store   uploaded files
                                                               └─► Chroma       does the database exist?

It has no state of its own: everything that it knows comes from the topics, so any number of gateways can run
in parallel. `api.operations` lists the operations, `docs/api.md` the decisions where the contract leaves a
choice.
"""

from api.app import create_app
from api.gateway import ChromaAccess, ChunkingDefaults, EmbeddingAccess, Gateway, Models
from api.search.rerank import RerankAccess
from api.serving import serve

__all__ = [
    "ChromaAccess",
    "ChunkingDefaults",
    "EmbeddingAccess",
    "Gateway",
    "Models",
    "RerankAccess",
    "create_app",
    "serve",
]
