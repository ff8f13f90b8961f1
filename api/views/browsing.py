"""Filter and paginate sources and invocations, by status and text.

The cursor of a page is the time of creation and the id of its last row. So a list that grows meanwhile shows
no row twice and omits none.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from schemas.events import Invocation, Source, Status
from streams.state.views import View

#: A run that failed, or has failed documents. The index below uses exactly this expression.
_TROUBLED = "(status = 'failed' OR json_extract(value, '$.counts.failed') > 0)"
BROWSING = f"""
CREATE INDEX IF NOT EXISTS invocations_by_status ON invocations (tenant, status, created_ms, id, database);
CREATE INDEX IF NOT EXISTS invocations_troubled ON invocations (tenant, created_ms, id) WHERE {_TROUBLED};
"""

Row = TypeVar("Row", Source, Invocation)
#: Time of creation in milliseconds, and id.
Cursor = tuple[int, str]


@dataclass(frozen=True)
class Scope:
    """The rows of a tenant: in all of its databases (None) or in some."""

    tenant: str
    databases: frozenset[str] | None = None

    @property
    def values(self) -> dict[str, object]:
        """The parameters of `condition`. Databases are one JSON array, so that the SQL does not vary."""
        names = None if self.databases is None else json.dumps(sorted(self.databases))
        return {"tenant": self.tenant, "databases": names}


_IN_SCOPE = (
    "tenant = :tenant AND (:databases IS NULL OR database IN (SELECT value FROM json_each(:databases)))"
)


@dataclass(frozen=True)
class Wanted:
    """Filters of a list; None applies no filter. `text` is searched for in the whole row."""

    type: str | None = None
    status: str | None = None
    source_id: str | None = None
    collection: str | None = None
    text: str | None = None
    troubled: bool = False
    before: Cursor | None = None
    limit: int = 50


@dataclass(frozen=True)
class Rows(Generic[Row]):
    """A page, newest first, and the cursor of the next one; None on the last."""

    rows: Sequence[Row] = field(default_factory=tuple)
    next: Cursor | None = None


class Browsing:
    """Queries of the tables of `Catalogue`."""

    def __init__(self, view: View) -> None:
        self._view = view

    def sources(self, scope: Scope, wanted: Wanted) -> Rows[Source]:
        """Sources, newest first."""
        return self._page("sources", Source, scope, wanted)

    def invocations(self, scope: Scope, wanted: Wanted) -> Rows[Invocation]:
        """Invocations, newest first."""
        return self._page("invocations", Invocation, scope, wanted)

    def counts(self, scope: Scope) -> Mapping[str, int]:
        """Status → number of invocations."""
        sql = f"SELECT status, count(*) FROM invocations WHERE {_IN_SCOPE} GROUP BY status"  # noqa: S608
        return {str(status): int(count) for status, count in self._view.query(sql, scope.values)}

    def source_count(self, scope: Scope) -> int:
        """Number of sources."""
        sql = f"SELECT count(*) FROM sources WHERE {_IN_SCOPE}"  # noqa: S608
        return int(self._view.query(sql, scope.values)[0][0])

    def scheduled(self, scope: Scope, limit: int) -> list[Source]:
        """Sources with a schedule that is not paused."""
        sql = (
            f"SELECT value FROM sources WHERE {_IN_SCOPE} "  # noqa: S608
            "AND json_extract(value, '$.schedule.paused') = 0 LIMIT :limit"
        )
        rows = self._view.query(sql, {**scope.values, "limit": limit})
        return [Source.model_validate_json(row[0]) for row in rows]

    def newest(self, source_id: str) -> Invocation | None:
        """The newest run of a source, in any status."""
        sql = "SELECT value FROM invocations WHERE source_id = ? ORDER BY created_ms DESC, id DESC LIMIT 1"
        rows = self._view.query(sql, (source_id,))
        return Invocation.model_validate_json(rows[0][0]) if rows else None

    def newest_final(self, source_id: str) -> Invocation | None:
        """The newest run of a source with a final status."""
        final = (Status.COMPLETE.value, Status.FAILED.value, Status.CANCELLED.value)
        sql = (
            "SELECT value FROM invocations WHERE source_id = ? AND status IN (?, ?, ?) "
            "ORDER BY created_ms DESC, id DESC LIMIT 1"
        )
        rows = self._view.query(sql, (source_id, *final))
        return Invocation.model_validate_json(rows[0][0]) if rows else None

    def collections(self, source_id: str) -> list[str]:
        """The collections of a source's runs."""
        sql = "SELECT DISTINCT collection FROM invocations WHERE source_id = ? ORDER BY collection"
        return [str(row[0]) for row in self._view.query(sql, (source_id,))]

    def targets(self, scope: Scope, limit: int = 200) -> list[tuple[str, str]]:
        """The databases and collections of all runs, in alphabetical order."""
        sql = (
            f"SELECT DISTINCT database, collection FROM invocations WHERE {_IN_SCOPE} "  # noqa: S608
            "ORDER BY database, collection LIMIT :limit"
        )
        return [(str(row[0]), str(row[1])) for row in self._view.query(sql, {**scope.values, "limit": limit})]

    def ended_sessions(self, key_id: str) -> list[tuple[str | None, int]]:
        """Sessions of a key that were ended early: id (None: all of them) and time in milliseconds."""
        sql = "SELECT session_id, ended_ms FROM ended_sessions WHERE key_id = ?"
        return [(row[0], int(row[1])) for row in self._view.query(sql, (key_id,))]

    def _page(self, table: str, kind: type[Row], scope: Scope, wanted: Wanted) -> Rows[Row]:
        conditions, values = [_IN_SCOPE], scope.values
        for name in ("type", "status", "source_id", "collection"):
            if (value := getattr(wanted, name)) is not None:
                conditions.append(f"{name} = :{name}")
                values[name] = value
        if wanted.text is not None:
            conditions.append("instr(lower(value), lower(:text)) > 0")
            # As in the JSON of the row.
            values["text"] = json.dumps(wanted.text, ensure_ascii=False)[1:-1]
        if wanted.troubled:
            conditions.append(_TROUBLED)
        if wanted.before is not None:
            conditions.append("(created_ms, id) < (:before_ms, :before_id)")
            values["before_ms"], values["before_id"] = wanted.before
        sql = (
            f"SELECT created_ms, id, value FROM {table} WHERE {' AND '.join(conditions)} "  # noqa: S608
            "ORDER BY created_ms DESC, id DESC LIMIT :limit"
        )
        found = self._view.query(sql, {**values, "limit": wanted.limit + 1})
        shown = found[: wanted.limit]
        more = (int(shown[-1][0]), str(shown[-1][1])) if len(found) > wanted.limit else None
        return Rows([kind.model_validate_json(row[2]) for row in shown], more)
