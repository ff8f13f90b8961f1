"""The log, as the engine sees it: Kafka (`streams.kafka.worker`), or a simulated one in tests."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from streams.engine.outputs import Send
from streams.partitions import Partition

Headers = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class RecordMetadata:
    """The partition and offset of a written record, and the bytes of its value if available."""

    send: Send
    partition: int
    offset: int
    value: bytes | None = None


class Log(Protocol):
    """Delivers records of partitions, accepts events and offsets."""

    def pause(self, partition: Partition) -> None:
        """Pause the delivery of this partition."""
        ...

    def resume(self, partition: Partition) -> None:
        """Resume the delivery of this partition."""
        ...

    def produce(self, send: Send, headers: Headers | None = None) -> "asyncio.Future[RecordMetadata]":
        """Append an event; the future is done when it is acknowledged. BufferError: the queue is full."""
        ...

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Commit these offsets, at the latest before partitions are given up that are revoked now. Does not
        wait for the broker."""
        ...

    async def transact(
        self, sends: Sequence[Send], offsets: Mapping[Partition, int], headers: Sequence[Headers] = ()
    ) -> list[RecordMetadata]:
        """Append and commit atomically. Raises FencedError if that fails; nothing is written then.

        `headers` are those of each event, or none.
        """
        ...

    def check_alive(self) -> None:
        """Raise FencedError if this member has not polled for longer than its session."""
        ...
