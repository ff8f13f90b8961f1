"""The embedding service's HTTP endpoint: embeds texts with the pipeline's models, ahead of its bulk work.

gateway ── key ──► app ─► handlers ─► LoadedModels, SparseEncoders
"""

from services.embedding.serving.app import EmbedEndpoint, serve_embedding

__all__ = ["EmbedEndpoint", "serve_embedding"]
