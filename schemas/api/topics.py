"""Models of topics, and of growing their partitions."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from schemas.base import WHOLE, Body, OwnBody

#: More partitions than a broker serves well (Kafka's advice is 4,000 a broker, and there are 27 topics).
MAX_PARTITIONS = 10_000


class TopicSummary(Body):
    """A topic. `offsets` and `bytes` are what is kept, of one copy; `partition_bytes` by partition. Bytes are
    null while they are not known. `lag`: consumer group → records that it has not read."""

    name: str
    partitions: int
    compacted: bool
    retention_days: int | None
    offsets: int
    bytes: int | None
    partition_bytes: list[int] | None
    lag: dict[str, int]


class TopicList(Body):
    """All topics, in the order of the pipeline. `bytes_unknown` says why their sizes are not known."""

    topics: list[TopicSummary]
    bytes_unknown: str | None


class GrowTopicsPayload(OwnBody):
    """How many partitions each topic is to have."""

    partitions: Annotated[int, Field(ge=1, le=MAX_PARTITIONS), WHOLE]


class TopicGrowthPlan(Body):
    """What a growth would do.

    `records` are written again, at most, which takes some `moving_seconds` and `bytes` more of disk for that
    time. `waits` is what would be waited for now.
    """

    partitions: int
    target: int
    topics: int
    records: int
    bytes: int | None
    moving_seconds: float
    waits: list[str]


class TopicGrowth(Body):
    """How far a growth is, or what the last one has done.

    `phase` is `settled` (none is under way), `draining` (intake stops, runs end), `stopping` (services end),
    `growing` (state moves: `moved` of `moving` topics) or `moved` (to another cluster). `alive` says whether
    whoever grows has given a sign of life lately, `resumes` whether a gateway goes on if not, `cancellable`
    whether it can still be given up.
    """

    phase: Literal["settled", "draining", "stopping", "growing", "moved"]
    partitions: int
    target: int | None
    since: datetime | None
    told_at: datetime | None
    alive: bool
    resumes: bool
    cancellable: bool
    moved: int
    moving: int
    steps: list[str]
    error: str | None
