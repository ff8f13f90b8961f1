"""A worker's membership in its consumer group, and its name there."""

import uuid
from dataclasses import dataclass
from typing import Any

from streams.kafka.cluster import SESSION_SECONDS, Cluster

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
