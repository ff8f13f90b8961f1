"""Where an upload's time goes: the timestamps of its records on the topics, read afterwards.

A record's timestamp is when its producer made it, so a hop spans the work of a stage and the way to the
next one. Milliseconds of the wall clock, which all processes of this machine share.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schemas.codec import Codec
from schemas.events import (
    DocumentState,
    Event,
    Invocation,
    InvocationCreated,
    RunRequested,
    RunStarted,
)
from streams.kafka.cluster import Cluster, admin, partition_counts
from streams.state.reader import Reader, end_offsets
from streams.topics import (
    CHUNKS,
    DOCUMENT_STATES,
    DOCUMENTS,
    EMBEDDINGS,
    INVOCATIONS,
    PARSED,
    PROGRESS,
    RUNS,
    Topic,
)

_TOPICS: tuple[Topic, ...] = (
    PROGRESS,
    RUNS["file_upload"],
    INVOCATIONS,
    DOCUMENTS,
    PARSED,
    CHUNKS,
    EMBEDDINGS,
    DOCUMENT_STATES,
)
#: The hops of an upload: (moment at which a hop ends, what happens in the hop).
WAY: tuple[tuple[str, str], ...] = (
    ("created", "gateway: body read, stored, InvocationCreated"),
    ("requested", "gateway: acknowledged, RunRequested"),
    ("started", "connector: RunStarted"),
    ("taken up", "tracking: attempt accepted"),
    ("documents", "connector: its view shows the attempt, documents"),
    ("parsed", "parsing"),
    ("chunks", "chunking"),
    ("embeddings", "embedding"),
    ("found", "indexing: written to Chroma and found there"),
)


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload as its client saw it: wall-clock milliseconds."""

    invocation_id: str
    asked: float
    answered: float
    found: float


def moments(cluster: Cluster, codec: Codec) -> dict[str, dict[str, float]]:
    """Moment → wall-clock milliseconds, by invocation."""
    counts = partition_counts(admin(cluster), cluster)
    ends = end_offsets(cluster, [(topic.name, p) for topic in _TOPICS for p in range(counts[topic.name])])
    reader = Reader(cluster, codec)
    found: dict[str, dict[str, float]] = {}
    try:
        reader.assign(dict.fromkeys(ends, 0))
        for batch in reader.read_to(ends):
            for change in batch.changes:
                for invocation, moment in _moment(change.topic, change.event):
                    seen = found.setdefault(invocation, {})
                    seen[moment] = min(change.timestamp_ms, seen.get(moment, float("inf")))
    finally:
        reader.close()
    return found


def _moment(topic: str, event: Event | None) -> Iterator[tuple[str, str]]:
    match event:
        case InvocationCreated():
            yield event.invocation_id, "created"
        case RunRequested():
            yield event.invocation_id, "requested"
        case RunStarted():
            yield event.invocation_id, "started"
        case Invocation():
            yield event.id, "shown"
            if event.attempt is not None:
                yield event.id, "taken up"
            if event.finished_at is not None:
                yield event.id, "complete"
        case _:
            document = getattr(event, "document", None)
            if document is not None and document.run is not None:
                name = "recorded" if isinstance(event, DocumentState) else topic
                yield document.run.invocation_id, name


def hops(upload: Upload, seen: Mapping[str, float]) -> dict[str, float]:
    """Milliseconds of each hop, and of what happens aside of the path."""
    at = {**seen, "found": upload.found}
    spans, before = {}, upload.asked
    for moment, what in WAY:
        spans[what] = at[moment] - before
        before = at[moment]
    return spans | {
        "aside: request to 201": upload.answered - upload.asked,
        "aside: created to shown by tracking": at["shown"] - at["created"],
        "aside: embeddings to document-states": at["recorded"] - at["embeddings"],
        "aside: request to complete": at["complete"] - upload.asked,
    }
