"""Embedding by a server, through OpenAI's API or that of text-embeddings-inference.

texts ─► windows ─► requests ─► Endpoint (one limit, Retry-After, retries, split batches) ─► checked vectors
"""

from services.embedding.remote.embedder import HttpEmbedder

__all__ = ["HttpEmbedder"]
