"""The window of a partition: what has been read and not yet committed, in order and bounded.

    committed │ acknowledged │ released │ done … running … waiting │ not read yet
              └────────────────── the window ──────────────────────┘

Records may finish in any order. They are released to the producer in the order of their offsets; the offset
after the acknowledged head may be committed. Pure: no Kafka, no clock, no tasks.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from streams.engine.outputs import Output
from streams.engine.stage import Record
from streams.partitions import Partition

#: Maximum records of a partition in flight. 1,000 keep every worker of a stage busy at all measured
#: latencies.
WINDOW_RECORDS = 1_000
#: Maximum bytes of a partition in flight. A message has at most 1 MB, so at least 32 records fit; twelve
#: partitions stay under 400 MB in the worst case.
WINDOW_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Raw:
    """A record as received, for dead letters."""

    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes]


class EntryState(IntEnum):
    """The state of an entry."""

    WAITING = 0
    RUNNING = 1
    DONE = 2
    RELEASED = 3
    ACKNOWLEDGED = 4
    GONE = 5


@dataclass(slots=True, eq=False)
class Entry:
    """One record in a window. `error` is set before it runs if it could not be decoded. `attempt` counts
    tries from 1, `unforeseen` those with an unexpected error. `begun_at` (Unix time) is the start of the
    first try, `last_error` the reason of the last failure. `trace` are headers that continue its trace; None
    if it is not traced here."""

    topic: str
    partition: int
    offset: int
    raw: Raw
    record: Record[Any] | None = None
    error: Exception | None = None
    suspect: bool = False
    attempt: int = 1
    unforeseen: int = 0
    begun_at: float | None = None
    last_error: str | None = None
    state: EntryState = EntryState.WAITING
    outputs: Sequence[Output] = ()
    trace: Mapping[str, bytes] | None = None
    size: int = field(init=False)

    def __post_init__(self) -> None:
        self.size = len(self.raw.value or b"")

    @property
    def place(self) -> Partition:
        """Its partition."""
        return self.topic, self.partition

    @property
    def position(self) -> tuple[str, int, int]:
        """Its place on the log."""
        return self.topic, self.partition, self.offset


@dataclass(frozen=True)
class WindowLimits:
    """Limits of a window. It is full at the limit and accepts records again below half of it."""

    records: int = WINDOW_RECORDS
    bytes: int = WINDOW_BYTES


class PartitionWindow:
    """Entries of one partition between reading and committing."""

    def __init__(self, limits: WindowLimits) -> None:
        self._limits = limits
        self._entries: deque[Entry] = deque()
        self._bytes = 0
        self._unreleased = 0  # index of the first entry that is not yet released
        self._next: int | None = None
        self._end = 0
        self._reached = False
        self._taken: int | None = None
        self.paused = False
        self.closing = False

    def admit(self, entry: Entry) -> None:
        """Take in the next record of the partition."""
        self._entries.append(entry)
        self._bytes += entry.size

    @property
    def full(self) -> bool:
        """Whether the partition should be paused."""
        return len(self._entries) >= self._limits.records or self._bytes >= self._limits.bytes

    @property
    def empty(self) -> bool:
        """Whether no record is in flight and nothing is left to commit."""
        return not self._entries and self._next == self._taken

    @property
    def low(self) -> bool:
        """Whether a paused partition should be resumed."""
        return len(self._entries) <= self._limits.records // 2 and self._bytes <= self._limits.bytes // 2

    @property
    def head(self) -> int | None:
        """Offset of the oldest record that is not acknowledged."""
        return self._entries[0].offset if self._entries else None

    @property
    def entries(self) -> Sequence[Entry]:
        """The entries in the window, oldest first."""
        return tuple(self._entries)

    @property
    def settled(self) -> bool:
        """Whether everything before the first waiting record is acknowledged. Later records cannot be
        released before it, and are left to the next owner."""
        for entry in self._entries:
            if entry.state is not EntryState.ACKNOWLEDGED:
                return entry.state is EntryState.WAITING
        return True

    @property
    def position(self) -> int | None:
        """The offset that everything before is processed of. None while a record is in flight, and until the
        partition was read to its end once: only then is it certain that no transaction of an earlier owner is
        open, because a position that one commits is not given out before it ends (KIP-447)."""
        if self._entries or not self._reached:
            return None
        return max(self._next or 0, self._end)

    def finish(self, entry: Entry, outputs: Sequence[Output]) -> None:
        """Processing of the entry is done."""
        entry.outputs, entry.state = outputs, EntryState.DONE

    def take_releasable(self) -> list[Entry]:
        """The done entries without an unfinished one before them; they count as released afterwards."""
        taken: list[Entry] = []
        while (at := self._unreleased + len(taken)) < len(self._entries):
            if self._entries[at].state is not EntryState.DONE:
                break
            self._entries[at].state = EntryState.RELEASED
            taken.append(self._entries[at])
        self._unreleased += len(taken)
        return taken

    def acknowledge(self, entries: Iterable[Entry]) -> None:
        """The outputs of these are acknowledged; the acknowledged head leaves the window."""
        for entry in entries:
            entry.state, entry.outputs = EntryState.ACKNOWLEDGED, ()
        while self._entries and self._entries[0].state is EntryState.ACKNOWLEDGED:
            head = self._entries.popleft()
            self._bytes -= head.size
            self._unreleased -= 1
            self._next = head.offset + 1
        self._pass_markers()

    def reach_end(self, offset: int) -> None:
        """The partition is read up to `offset`: between the last record and it are only transaction markers,
        which need not be read again."""
        self._end, self._reached = offset, True
        self._pass_markers()

    def _pass_markers(self) -> None:
        if not self._entries and self._next is not None:
            self._next = max(self._next, self._end)

    def abandon(self) -> None:
        """The partition has another owner: results for these entries are discarded."""
        for entry in self._entries:
            entry.state = EntryState.GONE

    def refused(self) -> None:
        """The last commit met a rebalance: commit the offset again."""
        self._taken = None

    def take_committable(self, last_chance: bool = False) -> int | None:
        """The offset to commit (the next one to be read), if it has moved since the last call.

        With `last_chance` also if it has not, because that commit may still be refused.
        """
        if self._next == self._taken and not last_chance:
            return None
        self._taken = self._next
        return self._next
