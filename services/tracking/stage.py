"""The tracking stage: folds `progress` into `invocations` and `progress-blocks`, a transaction per batch."""

import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import structlog

from schemas.codec import Codec
from schemas.errors import ContractError, TransientError
from schemas.events import (
    FINAL_STATUSES,
    CancelRequested,
    Invocation,
    InvocationCreated,
    ProgressBlock,
    RecordsExpired,
    RunFailed,
    Status,
)
from services.tracking.fold import ProgressEvent, fold, lose
from services.tracking.metrics import RUN_SECONDS
from services.tracking.state import InvocationState
from streams.engine.outputs import Output, Send
from streams.engine.stage import Context, Outcome, Record, StatefulStage
from streams.kafka.cluster import Cluster
from streams.kafka.expired import describe
from streams.state.store import PartitionStore
from streams.topics import INVOCATIONS, PROGRESS, PROGRESS_BLOCKS, RUNS, Topic

log = structlog.get_logger(__name__)

#: Invocations kept in memory between batches, ~2 KB each, and blocks of ordinals, at most 57 KB each when
#: every bitmap is full of holes (seldom above 1 KB): some 20 MB, at worst 135 MB. The rest is in the stores.
CACHED_INVOCATIONS = 10_000
CACHED_BLOCKS = 2_000


#: The events on `progress`: those of one invocation, and those that concern all.
Incoming = ProgressEvent | RecordsExpired


class TrackingStage(StatefulStage[Incoming]):
    """The only writer of invocations.

    Args:
        invocations: store of `invocations`.
        blocks: store of `progress-blocks`, whose scope is the invocation id.
        cached_invocations: invocations kept in memory between batches.
        cached_blocks: blocks of ordinals kept in memory, of all invocations together.
    """

    name: ClassVar[str] = "tracking"
    topic: ClassVar[Topic] = PROGRESS
    #: All progress of a run has one key.
    fetch_seconds: ClassVar[float] = 1.0
    #: A batch writes each invocation that it touches once, so that large batches cost less.
    max_records: int = 5_000

    def __init__(
        self,
        invocations: PartitionStore[Invocation],
        blocks: PartitionStore[ProgressBlock],
        cached_invocations: int = CACHED_INVOCATIONS,
        cached_blocks: int = CACHED_BLOCKS,
    ) -> None:
        self._invocations, self._blocks = invocations, blocks
        self._most_invocations, self._most_blocks = cached_invocations, cached_blocks
        self.stores: Sequence[PartitionStore[Any]] = (invocations, blocks)
        #: Partition and state, least recently used first.
        self._cache: OrderedDict[str, tuple[int, InvocationState]] = OrderedDict()
        self._cached_blocks = 0  # of the states in the cache, but for those that are being folded

    @classmethod
    def opened(
        cls,
        cluster: Cluster,
        codec: Codec,
        folder: Path,
        cached_invocations: int = CACHED_INVOCATIONS,
        cached_blocks: int = CACHED_BLOCKS,
    ) -> "TrackingStage":
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
            cached_invocations,
            cached_blocks,
        )

    @property
    def in_memory(self) -> list[str]:
        """Ids of the invocations in memory, least recently used first."""
        return list(self._cache)

    async def process_batch(self, records: Sequence[Record[Incoming]], context: Context) -> Sequence[Outcome]:
        """Fold all records, then write the changes; the outputs belong to the last record."""
        self._shrink()  # the stores now hold everything that was written before
        errors: dict[int, ContractError] = {}
        touched: dict[str, InvocationState] = {}
        try:
            for position, record in enumerate(records):
                if isinstance(record.event, RecordsExpired):
                    self._expire(record, record.event, touched)
                    continue
                invocation_id = record.event.invocation_id
                state = touched.get(invocation_id) or self._state(record, record.event)
                if state is None:  # progress of an unknown invocation: there is nothing to update
                    continue
                touched[invocation_id] = state
                before = state.status
                try:
                    fold(state, record.event, record.timestamp_ms)
                except ContractError as error:
                    errors[position] = error
                _note_change(before, state)
        finally:
            self._cached_blocks += sum(state.size for state in touched.values())
        outcomes: list[Outcome] = [errors.get(position, ()) for position in range(len(records))]
        return _hang(outcomes, _changes(touched))

    async def revoked(self, partitions: Sequence[int]) -> None:
        """Forget the invocations of these partitions, which have other owners now."""
        gone = frozenset(partitions)
        for invocation_id, (partition, state) in list(self._cache.items()):
            if partition in gone:
                self._cached_blocks -= state.size
                del self._cache[invocation_id]

    async def close(self) -> None:
        """Close the stores."""
        for store in self.stores:
            store.close()

    def failed(self, record: Record[Incoming], error: Exception) -> Sequence[Output]:
        """An event that cannot be folded fails its run: the counts would never be complete."""
        event = record.event
        if isinstance(event, RecordsExpired | RunFailed | CancelRequested):
            return []
        if isinstance(error, ContractError):  # impossible, so it is ignored
            return []
        reason = f"its progress cannot be counted: {error}"
        attempt = getattr(event, "attempt", 0)
        return [
            Send(
                PROGRESS,
                event.invocation_id,
                RunFailed(invocation_id=event.invocation_id, attempt=attempt, error=reason),
            )
        ]

    def _state(self, record: Record[Incoming], event: ProgressEvent) -> InvocationState | None:
        """State of the record's invocation from memory or the stores; new if the record creates it."""
        created = event if isinstance(event, InvocationCreated) else None
        return self._state_of(record.partition, event.invocation_id, created)

    def _state_of(
        self, partition: int, invocation_id: str, created: InvocationCreated | None = None
    ) -> InvocationState | None:
        _, state = self._cache.pop(invocation_id, (0, None))
        if state is not None:
            self._cached_blocks -= state.size
        else:
            state = self._restored(partition, invocation_id)
        if state is None and created is not None:
            state = InvocationState(created)
        if state is not None:
            self._cache[invocation_id] = (partition, state)
        return state

    def _expire(
        self, record: Record[Incoming], event: RecordsExpired, touched: dict[str, InvocationState]
    ) -> None:
        """Fail the runs of this partition that may have lost documents."""
        reason = f"some of its documents may be lost: {describe(event)}; run it again"
        pending = event.topic in (PROGRESS.name, *(topic.name for topic in RUNS.values()))
        unfinished = [
            invocation_id
            for invocation_id, summary in self._invocations.scan(record.partition)
            if summary.status not in FINAL_STATUSES and summary.created_at < event.before
        ]
        for invocation_id in unfinished:
            state = touched.get(invocation_id) or self._state_of(record.partition, invocation_id)
            if state is not None:
                touched[invocation_id] = state
                lose(state, reason, record.timestamp_ms, pending)

    def _restored(self, partition: int, invocation_id: str) -> InvocationState | None:
        """Raises TransientError if the disk does not answer: the whole batch is then folded again."""
        try:
            summary = self._invocations.get(partition, invocation_id)
            if summary is None:
                return None
            blocks = () if summary.single_document else self._blocks.scan(partition, invocation_id)
            return InvocationState.restored(summary, (block for _, block in blocks))
        except sqlite3.Error as error:
            raise TransientError(f"the state of {invocation_id} cannot be read: {error}") from error

    def _shrink(self) -> None:
        """Evict the least recently used invocations above the limits."""
        while len(self._cache) > self._most_invocations or self._cached_blocks > self._most_blocks:
            _, (_, state) = self._cache.popitem(last=False)
            self._cached_blocks -= state.size


def _changes(touched: dict[str, InvocationState]) -> Iterable[Output]:
    for invocation_id, state in touched.items():
        if state.changed:
            for key, block in state.blocks():
                yield Send(PROGRESS_BLOCKS, key, block, partition_key=invocation_id)
            yield Send(INVOCATIONS, invocation_id, state.summary())


def _note_change(before: Status, state: InvocationState) -> None:
    """Log the new status of a run, and measure one that has ended; again if a batch is tried again."""
    if state.status is before:
        return
    identity = state.identity
    log.info(
        f"run {state.status.value}",
        invocation=identity.invocation_id,
        source=identity.source_id,
        error=state.error,
    )
    if state.status in FINAL_STATUSES and state.finished_at is not None:
        seconds = max(0.0, (state.finished_at - identity.created_at).total_seconds())
        RUN_SECONDS.labels(identity.source_type, state.status.value).observe(seconds)


def _hang(outcomes: list[Outcome], outputs: Iterable[Output]) -> list[Outcome]:
    """Attach the outputs to the last record without an error: a batch is written as one."""
    made = list(outputs)
    for position in range(len(outcomes) - 1, -1, -1):
        if not isinstance(outcomes[position], Exception):
            outcomes[position] = made
            break
    return outcomes
