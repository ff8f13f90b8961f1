"""The windows of the partitions that are assigned to an engine: opened, kept from overflowing, closed."""

from collections.abc import Iterable, Sequence

from streams.engine.log import Log
from streams.engine.window import Entry, EntryState, PartitionWindow, WindowLimits
from streams.partitions import Partition

#: States of an entry that has begun and has not ended.
_IN_HAND = (EntryState.WAITING, EntryState.RUNNING, EntryState.RELEASED)


class Windows(dict[Partition, PartitionWindow]):
    """Assigned partition → its window. `idle` and `take` are also asked by the poll thread."""

    def __init__(self, log: Log, limits: WindowLimits) -> None:
        super().__init__()
        self._log, self._limits = log, limits
        self._assignments: dict[Partition, object] = {}

    @property
    def idle(self) -> bool:
        """Whether no record is in flight and every commit has succeeded."""
        return all(window.empty for window in list(self.values()))

    def take(self, partition: Partition) -> bool:
        """Whether records of this partition may be delivered now."""
        window = self.get(partition)
        return window is not None and not window.paused

    def oldest(self, failed_only: bool) -> Entry | None:
        """The oldest record that was begun and is not done; with `failed_only`, of those that have failed at
        least once."""
        in_hand = [
            entry
            for window in self.values()
            for entry in window.entries
            if entry.begun_at and entry.state in _IN_HAND and (entry.last_error or not failed_only)
        ]
        return min(in_hand, key=lambda entry: entry.begun_at or 0, default=None)

    # ------------------------------------------------------------------------------- their lives

    def assign(self, partitions: Sequence[Partition]) -> object:
        """Announce windows for these; returns a token of this assignment for `still_assigned`."""
        assignment = object()
        self._assignments.update(dict.fromkeys(partitions, assignment))
        return assignment

    def still_assigned(self, assignment: object, partitions: Sequence[Partition]) -> list[Partition]:
        """Those that were neither closed nor assigned anew since."""
        return [partition for partition in partitions if self._assignments.get(partition) is assignment]

    def open(self, partitions: Iterable[Partition]) -> None:
        """From now on records of these are taken."""
        for partition in partitions:
            self[partition] = PartitionWindow(self._limits)

    def close(self, partitions: Iterable[Partition]) -> dict[Partition, PartitionWindow]:
        """From now on nothing of these begins. Returns their windows, which stay until `remove`."""
        leaving = list(partitions)
        for partition in leaving:
            self._assignments.pop(partition, None)
        windows = {p: self[p] for p in leaving if p in self}
        for window in windows.values():
            window.closing = True
        return windows

    def remove(self, partitions: Iterable[Partition]) -> None:
        """These have other owners: results for their entries are discarded."""
        for partition in partitions:
            self.pop(partition).abandon()

    # --------------------------------------------------------------------------- what they hold

    def balance(self, partition: Partition) -> None:
        """Pause the partition if its window is full; resume it when there is room again."""
        window = self.get(partition)
        if window is None or window.closing:
            return
        if window.full and not window.paused:
            window.paused = True
            self._log.pause(partition)
        elif window.paused and window.low:
            window.paused = False
            self._log.resume(partition)

    def committable(self, leaving: Iterable[Partition] | None = None) -> dict[Partition, int]:
        """The offsets that may be committed and have not been: of all partitions, or of those that leave."""
        offsets = {}
        for partition in self if leaving is None else leaving:
            position = self[partition].take_committable(last_chance=leaving is not None)
            if position is not None:
                offsets[partition] = position
        return offsets
