"""An idempotent producer whose acknowledgements arrive in the event loop."""

from __future__ import annotations  # confluent's Message is generic for type checkers alone

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from schemas.codec import Codec
from schemas.errors import ContractError, DocumentTooLarge, FencedError, TransientError
from schemas.events import Event
from streams.engine.log import Headers, RecordMetadata
from streams.engine.outputs import Send
from streams.kafka.cluster import CLIENT_LOG, Cluster, admin, partition_counts
from streams.partitions import partition_of
from streams.topics import DEAD_LETTERS, MAX_LETTER_BYTES, MAX_VALUE_BYTES
from streams.tracing.produced import Produced

#: Timeout of a poll while acknowledgements are missing, and the pause between polls while none is:
#: librdkafka's own events (log lines, fatal errors) come with them.
_BUSY_SECONDS, _IDLE_SECONDS = 0.1, 2.0

_Settle = Callable[[RecordMetadata | Exception], None]


class EventProducer:
    """Produces events in order and exactly once per call, as long as the process lives.

    It connects with its first event: most producers of a small system have none for hours.

    Acknowledgements reach the event loop in batches, one callback per batch: at 20,000 records/s a callback
    per record would cost more than the records.

    Args:
        gives_up_s: how long a record waits for a broker before it fails; 0 is for ever.
    """

    def __init__(
        self,
        cluster: Cluster,
        codec: Codec,
        transactional_id: str | None = None,
        on_fatal: Callable[[FencedError], None] = lambda error: None,
        gives_up_s: float = 0,
    ) -> None:
        self._cluster, self._codec = cluster, codec
        properties: dict[str, Any] = {
            "enable_idempotence": True,
            "linger_ms": 2,  # batches form under load anyway; a lone record should not wait
            "compression_type": "lz4",
            "partitioner": "murmur2_random",
            "message_max_bytes": MAX_LETTER_BYTES + 65_536,  # with key, headers and frame
            # By default wait for an unavailable broker indefinitely; the windows bound the queue.
            "message_timeout_ms": int(gives_up_s * 1000),
        }
        if transactional_id:
            properties |= {
                "transactional_id": cluster.name(transactional_id),
                # A dead worker's open transaction blocks readers this long. A batch takes far less.
                "transaction_timeout_ms": 15_000,
                "message_timeout_ms": 14_000,
                # The coordinator is often still completing the last transaction when the next one sends its
                # offsets. librdkafka's default retry of 100 ms would then delay every other transaction.
                "retry_backoff_ms": 5,
            }
        self._properties = cluster.client(**properties)
        self._connected: Producer | None = None
        self._loop = asyncio.get_running_loop()
        self._acks: deque[tuple[_Settle, RecordMetadata | Exception]] = deque()
        self._closed = self._abandoned = False
        self._wanted = threading.Event()  # set when there is something to poll for
        self._on_fatal = on_fatal
        self._counts: dict[str, int] = {}

    @property
    def client(self) -> Producer:
        """The librdkafka producer, for transactions. Connects, so in the event loop only."""
        if self._connected is None:
            self._connected = Producer(self._properties, logger=CLIENT_LOG)
            self._poller = threading.Thread(
                target=self._poll, args=(self._connected,), name="producer", daemon=True
            )
            self._poller.start()
        return self._connected

    def produce(self, send: Send, headers: Headers | None = None) -> asyncio.Future[RecordMetadata]:
        """Produce one event; the future is done when it is acknowledged.

        `headers` are those of the trace that it continues; None for that of the caller.

        Raises DocumentTooLarge for a value over the topic's limit, ContractError for an event that its schema
        cannot express, BufferError while the queue is full.
        """
        future: asyncio.Future[RecordMetadata] = self._loop.create_future()
        self._produce(send, headers, partial(_resolve, future))
        return future

    async def send(self, send: Send, headers: Headers | None = None) -> RecordMetadata:
        """Produce one event and wait for its acknowledgement."""
        return (await self.send_all([send], headers))[0]

    async def send_all(self, sends: Sequence[Send], headers: Headers | None = None) -> list[RecordMetadata]:
        """Produce events in order and wait until all are acknowledged."""
        each = [] if headers is None else [headers] * len(sends)
        return await (await self.hand_over_as_one(sends, each))

    async def hand_over_as_one(
        self, sends: Sequence[Send], headers: Sequence[Headers] = ()
    ) -> asyncio.Future[list[RecordMetadata]]:
        """Produce events in order; returns when the last is in the queue.

        Returns one future for all events: gathering one per event would cost as much as encoding it. Its
        result is in the order of `sends`; its exception is the first error.

        Args:
            headers: of each event; empty for the trace of the caller.
        """
        batch = _Batch(self._loop.create_future(), len(sends))
        for at, send in enumerate(sends):
            while True:
                try:
                    self._produce(send, headers[at] if headers else None, partial(batch.settle, at))
                    break
                except BufferError:  # the queue is full: let acknowledgements come in
                    await asyncio.sleep(0.01)
        return batch.future

    def abandon(self) -> None:
        """Discard unacknowledged records and refuse more: the partitions have other owners now.

        Thread-safe, returns immediately. Pending futures get an error.
        """
        self._abandoned = True
        if self._connected is not None:
            self._connected.purge(in_queue=True, in_flight=True, blocking=False)

    async def close(self, timeout: float = 5) -> None:
        """Wait at most `timeout` seconds for pending acknowledgements; after `abandon`, do not wait."""
        if self._connected is None:
            return
        if not self._abandoned:
            await asyncio.to_thread(self._connected.flush, timeout)
        self._closed = True
        self._wanted.set()
        await asyncio.to_thread(self._poller.join)
        self.settle()

    def _produce(self, send: Send, headers: Headers | None, settle: _Settle) -> None:
        if self._abandoned:
            raise FencedError(f"cannot write to {send.topic.name}: the partitions have other owners")
        value = None if send.event is None else encoded(self._codec, send.event, send.topic.name)
        topic = self._cluster.name(send.topic)
        trace = Produced(send, topic, headers)

        def acknowledged(error: Any, message: Message) -> None:
            outcome: RecordMetadata | Exception
            if error is None:
                outcome = RecordMetadata(send, message.partition() or 0, message.offset() or 0, value)
            else:
                outcome = _refusal(send, error)
            trace.end(outcome)
            self._acks.append((settle, outcome))

        target: dict[str, Any] = {} if send.partition_key is None else {"partition": self._partition(send)}
        try:
            self.client.produce(
                topic,
                value=value,
                key=_key(send),
                headers=dict(trace.headers) if trace.headers else None,
                on_delivery=acknowledged,
                **target,
            )
        except KafkaException as error:
            refusal = _refusal(send, error.args[0])
            trace.end(refusal)
            raise refusal from error
        self._wanted.set()
        if self._abandoned:  # meanwhile, by another thread
            self.abandon()

    def _partition(self, send: Send) -> int:
        name = send.topic.name
        if name not in self._counts:
            self._counts = partition_counts(admin(self._cluster), self._cluster)
        return partition_of(send.partition_key or "", self._counts[name])

    def _poll(self, producer: Producer) -> None:
        while not self._closed:
            if not len(producer):
                self._wanted.wait(_IDLE_SECONDS)
                self._wanted.clear()
            try:
                producer.poll(_BUSY_SECONDS if len(producer) else 0)
            except KafkaException as error:  # fatal: no pending event will ever be acknowledged
                fatal = FencedError(f"the producer cannot go on: {error}")
                if not self._loop.is_closed():
                    self._loop.call_soon_threadsafe(self._break_off, fatal)
                return
            if self._acks and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self.settle)

    def _break_off(self, error: FencedError) -> None:
        self.abandon()
        self.settle()
        self._on_fatal(error)

    def settle(self) -> None:
        """Deliver the acknowledgements that have arrived. Call it in the event loop."""
        while self._acks:
            settle, outcome = self._acks.popleft()
            settle(outcome)


def encoded(codec: Codec, event: Event, topic: str) -> bytes:
    """The value of a record. Raises DocumentTooLarge if it exceeds a message, ContractError if the schema
    cannot express the event."""
    try:
        value = codec.encode(event, topic)
    except (TransientError, ContractError):
        raise
    except Exception as error:  # a number beyond 64 bits, text that is not Unicode
        raise ContractError(f"{type(event).__name__} cannot be written to {topic}: {error}") from error
    most = MAX_LETTER_BYTES if topic == DEAD_LETTERS.name else MAX_VALUE_BYTES
    if len(value) > most:
        raise DocumentTooLarge(f"an event of {len(value):,} bytes for {topic}: at most {most:,} fit")
    return value


class _Batch:
    """Events with one future."""

    __slots__ = ("_missing", "_written", "future")

    def __init__(self, future: asyncio.Future[list[RecordMetadata]], count: int) -> None:
        self.future, self._missing = future, count
        self._written: list[Any] = [None] * count
        if not count:
            future.set_result([])

    def settle(self, position: int, outcome: RecordMetadata | Exception) -> None:
        """Set the outcome of one event."""
        if self.future.done():
            return
        if isinstance(outcome, Exception):
            self.future.set_exception(outcome)
            return
        self._written[position] = outcome
        self._missing -= 1
        if not self._missing:
            self.future.set_result(self._written)


def _key(send: Send) -> bytes:
    try:
        return send.key.encode()
    except UnicodeEncodeError as error:
        raise ContractError(f"the key of an event for {send.topic.name} is no Unicode: {error}") from error


def _refusal(send: Send, error: KafkaError) -> Exception:
    """The exception for a refused event: too large with its key, or a transient error."""
    if error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
        return DocumentTooLarge(
            f"an event for {send.topic.name} is larger than the broker takes: {error.str()}"
        )
    return TransientError(f"not written to {send.topic.name}: {error.str()}")


def _resolve(future: asyncio.Future[RecordMetadata], outcome: RecordMetadata | Exception) -> None:
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
