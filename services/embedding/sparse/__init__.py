"""Sparse vectors of texts: words (or word pieces) with weights, for search by words beside search by meaning.

The core in two lines::

    [vector] = Bm25().encode(["a commit log"])
    vector.indices, vector.values

`SparseEncoders` holds the models of a process: BM25 here, others beside it in modules of their own.
"""

from services.embedding.sparse.bm25 import Bm25
from services.embedding.sparse.encoder import SparseEncoder
from services.embedding.sparse.models import SparseEncoders, load_encoder
from services.embedding.sparse.vectors import SparseVector, packed

__all__ = ["Bm25", "SparseEncoder", "SparseEncoders", "SparseVector", "load_encoder", "packed"]
