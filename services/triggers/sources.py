"""What triggers know: the buckets that sync by themselves, and where their objects were run before."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from schemas.codec import Codec
from schemas.events import Invocation, Source
from schemas.meta_files import is_meta_file
from schemas.sources.s3 import S3_BUCKET, S3Options
from services.triggers.choosing import NONE, Before
from streams.kafka.cluster import Cluster
from streams.state.reader import ChangelogRecord
from streams.state.topic_view import TopicView
from streams.state.views import View
from streams.topics import INVOCATIONS, SOURCES

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sources (id TEXT PRIMARY KEY, bucket TEXT, queue TEXT, value TEXT);
CREATE INDEX IF NOT EXISTS sources_by_bucket ON sources (bucket);
CREATE TABLE IF NOT EXISTS runs (
    source_id TEXT, object_key TEXT, collection TEXT, created_ms INTEGER, options TEXT,
    PRIMARY KEY (source_id, object_key, collection)
) WITHOUT ROWID;
"""
_NEWEST_RUN = """
INSERT INTO runs VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
SET created_ms = excluded.created_ms, options = excluded.options WHERE excluded.created_ms >= created_ms
"""


class BucketSources(TopicView):
    """A view of `sources` and `invocations`, in a file of one process."""

    def __init__(self, cluster: Cluster, codec: Codec, path: Path) -> None:
        super().__init__(View(cluster, codec, [SOURCES, INVOCATIONS], path, _SCHEMA, fold))

    def of_bucket(self, bucket: str) -> Sequence[Source]:
        """The sources of a bucket that sync by themselves."""
        return self._sources("SELECT value FROM sources WHERE bucket = ? ORDER BY id", (bucket,))

    def syncing(self) -> Sequence[Source]:
        """The sources that sync by themselves."""
        return self._sources("SELECT value FROM sources ORDER BY id", ())

    def collections(self, source: Source) -> Sequence[str]:
        """The collections that its objects were run into, and its own."""
        rows = self._view.query("SELECT DISTINCT collection FROM runs WHERE source_id = ?", (source.id,))
        return sorted({S3_BUCKET.of(source).collection_name, *(row[0] for row in rows)})

    def with_queues(self) -> Sequence[Source]:
        """The sources that sync by themselves and name a queue."""
        return self._sources("SELECT value FROM sources WHERE queue IS NOT NULL ORDER BY id", ())

    def before(self, source_id: str, object_key: str) -> Before:
        """The collections that an object was run into, and what its newest run there said of it."""
        rows = self._view.query(
            "SELECT collection, options FROM runs WHERE source_id = ? AND object_key = ?",
            (source_id, object_key),
        )
        return {row[0]: S3Options.model_validate_json(row[1]) for row in rows}

    def _sources(self, sql: str, values: Sequence[str]) -> Sequence[Source]:
        return [Source.model_validate_json(row[0]) for row in self._view.query(sql, values)]


def fold(database: sqlite3.Connection, change: ChangelogRecord) -> None:
    """Apply one record; the newest of a key counts."""
    event = change.event
    if isinstance(event, Invocation):
        _fold_run(database, event)
    elif change.topic == SOURCES.name:
        database.execute("DELETE FROM sources WHERE id = ?", (change.key,))
        if event is None:  # what its runs said of objects is of no use any more
            database.execute("DELETE FROM runs WHERE source_id = ?", (change.key,))
        if isinstance(event, Source) and event.type == S3_BUCKET.name:
            config = S3_BUCKET.of(event)
            if config.auto_sync != NONE:
                row = (event.id, config.bucket_name, config.queue_url, event.model_dump_json())
                database.execute("INSERT INTO sources VALUES (?, ?, ?, ?)", row)


def _fold_run(database: sqlite3.Connection, run: Invocation) -> None:
    options: S3Options | None = getattr(run.options, S3_BUCKET.name, None)
    if options is None or options.object_key is None or is_meta_file(options.object_key):
        return
    created = round(run.created_at.timestamp() * 1000)
    row = (run.source_id, options.object_key, run.collection, created, options.model_dump_json())
    database.execute(_NEWEST_RUN, row)
