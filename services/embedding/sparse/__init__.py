"""Sparse vectors of texts: weighted words (or word pieces), for search by words in addition to dense search.

The core in two lines::

    [vector] = Bm25().encode(["a commit log"])
    vector.indices, vector.values

`SparseEncoders` holds the models of a process. Each model has its own module.
"""

from services.embedding.sparse.bm25 import Bm25
from services.embedding.sparse.encoder import SparseEncoder
from services.embedding.sparse.models import SparseEncoders, load_encoder
from services.embedding.sparse.vectors import SparseVector, packed

__all__ = ["Bm25", "SparseEncoder", "SparseEncoders", "SparseVector", "load_encoder", "packed"]
