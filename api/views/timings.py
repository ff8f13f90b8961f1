"""Record when documents of a run passed each stage. Part of the view of `progress`."""

import sqlite3
from dataclasses import dataclass

from schemas.events import Progress

TIMINGS = """
CREATE TABLE IF NOT EXISTS timings (
    invocation_id TEXT, attempt INTEGER, stage TEXT, first_ms INTEGER, last_ms INTEGER,
    PRIMARY KEY (invocation_id, attempt, stage)) WITHOUT ROWID;
"""
OF_RUN = "SELECT stage, first_ms, last_ms FROM timings WHERE invocation_id = ? AND attempt = ?"

#: Idempotent: a record that is read again changes nothing.
_PUT = """
INSERT INTO timings VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms)
"""


@dataclass(frozen=True, slots=True)
class StageTimes:
    """When the first and the last document of a run passed a stage, in milliseconds since the epoch."""

    stage: str
    first_ms: int
    last_ms: int


def fold_timing(database: sqlite3.Connection, event: Progress, at_ms: int) -> None:
    """Apply one report of a stage."""
    row = (event.invocation_id, event.attempt, event.stage.value, at_ms, at_ms)
    database.execute(_PUT, row)
