"""How far groups are behind, and when that is as it was before, so that nobody need ask."""

import asyncio
from collections.abc import Callable

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from schemas.errors import TransientError
from streams.kafka.cluster import Cluster
from streams.partitions import partition_of
from streams.state import lags
from streams.state.group_reading import GroupReading
from streams.state.lags import TopicsSample, commit_offsets, committed_offsets, is_still
from streams.topics import PROGRESS
from tests.conftest import Kafka
from tests.streams.broker import Writer, fresh_cluster

ENDS = {"documents": 7, "parsed": 5, "stage-health": 100}


def sample(lags: dict[str, dict[str, int]]) -> TopicsSample:
    return TopicsSample(at=0.0, partitions={}, ends=ENDS, kept={}, lags=lags)


def test_groups_that_had_read_everything_are_not_asked_again_while_their_topics_stay() -> None:
    before = sample({"parsing": {"documents": 0}, "chunking": {}})

    assert is_still(before, ENDS)
    assert is_still(before, ENDS | {"stage-health": 200})  # no group reads it
    assert not is_still(before, ENDS | {"parsed": 6})
    assert not is_still(before, ENDS | {"invocations": 1})


@pytest.mark.parametrize("lags", [{}, {"parsing": {"documents": 0}, "chunking": {"parsed": 1}}])
def test_groups_are_asked_if_one_was_behind_or_none_is_known(lags: dict[str, dict[str, int]]) -> None:
    assert not is_still(sample(lags), ENDS)


class Group:
    """A consumer whose first answers are these errors."""

    def __init__(self, *errors: int) -> None:
        self.errors = list(errors)
        self.closed = False

    def committed(self, places: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        if self.errors:
            raise KafkaException(KafkaError(self.errors.pop(0)))
        return [TopicPartition(place.topic, place.partition, 7) for place in places]

    def close(self) -> None:
        self.closed = True


def asked(group: Group) -> Callable[..., Group]:
    return lambda *_, **__: group


def test_a_coordinator_that_has_just_moved_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    group = Group(KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_LOAD_IN_PROGRESS)
    monkeypatch.setattr(lags, "Consumer", asked(group))

    found = committed_offsets(Cluster("127.0.0.1:9"), "parsing", {"documents": 1})

    assert found == {("documents", 0): 7}
    assert group.closed


def test_a_group_that_may_not_be_read_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    group = Group(KafkaError.GROUP_AUTHORIZATION_FAILED)
    monkeypatch.setattr(lags, "Consumer", asked(group))

    with pytest.raises(TransientError, match="offsets of parsing: "):
        committed_offsets(Cluster("127.0.0.1:9"), "parsing", {"documents": 1})
    assert group.closed


async def test_how_far_a_group_has_read_is_told_by_the_partition_of_a_key(kafka: Kafka) -> None:
    cluster = await fresh_cluster(kafka, partitions=3)
    place = PROGRESS.name, partition_of("run-1", 3)
    reading = GroupReading(cluster, PROGRESS, "tracking", 3)
    writer = Writer(cluster)
    for name in ("a", "b"):
        writer.write(PROGRESS, name, None, place[1])
    await writer.written()

    assert (await reading.end("run-1"), await reading.position("run-1")) == (2, 0)

    await asyncio.to_thread(commit_offsets, cluster, cluster.name("tracking"), {place: 1})
    assert await reading.position("run-1") == 1
