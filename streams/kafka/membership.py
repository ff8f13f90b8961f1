"""A worker's membership in its consumer group, its name there, and who owns what."""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, ConsumerGroupState, KafkaException, TopicPartition

from streams.kafka.cluster import SESSION_SECONDS, Cluster, admin

Rebalanced = Callable[[Consumer, list[TopicPartition]], None]

#: Timeout of each question about the owners of partitions.
_ANSWER_SECONDS = 5.0
#: How long the fetch of a member may wait whose group gives it partitions of others.
_SHARED_SECONDS = 2.0


@dataclass(frozen=True)
class Membership:
    """The membership of a worker in its consumer group.

    Attributes:
        slot: number of this process within its service. With `static` it fixes the member id and the
            transactional id, so that a restarted worker gets its partitions back at once, without waiting for
            the session of the dead one to end.
    """

    slot: str = "0"
    static: bool = False
    session_seconds: float = SESSION_SECONDS

    def member(self, stage: str) -> str:
        """The name of this process among the workers of a stage."""
        return f"{stage}-{self.slot}"

    def transactional_id(self, stage: str) -> str:
        """The transactional id. It is fixed for a static member, so that a restarted worker aborts the open
        transaction of the dead one at once. Otherwise it is unique to this process, because two processes
        with the same id would fence each other forever. In both cases the group's generation fences a frozen
        worker."""
        own = "" if self.static else f".{uuid.uuid4().hex[:12]}"
        return f"{self.member(stage)}{own}.transactions"

    def consumer(self, cluster: Cluster, stage: str, fetch_seconds: float) -> dict[str, Any]:
        """librdkafka properties of this member's consumer; `fetch_seconds` as of the stage."""
        # A static member keeps its partitions when it is started again. It seldom learns of a rebalance from
        # a heartbeat, or is given partitions of others, which wait for the end of a fetch.
        beats, fetch_seconds = (3, fetch_seconds) if self.static else (5, min(fetch_seconds, _SHARED_SECONDS))
        properties: dict[str, Any] = {
            "group_id": cluster.name(stage),
            "client_id": self.member(stage),
            "partition_assignment_strategy": "cooperative-sticky",
            "session_timeout_ms": int(self.session_seconds * 1000),
            "heartbeat_interval_ms": int(self.session_seconds * 1000 / beats),
            # Never skip expired records silently: `streams.kafka.expired` reports them.
            "auto_offset_reset": "error",
            "enable_auto_commit": False,
            "isolation_level": "read_committed",
            # The only way to learn the end offset behind transaction markers.
            "enable_partition_eof": True,
            # Records in flight are in the window; librdkafka only needs to prefetch the next ones.
            "queued_max_messages_kbytes": 16 * 1024,
            "fetch_wait_max_ms": int(fetch_seconds * 1000),
            "fetch_error_backoff_ms": 100,
        }
        if self.static:
            properties["group_instance_id"] = cluster.name(self.member(stage))
        return cluster.client(**properties)


class Subscription:
    """Joins a group for a consumer, in the thread that polls it; anew when another thread asks for it.

    Args:
        topics: whole names.
        on_assign, on_revoke, on_lost: called by the consumer with its partitions.
    """

    def __init__(
        self, topics: Sequence[str], on_assign: Rebalanced, on_revoke: Rebalanced, on_lost: Rebalanced
    ) -> None:
        self._topics = list(topics)
        self._callbacks = {"on_assign": on_assign, "on_revoke": on_revoke, "on_lost": on_lost}
        self._wanted = True

    def join_anew(self) -> None:
        """Leave the group and join it, so that it shares its partitions out again. Thread-safe."""
        self._wanted = True

    def keep(self, consumer: Consumer) -> None:
        """Join if that is wanted. Not to be called in a callback of the consumer."""
        if self._wanted:
            self._wanted = False
            consumer.unsubscribe()  # so a fixed member leaves, too, which it does not when it is closed
            consumer.subscribe(self._topics, **self._callbacks)


def without_owner(cluster: Cluster, group: str, topics: Iterable[str]) -> list[str] | None:
    """The partitions of these topics (whole names) that no member of a group has; None while the group is
    sharing them out, or the broker does not answer. Blocks.

    A broker gives a fixed member that comes back what its predecessor had, without a rebalance. If that died
    when it was told to give partitions up, it has asked for no further rebalance, in which others would get
    them: nobody ever would.
    """
    try:
        asked = admin(cluster).describe_consumer_groups([group], request_timeout=_ANSWER_SECONDS)
        found = asked[group].result(0)
        known = admin(cluster).list_topics(timeout=_ANSWER_SECONDS).topics
    except (KafkaException, TimeoutError):
        return None
    if found.state != ConsumerGroupState.STABLE:
        return None
    owned = {(tp.topic, tp.partition) for one in found.members for tp in one.assignment.topic_partitions}
    places = [(topic, number) for topic in topics if topic in known for number in known[topic].partitions]
    return [f"{topic}[{number}]" for topic, number in places if (topic, number) not in owned]
