"""The cluster: its address, the configuration of its clients, and the administration of our topics."""

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic  # type: ignore[attr-defined]
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from schemas.errors import RequestError, TransientError
from streams.kafka.admin import SharedAdmin
from streams.kafka.client_config import read_client_config
from streams.topics import CATALOGUE, DEAD_LETTERS, DOCUMENTS, INBOX, LAYOUT, MAX_LETTER_BYTES, Topic

#: A worker without a heartbeat for this long loses its partitions. 10 s: another worker takes over quickly,
#: and a short garbage collection or suspension costs nothing.
SESSION_SECONDS = 10.0

#: Retention counts from the broker's clock: what a machine writes whose clock is a month slow would be
#: expired at once, and a broker refuses what one writes whose clock is an hour fast.
BROKERS_TIME = "LogAppendTime"

_FETCH_WAIT = "fetch.wait.max.ms"
#: A broker whose machine is busy takes long to create three hundred partitions, or to delete them.
_CREATE_SECONDS = 30.0
#: New partitions in one request.
_MOST_NEW = 5_000
T = TypeVar("T")

#: Receives librdkafka's log lines, which otherwise go to standard error in a format of their own.
CLIENT_LOG = logging.getLogger("kafka")


@dataclass(frozen=True)
class Cluster:
    """A Kafka cluster and the prefix of our names on it."""

    bootstrap_servers: str
    prefix: str = "headrace."
    #: Any other librdkafka property: `security.protocol`, `sasl.username`, …
    properties: Mapping[str, str] = field(default_factory=dict)
    #: Topics of others, which have no prefix.
    foreign: frozenset[str] = frozenset()

    @classmethod
    def from_file(cls, file: Path, prefix: str = "headrace.") -> "Cluster":
        """The cluster that a file of librdkafka properties describes, as `read_client_config` reads it."""
        properties = read_client_config(file)
        if not (servers := properties.pop("bootstrap.servers", "")):
            raise RequestError(f"{file} has no bootstrap.servers")
        return cls(servers, prefix, properties)

    def name(self, topic: Topic | str) -> str:
        """A topic's or group's name on this cluster."""
        name = topic if isinstance(topic, str) else topic.name
        return name if name in self.foreign else self.prefix + name

    def short(self, name: str) -> str:
        """The inverse of `name`."""
        return name if name in self.foreign else name.removeprefix(self.prefix)

    def client(self, **properties: Any) -> dict[str, Any]:
        """librdkafka properties of a client. `a_b` stands for `a.b`. The user's own properties win. Raises
        RequestError for a `socket.timeout.ms` that is no number."""
        ours: dict[str, Any] = {
            "bootstrap.servers": self.bootstrap_servers,
            # Reconnect to a restarting broker within a second; the default is ten.
            "reconnect.backoff.max.ms": 1000,
            "log.connection.close": False,
        }
        ours.update({key.replace("_", "."): value for key, value in properties.items()})
        if (timeout := self.socket_timeout_ms) and _FETCH_WAIT in ours:
            # A request behind a fetch that finds nothing waits for its end, and must not time out.
            ours[_FETCH_WAIT] = min(ours[_FETCH_WAIT], max(timeout - 1000, timeout // 2))
        return {**ours, **self.properties}

    @property
    def socket_timeout_ms(self) -> int | None:
        """The user's own `socket.timeout.ms`. Raises RequestError if it is no number."""
        if (value := self.properties.get("socket.timeout.ms")) is None:
            return None
        if not value.isdecimal() or not int(value):
            raise RequestError(f"socket.timeout.ms (HEADRACE_KAFKA_…) is {value!r}: expected milliseconds")
        return int(value)


def admin(cluster: Cluster) -> AdminClient:
    """The admin client of a cluster, one per process: connecting costs more than a request. The futures that
    its calls return are done (`SharedAdmin`)."""
    return cast(AdminClient, _shared(cluster))


def forget_admin(cluster: Cluster) -> None:
    """Reconnect at the next question. After a broker restarts, librdkafka (2.16) keeps sending the old leader
    epoch and is refused forever."""
    _shared(cluster).renew()


def _shared(cluster: Cluster) -> SharedAdmin:
    identity = (cluster.bootstrap_servers, *sorted(cluster.properties.items()))
    with _lock:
        if identity not in _admins:
            _admins[identity] = SharedAdmin(cluster.client(), _connected)
        return _admins[identity]


def _connected(properties: dict[str, Any]) -> AdminClient:
    try:
        return AdminClient(properties)
    except KafkaException as error:
        reason = error.args[0].str()
        raise RequestError(f"a setting of Kafka's client is wrong (HEADRACE_KAFKA_…): {reason}") from error


_admins: dict[tuple[object, ...], SharedAdmin] = {}
_lock = threading.Lock()


def metadata_seconds(cluster: Cluster) -> float:
    """How long a broker may take to answer: the cluster's own `socket.timeout.ms`, else 10 s."""
    return (cluster.socket_timeout_ms or 10_000) / 1000


def partition_counts(client: AdminClient, cluster: Cluster) -> dict[str, int]:
    """Partition counts of our existing topics. Raises TransientError if no broker answers within 10 s, or the
    cluster's own `socket.timeout.ms`."""
    try:
        known = client.list_topics(timeout=metadata_seconds(cluster)).topics
    except KafkaException as error:
        raise TransientError(
            f"no broker answers at {cluster.bootstrap_servers}: {error.args[0].str()}"
        ) from error
    return {
        topic.name: len(known[cluster.name(topic)].partitions)
        for topic in CATALOGUE
        if cluster.name(topic) in known
    }


def deployments_below(client: AdminClient, cluster: Cluster) -> tuple[str, ...]:
    """Prefixes of other deployments that begin with ours, such as `headrace.copy.`: topics and groups with
    those names are not ours. Raises TransientError."""
    try:
        known = client.list_topics(timeout=metadata_seconds(cluster)).topics
    except KafkaException as error:
        raise TransientError(f"the topics cannot be listed: {error.args[0].str()}") from error
    prefixes = {name.removesuffix(LAYOUT.name) for name in known if name.endswith(LAYOUT.name)}
    return tuple(
        prefix
        for prefix in sorted(prefixes)
        if prefix.startswith(cluster.prefix) and prefix != cluster.prefix and prefix + DOCUMENTS.name in known
    )


def answer_of(future: Any, what: str, seconds: float = 15.0) -> Any:
    """The answer to a question to the brokers. Raises TransientError."""
    try:
        return future.result(seconds)
    except KafkaException as error:
        raise TransientError(f"{what} cannot be read: {error.args[0].str()}") from error
    except TimeoutError as error:
        raise TransientError(f"{what} cannot be read: no broker answered within {seconds:g} s") from error


def topic_settings(topic: Topic, replication: int) -> dict[str, str]:
    """The settings with which a topic is created."""
    settings = {
        "min.insync.replicas": str(max(1, replication - 1)),
        "message.timestamp.type": BROKERS_TIME,
    }
    if topic.compact:
        # Compaction skips the active segment. Roll daily or at 32 MB, so that state stays small on a laptop.
        return settings | {"cleanup.policy": "compact", "segment.ms": "86400000", "segment.bytes": "33554432"}
    if topic is DEAD_LETTERS:
        settings["max.message.bytes"] = str(MAX_LETTER_BYTES + 65_536)  # with key, headers and frame
    return settings | {"cleanup.policy": "delete", "retention.ms": str(topic.retention_ms)}


def ensure_topics(cluster: Cluster, partitions: int, replication: int = 1) -> list[str]:
    """Create missing topics; returns their names.

    Existing topics keep their partition counts, because a change would move keys away from their state.
    Raises RequestError if these counts differ, because co-partitioned state could not be found.
    """
    client = admin(cluster)
    known = partition_counts(client, cluster)
    count = _agreed(known) or partitions
    missing = [topic for topic in CATALOGUE if topic.name not in known]
    if not missing:
        return []
    new = [
        NewTopic(cluster.name(t), count, replication, config=topic_settings(t, replication)) for t in missing
    ]
    created: dict[str, Any] = {}
    for some in in_requests(new, count):
        created |= client.create_topics(some, request_timeout=_CREATE_SECONDS)
    ours = [topic.name for topic in missing if _created(created[cluster.name(topic)])]
    _agreed(_all_visible(client, cluster))  # another process may have created some
    return ours


def in_requests(topics: Sequence[T], count: int) -> Iterator[list[T]]:
    """Topics that get `count` partitions each, in requests that a broker takes: it fails one for more than
    10,000 partitions as an "unknown broker error"."""
    size = max(1, _MOST_NEW // count)
    for start in range(0, len(topics), size):
        yield list(topics[start : start + size])


def _agreed(known: Mapping[str, int]) -> int | None:
    counts = {count for name, count in known.items() if name != INBOX.name}
    if len(counts) > 1:
        raise RequestError(
            f"the topics must have equal partition counts, found {dict(known)}; if `headrace topics grow` "
            "was broken off, run it again"
        )
    return next(iter(counts), None) or known.get(INBOX.name)


def _created(future: Future[None]) -> bool:
    try:
        future.result(_CREATE_SECONDS)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise TransientError(f"a topic could not be created: {error.args[0].str()}") from error
        return False
    except TimeoutError as error:
        raise TransientError("a topic could not be created: no broker answered") from error
    return True


@retry(  # a broker learns of a new topic a moment after the controller has confirmed it
    retry=retry_if_exception_type(TransientError),
    wait=wait_fixed(0.05),
    stop=stop_after_delay(10),
    reraise=True,
)
def _all_visible(client: AdminClient, cluster: Cluster) -> dict[str, int]:
    counts = partition_counts(client, cluster)
    if missing := {topic.name for topic in CATALOGUE} - counts.keys():
        raise TransientError(f"created topics do not appear: {', '.join(sorted(missing))}")
    return counts


def cleanup_policies(client: AdminClient, cluster: Cluster) -> dict[str, str]:
    """`cleanup.policy` of each existing topic, to check a cluster that was set up by other means."""
    known = partition_counts(client, cluster)
    resources = [ConfigResource(ConfigResource.Type.TOPIC, cluster.name(name)) for name in known]
    found = client.describe_configs(resources)
    return {
        name: answer_of(found[resource], f"settings of {name}")["cleanup.policy"].value
        for name, resource in zip(known, resources, strict=True)
    }


def delete_topics(cluster: Cluster, names: Sequence[str]) -> None:
    """Remove topics; for tests."""
    wanted = [cluster.name(name) for name in names]
    for future in admin(cluster).delete_topics(wanted, request_timeout=_CREATE_SECONDS).values():
        future.result(_CREATE_SECONDS)


__all__ = [
    "BROKERS_TIME",
    "CLIENT_LOG",
    "SESSION_SECONDS",
    "Cluster",
    "admin",
    "answer_of",
    "cleanup_policies",
    "delete_topics",
    "deployments_below",
    "ensure_topics",
    "partition_counts",
]
