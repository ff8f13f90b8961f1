"""What the engine asks of a partitioned log: Kafka (`streams.kafka.worker`), or a simulated one in tests."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from streams.engine.outputs import Send
from streams.partitions import Partition

Headers = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class RecordMetadata:
    """Where the log put a record, and the bytes of its value where whoever made this has them."""

    send: Send
    partition: int
    offset: int
    value: bytes | None = None


class Log(Protocol):
    """Delivers records of partitions, takes events and positions."""

    def pause(self, partition: Partition) -> None:
        """Deliver nothing more of this partition for now."""
        ...

    def resume(self, partition: Partition) -> None:
        """Deliver again."""
        ...

    def produce(self, send: Send, headers: Headers | None = None) -> "asyncio.Future[RecordMetadata]":
        """Append an event; the future is done when it is safe. BufferError: not now."""
        ...

    def commit(self, offsets: Mapping[Partition, int], wait: bool = False) -> None:
        """Everything before these offsets is done. With `wait`, before the partitions leave."""
        ...

    async def transact(
        self, sends: Sequence[Send], offsets: Mapping[Partition, int], headers: Sequence[Headers] = ()
    ) -> list[RecordMetadata]:
        """Append and commit as one. FencedError when that cannot be: nothing was written then.

        `headers` are those of each event, or none.
        """
        ...

    def check_alive(self) -> None:
        """FencedError if this member was away for longer than its session."""
        ...
