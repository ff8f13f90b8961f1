"""Sparse vectors of texts: words (or word pieces) with weights, for search by words beside search by meaning.

The core in two lines::

    [vector] = Bm25().encode(["a commit log"])
    vector.indices, vector.values
"""

from services.embedding.sparse.bm25 import BM25, Bm25
from services.embedding.sparse.vectors import SparseVector

__all__ = ["BM25", "Bm25", "SparseVector"]
