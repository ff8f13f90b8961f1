"""A materialised view of sources, invocations, keys and stages.

A request that has written a record waits until the view contains it (read your own writes). Every gateway
process has its own file; the topics are the source of truth.
"""

import json
import sqlite3
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from api.views.browsing import BROWSING, Browsing
from api.views.tables import CATALOGUE
from schemas.codec import Codec
from schemas.events import (
    FINAL_STATUSES,
    ApiKey,
    Invocation,
    ScheduleState,
    SessionsEnded,
    Source,
    StageHealth,
    Status,
)
from streams.kafka.cluster import Cluster
from streams.state.reader import ChangelogRecord
from streams.state.topic_view import TopicView
from streams.state.views import View
from streams.topics import API_KEYS, INVOCATIONS, SCHEDULES, SOURCES, STAGE_HEALTH

#: Page size for reading everything.
NO_LIMIT = -1

_FOLLOWED = """
SELECT run.id FROM json_each(?) AS wanted JOIN invocations AS run ON run.id = wanted.value WHERE EXISTS (
    SELECT 1 FROM invocations AS other WHERE other.source_id = run.source_id
    AND other.collection = run.collection AND other.status = 'complete' AND other.object_key IS NULL
    AND NOT json_extract(other.value, '$.single_document')
    AND json_extract(other.value, '$.merged_into') IS NULL
    AND json_extract(other.value, '$.run_offset') > json_extract(run.value, '$.run_offset'))
"""

Found = TypeVar("Found", Source, Invocation, ApiKey, ScheduleState)


@dataclass(frozen=True)
class ResultPage:
    """A page of a list. `databases` None selects all; the other filters are optional."""

    tenant: str
    databases: frozenset[str] | None = None
    database: str | None = None
    type: str | None = None
    source_id: str | None = None
    status: str | None = None
    repository: str | None = None
    app_id: str | None = None
    limit: int = 100
    offset: int = 0
    ascending: bool = False


class Catalogue(TopicView):
    """Sources, invocations, API keys and reports of stages."""

    def __init__(self, cluster: Cluster, codec: Codec, folder: Path) -> None:
        topics = (SOURCES, SCHEDULES, INVOCATIONS, API_KEYS, STAGE_HEALTH)
        path = folder / "catalogue.sqlite"
        super().__init__(View(cluster, codec, topics, path, CATALOGUE + BROWSING, fold_catalogue))
        self.browse = Browsing(self._view)

    async def refresh(self, timeout: float = 10) -> None:
        """Catch up with the current ends of the topics, including records of other gateways."""
        await self._view.caught_up(timeout)

    async def shown(self, invocation_id: str, timeout: float) -> bool:
        """Wait until the view contains an invocation; False after `timeout` seconds."""
        return await self._view.until(lambda: self.invocation(invocation_id) is not None, timeout)

    async def leaves(self, invocation_id: str, statuses: Set[Status], timeout: float) -> bool:
        """Wait until an invocation has none of these statuses; False after `timeout` seconds."""
        return await self._view.until(lambda: self.status(invocation_id) not in statuses, timeout)

    def source(self, source_id: str) -> Source | None:
        """A source by its id."""
        return self._one(Source, "SELECT value FROM sources WHERE id = ?", source_id)

    def schedule_state(self, source_id: str) -> ScheduleState | None:
        """The state of a source's schedule; None if it never had one."""
        return self._one(ScheduleState, "SELECT value FROM schedules WHERE id = ?", source_id)

    def invocation(self, invocation_id: str) -> Invocation | None:
        """An invocation by its id."""
        return self._one(Invocation, "SELECT value FROM invocations WHERE id = ?", invocation_id)

    def status(self, invocation_id: str) -> str | None:
        """The status of an invocation."""
        rows = self._view.query("SELECT status FROM invocations WHERE id = ?", (invocation_id,))
        return str(rows[0][0]) if rows else None

    def sources(self, page: ResultPage) -> list[Source]:
        """Sources of a tenant, by time of creation."""
        sql, values = select("sources", page)
        return [Source.model_validate_json(row[0]) for row in self._view.query(sql, values)]

    def all_sources(self, tenant: str, database: str, kind: str) -> list[Source]:
        """All sources of a type in a database."""
        return self.sources(ResultPage(tenant, database=database, type=kind, limit=NO_LIMIT))

    def sources_naming(self, kind: str, texts: Sequence[str]) -> list[Source]:
        """The sources of a type, of all tenants, whose JSON contains one of these texts, ignoring ASCII case.
        A superset: callers must check each."""
        sql = (
            "SELECT value FROM sources WHERE type = ? AND EXISTS "
            "(SELECT 1 FROM json_each(?) AS text WHERE instr(lower(sources.value), lower(text.value)))"
        )
        rows = self._view.query(sql, (kind, json.dumps(list(texts))))
        return [Source.model_validate_json(row[0]) for row in rows]

    def fills(self, source_id: str, collection: str) -> bool:
        """Whether documents of a source are in a collection, or may be soon, according to its newest runs."""
        sql = (
            "SELECT value FROM invocations WHERE source_id = ? AND collection = ? "
            "ORDER BY created_ms DESC, id DESC"
        )
        for row in self._view.query(sql, (source_id, collection)):
            run = Invocation.model_validate_json(row[0])
            if run.merged_into is not None:
                continue  # the run that it was merged into counts
            if run.status not in FINAL_STATUSES or run.counts.indexed or run.counts.unchanged:
                return True
            whole = run.object_key is None and not run.single_document  # else it synced only some documents
            if whole and run.status is Status.COMPLETE and not run.counts.failed:
                return False  # it listed nothing, or deleted everything
        return False

    def followed(self, invocation_ids: Sequence[str]) -> set[str]:
        """Those of these runs after which another one of the whole source into the same collection has
        completed."""
        return {row[0] for row in self._view.query(_FOLLOWED, (json.dumps(list(invocation_ids)),))}

    def newest_ended(self, source_id: str) -> Invocation | None:
        """The newest run of the whole source that has completed or failed."""
        sql = (
            "SELECT value FROM invocations WHERE source_id = ? AND status IN ('complete', 'failed') "
            "AND object_key IS NULL ORDER BY created_ms DESC, id DESC LIMIT 1"
        )
        return self._one(Invocation, sql, source_id)

    def unended(self, source_id: str) -> list[str]:
        """The pending and processing runs of a source, oldest first."""
        sql = (
            "SELECT id FROM invocations WHERE source_id = ? AND status IN ('pending', 'processing') "
            "ORDER BY created_ms, id"
        )
        return [row[0] for row in self._view.query(sql, (source_id,))]

    def targets(self, source_id: str) -> list[str]:
        """The collections of a source's runs, including pending ones."""
        sql = (
            "SELECT DISTINCT collection FROM invocations WHERE source_id = ? AND "
            "(status <> 'cancelled' OR json_extract(value, '$.attempts') > 0) ORDER BY collection"
        )
        return [row[0] for row in self._view.query(sql, (source_id,))]

    def runs_into(self, source_id: str, collection: str, limit: int) -> list[str]:
        """The ids of a source's newest runs into a collection."""
        sql = (
            "SELECT id FROM invocations WHERE source_id = ? AND collection = ? "
            "ORDER BY created_ms DESC, id DESC LIMIT ?"
        )
        return [row[0] for row in self._view.query(sql, (source_id, collection, limit))]

    def filling(self, tenant: str, database: str, collection: str) -> Source | None:
        """Of the existing sources, the one with the newest run into a collection."""
        sql = (
            "SELECT sources.value FROM invocations AS run JOIN sources ON sources.id = run.source_id "
            "WHERE run.tenant = ? AND run.database = ? AND run.collection = ? AND "
            "(run.status <> 'cancelled' OR json_extract(run.value, '$.attempts') > 0) "
            "ORDER BY run.created_ms DESC LIMIT 1"
        )
        return self._one(Source, sql, tenant, database, collection)

    def invocations(self, page: ResultPage) -> list[Invocation]:
        """Invocations of a tenant, by time of creation."""
        sql, values = select("invocations", page)
        return [Invocation.model_validate_json(row[0]) for row in self._view.query(sql, values)]

    def latest_by_keys(self, source_id: str, keys: Sequence[str]) -> dict[str, Invocation]:
        """The newest invocation of each key that has one."""
        newest = (
            "SELECT value FROM invocations WHERE source_id = ? AND object_key = ? "
            "ORDER BY created_ms DESC, id DESC LIMIT 1"
        )
        found = {key: self._one(Invocation, newest, source_id, key) for key in keys}
        return {key: run for key, run in found.items() if run is not None}

    def key_by_hash(self, sha256: str) -> ApiKey | None:
        """The key with this hash."""
        return self._one(ApiKey, "SELECT value FROM api_keys WHERE sha256 = ?", sha256)

    def key(self, key_id: str) -> ApiKey | None:
        """A key by its id."""
        return self._one(ApiKey, "SELECT value FROM api_keys WHERE id = ?", key_id)

    def keys(self, tenant: str | None) -> list[ApiKey]:
        """The keys of a tenant, or of all."""
        rows = self._view.query("SELECT value FROM api_keys WHERE ? IS NULL OR tenant = ?", (tenant, tenant))
        return sorted((ApiKey.model_validate_json(row[0]) for row in rows), key=lambda k: k.created_at)

    def stages(self) -> list[StageHealth]:
        """The last report of each process of a stage."""
        rows = self._view.query("SELECT value FROM stages ORDER BY id")
        return [StageHealth.model_validate_json(row[0]) for row in rows]

    def _one(self, kind: type[Found], sql: str, *values: str) -> Found | None:
        rows = self._view.query(sql, values)
        return kind.model_validate_json(rows[0][0]) if rows else None


def fold_catalogue(database: sqlite3.Connection, change: ChangelogRecord) -> None:
    """Apply one record of a topic; the newest record of a key wins."""
    event = change.event
    if isinstance(event, Source):
        created = _milliseconds(event)
        row = (change.key, event.tenant, event.database, event.type, created, event.model_dump_json())
        database.execute("INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?, ?, ?)", row)
    elif isinstance(event, Invocation):
        sql = "INSERT OR REPLACE INTO invocations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        database.execute(sql, _row(event))
    elif isinstance(event, ScheduleState):
        database.execute(
            "INSERT OR REPLACE INTO schedules VALUES (?, ?)", (change.key, event.model_dump_json())
        )
    elif isinstance(event, ApiKey):
        key = (change.key, event.tenant, event.key_sha256, event.model_dump_json())
        database.execute("INSERT OR REPLACE INTO api_keys VALUES (?, ?, ?, ?)", key)
    elif isinstance(event, SessionsEnded):
        ended = (change.key, event.key_id, event.session_id, round(event.ended_at.timestamp() * 1000))
        database.execute("INSERT OR REPLACE INTO ended_sessions VALUES (?, ?, ?, ?)", ended)
    elif isinstance(event, StageHealth):
        database.execute("INSERT OR REPLACE INTO stages VALUES (?, ?)", (change.key, event.model_dump_json()))
    elif event is None:
        table = {
            SOURCES.name: "sources",
            SCHEDULES.name: "schedules",
            INVOCATIONS.name: "invocations",
            API_KEYS.name: "api_keys",
            STAGE_HEALTH.name: "stages",
        }
        database.execute(f"DELETE FROM {table[change.topic]} WHERE id = ?", (change.key,))  # noqa: S608
        if change.topic == API_KEYS.name:
            database.execute("DELETE FROM ended_sessions WHERE id = ?", (change.key,))


def _row(event: Invocation) -> tuple[object, ...]:
    return (
        event.id,
        event.tenant,
        event.database,
        event.source_type,
        event.source_id,
        event.collection,
        event.status.value,
        event.object_key,
        _milliseconds(event),
        event.model_dump_json(),
    )


def _milliseconds(event: Source | Invocation) -> int:
    return round(event.created_at.timestamp() * 1000)


def select(table: str, page: ResultPage) -> tuple[str, dict[str, object]]:
    """The query for a page of a table. Scopes are one JSON array, so the SQL is the same for any number."""
    columns = {"database": page.database, "type": page.type}
    if table == "invocations":
        columns |= {"source_id": page.source_id, "status": page.status}
    given = {name: value for name, value in columns.items() if value is not None}
    conditions = ["tenant = :tenant", *(f"{name} = :{name}" for name in given)]
    github = {name: value for name in ("repository", "app_id") if (value := getattr(page, name)) is not None}
    for name in github:
        same = f"json_extract(value, '$.github.{name}') = :{name} COLLATE NOCASE"  # as GitHub compares names
        of_source = f"source_id IN (SELECT id FROM sources WHERE {same})"  # noqa: S608  (a name of ours)
        conditions.append(same if table == "sources" else of_source)
    given |= github
    values: dict[str, object] = {**given, "tenant": page.tenant, "limit": page.limit, "offset": page.offset}
    if page.databases is not None:
        conditions.append("database IN (SELECT value FROM json_each(:databases))")
        values["databases"] = json.dumps(sorted(page.databases))
    direction = "ASC" if page.ascending else "DESC"
    sql = (
        f"SELECT value FROM {table} WHERE {' AND '.join(conditions)} "  # noqa: S608  (names of ours)
        f"ORDER BY created_ms {direction}, id {direction} LIMIT :limit OFFSET :offset"
    )
    return sql, values
