"""Read committed records of partitions from given offsets to their end, to restore state."""

from __future__ import annotations  # confluent's Message is generic for type checkers alone

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from schemas.codec import Codec
from schemas.errors import ContractError, FencedError, RequestError, TransientError
from schemas.events import Event
from streams.kafka.cluster import CLIENT_LOG, Cluster, admin, answer_of, forget_admin
from streams.kafka.messages import decoded, reason_of
from streams.partitions import Partition
from streams.state.checkpoints import topic_ids
from streams.topics import BY_NAME

#: When nothing has come for this long, a reader that waits for an offset asks whether it still exists.
DOUBT_SECONDS = 10.0
#: When nothing has come for this long, it gives up. A transaction that nobody ends holds readers up for as
#: long as it may last, a minute for our longest, and the broker looks every ten seconds.
PATIENCE_SECONDS = 120.0
#: How long the broker holds a fetch that finds nothing (`fetch_wait_ms`): for a reader that restores state
#: and ends, and for one that follows for ever. A record ends the wait at once.
FETCH_WAIT_MS, FOLLOWER_FETCH_WAIT_MS = 100, 5_000
#: How often a reader that follows for ever asks whether its topics are still the same, and how long it waits
#: for the answer. The new one may have as many records as were read of the former, and look like its end.
LOOK_SECONDS, _LOOK_PATIENCE_SECONDS = 10.0, 1.0
#: A broker whose machine is busy elects the leaders of three hundred new partitions in half a minute.
LEADER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ChangelogRecord:
    """One record of a compacted topic; `event=None` is a tombstone."""

    topic: str
    partition: int
    offset: int
    key: str
    event: Event | None
    timestamp_ms: int


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """What came in at once, and the offset that each partition is read up to (exclusive)."""

    changes: list[ChangelogRecord]
    positions: dict[Partition, int]


_NOTHING = ReadBatch([], {})


class TopicMadeAnew(FencedError):
    """A topic was deleted and made anew while it was read: what was read of it is no copy of it any more. It
    ends whoever follows the topic; its successor finds another topic id, and begins at the first record."""


def end_offsets(
    cluster: Cluster, partitions: Iterable[Partition], seconds: float = LEADER_SECONDS
) -> dict[Partition, int]:
    """One above the last record of each partition, open transactions included.

    A reader that waits for these offsets has waited for every transaction begun before the call to end.

    Raises TransientError if the brokers do not tell them within some `seconds`.
    """
    return _offsets(cluster, partitions, OffsetSpec.latest(), seconds)  # type: ignore[no-untyped-call]


def first_offsets(
    cluster: Cluster, partitions: Iterable[Partition], seconds: float = LEADER_SECONDS
) -> dict[Partition, int]:
    """The first offset of each partition that is still kept. On a compacted topic it is 0, unless its records
    were moved because partitions were added. Raises TransientError as `end_offsets`."""
    return _offsets(cluster, partitions, OffsetSpec.earliest(), seconds)  # type: ignore[no-untyped-call]


def _offsets(
    cluster: Cluster, partitions: Iterable[Partition], which: OffsetSpec, seconds: float
) -> dict[Partition, int]:
    wanted = {TopicPartition(cluster.name(t), p): which for t, p in partitions}
    leaders_move = Retrying(  # when brokers come and go
        retry=retry_if_exception_type(TransientError),
        wait=wait_fixed(0.1),
        stop=stop_after_delay(seconds),
        reraise=True,
    )
    return leaders_move(_asked, cluster, wanted, min(10.0, seconds)) if wanted else {}


def _asked(
    cluster: Cluster, wanted: Mapping[TopicPartition, OffsetSpec], seconds: float
) -> dict[Partition, int]:
    found = admin(cluster).list_offsets(dict(wanted), request_timeout=seconds)
    try:
        return {
            (tp.topic.removeprefix(cluster.prefix), tp.partition): answer_of(future, "offsets").offset
            for tp, future in found.items()
        }
    except TransientError:
        forget_admin(cluster)
        raise


class Reader:
    """A consumer outside any group. Not to be shared between threads.

    Args:
        on_broken: called for a record that cannot be decoded; the record is skipped.
        patience_seconds: how long `read_to` waits while nothing comes.
        fetch_wait_ms: how long the broker holds a fetch that finds nothing. Partitions that are assigned
            meanwhile wait for its end.
    """

    def __init__(
        self,
        cluster: Cluster,
        codec: Codec,
        on_broken: Callable[[ContractError], None] = lambda error: None,
        doubt_seconds: float = DOUBT_SECONDS,
        fetch_wait_ms: int = FETCH_WAIT_MS,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._doubt_seconds, self._patience_seconds = doubt_seconds, patience_seconds
        self._places: list[TopicPartition] = []
        self._ids: Mapping[str, str] = {}
        self._positions: dict[Partition, int] = {}
        #: Partitions of which librdkafka's position is not that of an assignment before.
        self._begun: set[Partition] = set()
        self._cluster, self._codec, self._on_broken = cluster, codec, on_broken
        self._consumer = Consumer(
            cluster.client(
                group_id=cluster.name("readers"),  # named as librdkafka demands, never joined
                isolation_level="read_committed",
                enable_auto_commit=False,
                enable_partition_eof=True,
                auto_offset_reset="earliest",
                fetch_wait_max_ms=fetch_wait_ms,
            ),
            logger=CLIENT_LOG,
        )

    def assign(
        self, positions: Mapping[Partition, int], ids: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Read these partitions from these offsets on, or from the first one that is kept.

        Args:
            ids: of the topics to which the offsets belong (`topic_ids`), for whoever follows them for ever.
        """
        self._ids, self._looked_at = ids, time.monotonic()
        self._begun = set() if self._places else set(positions)
        self._positions = dict(positions)
        self._places = [
            TopicPartition(self._cluster.name(t), p, offset) for (t, p), offset in positions.items()
        ]
        # By number, 0 too: the broker is asked where `OFFSET_BEGINNING` is, partition by partition, and the
        # last ones would wait for the end of a fetch of the first ones.
        self._consumer.assign(self._places)

    def poll(self, timeout: float, to_ends: bool = False) -> ReadBatch:
        """Available records; waits up to `timeout` seconds for the first one. Raises TransientError,
        TopicMadeAnew.

        With `to_ends` also what was read without any record: transaction markers. Those behind records are
        always counted.
        """
        self._look()
        first = self._consumer.poll(timeout)
        if first is None and not to_ends:  # most of the time of a reader that follows for ever
            return _NOTHING
        batch = ReadBatch([], {})
        messages = [] if first is None else [first, *self._consumer.consume(5_000, 0)]
        for message in messages:
            self._take(message, batch)
        self._pass_markers(batch)
        return batch

    def _look(self) -> None:
        if not self._ids or time.monotonic() - self._looked_at < LOOK_SECONDS:
            return
        with contextlib.suppress(TransientError):  # asked again
            for topic, found in topic_ids(self._cluster, self._ids, _LOOK_PATIENCE_SECONDS).items():
                if found != self._ids[topic]:
                    raise TopicMadeAnew(f"{topic} was deleted and made anew: it has another id")
        self._looked_at = time.monotonic()

    def _pass_markers(self, batch: ReadBatch) -> None:
        """Note how far librdkafka has read. An error at the end of a partition says so, too, but only when a
        fetch has waited in vain."""
        self._positions.update(batch.positions)
        for at in self._consumer.position(self._places):
            place = (at.topic.removeprefix(self._cluster.prefix), at.partition)
            if place in self._begun and at.offset > self._positions[place]:
                self._positions[place] = batch.positions[place] = at.offset

    def read_to(self, ends: Mapping[Partition, int]) -> Iterator[ReadBatch]:
        """Batches until every partition is read up to its offset in `ends`.

        Raises TransientError if that is impossible, because a topic was recreated meanwhile, and if nothing
        comes for too long.
        """
        missing = {partition: end for partition, end in ends.items() if end > 0}
        moved_at = checked_at = time.monotonic()
        while missing:
            batch = self.poll(1.0, to_ends=True)
            now = time.monotonic()
            if batch.positions:
                moved_at = checked_at = now
            elif now - moved_at > self._patience_seconds:
                raise TransientError(unread(*min(missing.items()), now - moved_at))
            elif now - checked_at > self._doubt_seconds:
                self._check_ends(missing)
                checked_at = time.monotonic()
            for partition, position in batch.positions.items():
                if position >= missing.get(partition, position + 1):
                    del missing[partition]
            yield batch

    def _check_ends(self, missing: Mapping[Partition, int]) -> None:
        try:
            ends = end_offsets(self._cluster, missing)
        except TransientError:  # nobody answers: the reader waits for the broker, too
            return
        for (topic, partition), end in ends.items():
            if end < (wanted := missing[topic, partition]):
                raise TransientError(
                    f"{topic}[{partition}] ends at {end}, and ended at {wanted} when reading began: "
                    f"it was made anew in the meantime"
                )

    def close(self) -> None:
        """Disconnect from the broker."""
        self._consumer.close()

    def _take(self, message: Message[Any, Any], batch: ReadBatch) -> None:
        topic = (message.topic() or "").removeprefix(self._cluster.prefix)
        partition, offset = message.partition() or 0, message.offset() or 0
        if (error := message.error()) is not None:
            if error.code() == KafkaError._PARTITION_EOF:  # the only way to learn of control records
                batch.positions[topic, partition] = offset
                return
            if error.fatal():
                raise TransientError(f"reading {topic}: {error.str()}")
            return  # librdkafka goes on by itself
        if offset < self._positions.get((topic, partition), 0):
            raise TopicMadeAnew(f"{topic} was deleted and made anew: offset {offset} comes a second time")
        try:
            value = message.value()
            event = None if value is None else decoded(self._codec, BY_NAME[topic], value)
            key = (message.key() or b"").decode(errors="replace")
            change = ChangelogRecord(topic, partition, offset, key, event, message.timestamp()[1])
        except (TransientError, RequestError):  # of the schema registry
            raise
        except Exception as broken:  # whatever is wrong with one record costs that record alone
            self._on_broken(ContractError(f"{topic}[{partition}]@{offset}: {reason_of(broken)}"))
        else:
            batch.changes.append(change)
        batch.positions[topic, partition] = offset + 1
        self._begun.add((topic, partition))


def unread(place: Partition, end: int, seconds: float) -> str:
    """Why a partition could not be read to an offset."""
    return (
        f"{place[0]}[{place[1]}] cannot be read up to {end}: nothing has come for {seconds:.0f} s. Either no "
        "broker answers, or a transaction is open there"
    )
