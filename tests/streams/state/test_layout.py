"""A sequence leads back to the record that it was made of, before and after growths."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import Era, TopicLayout
from streams.partitions import partition_of
from streams.state.layout import order_of, place_of

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
