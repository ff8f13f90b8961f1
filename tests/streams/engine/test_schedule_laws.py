"""The schedule under anything that may happen to it: each record that stays ends, once; none is starved."""

from collections.abc import Sequence

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from streams.engine.schedule import Rules, Schedule
from streams.engine.stage import Record
from streams.engine.window import Entry, EntryState
from streams.partitions import Partition
from tests.streams.engine.simulation import INPUT, entry, event

PARTITIONS = 3


class Scheduling(RuleBasedStateMachine):
    """Records come, groups end, some of their records are due again, partitions leave."""

    @initialize(
        concurrency=st.integers(1, 3),
        records=st.sampled_from([1, 2, 5, 16]),
        size=st.sampled_from([25, 1_000]),
        sequential=st.booleans(),
    )
    def begin(self, concurrency: int, records: int, size: int, sequential: bool) -> None:
        self.bounds = (
            Rules(concurrency, sequential_keys=True) if sequential else Rules(concurrency, records, size)
        )
        self.schedule = Schedule(self.bounds)
        self.next = [0] * PARTITIONS
        self.present: set[Entry] = set()  # came, did not leave, and has not ended
        self.running: list[list[Entry]] = []
        self.held: list[list[Entry]] = []
        self.ended: list[Entry] = []

    @rule(
        partition=st.integers(0, PARTITIONS - 1),
        key=st.integers(0, 1),
        count=st.integers(1, 6),
        suspect=st.sampled_from([False] * 4 + [True]),
        size=st.sampled_from([0, 10, 40]),
    )
    def come(self, partition: int, key: int, count: int, suspect: bool, size: int) -> None:
        for _ in range(count):
            made = entry(partition, self.next[partition], size)
            made.record = Record(INPUT.name, partition, made.offset, f"{partition}.{key}", event(0), 0)
            made.suspect = suspect
            self.next[partition] += 1
            self.present.add(made)
            self.schedule.add(made)

    @rule()
    def start(self) -> None:
        if not (group := self.schedule.next_group()):
            return
        beside = [one for others in self.running for one in others]
        assert set(group) <= self.present
        assert not set(group) & {*beside, *self.ended}
        assert {one.state for one in group} == {EntryState.RUNNING}
        self._fits(group)
        if any(one.suspect for one in group):
            assert len(group) == 1
            assert self.bounds.sequential_keys or not beside
        assert not any(one.suspect for one in beside)
        if self.bounds.sequential_keys:
            busy = {one.record.key for one in [*beside, *self._waiting()] if one.record}
            assert not busy & {one.record.key for one in group if one.record}
        else:
            probed = {o.place for others in self.running if others[0].attempt > 1 for o in others}
            assert not {one.place for one in group} & {*probed, *(one.place for one in self._waiting())}
            self._in_order(group)
        self.running.append(group)

    @precondition(lambda self: self.running)
    @rule(which=st.integers(0, 9), failing=st.sets(st.integers(0, 3)), strictly=st.booleans())
    def end(self, which: int, failing: set[int], strictly: bool) -> None:
        """`strictly`: behind one that failed all of its partition goes back."""
        group = self.running.pop(which % len(self.running))
        failed = [one for at, one in enumerate(group) if at in failing and one in self.present]
        blocked: set[Partition] = set()
        back = []
        for one in group:
            if one in failed:
                one.attempt += 1
                blocked.add(one.place)
            if one in failed or (strictly and one.place in blocked and one in self.present):
                back.append(one)
            elif one in self.present:
                self._done(one)
        self.schedule.put_back(back, failed)
        self.schedule.done(group)
        if failed:
            self.held.append(failed)

    @precondition(lambda self: self.held)
    @rule(which=st.integers(0, 9))
    def time_comes(self, which: int) -> None:
        self.schedule.resume(self.held.pop(which % len(self.held)))

    @rule(partition=st.integers(0, PARTITIONS - 1))
    def leave(self, partition: int) -> None:
        """Its records that run go on for nobody; timers of those that are held go off all the same."""
        self.present = {one for one in self.present if one.partition != partition}
        self.schedule.forget(lambda one: one.partition == partition)

    @invariant()
    def no_more_than_may_run(self) -> None:
        assert len(getattr(self, "running", [])) <= getattr(self, "bounds", Rules(0)).concurrency

    def teardown(self) -> None:
        if not hasattr(self, "schedule"):
            return
        for _ in range(10_000):
            while self.held:
                self.time_comes(0)
            self.start()
            while self.running:
                self.end(0, set(), False)
            if not self.present:
                break
        assert not self.present, "some records never run"
        assert not self.schedule.next_group()

    def _waiting(self) -> list[Entry]:
        return [one for some in self.held for one in some if one in self.present]

    def _fits(self, group: Sequence[Entry]) -> None:
        assert len(group) <= self.bounds.group_records
        assert len(group) == 1 or sum(one.size for one in group) <= self.bounds.group_bytes
        assert len({one.attempt > 1 for one in group}) == 1
        assert all(len(group) <= max(1, self.bounds.group_records >> 2 * (one.attempt - 1)) for one in group)

    def _in_order(self, group: Sequence[Entry]) -> None:
        """A new record starts when all before it in its partition have."""
        for one in group:
            if one.attempt == 1:
                assert not [
                    other
                    for other in self.present
                    if other.place == one.place
                    and other.offset < one.offset
                    and other.state is EntryState.WAITING
                ]

    def _done(self, one: Entry) -> None:
        one.state = EntryState.DONE
        self.present.discard(one)
        self.ended.append(one)


TestScheduling = Scheduling.TestCase
TestScheduling.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)


@pytest.mark.parametrize("others", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("size", [1, 2, 8, 64])
def test_a_record_whose_time_has_come_has_its_turn_however_much_there_is_to_do(
    others: int, size: int
) -> None:
    schedule = Schedule(Rules(1, group_records=size, group_bytes=1_000_000))
    late = entry(others, 0)
    schedule.add(entry(0, 0))
    schedule.add(late)
    while late not in (group := schedule.next_group()):
        schedule.done(group)
    late.attempt += 1
    schedule.put_back([late], [late])
    schedule.done(group)
    for partition in range(others):
        for offset in range(1, 50 * size):
            schedule.add(entry(partition, offset))
    schedule.resume([late])

    for _ in range(others + 1):
        group = schedule.next_group()
        schedule.done(group)
        if late in group:
            return
    raise AssertionError("it is starved")
