"""Sources with schedules, and a world in memory in which the scheduling stage decides."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.events import (
    Chunking,
    Embedding,
    Event,
    RunRequested,
    Schedule,
    ScheduleState,
    Source,
    Status,
    make_source,
)
from schemas.schedules import cron_of, every_of
from schemas.sources.folder import FolderConfig
from services.scheduling.stage import SchedulingStage
from services.scheduling.view import SCHEMA, ScheduleView, fold
from streams.engine.outputs import Send
from streams.state.reader import ChangelogRecord
from streams.state.watch import Watch
from streams.topics import SCHEDULES, SOURCES

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
MORNING = NOON - timedelta(hours=5)


def at(text: str) -> datetime:
    """A time of the first of May, UTC."""
    return datetime.fromisoformat(f"2026-05-01T{text}").replace(tzinfo=UTC)


def cron(fields: str, since: datetime = MORNING, **more: Any) -> Schedule:
    return Schedule(cron=cron_of(fields), collection="docs", since=since, **more)


def every(text: str, since: datetime = MORNING, **more: Any) -> Schedule:
    return Schedule(every_seconds=every_of(text), collection="docs", since=since, **more)


def source(schedule: Schedule | None, name: str = "one", **more: Any) -> Source:
    fields: dict[str, Any] = {"config": FolderConfig(path=f"/{name}"), "type": "folder", **more}
    return make_source(
        fields.pop("config"),
        id=f"source-{name}",
        tenant="t",
        database="d",
        embedding=Embedding(model="m"),
        chunking=Chunking(),
        created_at=MORNING,
        schedule=schedule,
        **fields,
    )


class _Table:
    """Folds records as a view does, at once."""

    def __init__(self) -> None:
        self.database = sqlite3.connect(":memory:", isolation_level=None)
        self.database.row_factory = sqlite3.Row
        self.database.executescript(SCHEMA)
        self.failure: Exception | None = None
        self.watchers: list[asyncio.Event] = []

    def query(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        return self.database.execute(sql, values).fetchall()

    async def caught_up(self) -> None:
        if self.failure is not None:
            raise self.failure

    async def start(self) -> None: ...

    async def close(self) -> None:
        self.database.close()

    def changed(self) -> Watch:
        return Watch(self.watchers)


class MemoryView(ScheduleView):
    def __init__(self) -> None:
        self.table = _Table()
        self._view: Any = self.table

    def put(self, topic: Any, key: str, event: Event | None, partition: int = 0) -> None:
        fold(self.table.database, ChangelogRecord(topic.name, partition, 0, key, event, 0))
        for watcher in self.table.watchers:
            watcher.set()


@dataclass
class World:
    """One owner of all partitions, in memory; what it sends is committed at once."""

    now: datetime = MORNING
    statuses: dict[str, Status] = field(default_factory=dict)
    view: MemoryView = field(default_factory=MemoryView)
    runs: list[RunRequested] = field(default_factory=list)
    states: dict[str, ScheduleState | None] = field(default_factory=dict)
    partition_of: Callable[[str], int] = lambda key: 0
    #: What becomes of a run as soon as it is requested.
    becomes: Status | None = Status.COMPLETE

    def __post_init__(self) -> None:
        self.stage = self.owner()

    def owner(self, **more: Any) -> SchedulingStage:
        """Another owner: what a process is after a restart."""
        return SchedulingStage(self.view, self.statuses.get, clock=lambda: self.now, **more)

    def put(self, *sources: Source) -> None:
        for one in sources:
            self.view.put(SOURCES, one.id, one, self.partition_of(one.id))

    def delete(self, one: Source) -> None:
        self.view.put(SOURCES, one.id, None, self.partition_of(one.id))

    async def look(self, now: datetime | None = None, partitions: Sequence[int] = (0,)) -> list[RunRequested]:
        """Let the owner look once, at `now`; the runs that it asks for."""
        self.now = now or self.now
        return self.commit(await self.stage.punctuate(partitions))

    def commit(self, sends: Sequence[Send]) -> list[RunRequested]:
        """Write what an owner sends; the runs in it."""
        found = []
        for send in sends:
            if send.topic is SCHEDULES:
                assert isinstance(send.event, ScheduleState | None)
                self.states[send.key] = send.event
                self.view.put(SCHEDULES, send.key, send.event, self.partition_of(send.key))
            elif isinstance(send.event, RunRequested):
                found.append(send.event)
                if self.becomes is not None:
                    self.statuses[send.event.invocation_id] = self.becomes
        self.runs += found
        return found

    def state(self, name: str = "one") -> ScheduleState:
        found = self.states[f"source-{name}"]
        assert found is not None
        return found
