"""The tables of the catalogue: one row per key of its topics, with a column for each filter of lists."""

CATALOGUE = """
CREATE TABLE IF NOT EXISTS sources (
    id TEXT PRIMARY KEY, tenant TEXT, database TEXT, type TEXT, created_ms INTEGER, value TEXT);
CREATE INDEX IF NOT EXISTS sources_by_tenant ON sources (tenant, created_ms, id);
CREATE TABLE IF NOT EXISTS invocations (
    id TEXT PRIMARY KEY, tenant TEXT, database TEXT, type TEXT, source_id TEXT, collection TEXT, status TEXT,
    object_key TEXT, created_ms INTEGER, value TEXT);
CREATE INDEX IF NOT EXISTS invocations_by_tenant ON invocations (tenant, created_ms, id);
CREATE INDEX IF NOT EXISTS invocations_by_source ON invocations (source_id, created_ms, id);
CREATE INDEX IF NOT EXISTS invocations_by_target ON invocations (source_id, collection, created_ms, id);
CREATE INDEX IF NOT EXISTS invocations_by_collection ON invocations (tenant, database, collection);
CREATE INDEX IF NOT EXISTS invocations_by_key ON invocations (source_id, object_key, created_ms, id)
    WHERE object_key IS NOT NULL;
CREATE TABLE IF NOT EXISTS schedules (id TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS api_keys (id TEXT PRIMARY KEY, tenant TEXT, sha256 TEXT, value TEXT);
CREATE INDEX IF NOT EXISTS api_keys_by_hash ON api_keys (sha256);
CREATE TABLE IF NOT EXISTS ended_sessions (
    id TEXT PRIMARY KEY, key_id TEXT, session_id TEXT, ended_ms INTEGER);
CREATE TABLE IF NOT EXISTS stages (id TEXT PRIMARY KEY, value TEXT);
"""
