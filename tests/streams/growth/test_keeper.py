"""A growth that a gateway began: another one goes on with it, and anybody can give it up."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from types import MethodType
from typing import Any
from unittest.mock import Mock

import pytest

from schemas.errors import RequestError, TransientError
from schemas.events import TopicLayout
from streams.growth import (
    GrowthKeeper,
    cancel_growth,
    command,
    draining,
    finish_growth,
    grow,
    journal,
    keeper,
)
from streams.growth.journal import GrowthJournal
from streams.growth.moving import Copied
from streams.growth.placing import PLACED
from streams.growth.renewing import keep_order
from streams.kafka.cluster import Cluster, admin, partition_counts
from streams.state.layout import DRAINING, GROWING, MOVED, SETTLED, STOPPING, ordered_ids, read_layout
from streams.topics import API_KEYS, BY_NAME, DOCUMENTS, INVOCATIONS, STAGE_HEALTH
from tests.conftest import Kafka
from tests.streams.broker import CODEC, Writer, fresh_cluster, key


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draining, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(draining, "STILL_SECONDS", 0.1)
    monkeypatch.setattr(draining, "LATE_SECONDS", 0.0)
    monkeypatch.setattr(journal, "BEAT_SECONDS", 0.1)
    monkeypatch.setattr(keeper, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(keeper, "SILENT_SECONDS", 1.0)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def keeping(cluster: Cluster) -> AsyncIterator[GrowthKeeper]:
    made = GrowthKeeper(cluster, CODEC)
    made.follow()
    try:
        yield made
    finally:
        await made.close()


async def waiting(cluster: Cluster) -> None:
    """A cluster with a record that nobody reads, so that a growth waits; and one of state."""
    writer = Writer(cluster)
    writer.write(DOCUMENTS, "a", key("a"), 0)
    writer.write(API_KEYS, "a", key("a"), 0)
    await writer.written()


async def test_another_gateway_goes_on_with_a_growth_whose_gateway_ended(kafka: Kafka) -> None:
    cluster = await fresh_cluster(kafka, 2)
    await waiting(cluster)

    async with keeping(cluster) as first:
        first.begin(3)
        await until(lambda: any("waiting: 1 record " in one for one in read_layout(cluster, CODEC).steps))
        began = read_layout(cluster, CODEC)
        await until(lambda: read_layout(cluster, CODEC).told_at != began.told_at)  # signs of life
    assert not first.grows
    assert read_layout(cluster, CODEC).phase == DRAINING  # its end gives nothing up
    async with keeping(cluster) as second:
        await until(lambda: second.grows)
        from tests.streams.growth.test_grow import read_by

        await asyncio.to_thread(read_by, cluster, "parsing", DOCUMENTS)
        await until(lambda: read_layout(cluster, CODEC).phase == SETTLED)

    layout = read_layout(cluster, CODEC)
    assert (layout.partitions, layout.resumes) == (3, False)
    assert "begun anew where it was" in layout.steps
    assert layout.steps[-1] == "all topics have 3 partitions; the services begin anew"
    assert partition_counts(admin(cluster), cluster)[API_KEYS.name] == 3


async def test_a_growth_that_is_given_up_elsewhere_ends_here(kafka: Kafka) -> None:
    cluster = await fresh_cluster(kafka, 2)
    await waiting(cluster)

    async with keeping(cluster) as one:
        one.begin(3)
        await until(lambda: read_layout(cluster, CODEC).phase == DRAINING)
        await asyncio.to_thread(cancel_growth, cluster, CODEC)
        await until(lambda: not one.grows)
        assert one.error == ""

    layout = read_layout(cluster, CODEC)
    assert (layout.phase, layout.partitions, layout.steps[-1]) == (SETTLED, 2, "given up")
    assert partition_counts(admin(cluster), cluster)[API_KEYS.name] == 2


async def test_a_growth_waits_until_offsets_are_in_order(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look of a gateway notes the ids of the topics, as a growth is asked for."""
    cluster = await fresh_cluster(kafka, 2)
    await waiting(cluster)
    ordering, go_on = threading.Event(), threading.Event()

    def slow(*args: Any) -> list[str]:
        ordering.set()
        go_on.wait(30)
        return keep_order(*args)

    monkeypatch.setattr(keeper, "keep_order", slow)
    async with keeping(cluster) as one:
        await until(ordering.is_set)
        one.begin(3)
        go_on.set()
        await until(lambda: read_layout(cluster, CODEC).phase == DRAINING)
        assert one.grows


async def test_nothing_is_put_in_order_beside_a_growth(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was asked for as the gateway looked."""
    cluster = await fresh_cluster(kafka, 2)
    await waiting(cluster)
    looking, go_on = threading.Event(), threading.Event()
    beside = Mock()

    def slow(asked: Cluster) -> dict[str, str]:
        looking.set()
        go_on.wait(30)
        return ordered_ids(asked)

    monkeypatch.setattr(keeper, "ordered_ids", slow)
    monkeypatch.setattr(keeper, "keep_order", beside)
    async with keeping(cluster) as one:
        await until(looking.is_set)
        one.begin(3)
        await until(lambda: read_layout(cluster, CODEC).phase == DRAINING)
        go_on.set()
        began = read_layout(cluster, CODEC)
        await until(lambda: read_layout(cluster, CODEC).told_at != began.told_at)  # it looked again since
        assert one.grows
    beside.assert_not_called()


async def test_what_was_settled_meanwhile_is_not_begun_anew(kafka: Kafka) -> None:
    cluster = await fresh_cluster(kafka, 2)

    layout = await asyncio.to_thread(grow, cluster, CODEC, 3, lambda step: None, continues=True)

    assert (layout.phase, layout.partitions) == (SETTLED, 2)
    assert partition_counts(admin(cluster), cluster)[API_KEYS.name] == 2


async def test_a_growth_that_fails_with_its_transaction_is_given_up(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The brokers were away in the middle of a sign of life."""
    cluster = await fresh_cluster(kafka, 2)
    broken: list[object] = []

    class Breaking(GrowthJournal):
        def note(self, layout: TopicLayout) -> None:
            if self in broken:
                raise TransientError("the transaction was refused")
            super().note(layout)

    def away(cluster: Cluster, told: object, beat: MethodType) -> None:
        broken.append(beat.__self__)
        raise TransientError("no broker answers")

    monkeypatch.setattr(command, "GrowthJournal", Breaking)
    monkeypatch.setattr(command, "wait_drained", away)
    with pytest.raises(TransientError, match="no broker answers"):
        await asyncio.to_thread(grow, cluster, CODEC, 3, lambda step: None)

    layout = read_layout(cluster, CODEC)
    assert (layout.phase, layout.partitions) == (SETTLED, 2)
    assert layout.steps[-1] == "given up: no broker answers"


def test_a_growth_that_moves_state_by_now_is_not_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The layout is read, then whoever grows is fenced; it may have gone on between."""
    before = TopicLayout(partitions=2, phase=DRAINING, target=3, since=datetime(2026, 1, 1, tzinfo=UTC))

    class Fencing:
        layout = before.model_copy(update={"phase": GROWING})

        def note(self, layout: TopicLayout) -> None:
            raise AssertionError(f"noted: {layout}")

    monkeypatch.setattr(command, "read_layout", lambda *_: before)
    monkeypatch.setattr(command, "GrowthJournal", lambda *_: Fencing())
    with pytest.raises(RequestError, match="finishes it"):
        cancel_growth(Cluster("127.0.0.1:1"), CODEC)


def test_what_moves_goes_on_with_the_partition_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a topic that takes an hour."""
    ends = {topic.name: [1, 1, 1] for topic in (*PLACED, STAGE_HEALTH)}
    began = datetime(2026, 1, 1, tzinfo=UTC)
    noted = [TopicLayout(partitions=3, phase=GROWING, target=4, since=began, ends=ends)]
    moved: list[tuple[str, int]] = []

    class Journal:
        keep, say = GrowthJournal.keep, Mock()

        def __init__(self, *cluster: object) -> None:
            self.layout = noted[-1]

        def note(self, layout: TopicLayout) -> None:
            noted.append(layout)
            self.layout = layout

        def beat(self) -> None:
            self.note(self.layout)

    def copied(what: Copied, journal: Journal, count: int, beat: Callable[[], None]) -> int:
        beat()
        place = (what.topic.name, what.partition)
        if place in dies_at:
            dies_at.remove(place)
            raise TransientError("no broker answers")
        moved.append(place)
        return 1

    dies_at = {(API_KEYS.name, 2), (INVOCATIONS.name, 0)}
    monkeypatch.setattr(command, "GrowthJournal", Journal)
    monkeypatch.setattr(command, "copy_partition", copied)
    monkeypatch.setattr(command, "read_layout", lambda *_: noted[-1])
    monkeypatch.setattr(command, "partition_counts", lambda *_: BY_NAME)
    for name in ("wait_left", "add_partitions", "pass_moved", "remove_before"):
        monkeypatch.setattr(command, name, Mock())
    for _ in range(2):
        with pytest.raises(TransientError):
            finish_growth(Cluster("127.0.0.1:1"), CODEC, lambda step: None)
    assert [name for name in noted[-1].copied if "/" in name] == []
    assert finish_growth(Cluster("127.0.0.1:1"), CODEC, lambda step: None)

    assert moved == [(topic.name, partition) for topic in PLACED for partition in range(3)]
    assert (noted[-1].phase, noted[-1].partitions, noted[-1].copied) == (SETTLED, 4, [])


async def test_a_growth_waits_until_no_gateway_that_had_not_seen_it_can_write(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is cut off from the broker gives up what it could not write; not so before that."""
    monkeypatch.setattr(draining, "LATE_SECONDS", 1.0)
    cluster = await fresh_cluster(kafka, 2)
    phases: list[tuple[str, float]] = []

    class Noting(GrowthJournal):
        def note(self, layout: TopicLayout) -> None:
            super().note(layout)
            phases.append((layout.phase, time.monotonic()))

    monkeypatch.setattr(command, "GrowthJournal", Noting)
    await asyncio.to_thread(grow, cluster, CODEC, 3, lambda step: None)

    draining_at = next(at for phase, at in phases if phase == DRAINING)
    stopping_at = next(at for phase, at in phases if phase == STOPPING)
    assert stopping_at - draining_at >= 1.0


async def test_a_system_that_was_moved_goes_on_here_when_it_is_told_to(kafka: Kafka) -> None:
    cluster = await fresh_cluster(kafka, 2)
    journal = GrowthJournal(cluster, CODEC)
    await asyncio.to_thread(journal.note, journal.layout.model_copy(update={"phase": MOVED}))

    def start(**how: bool) -> bool:
        return finish_growth(cluster, CODEC, lambda step: None, **how)

    with pytest.raises(RequestError, match="`headrace up --cancel-move` starts it"):
        await asyncio.to_thread(start, alone=True)
    assert not await asyncio.to_thread(start)  # brokers of others: gateways answer, and say so
    assert read_layout(cluster, CODEC).phase == MOVED
    await asyncio.to_thread(start, alone=True, comes_back=True)

    layout = read_layout(cluster, CODEC)
    assert (layout.phase, layout.partitions, layout.steps[-1]) == (SETTLED, 2, "given up")


def test_only_what_gateways_began_and_nobody_works_on_is_gone_on_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    one = GrowthKeeper(Cluster("127.0.0.1:1"), CODEC)

    def due(after: float, second: int, **changes: object) -> bool:
        clock[0] = after
        told = datetime(2026, 1, 1, second=second, tzinfo=UTC)
        made = TopicLayout(partitions=2, phase=GROWING, target=3, since=told, told_at=told, resumes=True)
        return one.is_due(made.model_copy(update=changes))

    assert not due(0, 0)  # it may have spoken a moment ago
    assert not due(0.9, 0)
    assert not due(1.2, 1)  # it has
    assert due(2.3, 1)
    assert not due(2.3, 1, resumes=False)  # a command's
    assert not due(2.3, 1, phase=SETTLED)
