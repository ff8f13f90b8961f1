"""Embedding: texts to unit vectors, each text once.

    texts ─► CachedEmbedder ── misses, each once ──► Embedder ─► vectors
                  │  ▲                                 ├ OnnxEmbedder   the trial model, a local folder
                  ▼  │                                 ├ HubEmbedder    fastembed's models by name
               VectorCache                             ├ TorchEmbedder  Qwen3-Embedding, on a GPU
               (one SQLite file,                       └ HttpEmbedder   a server
                shared by processes)

`catalogue` opens a model as configured, `proof` tests it before use, `loaded` holds the models of a process.

The core in three lines::

    embedder = load_embedder(TRIAL_MODEL)
    vectors = await embedder.embed_documents(["a commit log", "a broker"])
    await embedder.close()
"""

from schemas.limits import TRIAL_MODEL
from services.embedding.batches import pack_batches
from services.embedding.cache import VectorCache, vector_key
from services.embedding.cached import CachedEmbedder
from services.embedding.embedder import Embedder, Prompts, Vectors, task_of
from services.embedding.loaded import LoadedModels
from services.embedding.models import UnknownModel, check_model, load_embedder, served_models

__all__ = [
    "TRIAL_MODEL",
    "CachedEmbedder",
    "Embedder",
    "LoadedModels",
    "Prompts",
    "UnknownModel",
    "VectorCache",
    "Vectors",
    "check_model",
    "load_embedder",
    "pack_batches",
    "served_models",
    "task_of",
    "vector_key",
]
