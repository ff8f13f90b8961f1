"""The outcome of each document of an invocation: a materialised view of `progress`.

It is separate from the catalogue, so that a burst of progress never delays a request that waits for its own
write.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from api.views.reasons import reason_of
from api.views.timings import OF_RUN, TIMINGS, StageTimes, fold_timing
from schemas.codec import Codec
from schemas.events import Invocation, Progress, RunStarted, Step
from schemas.markers import INBOX_RUN
from streams.kafka.cluster import Cluster
from streams.state.reader import ChangelogRecord
from streams.state.topic_view import TopicView
from streams.state.views import View
from streams.topics import PROGRESS

#: Older outcomes could not be rebuilt.
_OUTCOMES_MS = PROGRESS.retention_ms

OUTCOMES = f"""{TIMINGS}
CREATE TABLE IF NOT EXISTS runs (invocation_id TEXT PRIMARY KEY, attempt INTEGER, started_ms INTEGER);
CREATE INDEX IF NOT EXISTS runs_by_age ON runs (started_ms);
CREATE TABLE IF NOT EXISTS outcomes (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, invocation_id TEXT, attempt INTEGER, ordinal INTEGER,
    status TEXT, document_key TEXT, chunks INTEGER, error TEXT, reason TEXT,
    UNIQUE (invocation_id, attempt, ordinal));
CREATE INDEX IF NOT EXISTS outcomes_by_key ON outcomes (document_key);
CREATE INDEX IF NOT EXISTS outcomes_by_reason ON outcomes (invocation_id, attempt, reason)
    WHERE reason IS NOT NULL;
CREATE TABLE IF NOT EXISTS warnings (
    invocation_id TEXT, attempt INTEGER, ordinal INTEGER, texts TEXT,
    PRIMARY KEY (invocation_id, attempt, ordinal)) WITHOUT ROWID;
"""

#: The columns of `Outcome` for one attempt and, unless it is null, one status. Warnings come from the parsing
#: stage, which is another producer, so they may arrive before or after the outcome.
OF_ATTEMPT = """
SELECT sequence, status, document_key, chunks, error, texts
FROM outcomes LEFT JOIN warnings USING (invocation_id, attempt, ordinal)
WHERE invocation_id = ? AND attempt = ? AND (? IS NULL OR status = ?)
"""

_WITH_WARNINGS = """
SELECT count(*) FROM warnings JOIN outcomes USING (invocation_id, attempt, ordinal)
WHERE invocation_id = ? AND attempt = ?
"""


_OF_DOCUMENT = """
SELECT invocation_id, sequence, status, document_key, chunks, error, texts
FROM outcomes LEFT JOIN warnings USING (invocation_id, attempt, ordinal)
WHERE document_key = ? AND invocation_id IN (SELECT value FROM json_each(?)) ORDER BY sequence DESC LIMIT ?
"""

#: For each reason: the number of documents, and error and key of the first one by key. With one `min`, SQLite
#: takes the other columns from its row.
BY_REASON = """
SELECT reason, count(*), error, min(document_key) FROM outcomes
WHERE invocation_id = ? AND attempt = ? AND reason IS NOT NULL GROUP BY reason ORDER BY count(*) DESC, reason
LIMIT ?
"""
_KEYS_OF_REASON = """
SELECT document_key FROM outcomes WHERE invocation_id = ? AND attempt = ? AND reason IS NOT NULL
AND (? IS NULL OR reason = ?) LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Failures:
    """The number of failed documents with one reason, and the error and key of one of them."""

    reason: str
    documents: int
    example: str
    example_key: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a document. `sequence` increases with every change that this process has seen. For a
    skipped document, `error` is the reason."""

    sequence: int
    status: str
    document_key: str | None
    chunks: int
    error: str | None
    warnings: tuple[str, ...] = ()


class Outcomes(TopicView):
    """The documents of invocations that were indexed, deleted or skipped, or failed."""

    def __init__(self, cluster: Cluster, codec: Codec, folder: Path) -> None:
        path = folder / "outcomes-1.sqlite"
        super().__init__(View(cluster, codec, (PROGRESS,), path, OUTCOMES, self._fold))
        self.folded = 0

    async def refresh(self, timeout: float = 10) -> None:
        """Catch up with the current end of the topic."""
        await self._view.caught_up(timeout)

    def of(
        self, run: Invocation, status: str | None, limit: int, offset: int, warned: bool = False
    ) -> list[Outcome]:
        """Outcomes of the invocation's current attempt, in the order of the listing; with `warned` only those
        with warnings."""
        only = "AND texts IS NOT NULL " if warned else ""
        return self._select(run, status, f"{only}ORDER BY ordinal LIMIT ? OFFSET ?", limit, offset)

    def with_warnings(self, run: Invocation) -> int:
        """Number of documents of the current attempt with an outcome and warnings."""
        return int(self._view.query(_WITH_WARNINGS, (run.id, run.attempt))[0][0])

    def after(self, run: Invocation, status: str | None, sequence: int, limit: int) -> list[Outcome]:
        """Outcomes that changed after `sequence`, in the order of the changes."""
        return self._select(run, status, "AND sequence > ? ORDER BY sequence LIMIT ?", sequence, limit)

    def of_document(
        self, document_key: str, invocation_ids: Sequence[str], limit: int
    ) -> list[tuple[str, Outcome]]:
        """The newest outcomes of documents with this key in these invocations, with the invocation's id."""
        rows = self._view.query(_OF_DOCUMENT, (document_key, json.dumps(list(invocation_ids)), limit))
        return [(run, _outcome(*row)) for run, *row in rows]

    def failures(self, run: Invocation, limit: int) -> list[Failures]:
        """The failed documents of the current attempt by reason, the most frequent first."""
        return [Failures(*row) for row in self._view.query(BY_REASON, (run.id, run.attempt, limit))]

    def failed_keys(self, run: Invocation, reason: str | None, limit: int) -> list[str | None]:
        """Keys of failed documents of the current attempt, with this reason if one is given."""
        rows = self._view.query(_KEYS_OF_REASON, (run.id, run.attempt, reason, reason, limit))
        return [row[0] for row in rows]

    def timings(self, run: Invocation) -> list[StageTimes]:
        """The stage times of the current attempt."""
        return [StageTimes(*row) for row in self._view.query(OF_RUN, (run.id, run.attempt))]

    def _select(self, run: Invocation, status: str | None, rest: str, *values: int) -> list[Outcome]:
        rows = self._view.query(OF_ATTEMPT + rest, (run.id, run.attempt, status, status, *values))
        return [_outcome(*row) for row in rows]

    def _fold(self, database: sqlite3.Connection, change: ChangelogRecord) -> None:
        fold_outcomes(database, change)
        self.folded += 1


def _outcome(
    sequence: int, status: str, key: str | None, chunks: int, error: str | None, texts: str | None
) -> Outcome:
    return Outcome(sequence, status, key, chunks, error, tuple(json.loads(texts or "[]")))


#: Steps that are outcomes; their reports contain the document key.
_NAMED = frozenset({Step.INDEXED, Step.DELETED, Step.FAILED, Step.SKIPPED})

#: A late failure (a replay of an older record) never overwrites a success.
_PUT_OUTCOME = """
INSERT OR REPLACE INTO outcomes
    (invocation_id, attempt, ordinal, status, document_key, chunks, error, reason)
SELECT :run, :attempt, :ordinal, :status, :key, :chunks, :error, :reason
WHERE :status != 'failed' OR NOT EXISTS (
    SELECT 1 FROM outcomes
    WHERE invocation_id = :run AND attempt = :attempt AND ordinal = :ordinal AND status != 'failed')
"""


def fold_outcomes(database: sqlite3.Connection, change: ChangelogRecord) -> None:
    """Apply one record of `progress`: a new attempt clears earlier ones, a later outcome wins."""
    event = change.event
    if change.key.startswith(INBOX_RUN):  # there is no invocation to query
        return
    if isinstance(event, Progress):
        fold_timing(database, event, change.timestamp_ms)
    if isinstance(event, RunStarted):
        for table in ("outcomes", "warnings", "timings"):
            database.execute(
                f"DELETE FROM {table} WHERE invocation_id = ? AND attempt != ?",  # noqa: S608
                (event.invocation_id, event.attempt),
            )
        run = (event.invocation_id, event.attempt, change.timestamp_ms)
        database.execute("INSERT OR REPLACE INTO runs VALUES (?, ?, ?)", run)
        _forget(database, change.timestamp_ms - _OUTCOMES_MS)
    elif isinstance(event, Progress) and event.stage in _NAMED:
        common = {"run": event.invocation_id, "attempt": event.attempt, "status": event.stage.value}
        failed = event.stage is Step.FAILED
        rows = [
            {
                **common,
                "ordinal": p.ordinal,
                "key": p.document_key,
                "chunks": p.chunks,
                "error": p.error,
                "reason": reason_of(p.error, p.document_key) if failed else None,
            }
            for p in event.passed
        ]
        database.executemany(_PUT_OUTCOME, rows)
    elif isinstance(event, Progress):
        warned = [
            (event.invocation_id, event.attempt, p.ordinal, json.dumps(p.warnings))
            for p in event.passed
            if p.warnings
        ]
        database.executemany("INSERT OR REPLACE INTO warnings VALUES (?, ?, ?, ?)", warned)


def _forget(database: sqlite3.Connection, before_ms: int) -> None:
    old = database.execute("SELECT invocation_id FROM runs WHERE started_ms < ?", (before_ms,)).fetchall()
    database.executemany("DELETE FROM outcomes WHERE invocation_id = ?", old)
    database.executemany("DELETE FROM warnings WHERE invocation_id = ?", old)
    database.executemany("DELETE FROM timings WHERE invocation_id = ?", old)
    database.executemany("DELETE FROM runs WHERE invocation_id = ?", old)
