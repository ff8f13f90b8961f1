"""Searching: the sparse vectors of all collections, as a materialised view of `sparse-rows`.

    sparse-rows ──► Follower ──► SparseIndex ──► Shard (Qdrant Edge), one for each collection
                                     ▲
                       gateway ──► server

Every process of the service reads the whole topic, so each can answer all queries, and more processes serve
more of them.
"""

from services.searching.service import search_service

__all__ = ["search_service"]
