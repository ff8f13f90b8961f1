"""The layout of our topics: how many partitions, whether they grow, and how offsets stay comparable.

    settled ──► draining ──► stopping ──► growing ──► settled, with more partitions
       ▲           │            ├──► moved: the system goes on on another cluster
       └───────────┴────────────┘  given up, or copied: nothing has changed here

A document's sequence, and the order of a source's runs, are offsets. A key that moves to another partition
meets smaller offsets there, and so do all keys of a topic that was deleted and made anew, or has lost its
last records. So each growth, and each such topic, begins an era, whose base is added to them.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from schemas.codec import Codec
from schemas.errors import TransientError
from schemas.events import Era, TopicLayout
from streams.kafka.cluster import Cluster, admin, partition_counts
from streams.partitions import Partition, partition_of
from streams.state.checkpoints import topic_ids
from streams.state.reader import Reader, end_offsets
from streams.topics import DOCUMENTS, LAYOUT, RUNS

SETTLED, DRAINING, STOPPING, GROWING = "settled", "draining", "stopping", "growing"
#: The system goes on on another cluster.
MOVED = "moved"
KEY = "layout"
#: Topics whose offsets are an order: of a document's versions, of a source's runs.
ORDERED = (DOCUMENTS, *RUNS.values())
#: Between the name of a topic and how many of its partitions have moved, in `copied`.
PARTLY = "/"
PLACE = (LAYOUT.name, 0)
#: A process that has looked at the layout may act on it for this long.
LEASE_SECONDS = 3.0
#: A gateway gives a record up that the brokers have not taken for this long. Later, it might lie on the
#: partition that its key had before a growth.
WRITE_SECONDS = 10.0
#: The newest layout is within so many offsets before the end, unless as many were aborted: a growth writes
#: hundreds.
_LAST = 16


def read_layout(cluster: Cluster, codec: Codec) -> TopicLayout:
    """The newest layout; if partitions were never grown, that of the topics as they are. Blocks. Raises
    TransientError."""
    counts = partition_counts(admin(cluster), cluster)
    found = _newest(cluster, codec) if LAYOUT.name in counts else None
    if found is not None:
        return found
    return TopicLayout(partitions=counts.get(DOCUMENTS.name, 0), since=datetime.fromtimestamp(0, UTC))


def _newest(cluster: Cluster, codec: Codec) -> TopicLayout | None:
    ends = end_offsets(cluster, [PLACE])
    if not ends[PLACE]:  # nothing was ever grown, and a start need not wait for a reader
        return None
    reader = Reader(cluster, codec)
    try:
        return _last(reader, ends, max(0, ends[PLACE] - _LAST)) or _last(reader, ends, 0)
    finally:
        reader.close()


def _last(reader: Reader, ends: Mapping[Partition, int], start: int) -> TopicLayout | None:
    """The last layout from an offset on."""
    found = None
    reader.assign({PLACE: start})
    for batch in reader.read_to(ends):
        for change in batch.changes:
            found = change.event if isinstance(change.event, TopicLayout) else found
    return found


def ordered_ids(cluster: Cluster) -> dict[str, str]:
    """The cluster's ids of the topics in `ORDERED`. Blocks. Raises TransientError, also if one is missing."""
    return topic_ids(cluster, [topic.name for topic in ORDERED])


def base_of(eras: Sequence[Era]) -> int:
    """What is added to an offset of today."""
    return eras[-1].base if eras else 0


def order_of(eras: Sequence[Era], partition: int, offset: int) -> int:
    """The place of a record of `documents` in the order of its key, across growths: its sequence."""
    for era in reversed(eras):
        if partition >= len(era.begins) or offset >= era.begins[partition]:
            return era.base + offset
    return offset


def place_of(layout: TopicLayout, key: str, sequence: int) -> tuple[int, int] | None:
    """Partition and offset of the record of `documents` with this key and sequence, of which `order_of` has
    made it. Events do not move when partitions grow. None for a record that stayed on another cluster."""
    counts = [*(len(era.begins) for era in layout.eras), layout.partitions]
    bases = [0, *(era.base for era in layout.eras)]
    number = max(number for number, base in enumerate(bases) if base <= sequence)
    return (partition_of(key, counts[number]), sequence - bases[number]) if counts[number] else None


def under_way(layout: TopicLayout) -> str:
    """A sentence about a growth, or a move, that is under way."""
    if layout.phase == MOVED:
        return (
            f"this system was moved to another cluster at {layout.since:%Y-%m-%d %H:%M:%S} UTC. If it does "
            "not run there, `headrace topics grow --cancel` lets it go on here, and `headrace up "
            "--cancel-move` starts it"
        )
    if layout.target is None:
        return (
            "a topic whose offsets are the order of what is kept was made anew, or has lost its last "
            f"records, which was found at {layout.since:%Y-%m-%d %H:%M:%S} UTC; a gateway raises its "
            "offsets, which takes some seconds"
        )
    if layout.target == layout.partitions:
        return (
            f"the topics are being copied since {layout.since:%Y-%m-%d %H:%M:%S} UTC; if no `headrace topics "
            "copy` is running now, `headrace topics grow --cancel` ends it"
        )
    if layout.resumes:
        end = "" if layout.phase == GROWING else ", and can give it up"
        return (
            f"the partitions of the topics are being grown from {layout.partitions} to {layout.target} since "
            f"{layout.since:%Y-%m-%d %H:%M:%S} UTC, by a gateway; its page of topics says how far it is{end}"
        )
    return (
        f"the partitions of the topics are being grown from {layout.partitions} to {layout.target} since "
        f"{layout.since:%Y-%m-%d %H:%M:%S} UTC; if no `headrace topics grow` is running now, run it again"
        f"{'' if layout.phase == GROWING else ', or give it up with --cancel'}"
    )


def require_settled(cluster: Cluster, codec: Codec) -> TopicLayout:
    """The layout. Raises TransientError while partitions are being grown. Blocks."""
    layout = read_layout(cluster, codec)
    if layout.phase != SETTLED:
        raise TransientError(f"{under_way(layout)}; nothing is written meanwhile")
    return layout


class LayoutWatch:
    """The layout as a process knows it. Reads the topic only when it has grown, and once for all who wait."""

    def __init__(self, cluster: Cluster, codec: Codec) -> None:
        self._cluster, self._codec = cluster, codec
        self._known: tuple[int, TopicLayout] | None = None  # with the end of the topic
        self._looked_at = float("-inf")
        self._looking: asyncio.Task[None] | None = None

    async def current(self) -> TopicLayout:
        """The layout, seen at most `LEASE_SECONDS` ago. Raises TransientError if no broker answers, after a
        minute; who will not wait that long may cancel the call."""
        while self._known is None or time.monotonic() - self._looked_at > LEASE_SECONDS:
            began = self._looking is None
            if self._looking is None:
                self._looking = asyncio.create_task(self._look(), name="look at the layout")
                self._looking.add_done_callback(_passed_over)
            await asyncio.shield(self._looking)
            if began and self._known is not None:  # newer than the call, however long it took
                break
        return self._known[1]

    def forget(self) -> None:
        """Look again at the next call of `current`."""
        self._looked_at, self._looking = float("-inf"), None

    async def _look(self) -> None:
        began = time.monotonic()
        try:
            found = await asyncio.to_thread(self._found, self._known)
            if began > self._looked_at:
                self._known, self._looked_at = found, began
        finally:
            if self._looking is asyncio.current_task():
                self._looking = None

    def _found(self, known: tuple[int, TopicLayout] | None) -> tuple[int, TopicLayout]:
        end = end_offsets(self._cluster, [PLACE])[PLACE]
        if known is None or end != known[0]:
            return end, read_layout(self._cluster, self._codec)
        return known


def _passed_over(task: "asyncio.Task[None]") -> None:
    if not task.cancelled():  # its error is that of all who wait, if any still do
        task.exception()
