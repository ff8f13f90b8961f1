"""The tracking stage: folds `progress` into `invocations` and `progress-blocks`, a transaction per batch."""

import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from schemas.codec import Codec
from schemas.errors import ContractError, TransientError
from schemas.events import Invocation, InvocationCreated, ProgressBlock
from services.tracking.fold import InvocationState, ProgressEvent
from streams.engine.outputs import Output, Send
from streams.engine.stage import Context, Outcome, Record, StatefulStage
from streams.kafka.cluster import Cluster
from streams.state.store import PartitionStore
from streams.topics import INVOCATIONS, PROGRESS, PROGRESS_BLOCKS, Topic

#: Invocations kept in memory between batches, ~2 KB each, and blocks of ordinals, at most 57 KB each when
#: every bitmap is full of holes (seldom above 1 KB): some 20 MB, at worst 135 MB. The rest is in the stores.
_CACHED_INVOCATIONS = 10_000
_CACHED_BLOCKS = 2_000


class TrackingStage(StatefulStage[ProgressEvent]):
    """The only writer of invocations.

    Args:
        invocations: store of `invocations`.
        blocks: store of `progress-blocks`, whose scope is the invocation id.
    """

    name: ClassVar[str] = "tracking"
    topic: ClassVar[Topic] = PROGRESS
    #: A batch writes each invocation that it touches once, so that large batches cost less.
    max_records: int = 5_000

    def __init__(
        self, invocations: PartitionStore[Invocation], blocks: PartitionStore[ProgressBlock]
    ) -> None:
        self._invocations, self._blocks = invocations, blocks
        self.stores: Sequence[PartitionStore[Any]] = (invocations, blocks)
        #: Partition and state, least recently used first.
        self._cache: OrderedDict[str, tuple[int, InvocationState]] = OrderedDict()
        self._cached_blocks = 0  # of the states in the cache, but for those that are being folded

    @classmethod
    def opened(cls, cluster: Cluster, codec: Codec, folder: Path) -> "TrackingStage":
        """The stage with its stores in `folder`; one process at a time."""
        return cls(
            PartitionStore(cluster, codec, INVOCATIONS, folder / "invocations.sqlite"),
            PartitionStore(
                cluster,
                codec,
                PROGRESS_BLOCKS,
                folder / "progress-blocks.sqlite",
                scope=lambda block: block.invocation_id,
            ),
        )

    async def process_batch(
        self, records: Sequence[Record[ProgressEvent]], context: Context
    ) -> Sequence[Outcome]:
        """Fold all records, then write what has changed; the outputs hang on the last record."""
        self._shrink()  # here the stores hold all that was written before
        errors: dict[int, ContractError] = {}
        touched: dict[str, InvocationState] = {}
        try:
            for position, record in enumerate(records):
                invocation_id = record.event.invocation_id
                state = touched.get(invocation_id) or self._state(record)
                if state is None:  # progress of an invocation that nobody created: nothing to write to
                    continue
                touched[invocation_id] = state
                try:
                    state.fold(record.event, record.timestamp_ms)
                except ContractError as error:
                    errors[position] = error
        finally:
            self._cached_blocks += sum(state.size for state in touched.values())
        outcomes: list[Outcome] = [errors.get(position, ()) for position in range(len(records))]
        return _hang(outcomes, _changes(touched))

    async def revoked(self, partitions: Sequence[int]) -> None:
        """Forget the invocations of these partitions: somebody else writes them now."""
        gone = frozenset(partitions)
        for invocation_id, (partition, state) in list(self._cache.items()):
            if partition in gone:
                self._cached_blocks -= state.size
                del self._cache[invocation_id]

    async def close(self) -> None:
        """Close the stores."""
        for store in self.stores:
            store.close()

    def _state(self, record: Record[ProgressEvent]) -> InvocationState | None:
        """State of the record's invocation from memory or the stores; new if the record creates it."""
        invocation_id = record.event.invocation_id
        _, state = self._cache.pop(invocation_id, (0, None))
        if state is not None:
            self._cached_blocks -= state.size
        else:
            state = self._restored(record.partition, invocation_id)
        if state is None and isinstance(record.event, InvocationCreated):
            state = InvocationState(record.event)
        if state is not None:
            self._cache[invocation_id] = (record.partition, state)
        return state

    def _restored(self, partition: int, invocation_id: str) -> InvocationState | None:
        """Raises TransientError when the disk does not answer: the whole batch is then folded again."""
        try:
            summary = self._invocations.get(partition, invocation_id)
            if summary is None:
                return None
            blocks = () if summary.single_document else self._blocks.scan(partition, invocation_id)
            return InvocationState.restored(summary, (block for _, block in blocks))
        except sqlite3.Error as error:
            raise TransientError(f"the state of {invocation_id} cannot be read: {error}") from error

    def _shrink(self) -> None:
        """Drop the least recently used invocations beyond the bounds."""
        while len(self._cache) > _CACHED_INVOCATIONS or self._cached_blocks > _CACHED_BLOCKS:
            _, (_, state) = self._cache.popitem(last=False)
            self._cached_blocks -= state.size


def _changes(touched: dict[str, InvocationState]) -> Iterable[Output]:
    for invocation_id, state in touched.items():
        if state.changed:
            for key, block in state.blocks():
                yield Send(PROGRESS_BLOCKS, key, block, partition_key=invocation_id)
            yield Send(INVOCATIONS, invocation_id, state.summary())


def _hang(outcomes: list[Outcome], outputs: Iterable[Output]) -> list[Outcome]:
    """Give the outputs to the last record that has no error: a batch is written as one anyway."""
    made = list(outputs)
    for position in range(len(outcomes) - 1, -1, -1):
        if not isinstance(outcomes[position], Exception):
            outcomes[position] = made
            break
    return outcomes
