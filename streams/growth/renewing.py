"""A topic whose offsets are an order was deleted and made anew: its offsets are raised above all before.

    noticed by its id ─► services end ─► what was read of it is read again, with an era of its own ─► go on

Otherwise new versions of documents, which count from 0 again, would look older than those that are indexed.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition

from schemas.codec import Codec
from schemas.events import Era, TopicLayout
from streams.growth.draining import READERS, wait_left
from streams.growth.journal import GrowthJournal
from streams.growth.moving import result_of
from streams.kafka.cluster import Cluster, admin, partition_counts
from streams.state.lags import committed_offsets
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
    """Begin an era if topics were made anew; returns their names. Notes the ids of new topics. Blocks.

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
    if not anew:
        journal.note(layout.model_copy(update={"topic_ids": ids}))
        return []
    log.error("topics were deleted and made anew: their offsets are raised", topics=anew)
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
    era = Era(base=(base_of(layout.eras) // _STEP + 1) * _STEP, begins=_begins(cluster, anew), since=now)
    settled = {"phase": SETTLED, "resumes": False, "topic_ids": ids, "eras": [*layout.eras, era]}
    journal.note(journal.layout.model_copy(update=settled))
    return anew


def _read_again(cluster: Cluster, topics: Sequence[str]) -> None:
    """Set groups back to the first record: some may have been read with an order of before."""
    counts = partition_counts(admin(cluster), cluster)
    for topic in topics:
        group = cluster.name(READERS[topic])
        read = [place for place in committed_offsets(cluster, group) if place[0] == topic]
        firsts = first_offsets(cluster, [place for place in read if place[1] < counts[topic]])
        if firsts:
            places = [TopicPartition(cluster.name(name), p, first) for (name, p), first in firsts.items()]
            wanted = ConsumerGroupTopicPartitions(group, places)
            asked = admin(cluster).alter_consumer_group_offsets([wanted])
            result_of(asked[group], f"offsets of {group}")


def _begins(cluster: Cluster, topics: Sequence[str]) -> list[int]:
    """Where the era begins on `documents`, unless that is one of the topics that were made anew."""
    if DOCUMENTS.name in topics:
        return []
    count = partition_counts(admin(cluster), cluster)[DOCUMENTS.name]
    found = end_offsets(cluster, [(DOCUMENTS.name, partition) for partition in range(count)])
    return [found[DOCUMENTS.name, partition] for partition in range(count)]
