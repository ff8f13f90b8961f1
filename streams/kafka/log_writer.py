"""A worker's producers: a plain one, a transactional one, or both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from schemas.codec import Codec
from schemas.errors import FencedError
from streams.engine.log import Headers, RecordMetadata
from streams.engine.outputs import Send
from streams.engine.stage import AnyStage, Stage, StatefulStage
from streams.kafka.cluster import Cluster
from streams.kafka.membership import Membership
from streams.kafka.producer import EventProducer
from streams.kafka.transactions import Transactions
from streams.partitions import Partition


class LogWriter:
    """The producers of a stage: a transactional stage has both, a stateful one only the transactional.

    Args:
        on_fatal: called in the event loop when a producer has a fatal error.
    """

    def __init__(
        self,
        stage: AnyStage,
        cluster: Cluster,
        codec: Codec,
        membership: Membership,
        on_fatal: Callable[[FencedError], None],
    ) -> None:
        self._stage = stage
        self._plain: EventProducer | None = None
        self._transactions: Transactions | None = None
        self._producers: list[EventProducer] = []
        if not isinstance(stage, StatefulStage):
            self._plain = EventProducer(cluster, codec, on_fatal=on_fatal)
            self._producers.append(self._plain)
        if isinstance(stage, StatefulStage) or (isinstance(stage, Stage) and stage.transactional):
            identity = membership.transactional_id(stage.name)
            producer = EventProducer(cluster, codec, identity, on_fatal)
            self._transactions = Transactions(cluster, producer, stage.name)
            self._producers.append(producer)

    async def start(self) -> None:
        """Fence earlier producers that used this member's transactional id."""
        if self._transactions:
            await self._transactions.start()

    def produce(self, send: Send, headers: Headers | None = None) -> asyncio.Future[RecordMetadata]:
        """See `streams.engine.log.Log`."""
        if self._plain is None:
            raise TypeError(f"{self._stage.name} writes only in transactions")
        return self._plain.produce(send, headers)

    async def transact(
        self, sends: Sequence[Send], offsets: Mapping[Partition, int], headers: Sequence[Headers] = ()
    ) -> list[RecordMetadata]:
        """See `streams.engine.log.Log`."""
        if self._transactions is None:
            raise TypeError(f"{self._stage.name} is not transactional")
        return await self._transactions.transact(sends, offsets, headers)

    @property
    def transactional(self) -> bool:
        """Whether it has a transactional producer, which must know the consumer's partitions."""
        return self._transactions is not None

    def owned(self, partitions: frozenset[Partition], metadata: Any) -> None:
        """Set the consumer's partitions and group metadata for the next transaction."""
        if self._transactions:
            self._transactions.owned = partitions, metadata

    def abandon(self) -> None:
        """Discard what is not acknowledged yet. Thread-safe, returns immediately."""
        for producer in self._producers:
            producer.abandon()

    async def close(self) -> None:
        """Abort the current transaction, and wait for pending acknowledgements."""
        if self._transactions:
            await self._transactions.break_off()
        await asyncio.gather(*[producer.close() for producer in self._producers])
