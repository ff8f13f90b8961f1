"""How many documents of a run may be under way: what gets done in three seconds."""

from hypothesis import given
from hypothesis import strategies as st

from streams.engine.publishing.in_flight import InFlightLimit


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def window_after(rate: float, seconds: float, most: int = 1_000) -> int:
    """The window of a run that gets so many documents done a second, looked at ten times a second."""
    clock = Clock()
    pace = InFlightLimit(most, clock)
    for tick in range(1, int(seconds * 10) + 1):
        clock.now = tick / 10
        pace.window(int(rate * clock.now))
    return pace.window(int(rate * clock.now))


def test_it_is_what_gets_done_in_three_seconds() -> None:
    assert window_after(rate=100, seconds=1) in range(285, 316)
    assert window_after(rate=100, seconds=60) in range(285, 316)
    assert window_after(rate=10, seconds=60) in range(28, 32)


def test_slow_documents_leave_a_few_and_fast_ones_no_more_than_the_most() -> None:
    assert InFlightLimit(1_000).window(0) == 8
    assert window_after(rate=0.1, seconds=60) == 8
    assert window_after(rate=10_000, seconds=5) == 1_000
    assert window_after(rate=100, seconds=5, most=2) == 2


def test_it_follows_a_run_that_becomes_slow_within_seconds() -> None:
    clock = Clock()
    pace = InFlightLimit(1_000, clock)
    done = 0.0
    for tick in range(200):
        clock.now = tick / 10
        done += 20 if tick < 100 else 0.5
        pace.window(int(done))

    assert pace.window(int(done)) <= 18


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(0, 50)), max_size=50), st.integers(1, 100))
def test_it_is_never_nothing_and_never_more_than_the_most(steps: list[tuple[float, int]], most: int) -> None:
    clock = Clock()
    pace, done = InFlightLimit(most, clock), 0
    for seconds, more in steps:
        clock.now += seconds
        done += more
        assert 1 <= pace.window(done) <= most
