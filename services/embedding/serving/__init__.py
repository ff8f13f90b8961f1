"""The embedding service's HTTP endpoint: texts to vectors by the pipeline's models, before its bulk work.

gateway ── key ──► app ─► handlers ─► LoadedModels, SparseEncoders
"""

from services.embedding.serving.app import EmbedEndpoint, serve_embedding

__all__ = ["EmbedEndpoint", "serve_embedding"]
