"""Schedules and their states as a table by due time: a view of `sources` and `schedules`."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from schemas.codec import Codec
from schemas.events import ScheduleState, Source
from schemas.schedules import CLOCK_BACK, next_due
from streams.kafka.cluster import Cluster
from streams.state.reader import ChangelogRecord
from streams.state.topic_view import TopicView
from streams.state.views import View
from streams.topics import SCHEDULES, SOURCES

#: A row for each source, and for each state. `known`: whether the source exists. `source`: if it has a
#: schedule. `due_ms`: its first due time that is not decided. `noted_ms`: when it was set or last decided.
SCHEMA = """
CREATE TABLE IF NOT EXISTS scheduled (
    id TEXT PRIMARY KEY, partition INTEGER NOT NULL, type TEXT, known INTEGER NOT NULL DEFAULT 0,
    source TEXT, state TEXT,
    due_ms INTEGER, noted_ms INTEGER
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS scheduled_by_due ON scheduled (partition, type, due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX IF NOT EXISTS scheduled_ahead ON scheduled (partition, noted_ms) WHERE noted_ms IS NOT NULL;
"""
_ROW = "INSERT INTO scheduled (id, partition) VALUES (?, ?) ON CONFLICT DO NOTHING"
_OWNED = "partition IN (SELECT value FROM json_each(?))"
_LATE = f"{_OWNED} AND due_ms <= ? GROUP BY partition, type"
_LANES = f"SELECT partition, type, count(*), min(due_ms) FROM scheduled WHERE {_LATE}"  # noqa: S608
_DUE = (
    "SELECT source, state FROM scheduled WHERE partition = ? AND type = ? AND due_ms <= ? "
    "ORDER BY due_ms, id LIMIT ?"
)
_AHEAD = f"SELECT source, state FROM scheduled WHERE {_OWNED} AND noted_ms > ? LIMIT ?"  # noqa: S608
_NEXT = f"SELECT min(due_ms) FROM scheduled WHERE {_OWNED} AND due_ms > ?"  # noqa: S608
_ORPHANS = f"SELECT id FROM scheduled WHERE {_OWNED} AND NOT known AND state IS NOT NULL LIMIT ?"  # noqa: S608

#: Sources of a type in a partition of `sources`.
Lane = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A source with a schedule, and what became of its due times."""

    source: Source
    state: ScheduleState | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many sources of a lane are due, and the due time of the first."""

    count: int
    first_ms: int


class ScheduleView(TopicView):
    """What is due, in a file of one process."""

    def __init__(self, cluster: Cluster, codec: Codec, path: Path) -> None:
        super().__init__(View(cluster, codec, [SOURCES, SCHEDULES], path, SCHEMA, fold))

    async def caught_up(self) -> None:
        """Wait until the view has all that was committed before the call. Raises TransientError."""
        await self._view.caught_up()

    def lanes(self, partitions: Sequence[int], now: datetime) -> Mapping[Lane, "Waiting"]:
        """What has a due time that is not decided and not later than `now`."""
        rows = self._view.query(_LANES, (json.dumps(list(partitions)), milliseconds(now)))
        return {(row[0], row[1]): Waiting(row[2], row[3]) for row in rows}

    def due(self, lane: Lane, now: datetime, limit: int) -> list[Scheduled]:
        """The sources of a lane that are due, the earliest first."""
        return [_scheduled(row) for row in self._view.query(_DUE, (*lane, milliseconds(now), limit))]

    def ahead(self, partitions: Sequence[int], now: datetime, limit: int) -> list[Scheduled]:
        """Schedules that were set or decided by a clock that was far ahead."""
        latest = milliseconds(now + CLOCK_BACK)
        return [
            _scheduled(row) for row in self._view.query(_AHEAD, (json.dumps(list(partitions)), latest, limit))
        ]

    def next_ms(self, partitions: Sequence[int], after: datetime) -> int | None:
        """The first due time that is not decided and later than `after`, in milliseconds of Unix time."""
        rows = self._view.query(_NEXT, (json.dumps(list(partitions)), milliseconds(after)))
        return None if rows[0][0] is None else int(rows[0][0])

    def orphans(self, partitions: Sequence[int], limit: int) -> list[str]:
        """Ids of deleted sources whose state is still kept. Only after `caught_up`."""
        return [row[0] for row in self._view.query(_ORPHANS, (json.dumps(list(partitions)), limit))]


def _scheduled(row: Sequence[str | None]) -> Scheduled:
    state = None if row[1] is None else ScheduleState.model_validate_json(row[1])
    return Scheduled(Source.model_validate_json(row[0] or ""), state)


def fold(database: sqlite3.Connection, change: ChangelogRecord) -> None:
    """Apply one record; the newest of a key counts."""
    event = change.event
    database.execute(_ROW, (change.key, change.partition))
    if change.topic == SOURCES.name:
        source = event if isinstance(event, Source) and event.schedule is not None else None
        text, kind = (None, None) if source is None else (source.model_dump_json(), source.type)
        _set(database, change.key, known=int(event is not None), source=text, type=kind)
    else:
        text = event.model_dump_json() if isinstance(event, ScheduleState) else None
        _set(database, change.key, state=text)
    _reckon(database, change.key)


def _set(database: sqlite3.Connection, key: str, **columns: object) -> None:
    names = ", ".join(f"{name} = ?" for name in columns)
    database.execute(f"UPDATE scheduled SET {names} WHERE id = ?", (*columns.values(), key))  # noqa: S608


def _reckon(database: sqlite3.Connection, key: str) -> None:
    """Compute the due time of a row anew, and drop a row that says nothing."""
    known, source, state = database.execute(
        "SELECT known, source, state FROM scheduled WHERE id = ?", (key,)
    ).fetchone()
    if not known and state is None:
        database.execute("DELETE FROM scheduled WHERE id = ?", (key,))
        return
    due = noted = None
    if source is not None:
        due, noted = _times(_scheduled((source, state)))
    _set(database, key, due_ms=due, noted_ms=noted)


def _times(one: Scheduled) -> tuple[int | None, int]:
    schedule, state = one.source.schedule, one.state
    assert schedule is not None
    noted = schedule.since if state is None else max(schedule.since, state.decided)
    due = next_due(schedule, noted)
    return None if due is None else milliseconds(due), milliseconds(noted)


def milliseconds(moment: datetime) -> int:
    """Unix time."""
    return round(moment.timestamp() * 1000)
