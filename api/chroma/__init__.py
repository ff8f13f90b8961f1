"""The gateway as a Chroma endpoint: `/api/v2/…`, with the key checked and databases scoped by it.

    route (table) ─► rights: tenant, database, kept? ─► collection id, inside that database ─► Chroma
                                                                  └─► search: answered here (`api.search`)

Chroma itself has no authentication, and its data routes accept a collection's id regardless of the tenant in
the path. Therefore every forwarded path is rebuilt from what the key may see.
"""
