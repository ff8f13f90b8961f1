"""The contract of a stage: what a service says, and what the engine promises it.

    class Shout(Stage[DocumentParsed]):
        name = "shout"
        topic = PARSED

        async def process(self, record, context):
            return [Send(SHOUTED, record.key, louder(record.event))]

The engine calls `process` for many records at once, and releases what they return in the order of the
input of each partition. It commits an offset only when everything up to it is acknowledged. What a raise
means:

    TransientError      tried again with backoff, for as long as it takes; its partition waits, others go on
    DocumentError,
    ContractError       dead letter, progress `failed` with the message; the partition moves on
    FencedError         the worker stops at once: its partitions have another owner
    anything else       a bug: tried three times, then dead letter

A stage may see a record again after a crash: every effect must be one that can be repeated.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from schemas import events
from schemas.events import Event
from streams.engine.log import RecordMetadata
from streams.engine.outputs import Output, ProgressReport
from streams.topics import Topic

E = TypeVar("E", bound=Event)


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
    """What the engine offers a stage while it works."""

    def check_alive(self) -> None:
        """Raise FencedError if this worker was away for longer than its session. To be called right before
        every effect outside Kafka."""
        ...

    async def emit(self, outputs: Sequence[Output]) -> None:
        """Produce at once and wait until the broker has acknowledged, or committed where the stage is
        transactional. For runs that last; what a stage returns from `process` needs no `emit`."""
        ...


def document_failed(record: Record[Any], error: Exception) -> Sequence[Output]:
    """The note that counts a failed document, if the record is about one that is counted."""
    document = getattr(record.event, "document", None)
    if document is None or document.run is None:
        return []
    return [ProgressReport(document.run, events.Step.FAILED, 0, document.document_key, str(error))]


class Stage(Generic[E]):
    """Works on one record at a time, many of them concurrently."""

    #: Names the consumer group, the metrics and the dead letters.
    name: str
    topic: Topic
    #: Records worked on at once by this process.
    concurrency: int = 32
    #: Records of one key one after the other: runs of a source, which last and are broken off and begun anew
    #: when their partition moves. Else only the outputs are in order.
    sequential_keys: ClassVar[bool] = False
    #: Outputs and position are written in one transaction that carries the group's generation: what a worker
    #: that has lost its partitions still wants to write is refused. Needed where the order of what is written
    #: counts, which on `documents` is the order of versions; costs some 5 ms for all that waits together.
    transactional: ClassVar[bool] = False

    async def start(self) -> None:
        """Called once before the first record: open pools, load models."""

    async def close(self) -> None:
        """Called once after the last record."""

    def failed(self, record: Record[E], error: Exception) -> Sequence[Output]:
        """Outputs beside the dead letter of a record that is given up: its document failed."""
        return document_failed(record, error)

    @abstractmethod
    async def process(self, record: Record[E], context: Context) -> Sequence[Output]:
        """The outputs of one record."""


class BatchStage(Generic[E]):
    """Works on the records that wait, of all partitions together, up to a limit at once."""

    name: ClassVar[str]
    topic: ClassVar[Topic]
    concurrency: int = 1
    max_records: int = 500

    async def start(self) -> None:
        """Called once before the first record."""

    async def close(self) -> None:
        """Called once after the last record."""

    def failed(self, record: Record[E], error: Exception) -> Sequence[Output]:
        """Outputs beside the dead letter of a record that is given up: its document failed."""
        return document_failed(record, error)

    @abstractmethod
    async def process_batch(self, records: Sequence[Record[E]], context: Context) -> Sequence[Outcome]:
        """One outcome for each record, in their order; a TransientError among them makes that record due
        again, a raise of it all of them. A raise of DocumentError or of something unexpected makes the engine
        try the records one by one (of a stateful stage: in ever smaller batches)."""


class Store(Protocol):
    """State of a stage, folded from a compacted topic; `streams.state.store.PartitionStore` is one."""

    async def catch_up(self, partitions: Sequence[int]) -> None:
        """Read these partitions of the topic to their end."""
        ...

    def apply(self, written: Iterable[RecordMetadata]) -> None:
        """Take over what a transaction of this process has written."""
        ...

    def close(self) -> None:
        """Called once, when nothing asks any more."""
        ...


class StatefulStage(BatchStage[E]):
    """A batch stage whose outputs and offsets are one Kafka transaction that carries the group's generation.

    One batch is under way at a time. State lives on compacted topics that are partitioned as the input is:
    the engine brings `stores` up to date for a partition before its first record, and hands them what was
    written after each transaction. Within a batch a stage keeps its own overlay. A transaction that fails
    ends the process, so there is nothing to take back. Behind a record that the stage returns as due again,
    all others of its partition go back with it, whatever was returned for them; what it returned for those
    before must hold without them.
    """

    stores: Sequence[Store] = ()

    async def assigned(self, partitions: Sequence[int]) -> None:
        """These partitions are ours now; the stores hold their state to the end the former owner left."""

    async def revoked(self, partitions: Sequence[int]) -> None:
        """These partitions are no longer ours: drop what is cached of them."""


AnyStage = Stage[Any] | BatchStage[Any]
