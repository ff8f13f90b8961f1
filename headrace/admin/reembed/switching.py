"""Have all partitions of `embeddings` wait, so that a collection can be switched between two records."""

import asyncio
import time

from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]

from headrace.wiring import Wiring
from schemas.errors import TransientError
from schemas.events import CollectionSwitched
from services.indexing.stage import IndexingStage
from streams.kafka.cluster import CLIENT_LOG, admin, answer_of, partition_counts
from streams.state.lags import committed_offsets
from streams.topics import EMBEDDINGS

_DELIVERY_SECONDS = 30.0
_LOOK_SECONDS = 0.1


class Barrier:
    """Where indexing stands on `embeddings`, and a record at which it waits on every partition."""

    def __init__(self, wiring: Wiring) -> None:
        self._cluster, self._codec = wiring.cluster, wiring.codec
        self._topic, self._group = self._cluster.name(EMBEDDINGS), self._cluster.name(IndexingStage.name)
        counts = partition_counts(admin(self._cluster), self._cluster)
        self._partitions = range(counts[EMBEDDINGS.name])

    async def lag(self) -> int:
        """Records that indexing has not committed."""
        return await asyncio.to_thread(self._lag)

    async def send(self, switch: CollectionSwitched) -> dict[int, int]:
        """Put the record on every partition; its offset on each."""
        return await asyncio.to_thread(self._send, switch)

    async def reached(self, offsets: dict[int, int], within_s: float) -> bool:
        """Wait until everything before these offsets is committed. False if it takes too long."""
        until = time.monotonic() + within_s
        while True:
            positions = await asyncio.to_thread(self._positions)
            if all(positions[partition] >= offset for partition, offset in offsets.items()):
                return True
            if time.monotonic() > until:
                return False
            await asyncio.sleep(_LOOK_SECONDS)

    def _send(self, switch: CollectionSwitched) -> dict[int, int]:
        failures: list[str] = []
        offsets: dict[int, int] = {}
        producer = Producer(
            self._cluster.client(enable_idempotence=True, message_timeout_ms=int(_DELIVERY_SECONDS * 1000)),
            logger=CLIENT_LOG,
        )

        def delivered(error: object, message: object) -> None:
            if error is not None:
                failures.append(str(error))
            else:
                offsets[message.partition()] = message.offset()  # type: ignore[attr-defined]

        value = self._codec.encode(switch, EMBEDDINGS.name)
        for partition in self._partitions:
            producer.produce(self._topic, value, switch.former, partition, on_delivery=delivered)
        producer.flush(_DELIVERY_SECONDS + 5)
        if len(offsets) < len(self._partitions):
            raise TransientError(
                f"the switch was not written to {self._topic}: {failures[0] if failures else 'no answer'}"
            )
        return offsets

    def _positions(self) -> dict[int, int]:
        """By partition, the first offset that indexing has not committed."""
        counts = {EMBEDDINGS.name: len(self._partitions)}
        found = committed_offsets(self._cluster, self._group, counts)
        committed = {partition: offset for (_, partition), offset in found.items()}
        unread = [partition for partition in self._partitions if partition not in committed]
        return {**committed, **self._ends(unread, OffsetSpec.earliest())}  # type: ignore[no-untyped-call]

    def _lag(self) -> int:
        ends = self._ends(self._partitions, OffsetSpec.latest())  # type: ignore[no-untyped-call]
        positions = self._positions()
        return sum(max(0, end - positions[partition]) for partition, end in ends.items())

    def _ends(self, partitions: "range | list[int]", which: OffsetSpec) -> dict[int, int]:
        if not partitions:
            return {}
        wanted = {TopicPartition(self._topic, partition): which for partition in partitions}
        return {
            place.partition: answer_of(future, f"offsets of {self._topic}").offset
            for place, future in admin(self._cluster).list_offsets(wanted).items()
        }
