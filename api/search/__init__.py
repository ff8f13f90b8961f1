"""Search: Chroma's Search API, which its single node does not implement, and our own hybrid search.

    JSON ─► parsing ─► expression ──► legs: Chroma (dense), searching (sparse) ─► scoring ─► grouping ─► rows
                                       one per $knn, each with the filter applied

`parsing`, `filters`, `scoring`, `grouping` and `fusion` are pure; `legs` and `execution` send requests.
"""
