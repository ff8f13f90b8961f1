"""How far each consumer group is behind the topics that it reads."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

from schemas.errors import TransientError
from streams.kafka.cluster import CLIENT_LOG, Cluster, admin, answer_of, deployments_below, partition_counts
from streams.kafka.membership import group_of
from streams.partitions import Partition
from streams.state.reader import end_offsets, first_offsets
from streams.topics import CATALOGUE, STAGE_HEALTH

_TIMEOUT_S = 15
_MOVING = {
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
}
#: Groups that are asked for at once: each takes a connection, and waits for it most of the time.
_AT_ONCE = 8
#: Written in transactions alone. One offset behind the last record that was read is the marker of its
#: transaction: a record would have a marker behind it.
_MARKED = frozenset(topic.name for topic in CATALOGUE if topic.compact and topic.transactional)


@dataclass(frozen=True, slots=True)
class TopicsSample:
    """The topics at one moment.

    Attributes:
        at: seconds since 1970.
        partitions: topic → number of partitions.
        ends: topic → offsets used so far, of all partitions together: it grows with every record.
        kept: topic → offsets from the first record that is kept to the end. Compaction leaves gaps, and
            transactions use offsets, too, so there may be fewer records.
        lags: consumer group → topic → records that are not committed.
    """

    at: float
    partitions: Mapping[str, int]
    ends: Mapping[str, int]
    kept: Mapping[str, int]
    lags: Mapping[str, Mapping[str, int]]


def sample_topics(cluster: Cluster, before: TopicsSample | None = None) -> TopicsSample:
    """Look at all topics and groups. Blocks. Raises TransientError without a broker.

    A connection for each group is the most of it. With `before`, an earlier sample, they are left out if no
    group was behind then, and nothing was written since.
    """
    counts = partition_counts(admin(cluster), cluster)
    ends = end_offsets(cluster, _all(counts))
    first = first_offsets(cluster, _all(counts))
    sums = {name: sum(ends[name, p] for p in range(count)) for name, count in counts.items()}
    return TopicsSample(
        at=time.time(),
        partitions=counts,
        ends=sums,
        kept={
            name: sum(ends[name, p] - first[name, p] for p in range(count)) for name, count in counts.items()
        },
        lags=before.lags if before and is_still(before, sums) else group_lags(cluster, counts, ends),
    )


def is_still(before: TopicsSample, ends: Mapping[str, int]) -> bool:
    """Whether no group was behind, and nothing was written since but the health of stages, which no group
    reads."""
    behind = any(lag for lags in before.lags.values() for lag in lags.values())
    grown = {topic for topic, end in ends.items() if end != before.ends.get(topic)}
    return bool(before.lags) and not behind and grown <= {STAGE_HEALTH.name}


def group_lags(
    cluster: Cluster, counts: Mapping[str, int], ends: Mapping[Partition, int] | None = None
) -> dict[str, dict[str, int]]:
    """Consumer group → topic → records that are not committed."""
    groups = consumer_groups(cluster)
    if not groups:
        return {}
    known = ends if ends is not None else end_offsets(cluster, _all(counts))
    return {
        group.removeprefix(cluster.prefix): lag_by_topic(committed, known, counts)
        for group, committed in committed_by_group(cluster, groups, counts).items()
    }


def committed_by_group(
    cluster: Cluster, groups: Sequence[str], counts: Mapping[str, int]
) -> dict[str, dict[Partition, int]]:
    """The offsets on our topics that each group, by its whole name, has committed. Blocks. Raises
    TransientError."""
    with ThreadPoolExecutor(_AT_ONCE, "offsets of groups") as threads:
        found = threads.map(lambda group: committed_offsets(cluster, group, counts), groups)
        return dict(zip(groups, found, strict=True))


def members_by_group(cluster: Cluster, groups: Sequence[str], seconds: float) -> dict[str, int]:
    """How many members each group, by its whole name, has: by names without the prefix. Blocks. Raises
    TransientError if a broker does not tell of one within some `seconds`."""
    names = [group.removeprefix(cluster.prefix) for group in groups]
    return {name: group_of(cluster, name, seconds).members for name in names}


def committed_offsets(
    cluster: Cluster, group: str, counts: Mapping[str, int] | None = None
) -> dict[Partition, int]:
    """The offsets on our topics that a group, by its whole name, has committed. Blocks. Raises
    TransientError.

    Args:
        counts: topic → number of partitions; None asks the broker.
    """
    counts = counts if counts is not None else partition_counts(admin(cluster), cluster)
    places = [TopicPartition(cluster.name(topic), partition) for topic, partition in _all(counts)]
    found = _asked(cluster, group, lambda consumer: consumer.committed(places, _TIMEOUT_S))
    return {(cluster.short(one.topic), one.partition): one.offset for one in found if one.offset >= 0}


def commit_offsets(cluster: Cluster, group: str, offsets: Mapping[Partition, int]) -> None:
    """Set where a group without members, by its whole name, goes on. Blocks. Raises TransientError."""
    places = [TopicPartition(cluster.name(topic), p, offset) for (topic, p), offset in offsets.items()]
    done = _asked(cluster, group, lambda consumer: consumer.commit(offsets=places, asynchronous=False) or [])
    for one in done:
        if one.error is not None:
            raise TransientError(f"offsets of {group}, {one.topic}[{one.partition}]: {one.error.str()}")


def _asked(
    cluster: Cluster, group: str, ask: Callable[[Consumer], list[TopicPartition]]
) -> list[TopicPartition]:
    # A consumer that joins no group: `SharedAdmin` says why not the admin client. It reads what is committed,
    # and does not wait for transactions.
    properties = cluster.client(
        group_id=group,
        enable_auto_commit=False,
        isolation_level="read_uncommitted",
        session_timeout_ms=_TIMEOUT_S * 1000,  # a commit waits so long for a coordinator
    )
    consumer = Consumer(properties, logger=CLIENT_LOG)
    coordinators_move = Retrying(
        retry=retry_if_exception(_is_moving),
        wait=wait_fixed(0.1),
        stop=stop_after_delay(_TIMEOUT_S),
        reraise=True,
    )
    try:
        return coordinators_move(ask, consumer)
    except KafkaException as error:
        raise TransientError(f"offsets of {group}: {error.args[0].str()}") from error
    finally:
        consumer.close()


def _is_moving(error: BaseException) -> bool:
    """Whether the coordinator of a group has just begun or moved: librdkafka asks another one then."""
    return isinstance(error, KafkaException) and error.args[0].code() in _MOVING


def lag_by_topic(
    committed: Mapping[tuple[str, int], int], ends: Mapping[tuple[str, int], int], counts: Mapping[str, int]
) -> dict[str, int]:
    """Uncommitted records by topic, for the topics with any commit of the group; it does not read others.

    A partition without a commit is read from its beginning, so all its records count.
    """
    topics = {topic for topic, _ in committed if topic in counts}
    return {
        topic: sum(
            _behind(topic, committed.get((topic, p), 0), ends.get((topic, p), 0))
            for p in range(counts[topic])
        )
        for topic in topics
    }


def _behind(topic: str, committed: int, end: int) -> int:
    left = max(0, end - committed)
    return 0 if left == 1 and committed and topic in _MARKED else left


def _all(counts: Mapping[str, int]) -> list[Partition]:
    return [(name, partition) for name, count in counts.items() for partition in range(count)]


def consumer_groups(cluster: Cluster, whole: bool = False) -> list[str]:
    """The names of our consumer groups, with the prefix. Blocks. With `whole`, raises TransientError if a
    broker does not answer, whose groups would be missing."""
    listed = answer_of(admin(cluster).list_consumer_groups(request_timeout=_TIMEOUT_S), "groups")
    if whole and listed.errors:
        raise TransientError(f"not all groups can be listed: {listed.errors[0]}")
    ours = [group.group_id for group in listed.valid if group.group_id.startswith(cluster.prefix)]
    others = deployments_below(admin(cluster), cluster)
    return sorted(group for group in ours if not group.startswith(others))
