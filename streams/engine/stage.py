"""The contract between a stage and the engine.

    class Shout(Stage[DocumentParsed]):
        name = "shout"
        topic = PARSED

        async def process(self, record, context):
            return [Send(SHOUTED, record.key, louder(record.event))]

The engine calls `process` for many records concurrently, and releases their outputs in the input order of
each partition. It commits an offset only when everything up to it is acknowledged. Exceptions:

    TransientError      retried with backoff, for as long as it takes; its partition waits, others continue
    DocumentError,
    ContractError       dead letter, progress `failed` with the message; the partition continues
    FencedError         the worker ends at once: its partitions have other owners
    anything else       a bug: three tries, then a dead letter

A stage may see a record again after a crash: every effect must be idempotent.
"""

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from schemas import events
from schemas.events import Event
from streams.engine.log import RecordMetadata
from streams.engine.outputs import Output, ProgressReport
from streams.topics import Topic

E = TypeVar("E", bound=Event)

#: Longer means less work for an idle broker: a fetch costs it up to a millisecond, and `headrace up` has
#: thirty consumers. But a partition that is resumed, or assigned while others are read, waits for the end of
#: the fetch before. That is seldom long: records are spread over the partitions, and one of another partition
#: ends that fetch. Where many records may have one key and fill the window of their partition while the
#: others are empty, the wait counts, which half a full window bridges.
FETCH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Record(Generic[E]):
    """One record of an input topic, decoded. `topic` is the name in the catalogue, without the prefix."""

    topic: str
    partition: int
    offset: int
    key: str
    event: E
    timestamp_ms: int
    headers: Mapping[str, bytes] = field(default_factory=dict)


#: What became of one record of a batch: its outputs, or the error that makes it a dead letter.
Outcome = Sequence[Output] | Exception


class Context(Protocol):
    """The interface of the engine for a stage that is processing."""

    def check_alive(self) -> None:
        """Raise FencedError if this worker has not polled for longer than its session. Call it right before
        every effect outside Kafka."""
        ...

    async def emit(self, outputs: Sequence[Output]) -> None:
        """Produce at once and wait for the acknowledgement, or for the commit if the stage is transactional.
        For long runs; outputs that `process` returns need no `emit`."""
        ...


def document_failed(record: Record[Any], error: Exception) -> Sequence[Output]:
    """The progress report of a failed document, if its record belongs to a run."""
    document = getattr(record.event, "document", None)
    if document is None or document.run is None:
        return []
    return [ProgressReport(document.run, events.Step.FAILED, 0, document.document_key, str(error))]


class Stage(Generic[E]):
    """Processes single records, many of them concurrently."""

    #: Names the consumer group, the metrics and the dead letters.
    name: str
    topic: Topic
    #: Further topics with records of the same kind.
    more_topics: Sequence[Topic] = ()
    #: Records that this process handles concurrently.
    concurrency: int = 32
    #: Process the records of a key (`sequence_of`) in sequence: runs of a source, which run long and restart
    #: when their partition moves. Otherwise only the outputs are in order.
    sequential_keys: ClassVar[bool] = False
    #: Outputs and offset are written in one transaction with the group's generation, so the writes of a
    #: worker that has lost its partitions are refused. Required if the order of the outputs matters, as on
    #: `documents`, where it is the order of versions. Costs some 5 ms for all waiting records together.
    transactional: ClassVar[bool] = False
    #: Records without a value, which delete their key on a compacted topic, reach the stage with None as
    #: their event. Otherwise each is a dead letter.
    takes_tombstones: ClassVar[bool] = False
    #: How long the broker holds a fetch that finds nothing; a record ends it at once. See `FETCH_SECONDS`.
    fetch_seconds: ClassVar[float] = FETCH_SECONDS

    async def start(self) -> None:
        """Called once before the first record: open pools, load models."""

    async def close(self) -> None:
        """Called once after the last record."""

    def sequence_of(self, record: Record[E]) -> str:
        """With `sequential_keys`: the sequence that a record is part of."""
        return record.key

    def failed(self, record: Record[E], error: Exception) -> Sequence[Output]:
        """Outputs that accompany the dead letter of a record: its document failed."""
        return document_failed(record, error)

    @abstractmethod
    async def process(self, record: Record[E], context: Context) -> Sequence[Output]:
        """The outputs of one record."""


class BatchStage(Generic[E]):
    """Processes the waiting records of all partitions together, in batches of limited size."""

    name: ClassVar[str]
    topic: ClassVar[Topic]
    more_topics: Sequence[Topic] = ()
    concurrency: int = 1
    max_records: int = 500
    #: Records without a value, which delete their key on a compacted topic, reach the stage with None as
    #: their event. Otherwise each is a dead letter.
    takes_tombstones: ClassVar[bool] = False
    #: How long the broker holds a fetch that finds nothing; a record ends it at once. See `FETCH_SECONDS`.
    fetch_seconds: ClassVar[float] = FETCH_SECONDS

    async def start(self) -> None:
        """Called once before the first record."""

    async def close(self) -> None:
        """Called once after the last record."""

    def failed(self, record: Record[E], error: Exception) -> Sequence[Output]:
        """Outputs that accompany the dead letter of a record: its document failed."""
        return document_failed(record, error)

    @abstractmethod
    async def process_batch(self, records: Sequence[Record[E]], context: Context) -> Sequence[Outcome]:
        """One outcome per record, in order. A returned TransientError retries its record, a raised one the
        whole batch. After a raised DocumentError or unexpected error the engine processes the records one by
        one (of
        a stateful stage: in ever smaller batches)."""


class Store(Protocol):
    """State of a stage, folded from a compacted topic; `streams.state.store.PartitionStore` is one."""

    async def catch_up(self, partitions: Sequence[int]) -> None:
        """Read these partitions of the topic to their end."""
        ...

    def apply(self, written: Iterable[RecordMetadata]) -> None:
        """Apply the records of a committed transaction of this process."""
        ...

    def close(self) -> None:
        """Called once, after the last use."""
        ...


class StatefulStage(BatchStage[E]):
    """A batch stage whose outputs and offsets are one Kafka transaction that carries the group's generation.

    Processes one batch at a time. State is kept on compacted topics with the partitioning of the input: the
    engine updates `stores` for a partition before its first record, and applies the written records after
    each transaction. Within a batch a stage keeps its own overlay. A failed transaction ends the process, so
    there is no rollback. If you return TransientError for a record, later records of its partition are
    retried too and their outputs are dropped. Outputs of earlier records are kept, so they must be correct on
    their own.
    """

    stores: Sequence[Store] = ()

    async def assigned(self, partitions: Sequence[int]) -> None:
        """These partitions are assigned; the stores contain all that the previous owner committed."""

    async def revoked(self, partitions: Sequence[int]) -> None:
        """These partitions are revoked: drop their cached data."""


class Alarm:
    """A moment by the clock of the event loop; at first one that has passed.

    Attributes:
        on_sooner: called when the moment is moved to an earlier one.
    """

    def __init__(self) -> None:
        self._at = 0.0
        self.on_sooner: Callable[[], object] = lambda: None

    @property
    def left(self) -> float:
        """Seconds from now; 0 or less once it has passed."""
        return self._at - asyncio.get_running_loop().time()

    def ring_in(self, seconds: float) -> None:
        """Set the moment, earlier or later than it was."""
        at = asyncio.get_running_loop().time() + seconds
        sooner, self._at = at < self._at, at
        if sooner:
            self.on_sooner()


class PunctuatedStage(StatefulStage[E]):
    """A stateful stage that also acts by the clock, for the partitions that it owns.

    The engine calls `punctuate` for partitions that are assigned, restored and read to their end, never while
    a batch is processed. The outputs are one transaction with the positions of these partitions, so it
    carries the group's generation: a worker that has lost them writes nothing.
    """

    @cached_property
    def alarm(self) -> Alarm:
        """When `punctuate` is to be called next. The stage sets it: whenever what it knows changes, and in
        each call, or it is called again at once."""
        return Alarm()

    def is_due(self) -> bool:
        """Whether `punctuate` is to be called now."""
        return self.alarm.left <= 0

    async def punctuate(self, partitions: Sequence[int]) -> Sequence[Output]:
        """What is due for these partitions, perhaps nothing. Events must fit a message. After a
        TransientError it is called again when `is_due` says so."""
        raise NotImplementedError


AnyStage = Stage[Any] | BatchStage[Any]
