"""The outputs of a stage: events to produce, and progress reports."""

from dataclasses import dataclass

from schemas import events
from schemas.events import Event, RunPosition
from streams.topics import Topic


@dataclass(frozen=True, slots=True)
class Send:
    """An event to be produced. `event=None` is a tombstone. `partition_key` replaces the key for the
    partitioning, if a topic is not partitioned by its key (`source-documents`)."""

    topic: Topic
    key: str
    event: Event | None
    partition_key: str | None = None


@dataclass(frozen=True, slots=True)
class ProgressReport:
    """A document passed `stage`. Reports that are released together become one `Progress` event.

    With `count` it is that many documents, from the ordinal of `run` on: `unchanged` ones alone.
    """

    run: RunPosition
    stage: events.Step
    chunks: int = 0
    document_key: str | None = None
    error: str | None = None
    warnings: tuple[str, ...] = ()
    count: int = 1


Output = Send | ProgressReport
