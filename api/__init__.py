"""The HTTP gateway: Chroma Sync's operations over the topics.

    request ─► middleware (id, log, refusals, key) ─► handler ─┬─► views        what is known (SQLite)
                                                               ├─► producer     sources, runs, progress, keys
                                                               ├─► blob store   uploaded files
                                                               └─► Chroma       does the database exist?

It keeps no state of its own: everything that it knows it has from the topics, so any number of gateways run
side by side. `api.operations` lists what it serves, `docs/api.md` says what it decides where the contract
leaves a choice.
"""

from api.app import create_app
from api.gateway import ChromaAccess, ChunkingDefaults, Gateway, Models
from api.serving import serve

__all__ = ["ChromaAccess", "ChunkingDefaults", "Gateway", "Models", "create_app", "serve"]
