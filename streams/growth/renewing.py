"""A topic whose offsets are an order counts anew: its offsets are raised above all before.

    made anew (another id) ─────────────────┐
                                            ├─► services end ─► read again, in an era of its own ─► go on
    `documents` has lost its last records ──┘

Otherwise new versions of documents would look older than those that are indexed. Records are lost when the
machine of an only broker loses power, or a replica that lags becomes the leader. A topic of runs needs no era
then: a run that has begun behind others is one that follows an abandoned one (`services.connectors`).
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import structlog

from schemas.codec import Codec
from schemas.events import Era, TopicLayout
from streams.growth.draining import READERS, wait_left
from streams.growth.journal import GrowthJournal
from streams.kafka.cluster import Cluster, admin, partition_counts
from streams.partitions import Partition
from streams.state.lags import commit_offsets, committed_offsets
from streams.state.layout import ORDERED, SETTLED, STOPPING, base_of, ordered_ids
from streams.state.reader import end_offsets, first_offsets
from streams.topics import DOCUMENTS

log = structlog.get_logger(__name__)

#: Bases of topics that were made anew are multiples: more than a partition ever has offsets, so each exceeds
#: all sequences before, those that are still on their way too.
_STEP = 2**40
#: Whoever puts offsets in order.
_GROUPS = frozenset(READERS[topic.name] for topic in ORDERED)


def is_renewing(layout: TopicLayout) -> bool:
    """Whether `keep_order` has begun an era, and has not ended."""
    return layout.phase == STOPPING and layout.target is None


def keep_order(
    cluster: Cluster,
    codec: Codec,
    told: Callable[[str], None] = lambda step: None,
    ends: threading.Event | None = None,
) -> list[str]:
    """Begin an era if topics were made anew or cut short; returns their names. Notes the ids of new topics.
    Blocks.

    Args:
        ends: set when this process is to end.

    Raises TransientError if the brokers do not answer, FencedError if another process does the same, Left
    after `ends`. All goes on as before then, or another process goes on.
    """
    ids = ordered_ids(cluster)
    journal = GrowthJournal(cluster, codec, ends)  # whoever did the same is fenced, and may have ended before
    layout = journal.layout
    if not (layout.phase == SETTLED or is_renewing(layout)):
        return []
    anew = sorted(name for name, id_ in layout.topic_ids.items() if ids.get(name, id_) != id_)
    # Now: what is written until the services have ended may look older than what is lost.
    known = layout.topic_ids and DOCUMENTS.name not in anew  # a new system has read nothing
    cut = cut_short(cluster) if known else {}
    names = [*anew, *([DOCUMENTS.name] if cut else [])]
    if not names and layout.phase == SETTLED:  # another process has not ended what it began
        journal.note(layout.model_copy(update={"topic_ids": ids}))
        return []
    log.error("topics were made anew, or have lost their last records: offsets are raised", topics=names)
    now = datetime.now(UTC)
    stopping: dict[str, object] = {
        "phase": STOPPING,
        "target": None,
        "resumes": True,
        "since": now,
        "steps": [],
    }
    journal.note(layout.model_copy(update=stopping))
    wait_left(cluster, told, journal.beat, _GROUPS)
    _read_again(cluster, anew)
    if cut:
        commit_offsets(cluster, cluster.name(READERS[DOCUMENTS.name]), cut)
    begins = _begins(cluster, anew, cut)
    era = Era(base=(base_of(layout.eras) // _STEP + 1) * _STEP, begins=begins, since=now)
    settled = {"phase": SETTLED, "resumes": False, "topic_ids": ids, "eras": [*layout.eras, era]}
    journal.note(journal.layout.model_copy(update=settled))
    return names


def cut_short(cluster: Cluster) -> dict[Partition, int]:
    """The partitions of `documents` that end before what was read of them, with their ends. Blocks. Raises
    TransientError."""
    count = partition_counts(admin(cluster), cluster).get(DOCUMENTS.name, 0)
    read = committed_offsets(cluster, cluster.name(READERS[DOCUMENTS.name]), {DOCUMENTS.name: count})
    ends = end_offsets(cluster, read)  # asked for afterwards: they grow
    return {place: end for place, end in ends.items() if end < read[place]}


def _read_again(cluster: Cluster, topics: Sequence[str]) -> None:
    """Set groups back to the first record: some may have been read with an order of before."""
    counts = partition_counts(admin(cluster), cluster)
    for topic in topics:
        read = committed_offsets(cluster, cluster.name(READERS[topic]), {topic: counts[topic]})
        if firsts := first_offsets(cluster, read):
            commit_offsets(cluster, cluster.name(READERS[topic]), firsts)


def _begins(cluster: Cluster, anew: Sequence[str], cut: Mapping[Partition, int]) -> list[int]:
    """Where the era begins on `documents`, unless that was made anew: behind what is left of a partition that
    was cut short, and at the end of the others."""
    if DOCUMENTS.name in anew:
        return []
    count = partition_counts(admin(cluster), cluster)[DOCUMENTS.name]
    found = {**end_offsets(cluster, [(DOCUMENTS.name, number) for number in range(count)]), **cut}
    return [found[DOCUMENTS.name, partition] for partition in range(count)]
