"""Search: Chroma's language for it, which its single node does not speak, and our own hybrid search.

    JSON ─► parsing ─► expression ──► legs: Chroma (dense), searching (sparse) ─► scoring ─► grouping ─► rows
                                       one for each $knn, filtered inside

`parsing`, `filters`, `scoring`, `grouping` and `fusion` are pure; `legs` and `execution` ask others.
"""
