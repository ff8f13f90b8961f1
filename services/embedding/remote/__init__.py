"""Embedding by a server: the OpenAI form of most of them, or that of text-embeddings-inference.

texts ─► windows ─► requests ─► Endpoint (one limit, Retry-After, retries, split batches) ─► checked vectors
"""

from services.embedding.remote.embedder import HttpEmbedder

__all__ = ["HttpEmbedder"]
