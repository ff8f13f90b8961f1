"""State to its new partitions: each live record is written again behind the end, and then the old ones go.

              old partition 3                 new partition 15
    ends ───► │ a b c b' (removed at last)    │
              │ b'                            │ a c

Moving only the keys whose partition changes, with a tombstone at the old place, would not do: a reader of all
partitions may see the tombstone after the record.
"""

import contextlib
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
)
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from schemas.codec import Codec
from schemas.errors import ContractError, RequestError, TransientError
from schemas.events import ApiKey, Event
from streams.growth.journal import GrowthJournal
from streams.growth.placing import BY_EVENT, place_of
from streams.growth.reading import records
from streams.kafka.cluster import Cluster, admin, in_requests, partition_counts
from streams.kafka.messages import decoded
from streams.state.lags import commit_offsets, committed_offsets, consumer_groups
from streams.state.reader import end_offsets
from streams.topics import INBOX, Topic

_ANSWER_SECONDS = 60.0
_NO_RIGHTS = (
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
)
_SCHEMA = "CREATE TABLE live (id BLOB PRIMARY KEY, key BLOB, value BLOB, number INTEGER)"
_PUT = "INSERT OR REPLACE INTO live VALUES (?, ?, ?, ?)"
_LIVE = "SELECT key, value FROM live ORDER BY number"
#: Deciding by the key alone needs an event, which is not looked at.
_ANY = ApiKey.model_construct()


def add_partitions(cluster: Cluster, names: Iterable[str], count: int, validate_only: bool = False) -> None:
    """Give topics more partitions, unless they have them already. Returns when all can be written.

    Args:
        validate_only: only ask the brokers whether they would.
    """
    known = partition_counts(admin(cluster), cluster)
    wanted = [name for name in names if known[name] < count]
    for some in in_requests([NewPartitions(cluster.name(name), count) for name in wanted], count):
        asked = admin(cluster).create_partitions(
            some, validate_only=validate_only, request_timeout=_ANSWER_SECONDS
        )
        for name, future in asked.items():
            result_of(future, f"partitions of {name}")
    if validate_only:
        return
    _all_visible(cluster, wanted, count)
    end_offsets(cluster, [(name, partition) for name in wanted for partition in range(count)])


@retry(
    retry=retry_if_exception_type(TransientError),
    wait=wait_fixed(0.2),
    stop=stop_after_delay(60),
    reraise=True,
)
def _all_visible(cluster: Cluster, names: Iterable[str], count: int) -> None:
    known = partition_counts(admin(cluster), cluster)
    if missing := [name for name in names if known.get(name) != count]:
        raise TransientError(f"the broker does not show {count} partitions yet: {', '.join(missing)}")


@dataclass(frozen=True, slots=True)
class Copied:
    """What is copied: a partition of a topic of state, up to an offset."""

    cluster: Cluster
    codec: Codec
    topic: Topic
    partition: int
    end: int


def copy_partition(
    what: Copied,
    journal: GrowthJournal,
    count: int,
    beat: Callable[[], None],
    change: Callable[[bytes], bytes] | None = None,
) -> int:
    """Write what is live to its partitions among `count`; how many records that are.

    Args:
        beat: called with every record, read or written.
        change: applied to each value.

    Raises RequestError for a record that this release cannot read.
    """
    written = 0
    for key, value in _live_records(what, beat):
        written += 1
        place = _target(what.codec, what.topic, key, value, count)
        journal.write(what.topic, place, key, change(value) if change else value)
        beat()
    journal.flush()
    return written


def require_readable(cluster: Cluster, codec: Codec, partitions: int, beat: Callable[[], None]) -> None:
    """Raise RequestError for a live record that this release cannot read, while nothing has changed yet.
    Calls `beat` with every record."""
    ends = end_offsets(cluster, [(topic.name, p) for topic in BY_EVENT for p in range(partitions)])
    for topic in BY_EVENT:
        for partition in range(partitions):
            what = Copied(cluster, codec, topic, partition, ends[topic.name, partition])
            for key, value in _live_records(what, beat):
                _target(codec, topic, key, value, partitions)


def _live_records(what: Copied, beat: Callable[[], None]) -> Iterator[tuple[bytes, bytes]]:
    """Key and value of each live record, in order. Calls `beat` with every record that is read."""
    with (
        tempfile.TemporaryDirectory(prefix="headrace-grow-") as folder,
        contextlib.closing(sqlite3.connect(Path(folder) / "live.sqlite", isolation_level=None)) as live,
    ):
        live.execute("PRAGMA synchronous = OFF")
        live.execute(_SCHEMA)
        for message in records(what.cluster, (what.topic.name, what.partition), what.end):
            _keep(live, message, what.topic.compact)
            beat()
        yield from live.execute(_LIVE)


def _keep(live: sqlite3.Connection, message: Any, compact: bool) -> None:
    """The newest record of a key is live; on a topic that is not compacted, each record is."""
    key, value = message.key() or b"", message.value()
    identity = key if compact else b"%d" % message.offset()
    if value is None:
        live.execute("DELETE FROM live WHERE id = ?", (identity,))
    else:
        live.execute(_PUT, (identity, key, value, message.offset()))


def _target(codec: Codec, topic: Topic, key: bytes, value: bytes, count: int) -> int:
    event: Event = _ANY
    if topic in BY_EVENT:
        try:
            event = decoded(codec, topic, value)
        except ContractError as error:
            raise RequestError(
                f"a record of {topic.name} cannot be read ({error}): use the release that wrote it"
            ) from error
    return place_of(topic, key.decode(errors="replace"), event, count)


def remove_before(cluster: Cluster, ends: Mapping[Topic, Sequence[int]]) -> None:
    """Delete the records of the old layout. A broker deletes none of a topic that is only compacted, so these
    topics have both policies for a moment."""
    compacted = [topic for topic in ends if topic.compact]
    _alter(
        cluster,
        compacted,
        {"cleanup.policy": "compact,delete", "retention.ms": "-1", "retention.bytes": "-1"},
    )
    try:
        _delete(
            cluster, [(topic, p, end) for topic, all_ends in ends.items() for p, end in enumerate(all_ends)]
        )
    finally:
        _alter(
            cluster, compacted, {"cleanup.policy": "compact", "retention.ms": None, "retention.bytes": None}
        )


@retry(  # a broker learns of a topic's policy shortly after the controller
    retry=retry_if_exception_type(TransientError),
    wait=wait_fixed(0.2),
    stop=stop_after_delay(60),
    reraise=True,
)
def _delete(cluster: Cluster, places: Sequence[tuple[Topic, int, int]]) -> None:
    wanted = [TopicPartition(cluster.name(topic), partition, end) for topic, partition, end in places if end]
    if not wanted:
        return
    for place, future in admin(cluster).delete_records(wanted, request_timeout=_ANSWER_SECONDS).items():
        result_of(future, f"old records of {place.topic}[{place.partition}]")


def _alter(cluster: Cluster, topics: Sequence[Topic], settings: Mapping[str, str | None]) -> None:
    """Set these settings; None removes one."""
    entries = [
        ConfigEntry(
            name,
            value,
            incremental_operation=AlterConfigOpType.DELETE if value is None else AlterConfigOpType.SET,
        )
        for name, value in settings.items()
    ]
    kind = ConfigResource.Type.TOPIC
    resources = [ConfigResource(kind, cluster.name(t), incremental_configs=entries) for t in topics]
    asked = admin(cluster).incremental_alter_configs(resources, request_timeout=_ANSWER_SECONDS)
    for resource, future in asked.items():
        result_of(future, f"settings of {resource.name}")


def pass_moved(cluster: Cluster, topics: Iterable[Topic], beat: Callable[[], None]) -> None:
    """Set the places of all groups behind the moved records, which they have read at their old places. Calls
    `beat` before each: of two that move, the earlier one must not set a place when services go on."""
    counts = partition_counts(admin(cluster), cluster)
    for group in consumer_groups(cluster, whole=True):
        read = {topic for topic, _ in committed_offsets(cluster, group, counts)}
        places = [
            (topic.name, p) for topic in topics if topic.name in read for p in range(counts[topic.name])
        ]
        if not places:
            continue
        ends = end_offsets(cluster, places)
        beat()
        commit_offsets(cluster, group, ends)


def grown_topics(counts: Iterable[str]) -> list[str]:
    """Those that get more partitions: all but the inbox, whose producers choose the partition of a key."""
    return [name for name in counts if name != INBOX.name]


def result_of(future: Any, what: str) -> Any:
    """The result of an administrative request. Raises TransientError."""
    try:
        return future.result(_ANSWER_SECONDS)
    except KafkaException as error:
        refused = error.args[0].code() in _NO_RIGHTS
        hint = "; growing needs the rights to alter topics and groups" if refused else ""
        raise TransientError(f"{what}: {error.args[0].str()}{hint}") from error
    except TimeoutError as error:
        raise TransientError(f"{what}: no broker answered within {_ANSWER_SECONDS:g} s") from error
