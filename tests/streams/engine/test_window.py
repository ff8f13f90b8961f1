"""The window of a partition: order, bounds, and what may be committed."""

from hypothesis import given
from hypothesis import strategies as st

from streams.engine.window import EntryState, PartitionWindow, WindowLimits
from tests.streams.engine.simulation import entry


def window_of(*offsets: int, limits: WindowLimits | None = None, size: int = 10) -> PartitionWindow:
    window = PartitionWindow(limits or WindowLimits())
    for offset in offsets:
        window.admit(entry(0, offset, size))
    return window


@given(order=st.permutations(range(12)), acknowledged=st.permutations(range(12)))
def test_whatever_the_order_of_finishing_release_is_in_order_and_commits_follow_the_acknowledged_head(
    order: list[int], acknowledged: list[int]
) -> None:
    window = window_of(*range(12))
    entries = list(window.entries)
    released: list[int] = []
    for number in order:
        window.finish(entries[number], [])
        released.extend(taken.offset for taken in window.take_releasable())
    assert released == list(range(12))

    safe: set[int] = set()
    for number in acknowledged:
        window.acknowledge([entries[number]])
        safe.add(number)
        head = next(offset for offset in range(13) if offset not in safe)
        assert window.take_committable() == (head if number < head else None)


@given(gaps=st.lists(st.integers(1, 5), min_size=1, max_size=10))
def test_offsets_may_have_gaps_and_the_next_one_to_read_is_committed(gaps: list[int]) -> None:
    offsets = [sum(gaps[: at + 1]) for at in range(len(gaps))]
    window = window_of(*offsets)
    for made in window.entries:
        window.finish(made, [])
    window.acknowledge(window.take_releasable())

    assert window.take_committable() == offsets[-1] + 1


def test_an_offset_is_taken_once_and_again_after_a_refusal_or_at_the_last_chance() -> None:
    window = window_of(4)
    window.finish(window.entries[0], [])
    window.acknowledge(window.take_releasable())

    assert window.take_committable() == 5
    assert window.take_committable() is None
    assert window.take_committable(last_chance=True) == 5
    window.refused()
    assert window.take_committable() == 5


def test_nothing_is_committed_before_anything_is_acknowledged() -> None:
    window = window_of(0, 1)
    window.finish(window.entries[0], [])
    window.take_releasable()

    assert window.take_committable(last_chance=True) is None


def test_a_window_is_full_at_its_bound_and_low_at_half_of_it() -> None:
    window = window_of(*range(4), limits=WindowLimits(records=4))
    assert (window.full, window.low) == (True, False)

    for expected in (False, True):  # three left, then two
        window.finish(window.entries[0], [])
        window.acknowledge(window.take_releasable())
        assert (window.full, window.low) == (False, expected)


def test_one_record_larger_than_the_window_fills_it_and_passes() -> None:
    window = window_of(0, limits=WindowLimits(bytes=50), size=80)
    assert window.full

    window.finish(window.entries[0], [])
    window.acknowledge(window.take_releasable())
    assert window.low


def test_a_window_is_settled_when_nothing_runs_or_is_on_its_way() -> None:
    window = window_of(0, 1)
    first = window.entries[0]
    assert window.settled  # waiting records are given back

    for state in (EntryState.RUNNING, EntryState.DONE, EntryState.RELEASED):
        first.state = state
        assert not window.settled
    first.state = EntryState.ACKNOWLEDGED
    assert window.settled


def test_markers_behind_the_last_record_are_passed_when_it_is_done_and_not_before() -> None:
    window = window_of(3)
    window.reach_end(5)
    assert window.take_committable() is None

    window.finish(window.entries[0], [])
    window.acknowledge(window.take_releasable())
    assert window.take_committable() == 5
    window.reach_end(7)  # an aborted transaction
    assert window.take_committable() == 7


def test_a_window_that_has_read_nothing_commits_nothing() -> None:
    window = window_of()
    window.reach_end(5)
    assert window.take_committable() is None


def test_a_position_is_known_when_the_end_was_reached_and_nothing_is_in_flight() -> None:
    window = window_of()
    assert window.position is None
    window.reach_end(5)
    assert window.position == 5

    window.admit(entry(0, 7, 10))
    assert window.position is None
    [one] = window.entries
    window.finish(one, [])
    window.acknowledge(window.take_releasable())
    assert window.position == 8
    window.reach_end(10)
    assert window.position == 10
