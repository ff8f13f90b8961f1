"""The gateway as a Chroma endpoint: `/api/v2/…`, with the key checked and databases scoped by it.

    route (table) ─► rights: tenant, database, kept? ─► collection id, inside that database ─► Chroma
                                                                  └─► search: answered here (`api.search`)

Chroma itself has no authentication, and its data routes take a collection's id whatever the tenant in the
path: so every path that is sent on is built anew from what the key may see.
"""
