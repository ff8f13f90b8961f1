"""The embed endpoint of the gateway: `CHROMA_EMBED_URL`, OpenAI's form, and vectors of queries for search.

POST /, /embed, /embed_sparse, /v1/embeddings ─► key ─► EmbeddingService ─► the embedding service
"""
