"""What is still on its way through the topics, and who still works on it."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from schemas.errors import TransientError
from streams.growth.reading import records
from streams.kafka.cluster import Cluster, admin, partition_counts
from streams.partitions import Partition
from streams.state.lags import committed_by_group, committed_offsets, consumer_groups, members_by_group
from streams.state.layout import LEASE_SECONDS, WRITE_SECONDS
from streams.state.reader import end_offsets, first_offsets
from streams.topics import (
    CATALOGUE,
    CHUNKS,
    DOCUMENTS,
    EMBEDDINGS,
    INBOX,
    INVOCATIONS,
    PARSED,
    PART_REQUESTS,
    PROGRESS,
    RUNS,
)

Seen = TypeVar("Seen")

_ANSWER_SECONDS = 15.0
#: How long a look is repeated that a broker does not answer.
_AWAY_SECONDS = 60.0
LOOK_SECONDS = 1.0
#: Two looks without a change, this far apart, are the end: whoever produces has taken a record before.
STILL_SECONDS = 2.0
#: A gateway that has looked at the layout may write for so long: what it had handed over when it was cut off
#: from the broker arrives until then, or never.
LATE_SECONDS = LEASE_SECONDS + WRITE_SECONDS

#: The group that reads each topic of events. A topic that nobody has read yet is behind, too.
READERS: Mapping[str, str] = {
    DOCUMENTS.name: "parsing",
    PARSED.name: "chunking",
    CHUNKS.name: "embedding",
    EMBEDDINGS.name: "indexing",
    PART_REQUESTS.name: "chunking-parts",
    PROGRESS.name: "tracking",
    INVOCATIONS.name: "notifying",
    **{topic.name: f"connectors.{kind}" for kind, topic in RUNS.items()},
}
#: Groups of what takes new work in; they leave while the others go on.
INTAKE = frozenset({"inbox", "scheduling"})
#: The topics that are work: events, and what completion webhooks tell. The inbox keeps its partitions.
_WORK = frozenset(topic.name for topic in CATALOGUE if not topic.compact) - {INBOX.name} | {INVOCATIONS.name}


@dataclass(frozen=True)
class Standing:
    """The topics and groups at one moment.

    Attributes:
        ends: of all partitions of the topics that are work.
        behind: group, topic → partition → first offset that is not committed, where that is not the end.
        members: group → number of its members.
    """

    ends: Mapping[Partition, int]
    behind: Mapping[tuple[str, str], Mapping[int, int]]
    members: Mapping[str, int]

    @property
    def is_clear(self) -> bool:
        """Whether nothing is on its way, and nothing new is taken in."""
        return not self.behind and not any(self.members.get(group) for group in INTAKE)

    def sentences(self) -> list[str]:
        """What is waited for."""
        return [*self.works(), *self._takes()]

    def works(self) -> Iterator[str]:
        """What is on its way."""
        for (group, topic), starts in sorted(self.behind.items()):
            count = sum(self.ends[topic, partition] - start for partition, start in starts.items())
            nobody = "" if self.members.get(group) else ", which does not run: start it"
            records, waits = ("record", "waits") if count == 1 else ("records", "wait")
            yield f"{count:,} {records} of {topic} {waits} for {group}{nobody}"

    def _takes(self) -> Iterator[str]:
        for group in sorted(INTAKE):
            if self.members.get(group):
                yield f"{group} is to stop taking in"


def standing(cluster: Cluster) -> Standing:
    """Look at all topics and groups. Blocks. Raises TransientError."""
    counts = partition_counts(admin(cluster), cluster)
    work = [name for name in counts if name in _WORK]
    places = [(name, partition) for name in work for partition in range(counts[name])]
    ends, firsts = end_offsets(cluster, places), first_offsets(cluster, places)
    groups = consumer_groups(cluster, whole=True)
    committed = {
        group.removeprefix(cluster.prefix): places
        for group, places in committed_by_group(cluster, groups, counts).items()
    }
    behind: dict[tuple[str, str], dict[int, int]] = {}
    for group, topic in _readings(committed, work):
        for partition in range(counts[topic]):
            place = (topic, partition)
            start = max(committed.get(group, {}).get(place, 0), firsts[place])
            if start < ends[place]:
                behind.setdefault((group, topic), {})[partition] = start
    return Standing(
        ends, _with_records(cluster, behind, ends), members_by_group(cluster, groups, _ANSWER_SECONDS)
    )


def _readings(committed: Mapping[str, Mapping[Partition, int]], work: list[str]) -> set[tuple[str, str]]:
    """Which group reads which topic: ours, and those of your own that have read one of our topics."""
    found = {(READERS[topic], topic) for topic in work if topic in READERS}
    for group, places in committed.items():
        found |= {(group, topic) for topic, _ in places if topic in work}
    return found


def _with_records(
    cluster: Cluster,
    behind: Mapping[tuple[str, str], Mapping[int, int]],
    ends: Mapping[Partition, int],
) -> dict[tuple[str, str], dict[int, int]]:
    """Without the partitions in which only markers of transactions are left."""
    found: dict[tuple[str, str], dict[int, int]] = {}
    for (group, topic), starts in behind.items():
        left = {p: start for p, start in starts.items() if _is_record(cluster, (topic, p), start, ends)}
        if left:
            found[group, topic] = left
    return found


def _is_record(cluster: Cluster, place: Partition, start: int, ends: Mapping[Partition, int]) -> bool:
    """Whether a committed record lies between an offset and the end."""
    return next(records(cluster, place, ends[place], start), None) is not None


def inbox_left(cluster: Cluster) -> int:
    """Offsets of the inbox that are not committed yet."""
    count = partition_counts(admin(cluster), cluster)[INBOX.name]
    places = [(INBOX.name, partition) for partition in range(count)]
    ends, firsts = end_offsets(cluster, places), first_offsets(cluster, places)
    read = committed_offsets(cluster, cluster.name(INBOX), {INBOX.name: count})
    return sum(end - max(read.get(place, 0), firsts[place]) for place, end in ends.items())


@retry(  # hours of waiting are not given up because a broker restarts
    retry=retry_if_exception_type(TransientError),
    wait=wait_fixed(0.2),
    stop=stop_after_delay(_AWAY_SECONDS),
    reraise=True,
)
def _patiently(look: Callable[[], Seen]) -> Seen:
    """What is seen, when a broker that is away for a moment has come back."""
    return look()


def wait_drained(cluster: Cluster, told: Callable[[str], None], beat: Callable[[], None]) -> None:
    """Return when nothing is on its way any more. Says what it waits for, whenever that changes; calls `beat`
    at every look."""
    said: list[str] = []
    before: tuple[float, Mapping[Partition, int]] | None = None
    while True:
        now = _patiently(lambda: standing(cluster))
        if not now.is_clear:
            before = None
            if (waits := now.sentences()) != said:
                said = waits
                told("waiting: " + "; ".join(waits))
        elif before is None or before[1] != now.ends:
            before = (time.monotonic(), now.ends)
        elif time.monotonic() - before[0] >= STILL_SECONDS:
            return
        beat()
        time.sleep(LOOK_SECONDS)


def wait_late(since: float, beat: Callable[[], None]) -> None:
    """Return when no gateway that had not seen the layout of this moment (monotonic) can write any more."""
    while time.monotonic() - since < LATE_SECONDS:
        beat()
        time.sleep(min(LOOK_SECONDS, LATE_SECONDS))


def wait_left(
    cluster: Cluster,
    told: Callable[[str], None],
    beat: Callable[[], None],
    only: frozenset[str] | None = None,
) -> None:
    """Return when no group, or none of `only`, has members any more: nobody processes or writes. Calls `beat`
    at every look."""
    said: list[str] = []
    empty_since: float | None = None
    while True:
        members = _patiently(
            lambda: members_by_group(cluster, consumer_groups(cluster, whole=True), _ANSWER_SECONDS)
        )
        if there := sorted(group for group, n in members.items() if n and (only is None or group in only)):
            empty_since = None
            if there != said:
                said = there
                told(f"waiting for these to end: {', '.join(there)}")
        elif empty_since is None:
            empty_since = time.monotonic()
        elif time.monotonic() - empty_since >= STILL_SECONDS:
            return
        beat()
        time.sleep(LOOK_SECONDS)
