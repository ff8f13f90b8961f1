"""Choose the records to process next. Pure: no tasks, no clock."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from streams.engine.stage import AnyStage, BatchStage, Record, StatefulStage
from streams.engine.window import Entry, EntryState, WindowLimits
from streams.partitions import Partition

#: At each further try, failed records are in groups of a quarter of the size, so that the failing record is
#: soon retried alone: of 64 records 16, 4, 1.
_FEWER_BITS = 2


@dataclass(frozen=True)
class Rules:
    """The scheduling rules of a stage.

    Attributes:
        concurrency: groups processed at once.
        group_records, group_bytes: maximum records and bytes of a group.
        sequential_keys: process the records of a key in sequence.
        sequence_of: the key of a record in this sense.
    """

    concurrency: int
    group_records: int = 1
    group_bytes: int = 0
    sequential_keys: bool = False
    sequence_of: Callable[[Record[Any]], str] = attrgetter("key")

    @classmethod
    def of(cls, stage: AnyStage, limits: WindowLimits) -> "Rules":
        """The rules of a stage; a group has at most the bytes of a window."""
        if isinstance(stage, BatchStage):
            concurrency = 1 if isinstance(stage, StatefulStage) else stage.concurrency
            return cls(concurrency, stage.max_records, limits.bytes)
        return cls(stage.concurrency, sequential_keys=stage.sequential_keys, sequence_of=stage.sequence_of)


class Schedule:
    """Waiting records, grouped as slots become free; partitions take turns, one record each.

    A record that waits for a retry is held, and so is its partition: no other record of the partition starts,
    while other partitions continue. The retry runs alone: no other record of its partition runs at the same
    time. With sequential keys only its key is held, because such records run long: a source that cannot be
    reached must not delay the runs of others.

    A suspect (see `streams.engine.journal`) runs alone: no other record runs at the same time. With
    sequential keys records run long, so it starts while others run, but no other record starts until
    `end_probation`.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._queues: dict[Partition, deque[Entry]] = {}
        self._turns: deque[Partition] = deque()  # partitions with a queue, the next first
        self._behind: dict[str, list[Entry]] = {}  # key that is worked on or held → records that wait for it
        self._held: set[Entry] = set()
        self._probes: dict[Entry, set[Partition]] = {}  # partitions of which a record is tried again now
        self._waits: Counter[Partition] = Counter()  # why nothing of a partition may start: held, probed
        self._groups = 0
        self._alone: Entry | None = None  # a suspect beside which nothing may start

    def add(self, entry: Entry) -> None:
        """Add a record after the others of its partition."""
        self._queue(entry.place).append(entry)

    def next_group(self) -> list[Entry]:
        """Records to start now, possibly none. The caller starts them and calls `done` when they end."""
        if self._alone is not None or self._groups >= self._rules.concurrency:
            return []
        group: list[Entry] = []
        passed_over: list[Partition] = []
        room, size = self._rules.group_records, self._rules.group_bytes
        while len(group) < room and self._turns:
            place = self._turns[0]
            if not (queue := self._queues[place]):
                del self._queues[self._turns.popleft()]
                continue
            entry = queue[0]
            if place in self._waits or (group and not self._joins(entry, group, size)):
                passed_over.append(self._turns.popleft())
                continue
            if entry.suspect and self._groups and not self._rules.sequential_keys:
                break  # running groups end before a suspect starts
            self._turns.rotate(-1)
            queue.popleft()
            if not self._held_back(entry):
                group.append(entry)
                room, size = min(room, self._most(entry)), size - entry.size
        self._turns.extendleft(reversed(passed_over))  # they keep their place in the queue
        if group:
            self._start(group)
        return group

    def done(self, group: Sequence[Entry]) -> None:
        """Free the slot of the group, and the keys and partitions that are not held."""
        self._groups -= 1
        if group[0] is self._alone:
            self._alone = None
        self._wait_no_more(self._probes.pop(group[0], ()))
        for entry in group:
            if entry not in self._held:
                self._free_key(entry)

    def reserve(self) -> bool:
        """Take a slot for something other than records; `release` frees it. False if none is free."""
        if self._alone is not None or self._groups >= self._rules.concurrency:
            return False
        self._groups += 1
        return True

    def release(self) -> None:
        """Free the slot of `reserve`."""
        self._groups -= 1

    def end_probation(self) -> None:
        """Allow other records to start while a suspect runs."""
        self._alone = None

    def put_back(self, entries: Sequence[Entry], held: Iterable[Entry]) -> None:
        """Return unfinished records of a group, in order, to the front of their partition. Records in `held`,
        which failed, hold it until `resume`."""
        for entry in held:
            self._held.add(entry)
            if not self._rules.sequential_keys:
                self._waits[entry.place] += 1
        for entry in reversed(entries):
            entry.state = EntryState.WAITING
            if not self._rules.sequential_keys:
                self._queue(entry.place).appendleft(entry)

    def resume(self, held: Iterable[Entry]) -> None:
        """The retry of these is due."""
        for entry in held:
            if entry in self._held:
                self._let_go(entry)
                if self._rules.sequential_keys:
                    self._queue(entry.place).appendleft(entry)

    def forget(self, gone: Callable[[Entry], bool]) -> None:
        """Drop the waiting records of revoked partitions."""
        for queue in self._queues.values():
            kept = [entry for entry in queue if not gone(entry)]
            queue.clear()
            queue.extend(kept)
        for key, behind in self._behind.items():
            self._behind[key] = [entry for entry in behind if not gone(entry)]
        for entry in [entry for entry in self._held if gone(entry)]:
            self._let_go(entry)

    # ------------------------------------------------------------------------------------- inside

    def _start(self, group: Sequence[Entry]) -> None:
        for entry in group:
            entry.state = EntryState.RUNNING
        self._groups += 1
        if group[0].suspect:
            self._alone = group[0]
        if group[0].attempt > 1 and not self._rules.sequential_keys:
            self._probes[group[0]] = {entry.place for entry in group}
            self._waits.update(self._probes[group[0]])

    def _wait_no_more(self, places: Iterable[Partition]) -> None:
        for place in places:
            self._waits[place] -= 1
            if not self._waits[place]:
                del self._waits[place]

    def _let_go(self, entry: Entry) -> None:
        """Release the hold of a record."""
        self._held.discard(entry)
        if self._rules.sequential_keys:
            self._free_key(entry)
        else:
            self._wait_no_more([entry.place])

    def _most(self, entry: Entry) -> int:
        """The maximum size of a group with this record."""
        return max(1, self._rules.group_records >> _FEWER_BITS * (entry.attempt - 1))

    def _joins(self, entry: Entry, group: Sequence[Entry], size: int) -> bool:
        """Whether a record may join a group: no suspects, no failed with new records, within limits."""
        if entry.size > size or entry.suspect or group[0].suspect:
            return False
        if entry.attempt == group[0].attempt == 1:
            return True
        return entry.attempt > 1 and group[0].attempt > 1 and len(group) < self._most(entry)

    def _queue(self, place: Partition) -> deque[Entry]:
        if place not in self._queues:
            self._queues[place] = deque()
            self._turns.append(place)
        return self._queues[place]

    def _held_back(self, entry: Entry) -> bool:
        if not self._rules.sequential_keys or entry.record is None:
            return False
        key = self._rules.sequence_of(entry.record)
        if key in self._behind:
            self._behind[key].append(entry)
            return True
        self._behind[key] = []
        return False

    def _free_key(self, entry: Entry) -> None:
        if self._rules.sequential_keys and entry.record:
            for behind in reversed(self._behind.pop(self._rules.sequence_of(entry.record), [])):
                self._queue(behind.place).appendleft(behind)
