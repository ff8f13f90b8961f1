"""Which records are worked on next: concurrency, groups, keys one after the other, suspects alone."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.schedule import Rules, Schedule
from streams.stage import Record
from streams.window import Entry, State
from tests.streams.simulation import INPUT, entry, event

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
            assert not beside
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
    assert {one.state for one in group} == {State.RUNNING}


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


def test_a_suspect_ends_the_group_before_it() -> None:
    schedule = Schedule(Rules(1, group_records=3, group_bytes=1_000))
    for one in records([0, 0, 0], frozenset({1})):
        schedule.add(one)

    started = []
    while group := schedule.next_group():
        started.append([one.offset for one in group])
        schedule.done(group)

    assert started == [[0], [1], [2]]
