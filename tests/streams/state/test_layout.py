"""A sequence leads back to its record, before and after growths; a look at the layout is for all who wait."""

import asyncio
import threading
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import TransientError
from schemas.events import Era, TopicLayout
from streams.kafka.cluster import Cluster
from streams.partitions import Partition, partition_of
from streams.state import layout
from streams.state.layout import LayoutWatch, order_of, place_of
from tests.streams.broker import CODEC
from tests.waiting import eventually

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
#: Two partitions, then four, then eight; each growth when the partitions had these ends.
ERAS = [Era(base=1_000, begins=[40, 7]), Era(base=5_000, begins=[90, 60, 3, 0])]
COUNTS = (2, 4, 8)
LAYOUT = TopicLayout(partitions=8, eras=ERAS, since=SINCE)


@given(st.text(), st.integers(0, 2), st.integers(0, 500))
def test_a_sequence_is_the_place_of_its_record(key: str, growths: int, beyond: int) -> None:
    partition = partition_of(key, COUNTS[growths])
    begins = ERAS[growths - 1].begins if growths else []
    first = begins[partition] if partition < len(begins) else 0
    ends = ERAS[growths].begins if growths < len(ERAS) else None
    offset = first + beyond
    if ends is not None and offset >= ends[partition]:  # it was written after the next growth
        return
    assert place_of(LAYOUT, key, order_of(ERAS, partition, offset)) == (partition, offset)


def test_a_record_that_stayed_on_another_cluster_has_no_place_here() -> None:
    moved = TopicLayout(partitions=8, eras=[Era(base=1_000)], since=SINCE)
    assert place_of(moved, "a", 7) is None
    assert place_of(moved, "a", 1_007) == (partition_of("a", 8), 7)


class Brokers:
    """Brokers that are away until they are back, and count who asks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.back, self.asked, self.end = threading.Event(), 0, 1
        monkeypatch.setattr(layout, "end_offsets", self._end_offsets)
        monkeypatch.setattr(layout, "read_layout", lambda cluster, codec: LAYOUT)

    def _end_offsets(self, cluster: object, places: object) -> dict[Partition, int]:
        self.asked += 1
        if not self.back.wait(20):
            raise TransientError("no broker answers")
        return {layout.PLACE: self.end}


async def test_all_who_wait_for_the_layout_wait_for_one_look_and_may_give_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As requests to a gateway do whose brokers are away."""
    brokers = Brokers(monkeypatch)
    watch = LayoutWatch(Cluster("127.0.0.1:1"), CODEC)
    waiting = [asyncio.create_task(watch.current()) for _ in range(20)]
    await eventually(lambda: brokers.asked == 1)
    waiting[0].cancel()
    await asyncio.wait(waiting[:1])

    brokers.back.set()

    assert await asyncio.gather(*waiting[1:]) == [LAYOUT] * 19
    assert await watch.current() == LAYOUT
    assert brokers.asked == 1
    watch.forget()
    assert await watch.current() == LAYOUT
    assert brokers.asked == 2
