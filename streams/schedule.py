"""Which records are worked on next. Pure: no task, no clock."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from streams.window import Entry, State


@dataclass(frozen=True)
class Rules:
    """How a stage wants its work.

    Attributes:
        concurrency: groups worked on at once.
        group_records, group_bytes: most records and bytes of a group.
        sequential_keys: records of one key one after the other.
    """

    concurrency: int
    group_records: int = 1
    group_bytes: int = 0
    sequential_keys: bool = False


class Schedule:
    """Waiting records in their order of arrival, cut into groups as places become free.

    A suspect (see `streams.journal`) goes alone: nothing starts beside it, and it starts beside nothing.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._waiting: deque[Entry] = deque()
        self._behind: dict[str, list[Entry]] = {}  # key that is being worked on → records that wait for it
        self._groups = 0
        self._alone = False

    def add(self, entry: Entry) -> None:
        """A record that waits for work."""
        self._waiting.append(entry)

    def next_group(self) -> list[Entry]:
        """Records to start now, or none. The caller starts them and calls `done` at their end."""
        while self._waiting and not self._alone and self._groups < self._rules.concurrency:
            if self._waiting[0].suspect and self._groups:
                break
            if self._held_back(head := self._waiting.popleft()):
                continue
            group = self._fill([head])
            for entry in group:
                entry.state = State.RUNNING
            self._groups += 1
            self._alone = head.suspect
            return group
        return []

    def done(self, group: list[Entry]) -> None:
        """The group's place is free, and its keys are."""
        self._groups -= 1
        self._alone = False
        for entry in group:
            if self._rules.sequential_keys and entry.record:
                self._waiting.extendleft(reversed(self._behind.pop(entry.record.key, [])))

    def forget(self, gone: Callable[[Entry], bool]) -> None:
        """Drop the waiting records of partitions that left."""
        self._waiting = deque(entry for entry in self._waiting if not gone(entry))
        for key, behind in self._behind.items():
            self._behind[key] = [entry for entry in behind if not gone(entry)]

    def _held_back(self, entry: Entry) -> bool:
        if not self._rules.sequential_keys or entry.record is None:
            return False
        if entry.record.key in self._behind:
            self._behind[entry.record.key].append(entry)
            return True
        self._behind[entry.record.key] = []
        return False

    def _fill(self, group: list[Entry]) -> list[Entry]:
        size = group[0].size
        while self._waiting and not group[0].suspect and len(group) < self._rules.group_records:
            following = self._waiting[0]
            size += following.size
            if following.suspect or size > self._rules.group_bytes:
                break
            group.append(self._waiting.popleft())
        return group
