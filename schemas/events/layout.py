"""How records lie on partitions: the topic `layout`."""

from datetime import datetime

from pydantic import Field

from schemas.events.common import Event


class Era(Event):
    """The time since partitions were grown, or since a topic was made anew. `base` is added to offsets of
    `documents` and of runs, so that they exceed all before; `begins` is the first offset of each partition of
    `documents`, where not 0. `since` is set for a topic that was made anew: offsets noted before are those of
    the topic before."""

    base: int
    begins: list[int] = Field(default_factory=list)
    since: datetime | None = None


class TopicLayout(Event):
    """Topic `layout`, on partition 0: how many partitions all topics have, and whether they are being grown.

    `phase` is `settled`, `draining` (intake stops), `stopping` (services end), `growing` (state moves) or
    `moved` (to another cluster). While partitions grow, `ends` are the ends of the partitions whose records
    move, by topic, and `copied` the topics that have moved; of `name/N`, the first N partitions have.

    `steps` are what the growth has said so far, and stay after its end. Whoever grows writes the layout anew
    every few seconds, with `told_at`. With `resumes`, any gateway goes on if that stops.

    `topic_ids` are the cluster's ids of the topics whose offsets are an order. A topic that was deleted and
    made anew has another one, and counts from 0 again.
    """

    partitions: int
    phase: str = "settled"
    target: int | None = None
    since: datetime
    eras: list[Era] = Field(default_factory=list)
    ends: dict[str, list[int]] = Field(default_factory=dict)
    copied: list[str] = Field(default_factory=list)
    steps: list[str] = Field(default_factory=list)
    told_at: datetime | None = None
    resumes: bool = False
    topic_ids: dict[str, str] = Field(default_factory=dict)
