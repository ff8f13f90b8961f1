"""A connector's view of invocations: status, current attempt, number of documents done."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from schemas.codec import Codec
from schemas.errors import DocumentError, TransientError
from schemas.events import FINAL_STATUSES, Invocation, Status
from streams.kafka.cluster import Cluster
from streams.state.reader import ChangelogRecord
from streams.state.topic_view import TopicView
from streams.state.views import View
from streams.topics import INVOCATIONS

#: How long tracking may take to confirm the start of an attempt; it restarts in about 2 s.
ANSWER_SECONDS = 60.0
#: How long an invocation may be unknown before the attempt is repeated.
UNKNOWN_SECONDS = 30.0
#: A run that makes no progress for this long restarts, which sends stuck documents again.
STALLED_SECONDS = 900.0

SCHEMA = """
CREATE TABLE IF NOT EXISTS invocations (
    id TEXT PRIMARY KEY, status TEXT, attempt INTEGER, done INTEGER,
    attempts INTEGER, source_id TEXT, collection TEXT, run_offset INTEGER, failed INTEGER
);
CREATE INDEX IF NOT EXISTS by_source ON invocations (source_id, collection, run_offset);
"""
#: Other runs of its source and collection that have begun.
OTHERS = """
SELECT other.status, other.run_offset FROM invocations this JOIN invocations other
USING (source_id, collection)
WHERE this.id = ? AND other.id <> this.id AND other.attempts > 0
"""
#: Other runs of its source and collection that have not begun.
WAITING = """
SELECT other.id FROM invocations this JOIN invocations other USING (source_id, collection)
WHERE this.id = ? AND other.id <> this.id AND other.status = 'pending'
"""


@dataclass(frozen=True, slots=True)
class RunState:
    """The state of a run. `attempts` counts the attempts that tracking has confirmed, `failed` the
    documents of `done` that failed."""

    status: Status
    attempt: int | None
    attempts: int
    done: int
    failed: int = 0


@dataclass(frozen=True, slots=True)
class OtherRun:
    """Another run of the same source and collection that has begun. `run_offset` is its offset on
    `runs.<type>`, None if an earlier release began it."""

    status: Status
    run_offset: int | None


class InvocationTable(Protocol):
    """The topic `invocations` as a table that changes."""

    def get(self, invocation_id: str) -> RunState | None:
        """The state of an invocation, None if it is unknown."""
        ...

    def others(self, invocation_id: str) -> Sequence[OtherRun]:
        """The other runs of its source and collection that have begun, in any order."""
        ...

    def waiting(self, invocation_id: str) -> frozenset[str]:
        """The other runs of its source and collection that are pending."""
        ...

    async def until(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Wait until `condition` is true, testing it at every change. False after `timeout` seconds."""
        ...


class TrackingPosition(Protocol):
    """How far tracking has read the partition of an invocation on `progress`."""

    async def end(self, invocation_id: str) -> int:
        """One above the last record now. Raises TransientError."""
        ...

    async def position(self, invocation_id: str) -> int:
        """One above the last record that tracking has counted. Raises TransientError."""
        ...


class InvocationView(TopicView):
    """An `InvocationTable` that follows the topic."""

    def __init__(self, cluster: Cluster, codec: Codec, path: Path) -> None:
        super().__init__(View(cluster, codec, [INVOCATIONS], path, SCHEMA, fold_invocation))

    def get(self, invocation_id: str) -> RunState | None:
        """As `InvocationTable` says."""
        sql = "SELECT status, attempt, attempts, done, failed FROM invocations WHERE id = ?"
        for status, *numbers in self._view.query(sql, (invocation_id,)):
            return RunState(Status(status), *numbers)
        return None

    def status(self, invocation_id: str) -> Status | None:
        """The status of an invocation, None if it is unknown."""
        found = self.get(invocation_id)
        return None if found is None else found.status

    def others(self, invocation_id: str) -> Sequence[OtherRun]:
        """As `InvocationTable` says."""
        return [OtherRun(Status(row[0]), row[1]) for row in self._view.query(OTHERS, (invocation_id,))]

    def waiting(self, invocation_id: str) -> frozenset[str]:
        """As `InvocationTable` says."""
        return frozenset(row[0] for row in self._view.query(WAITING, (invocation_id,)))

    async def until(self, condition: Callable[[], bool], timeout: float) -> bool:
        """As `InvocationTable` says."""
        return await self._view.until(condition, timeout)


class Invocations:
    """The queries and waits of attempts on the state of their invocations.

    Args:
        tracking: tells whether an unknown invocation was created; None waits for it for ever.
        answer_s: how long tracking may take to confirm the start of an attempt.
        stalled_s: how long a run may make no progress before it restarts.
        unknown_s: how long an invocation may be unknown before its attempt is repeated.
    """

    def __init__(
        self,
        table: InvocationTable,
        tracking: TrackingPosition | None = None,
        answer_s: float = ANSWER_SECONDS,
        stalled_s: float = STALLED_SECONDS,
        unknown_s: float = UNKNOWN_SECONDS,
    ) -> None:
        self._table, self._tracking = table, tracking
        self._answer_s, self.stalled_s, self._unknown_s = answer_s, stalled_s, unknown_s
        self._unknown: dict[str, int] = {}  # since where on `progress`

    def get(self, invocation_id: str) -> RunState | None:
        """The state of an invocation, None if it is unknown."""
        return self._table.get(invocation_id)

    def ended(self, invocation_id: str) -> bool:
        """Whether it is complete, failed or cancelled."""
        known = self.get(invocation_id)
        return known is not None and known.status in FINAL_STATUSES

    def waiting(self, invocation_id: str) -> frozenset[str]:
        """The other runs of its source and collection that are pending."""
        return self._table.waiting(invocation_id)

    def went_well(self, invocation_id: str) -> bool:
        """Whether it is complete, and no document of it failed."""
        known = self.get(invocation_id)
        return known is not None and known.status is Status.COMPLETE and not known.failed

    def broken_off(self, invocation_id: str, run_offset: int) -> bool:
        """Whether documents of an earlier attempt may still be in flight: an attempt at this invocation, or
        at an abandoned run of the same source and collection before it."""
        known = self.get(invocation_id)
        return (known is not None and known.attempts > 1) or _given_up_before(
            self._table.others(invocation_id), run_offset
        )

    def require_current(self, invocation_id: str, attempt: int) -> None:
        """Raises TransientError when another attempt has taken over."""
        known = self.get(invocation_id)
        if known is None or known.attempt != attempt:
            raise _taken_over(invocation_id)

    async def answered(self, invocation_id: str, attempt: int) -> bool:
        """Wait until tracking has confirmed this attempt (True) or the invocation has ended (False).

        Raises TransientError when tracking does not answer, DocumentError when nobody has created the
        invocation.
        """

        def known() -> bool:
            found = self.get(invocation_id)
            return found is not None and (found.status in FINAL_STATUSES or found.attempt == attempt)

        exists = await self._table.until(lambda: self.get(invocation_id) is not None, self._unknown_s)
        if not exists and self._tracking is not None:
            await self._require_created(invocation_id, self._tracking)
        if not exists or not await self._table.until(known, self._answer_s):
            raise TransientError(f"tracking has not taken up invocation {invocation_id}")
        self._unknown.pop(invocation_id, None)
        return not self.ended(invocation_id)

    async def _require_created(self, invocation_id: str, tracking: TrackingPosition) -> None:
        """Raises DocumentError if tracking has counted what an attempt wrote behind the place where the
        record must be that creates the invocation, and does not know it. It may only be away."""
        end = await tracking.end(invocation_id)
        since = min(end, self._unknown.get(invocation_id, end))  # less if the topic was made anew
        self._unknown[invocation_id] = since
        if await tracking.position(invocation_id) <= since:
            return
        if not await self._table.until(lambda: self.get(invocation_id) is not None, self._unknown_s):
            del self._unknown[invocation_id]
            raise DocumentError(
                f"nobody has created invocation {invocation_id}: its record on `progress` is gone"
            )

    def done_now(self, invocation_id: str) -> int:
        """Documents of the current attempt that are done."""
        known = self.get(invocation_id)
        return known.done if known else 0

    async def done(self, invocation_id: str, attempt: int, at_least: int) -> bool:
        """Wait until `at_least` documents of the attempt are done (True) or the invocation has ended.

        Raises TransientError when another attempt has taken over, or the run makes no progress.
        """
        while True:
            known = self.get(invocation_id) or RunState(Status.PENDING, None, 0, 0)
            if known.attempt == attempt and known.done >= at_least:
                return True
            if known.status in FINAL_STATUSES:
                return False
            if known.attempt != attempt:
                raise _taken_over(invocation_id)
            if not await self._table.until(lambda: self.get(invocation_id) != known, self.stalled_s):  # noqa: B023
                raise TransientError(f"nothing of invocation {invocation_id} moves; it is begun anew")


def _given_up_before(others: Sequence[OtherRun], run_offset: int) -> bool:
    """Whether the previous run was abandoned, or any run whose order is unknown.

    Only offsets say which run came before, because gateways' clocks differ. Runs of a source are carried out
    one after the other, so a run that has begun with a greater offset is from a topic that was deleted and
    created again.
    """
    before = [run for run in others if run.run_offset is not None and run.run_offset < run_offset]
    doubtful = [run for run in others if run.run_offset is not None and run.run_offset >= run_offset]
    if before:
        doubtful.append(max(before, key=lambda run: run.run_offset or 0))
    else:
        doubtful.extend(run for run in others if run.run_offset is None)
    return any(run.status is not Status.COMPLETE for run in doubtful)


def _taken_over(invocation_id: str) -> TransientError:
    return TransientError(f"another attempt has taken over invocation {invocation_id}")


def fold_invocation(database: sqlite3.Connection, change: ChangelogRecord) -> None:
    """Apply one record of `invocations`; the newest record of a key wins."""
    if not isinstance(change.event, Invocation):
        database.execute("DELETE FROM invocations WHERE id = ?", (change.key,))
        return
    invocation = change.event
    database.execute(
        "INSERT OR REPLACE INTO invocations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            change.key,
            invocation.status.value,
            invocation.attempt,
            invocation.counts.done,
            invocation.attempts,
            invocation.source_id,
            invocation.collection,
            invocation.run_offset,
            invocation.counts.failed,
        ),
    )
