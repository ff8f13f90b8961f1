"""The tables of the index. A document takes some 490 bytes with its entries in the indexes.

Names that many documents share (sources, embeddings, ids of collections) are stored once, in `names`.
`totals` are sums over `documents`, updated in the same transaction, so that counts never read the documents.

Almost all documents are `indexed`, so the index for the other states is small. Lists omit deleted documents,
whose rows remain as long as `document-states` has their fence.
"""

INDEXED, INDEXING, FAILED, DELETED = "indexed", "indexing", "failed", "deleted"
#: `indexing`: parts of the newest version are missing. `failed`: the newest version failed, and the previous
#: one is still in the collection.
STATES = (INDEXED, INDEXING, FAILED, DELETED)

TABLES = """
CREATE TABLE IF NOT EXISTS names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS places (
    id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, database TEXT NOT NULL, collection TEXT NOT NULL,
    UNIQUE (tenant, database, collection));
CREATE TABLE IF NOT EXISTS documents (
    row INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, place INTEGER NOT NULL, source INTEGER NOT NULL,
    key TEXT NOT NULL, state TEXT NOT NULL, namespace INTEGER NOT NULL, custom_id TEXT,
    embedding INTEGER, version TEXT, collection INTEGER, run TEXT, chunks INTEGER NOT NULL DEFAULT 0,
    parts INTEGER NOT NULL DEFAULT 0, parts_done INTEGER NOT NULL DEFAULT 0, fate TEXT, indexed_ms INTEGER,
    ended_ms INTEGER, failed_ms INTEGER, failed_run TEXT, error TEXT, sequence INTEGER,
    number INTEGER);
CREATE INDEX IF NOT EXISTS documents_by_place ON documents (place, key, id) WHERE state <> 'deleted';
CREATE INDEX IF NOT EXISTS documents_by_source ON documents (source, place, key, id)
    WHERE state <> 'deleted';
CREATE INDEX IF NOT EXISTS others_by_place ON documents (place, state, key, id) WHERE state <> 'indexed';
CREATE INDEX IF NOT EXISTS others_by_source ON documents (source, place, state, key, id)
    WHERE state <> 'indexed';
CREATE TABLE IF NOT EXISTS totals (
    place INTEGER, source INTEGER, collection INTEGER, state TEXT, documents INTEGER NOT NULL,
    chunks INTEGER NOT NULL, PRIMARY KEY (place, source, collection, state)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS totals_by_source ON totals (source, place);
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, place INTEGER, source INTEGER, namespace TEXT, custom_id TEXT, partial INTEGER,
    created_ms INTEGER);
CREATE INDEX IF NOT EXISTS runs_by_age ON runs (created_ms);
"""
