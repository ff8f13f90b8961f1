"""What a stage gives back: events to produce, and notes of progress."""

from dataclasses import dataclass

from schemas import events
from schemas.events import Event, RunPosition
from streams.topics import Topic


@dataclass(frozen=True, slots=True)
class Send:
    """An event to be produced. `event=None` is a tombstone. `partition_key` replaces the key where a topic
    is partitioned by something else than its key (`source-documents`)."""

    topic: Topic
    key: str
    event: Event | None
    partition_key: str | None = None


@dataclass(frozen=True, slots=True)
class ProgressReport:
    """A document passed `stage`. Notes that are released together travel as one `Progress` event."""

    run: RunPosition
    stage: events.Step
    chunks: int = 0
    document_key: str | None = None
    error: str | None = None
    warnings: tuple[str, ...] = ()


Output = Send | ProgressReport
