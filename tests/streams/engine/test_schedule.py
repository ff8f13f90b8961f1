"""Which records are worked on next: concurrency, groups, keys one after the other, suspects alone."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.engine.schedule import Rules, Schedule
from streams.engine.stage import Record
from streams.engine.window import Entry, EntryState
from tests.streams.engine.simulation import INPUT, entry, event

RULES = st.one_of(
    st.builds(Rules, concurrency=st.integers(1, 5), sequential_keys=st.booleans()),
    st.builds(
        Rules, concurrency=st.integers(1, 3), group_records=st.integers(1, 6), group_bytes=st.integers(0, 60)
    ),
)


def records(keys: Sequence[int], suspects: frozenset[int] = frozenset(), size: int = 10) -> list[Entry]:
    made = []
    for offset, key in enumerate(keys):
        one = entry(0, offset, size)
        one.record = Record(INPUT.name, 0, offset, str(key), event(offset), 0)
        one.suspect = offset in suspects
        made.append(one)
    return made


@dataclass
class Run:
    """Groups as they were started, and what was running beside each."""

    groups: list[list[Entry]] = field(default_factory=list)
    beside: list[list[Entry]] = field(default_factory=list)
    most: int = 0


def run_through(rules: Rules, entries: list[Entry], dice: random.Random) -> Run:
    """Add records and end groups in any order until everything has run."""
    schedule, run = Schedule(rules), Run()
    running: list[list[Entry]] = []
    coming = list(entries)
    while coming or running:
        if coming and dice.random() < 0.5:
            schedule.add(coming.pop(0))
        elif running:
            schedule.done(running.pop(dice.randrange(len(running))))
        while group := schedule.next_group():
            run.beside.append([other for others in running for other in others])
            run.groups.append(group)
            running.append(group)
            run.most = max(run.most, len(running))
    assert schedule.next_group() == []
    return run


@settings(deadline=None)
@given(
    rules=RULES,
    keys=st.lists(st.integers(0, 3), max_size=25),
    suspects=st.frozensets(st.integers(0, 24), max_size=3),
    seed=st.integers(0, 2**32),
)
def test_every_record_runs_once_within_the_rules(
    rules: Rules, keys: list[int], suspects: frozenset[int], seed: int
) -> None:
    run = run_through(rules, records(keys, suspects), random.Random(seed))

    order = [one.offset for group in run.groups for one in group]
    assert sorted(order) == list(range(len(keys)))
    assert run.most <= rules.concurrency
    for group, beside in zip(run.groups, run.beside, strict=True):
        assert len(group) <= rules.group_records
        assert len(group) == 1 or sum(one.size for one in group) <= rules.group_bytes
        if group[0].suspect:
            assert len(group) == 1
            assert rules.sequential_keys or not beside  # where records last, it starts beside others
        assert not any(one.suspect for one in group[1:])
        assert not any(one.suspect for one in beside)
        if rules.sequential_keys:
            assert group[0].record is not None
            assert group[0].record.key not in {other.record.key for other in beside if other.record}
    if rules.sequential_keys:
        for key in set(keys):
            of_key = [offset for offset in order if keys[offset] == key]
            assert of_key == sorted(of_key)
    else:
        assert order == sorted(order)


def test_waiting_records_fill_a_group_and_count_as_running() -> None:
    schedule = Schedule(Rules(1, group_records=3, group_bytes=1_000))
    for one in records([0, 0, 0, 0]):
        schedule.add(one)

    group = schedule.next_group()

    assert [one.offset for one in group] == [0, 1, 2]
    assert {one.state for one in group} == {EntryState.RUNNING}


def test_records_of_a_partition_that_left_are_forgotten_also_behind_a_running_key() -> None:
    schedule = Schedule(Rules(4, sequential_keys=True))
    gone, behind, kept = records([1, 1, 1])
    kept.partition = 1
    for one in (gone, behind, kept):
        schedule.add(one)
    running = schedule.next_group()
    assert schedule.next_group() == []  # both wait for the key

    schedule.forget(lambda one: one.partition == 0)
    schedule.done(running)

    assert schedule.next_group() == [kept]


def test_records_of_one_key_and_of_several_sequences_run_side_by_side() -> None:
    schedule = Schedule(Rules(4, sequential_keys=True, sequence_of=lambda record: str(record.offset % 2)))
    entries = records([1, 1, 1, 1])
    for one in entries:
        schedule.add(one)

    first, second = schedule.next_group(), schedule.next_group()

    assert (first, second, schedule.next_group()) == ([entries[0]], [entries[1]], [])
    schedule.done(second)
    assert schedule.next_group() == [entries[3]]


def test_a_suspect_ends_the_group_before_it() -> None:
    schedule = Schedule(Rules(1, group_records=3, group_bytes=1_000))
    for one in records([0, 0, 0], frozenset({1})):
        schedule.add(one)

    started = []
    while group := schedule.next_group():
        started.append([one.offset for one in group])
        schedule.done(group)

    assert started == [[0], [1], [2]]


def of_partitions(*places: tuple[int, int]) -> list[Entry]:
    """Entries by partition and offset."""
    return [entry(partition, offset) for partition, offset in places]


def named(group: Sequence[Entry]) -> list[tuple[int, int]]:
    return [(one.partition, one.offset) for one in group]


def failed(schedule: Schedule, group: list[Entry]) -> None:
    """All of the group is due again."""
    for one in group:
        one.attempt += 1
    schedule.put_back(group, group)
    schedule.done(group)


def test_partitions_take_turns() -> None:
    schedule = Schedule(Rules(1, group_records=4, group_bytes=1_000))
    for one in of_partitions((0, 0), (0, 1), (0, 2), (1, 0), (2, 0)):
        schedule.add(one)

    assert named(schedule.next_group()) == [(0, 0), (1, 0), (2, 0), (0, 1)]


def test_a_partition_waits_for_its_held_record_which_then_goes_first_and_with_none_of_its_own_beside_it() -> (
    None
):
    schedule = Schedule(Rules(8))
    for one in of_partitions((0, 0), (0, 1), (0, 2), (1, 0)):
        schedule.add(one)
    first = schedule.next_group()
    failed(schedule, first)

    other = schedule.next_group()
    assert (named(other), schedule.next_group()) == ([(1, 0)], [])
    schedule.resume(first)
    again = schedule.next_group()
    assert (named(again), schedule.next_group()) == ([(0, 0)], [])
    schedule.done(again)
    assert named(schedule.next_group()) == [(0, 1)]
    assert named(schedule.next_group()) == [(0, 2)]


def test_what_failed_together_is_tried_in_ever_smaller_groups_and_not_with_new_records() -> None:
    schedule = Schedule(Rules(1, group_records=16, group_bytes=1_000))
    for one in of_partitions(*((0, offset) for offset in range(20))):
        schedule.add(one)
    sizes = []
    for _ in range(4):
        group = schedule.next_group()
        sizes.append(len(group))
        failed(schedule, group)
        schedule.resume(group)
    assert sizes == [16, 4, 1, 1]

    schedule.add(entry(1, 0))

    groups = []
    while group := schedule.next_group():
        groups.append({one.attempt > 1 for one in group})
        schedule.done(group)
    assert {True} in groups
    assert {False} in groups
    assert {True, False} not in groups


def test_the_held_records_of_a_partition_that_left_are_forgotten() -> None:
    schedule = Schedule(Rules(2, sequential_keys=True))
    held, behind, other = records([1, 1, 1])
    other.partition = 1
    for one in (held, behind, other):
        schedule.add(one)
    failed(schedule, schedule.next_group())

    schedule.forget(lambda one: one.partition == 0)
    schedule.resume([held])

    assert named(schedule.next_group()) == [(1, 2)]
    assert schedule.next_group() == []
