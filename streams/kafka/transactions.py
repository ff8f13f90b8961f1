"""Write outputs and offsets in one Kafka transaction, fenced by the consumer group's generation."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from confluent_kafka import KafkaException, Producer, TopicPartition
from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed

from schemas.errors import ContractError, DocumentError, FencedError, TransientError
from streams.engine.log import Headers, RecordMetadata
from streams.engine.outputs import Send
from streams.kafka.cluster import Cluster
from streams.kafka.producer import EventProducer
from streams.partitions import Partition

log = structlog.get_logger(__name__)

_SECONDS = 15.0
#: On a busy machine a new broker takes half a minute to create the transaction topic and elect its leaders.
_START_SECONDS = 60
#: Timeout of the abort when a worker ends.
_BREAK_OFF_SECONDS = 2.0
#: A transaction that is aborted by a rebalance is retried with the new generation.
_TRIES = 5
#: Between two tries: an idle poll thread notes a new generation within a second.
_AGAIN_SECONDS = 0.4


def _is_retriable(error: BaseException) -> bool:
    return isinstance(error, KafkaException) and error.args[0].retriable()


@retry(
    retry=retry_if_exception(_is_retriable),
    wait=wait_fixed(0.1),
    stop=stop_after_delay(_START_SECONDS),
    reraise=True,
)
def _initialise(producer: Producer) -> None:
    """Blocks. The next call resumes one that timed out."""
    producer.init_transactions(_SECONDS)


class Transactions:
    """Writes transactions with a producer that has a transactional id.

    `owned` holds the consumer's current partitions and group metadata. The poll thread updates it.
    """

    def __init__(self, cluster: Cluster, producer: EventProducer, stage: str) -> None:
        self._cluster, self._producer, self._stage = cluster, producer, stage
        self.owned: tuple[frozenset[Partition], Any] = (frozenset(), None)

    async def start(self) -> None:
        """Fence earlier producers with this transactional id.

        Raises TransientError when the broker does not answer in time.
        """
        try:
            await asyncio.to_thread(_initialise, self._producer.client)
        except KafkaException as error:
            raise TransientError(f"transactions cannot begin: {error.args[0].str()}") from error

    async def transact(
        self, sends: Sequence[Send], offsets: Mapping[Partition, int], headers: Sequence[Headers] = ()
    ) -> list[RecordMetadata]:
        """See `streams.engine.log.Log`."""
        for attempt in range(1, _TRIES + 1):
            written: asyncio.Future[list[RecordMetadata]] | None = None
            try:
                self._producer.client.begin_transaction()
                written = await self._producer.hand_over_as_one(sends, headers)
                await asyncio.to_thread(self._commit, offsets)
                self._producer.settle()  # now; the polling thread may sleep for another 0.1 s
                return await written
            except (
                DocumentError,
                ContractError,
                TransientError,
            ):  # an event that cannot be encoded, now or ever
                await self._abort()
                raise
            except KafkaException as error:
                reason = error.args[0]
                if not reason.txn_requires_abort() or attempt == _TRIES:
                    raise FencedError(f"the transaction was refused: {reason.str()}") from error
                log.warning("transaction tried again", stage=self._stage, error=reason.str())
                await self._abort()
                if written is not None:
                    [outcome] = await asyncio.gather(written, return_exceptions=True)
                    if isinstance(outcome, DocumentError):  # the broker never accepts an event of this size
                        raise outcome from error
                await asyncio.sleep(_AGAIN_SECONDS)
        raise AssertionError("unreachable")

    async def break_off(self) -> None:
        """Abort the current transaction, if there is one, so that readers need not wait for its timeout."""
        with contextlib.suppress(KafkaException):
            await asyncio.to_thread(self._producer.client.abort_transaction, _BREAK_OFF_SECONDS)

    async def _abort(self) -> None:
        """Raises FencedError: the error before may not have said so."""
        try:
            await asyncio.to_thread(self._producer.client.abort_transaction, _SECONDS)
        except KafkaException as error:
            raise FencedError(f"the transaction was refused: {error.args[0].str()}") from error

    def _commit(self, offsets: Mapping[Partition, int]) -> None:
        owned, metadata = self.owned
        if not owned.issuperset(offsets):
            raise FencedError("partitions were revoked during a transaction")
        positions = [TopicPartition(self._cluster.name(t), p, offset) for (t, p), offset in offsets.items()]
        self._producer.client.send_offsets_to_transaction(positions, metadata, _SECONDS)
        self._producer.client.commit_transaction(_SECONDS)
