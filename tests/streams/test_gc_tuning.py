"""Cycles are looked for seldom, and still found."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from streams.gc_tuning import collect_seldom


@pytest.fixture(autouse=True)
def thresholds() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


class Cycle:
    def __init__(self) -> None:
        self.itself = self


@pytest.mark.faults  # long
def test_thousands_of_records_set_no_collection_off_and_a_cycle_is_found_in_the_end() -> None:
    collect_seldom()
    gc.collect()
    dropped = weakref.ref(Cycle())

    records = [[n] for n in range(20_000)]
    assert dropped() is not None

    records += [[n] for n in range(60_000)]
    assert dropped() is None
