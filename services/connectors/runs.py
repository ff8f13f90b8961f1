"""What every run does: begin an attempt, number its documents, keep within its window, and end."""

import secrets
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from schemas.codec import Codec
from schemas.errors import DocumentError, TransientError
from schemas.events import (
    FINAL_STATUSES,
    Document,
    DocumentState,
    Event,
    Invocation,
    RunFailed,
    RunListed,
    RunPosition,
    RunStarted,
    Status,
    Step,
)
from services.connectors import barrier
from services.connectors.in_flight import InFlightLimit
from streams.engine.outputs import Output, ProgressReport, Send
from streams.engine.stage import Context
from streams.kafka.cluster import Cluster
from streams.state.reader import ChangelogRecord
from streams.state.store import PartitionStore
from streams.state.views import View
from streams.topics import INVOCATIONS, PROGRESS, SOURCE_DOCUMENTS

#: How long tracking may take to answer the beginning of an attempt; it restarts in about 2 s.
_ANSWER_SECONDS = 60.0
#: A run whose invocation is still unknown after so many waits blocks those behind it no longer.
_UNKNOWN_TRIES = 5
#: A run of which nothing finishes for this long is begun anew: whatever got stuck is sent again.
_STALLED_SECONDS = 900.0
#: Outputs that are produced together: the broker's answer is waited for once.
_MOST_AT_ONCE = 100

_SCHEMA = """
CREATE TABLE IF NOT EXISTS invocations (
    id TEXT PRIMARY KEY, status TEXT, attempt INTEGER, done INTEGER,
    attempts INTEGER, source_id TEXT, collection TEXT, created_at REAL
);
CREATE INDEX IF NOT EXISTS by_source ON invocations (source_id, collection, created_at);
"""
#: The last run before this one, of the same source and collection, that has begun.
_BEFORE = """
SELECT earlier.status FROM invocations this JOIN invocations earlier USING (source_id, collection)
WHERE this.id = ? AND earlier.id <> this.id AND earlier.attempts > 0
ORDER BY earlier.created_at DESC LIMIT 1
"""


class InvocationView:
    """What a connector must know of invocations: status, current attempt, documents that are done."""

    def __init__(self, cluster: Cluster, codec: Codec, path: Path) -> None:
        self._view = View(cluster, codec, [INVOCATIONS], path, _SCHEMA, _fold)
        self._unanswered: dict[str, int] = {}

    async def start(self) -> None:
        """Follow `invocations`."""
        await self._view.start()

    async def close(self) -> None:
        """Stop following."""
        await self._view.close()

    def get(self, invocation_id: str) -> tuple[Status, int | None, int] | None:
        """Status, attempt and documents done, if the invocation is known."""
        rows = self._view.query(
            "SELECT status, attempt, done FROM invocations WHERE id = ?", (invocation_id,)
        )
        return (Status(rows[0]["status"]), rows[0]["attempt"], rows[0]["done"]) if rows else None

    def broken_off(self, invocation_id: str) -> bool:
        """Whether documents of an earlier attempt may be on their way: of this invocation, or of the run of
        its source and collection before it, if that was given up."""
        rows = self._view.query("SELECT attempts FROM invocations WHERE id = ?", (invocation_id,))
        before = self._view.query(_BEFORE, (invocation_id,))
        return any(row["attempts"] > 1 for row in rows) or any(
            row["status"] != Status.COMPLETE.value for row in before
        )

    def require_current(self, invocation_id: str, attempt: int) -> None:
        """Raises TransientError when another attempt has taken over."""
        found = self.get(invocation_id)
        if found is None or found[1] != attempt:
            raise _taken_over(invocation_id)

    async def answered(self, invocation_id: str, attempt: int) -> bool:
        """Wait until tracking has taken up this attempt (True) or the invocation has ended (False)."""

        def known() -> bool:
            found = self.get(invocation_id)
            return found is not None and (found[0] in FINAL_STATUSES or found[1] == attempt)

        if not await self._view.until(known, _ANSWER_SECONDS):
            self._unanswered[invocation_id] = tries = self._unanswered.get(invocation_id, 0) + 1
            if tries >= _UNKNOWN_TRIES and self.get(invocation_id) is None:
                self._unanswered.pop(invocation_id)
                raise DocumentError(
                    f"nobody has created invocation {invocation_id}: its record on `progress` is gone"
                )
            raise TransientError(f"tracking has not taken up invocation {invocation_id}")
        self._unanswered.pop(invocation_id, None)
        found = self.get(invocation_id)
        return found is not None and found[0] not in FINAL_STATUSES

    def done_now(self, invocation_id: str) -> int:
        """Documents of the current attempt that are done."""
        found = self.get(invocation_id)
        return found[2] if found else 0

    async def done(self, invocation_id: str, attempt: int, at_least: int) -> bool:
        """Wait until so many documents of the attempt are done (True), or the invocation has ended.

        Raises TransientError when another attempt has taken over, or nothing moves any more.
        """
        while True:
            status, current, done = self.get(invocation_id) or (Status.PENDING, None, 0)
            if current == attempt and done >= at_least:
                return True
            if status in FINAL_STATUSES:
                return False
            if current != attempt:
                raise _taken_over(invocation_id)
            before = (status, current, done)
            if not await self._view.until(lambda: self.get(invocation_id) != before, _STALLED_SECONDS):  # noqa: B023
                raise TransientError(f"nothing of invocation {invocation_id} moves; it is begun anew")


def _taken_over(invocation_id: str) -> TransientError:
    return TransientError(f"another attempt has taken over invocation {invocation_id}")


def _fold(database: sqlite3.Connection, change: ChangelogRecord) -> None:
    if not isinstance(change.event, Invocation):
        database.execute("DELETE FROM invocations WHERE id = ?", (change.key,))
        return
    invocation, counts = change.event, change.event.counts
    done = counts.indexed + counts.unchanged + counts.deleted + counts.failed
    database.execute(
        "INSERT OR REPLACE INTO invocations VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            change.key,
            invocation.status.value,
            invocation.attempt,
            done,
            invocation.attempts,
            invocation.source_id,
            invocation.collection,
            invocation.created_at.timestamp(),
        ),
    )


def source_documents(cluster: Cluster, codec: Codec, path: Path) -> PartitionStore[DocumentState]:
    """What is indexed, by source and collection; the scope is `scope_of`."""
    return PartitionStore(
        cluster,
        codec,
        SOURCE_DOCUMENTS,
        path,
        scope=lambda state: scope_of(state.document.source_id or "", state.document.collection),
    )


def scope_of(source_id: str, collection: str) -> str:
    """Label of a source's documents in one collection."""
    return f"{source_id}\0{collection}"


def run_failed(invocation_id: str, attempt: int, error: Exception) -> Send:
    """The event that says that a run is given up; attempt 0 where none has begun."""
    return Send(
        PROGRESS,
        invocation_id,
        RunFailed(invocation_id=invocation_id, attempt=attempt, error=str(error) or type(error).__name__),
    )


class Attempt:
    """One attempt at an invocation. Ordinals count from 0 in the order in which documents are numbered.

    Args:
        window: documents that may be under way at most; `InFlightLimit` says how many now.
    """

    def __init__(self, invocation_id: str, view: InvocationView, context: Context, window: int) -> None:
        self.invocation_id = invocation_id
        self.number = secrets.randbits(63)
        self._view, self._context, self._pace = view, context, InFlightLimit(window)
        self._numbered = 0
        self._waiting: list[Output] = []
        self._waiting_work = 0
        self._batch = 1  # documents with work that are emitted together
        self._sent = self._counted = 0  # documents that were emitted, and those that needed no work

    async def begin(self) -> bool:
        """Whether there is anything to do: False if the invocation was cancelled or has ended already."""
        known = self._view.get(self.invocation_id)
        if known and known[0] in FINAL_STATUSES:
            return False
        started = RunStarted(
            invocation_id=self.invocation_id, attempt=self.number, started_at=datetime.now(UTC)
        )
        await self._context.emit([self._progress(started)])
        return await self._view.answered(self.invocation_id, self.number)

    async def settle(
        self,
        states: PartitionStore[DocumentState],
        partition: int,
        markers: Callable[[], Sequence[Document]],
    ) -> None:
        """Wait until what attempts that were broken off have sent is indexed, if there were any.

        Args:
            markers: makes those of `barrier.markers`.
        """
        if not self._view.broken_off(self.invocation_id):
            return
        marked = [d.model_copy(update={"version_key": str(self.number)}) for d in markers()]
        await self._context.emit(barrier.sends(marked))
        await barrier.passed(
            marked,
            states,
            partition,
            lambda: self._view.require_current(self.invocation_id, self.number),
            _STALLED_SECONDS,
        )

    def position(self) -> RunPosition:
        """The next document's number."""
        self._numbered += 1
        return RunPosition(invocation_id=self.invocation_id, attempt=self.number, ordinal=self._numbered - 1)

    async def add(self, outputs: Sequence[Output]) -> None:
        """Emit, in batches of half the window, so that it is refilled before it is empty; waits while
        it is full."""
        self._waiting.extend(outputs)
        self._waiting_work += sum(isinstance(output, Send) for output in outputs)
        if self._waiting_work >= self._batch or len(self._waiting) >= _MOST_AT_ONCE:
            await self._flush()

    async def count(self, stage: Step, key: str, chunks: int = 0, error: str | None = None) -> None:
        """A document that needs no work: it is unchanged, done by an earlier attempt, or unreadable."""
        shown = None if stage is Step.UNCHANGED else key
        await self.add([ProgressReport(self.position(), stage, chunks, shown, error)])

    async def end(self, left_out: Mapping[str, int] | None = None) -> None:
        """Everything is listed (`left_out`: reason → how many); wait until all of it is done."""
        await self._flush()
        await self._context.emit([self.listed(left_out)])
        await self._view.done(self.invocation_id, self.number, self._numbered)

    def listed(self, left_out: Mapping[str, int] | None = None) -> Send:
        """The event that says how many documents the attempt has."""
        return self._progress(
            RunListed(
                invocation_id=self.invocation_id,
                attempt=self.number,
                total=self._numbered,
                left_out=dict(left_out or {}),
            )
        )

    async def fail(self, error: Exception) -> None:
        """The run cannot be carried out. Said at once: what a stage returns waits for the runs before it."""
        await self._context.emit([run_failed(self.invocation_id, self.number, error)])

    async def _flush(self) -> None:
        await self._make_room(self._waiting_work)
        waiting, work = self._waiting, self._waiting_work
        self._waiting, self._waiting_work = [], 0
        if waiting:
            await self._context.emit(waiting)
        self._sent += work
        self._counted += len(waiting) - work

    async def _make_room(self, work: int) -> None:
        """Wait until so many documents more fit into the window, which changes as documents get done."""
        while work:
            done = self._view.done_now(self.invocation_id)
            through = done - self._counted
            window = self._pace.window(through)
            self._batch = max(1, min(_MOST_AT_ONCE, window // 2))
            missing = self._sent + work - through - max(window, work)
            if missing <= 0 or not await self._view.done(self.invocation_id, self.number, done + missing):
                return

    def _progress(self, event: Event) -> Send:
        return Send(PROGRESS, self.invocation_id, event)
