"""Copy the state of a system to another cluster: to move there, or as a backup of the topics.

Sequences are offsets, and those of the other cluster begin at 0. So it begins an era whose base exceeds all
sequences so far, and letters are given the sequences of their records.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from schemas.codec import Codec
from schemas.errors import RequestError
from schemas.events import DeadLetter, Era, TopicLayout
from streams.engine.publishing.dead_letters import replay_headers
from streams.growth.command import give_up_surely, stop_all
from streams.growth.draining import inbox_left
from streams.growth.journal import GrowthJournal
from streams.growth.moving import Copied, copy_partition
from streams.growth.placing import PLACED
from streams.kafka.cluster import Cluster, admin, ensure_topics, partition_counts
from streams.state.lags import commit_offsets, committed_by_group, consumer_groups
from streams.state.layout import MOVED, SETTLED, base_of, order_of, ordered_ids, require_settled
from streams.state.reader import end_offsets
from streams.topics import DEAD_LETTERS, DOCUMENTS, RUNS

Told = Callable[[str], None]


def copy_topics(
    source: Cluster,
    target: Cluster,
    codec: Codec,
    told: Told,
    partitions: int | None = None,
    replication: int = 1,
    stay_stopped: bool = False,
) -> TopicLayout:
    """Copy all state to a cluster that has none of our records yet. Blocks. Returns the layout there.

    Intake stops and the services end meanwhile, as when partitions are grown; then the source goes on.

    Args:
        partitions: of the topics there; as many as here by default.
        stay_stopped: the system has moved, and must not go on here.

    Raises RequestError if the target has records, or events of the inbox are unread; TransientError if a
    cluster does not answer. The source then goes on, and the target has to be emptied.
    """
    layout = require_settled(source, codec)
    if left := inbox_left(source):
        raise RequestError(
            f"{left:,} events of the inbox are unread: stop their producers, and wait until all are read"
        )
    count = partitions or layout.partitions
    _prepare(target, count, replication)
    journal = GrowthJournal(source, codec)
    try:
        stop_all(source, journal, layout.partitions, told)
        there = GrowthJournal(target, codec)
        _copy(source, target, codec, there, journal.beat, count, layout, told)
        _pass(source, target)
        journal.note(
            journal.layout
        )  # fenced if it was given up meanwhile: the copy is of several moments then
        there.note(_layout_there(source, target, layout, count))
        if stay_stopped:
            journal.note(journal.layout.model_copy(update={"phase": MOVED, "target": None}))
    finally:
        if journal.layout.phase not in (SETTLED, MOVED):
            give_up_surely(source, codec, journal)
    return there.layout


def _prepare(target: Cluster, count: int, replication: int) -> None:
    ensure_topics(target, count, replication)
    counts = partition_counts(admin(target), target)
    if counts[DOCUMENTS.name] != count:
        raise RequestError(f"the topics there have {counts[DOCUMENTS.name]} partitions: expected {count}")
    places = [(name, p) for name, n in counts.items() for p in range(n)]
    ends = end_offsets(target, places)
    if used := sorted({name for (name, _), end in ends.items() if end}):
        raise RequestError(
            f"the target is not empty: {', '.join(used)}. Delete its topics, or take another prefix"
        )


def _copy(
    source: Cluster,
    target: Cluster,
    codec: Codec,
    there: GrowthJournal,
    beat: Callable[[], None],
    count: int,
    layout: TopicLayout,
    told: Told,
) -> None:
    def with_sequence(value: bytes) -> bytes:
        letter = codec.decode(value)
        if not isinstance(letter, DeadLetter) or letter.topic != DOCUMENTS.name:
            return value
        sequence = order_of(layout.eras, letter.partition, letter.offset)
        kept = letter.model_copy(update={"headers": replay_headers(letter, sequence)})
        return codec.encode(kept, DEAD_LETTERS.name)

    for topic in PLACED:
        change = with_sequence if topic is DEAD_LETTERS else None
        ends = end_offsets(source, [(topic.name, p) for p in range(layout.partitions)])
        moved = sum(
            copy_partition(Copied(source, codec, topic, partition, end), there, count, beat, change)
            for (_, partition), end in ends.items()
        )
        told(f"{topic.name}: {moved:,} records")


def _pass(source: Cluster, target: Cluster) -> None:
    """Groups that have read state here have read it there, or they would tell of it again."""
    counts = partition_counts(admin(target), target)
    state = {topic.name for topic in PLACED}
    groups = consumer_groups(source, whole=True)
    committed = committed_by_group(source, groups, partition_counts(admin(source), source))
    for group, offsets in committed.items():
        name = group.removeprefix(source.prefix)
        read = {topic for topic, _ in offsets} & state
        ends = end_offsets(target, [(topic, p) for topic in read for p in range(counts[topic])])
        if ends:
            commit_offsets(target, target.name(name), ends)


def _layout_there(source: Cluster, target: Cluster, layout: TopicLayout, count: int) -> TopicLayout:
    names = [DOCUMENTS.name, *(topic.name for topic in RUNS.values())]
    ends = end_offsets(source, [(name, p) for name in names for p in range(layout.partitions)])
    base = base_of(layout.eras) + max(ends.values())
    return TopicLayout(
        partitions=count, since=datetime.now(UTC), eras=[Era(base=base)], topic_ids=ordered_ids(target)
    )
