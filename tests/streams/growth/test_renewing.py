"""A topic whose offsets are an order is deleted and made anew: what comes then is newer than all before."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer

from headrace.wiring import growth
from headrace.wiring.growth import require_unchanged
from headrace.wiring.shared import Wiring
from schemas.errors import FencedError, TransientError
from schemas.events import DeadLetter, Era
from streams.engine.publishing.dead_letters import SEQUENCE_HEADER
from streams.growth import draining, journal, keeper
from streams.growth.journal import GrowthJournal, Left
from streams.growth.keeper import GrowthKeeper
from streams.growth.renewing import keep_order
from streams.kafka.cluster import CLIENT_LOG, Cluster
from streams.state.lags import commit_offsets, committed_offsets
from streams.state.layout import SETTLED, STOPPING, order_of, ordered_ids, place_of, read_layout
from streams.state.letters import headers_of
from streams.topics import DOCUMENTS, RUNS
from tests.conftest import Kafka
from tests.streams.broker import CODEC, Writer, fresh_cluster, key, made_anew
from tests.waiting import eventually

RUN = RUNS["folder"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draining, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(draining, "STILL_SECONDS", 0.1)
    monkeypatch.setattr(keeper, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(keeper, "SILENT_SECONDS", 1.0)


async def noted(kafka: Kafka) -> Cluster:
    """A cluster with two partitions, whose ids are known."""
    cluster = await fresh_cluster(kafka, 2)
    assert await asyncio.to_thread(keep_order, cluster, CODEC) == []
    return cluster


@contextlib.contextmanager
def parsing(cluster: Cluster) -> Iterator[Consumer]:
    """A member of the group that puts documents in order."""
    consumer = Consumer(
        cluster.client(group_id=cluster.name("parsing"), auto_offset_reset="earliest"), logger=CLIENT_LOG
    )
    consumer.subscribe([cluster.name(DOCUMENTS)])
    try:
        while not consumer.assignment():
            consumer.poll(0.1)
        yield consumer
    finally:
        consumer.close()


async def read_one(cluster: Cluster) -> None:
    """Parsing reads a record of partition 0, and ends."""
    writer = Writer(cluster)
    writer.write(DOCUMENTS, "a", key("a"), 0)
    await writer.written()

    def read() -> None:
        with parsing(cluster) as consumer:
            while (message := consumer.poll(0.1)) is None or message.error():
                pass
            consumer.commit(message=message, asynchronous=False)

    await asyncio.to_thread(read)


async def committed(cluster: Cluster, offset: int) -> None:
    """Parsing has read partition 0 up to here."""
    await asyncio.to_thread(commit_offsets, cluster, cluster.name("parsing"), {(DOCUMENTS.name, 0): offset})


def wired(cluster: Cluster) -> Wiring:
    """That of a process that has begun now."""
    layout = read_layout(cluster, CODEC)
    return cast(Wiring, SimpleNamespace(cluster=cluster, codec=CODEC, layout=layout))


async def test_offsets_of_a_topic_made_anew_exceed_all_before_and_are_read_from_the_first_on(
    kafka: Kafka,
) -> None:
    cluster = await noted(kafka)
    before = read_layout(cluster, CODEC)
    await made_anew(cluster, DOCUMENTS)
    await read_one(cluster)  # by a service that has not noticed it

    assert await asyncio.to_thread(keep_order, cluster, CODEC) == [DOCUMENTS.name]

    now = read_layout(cluster, CODEC)
    assert (now.phase, now.topic_ids) == (SETTLED, ordered_ids(cluster))
    assert order_of(now.eras, 0, 0) > order_of(before.eras, 0, 10**12)
    assert place_of(now, "a", order_of(before.eras, 0, 5)) is None  # its record is gone
    assert committed_offsets(cluster, cluster.name("parsing")) == {(DOCUMENTS.name, 0): 0}
    assert await asyncio.to_thread(keep_order, cluster, CODEC) == []
    await made_anew(cluster, DOCUMENTS)
    assert await asyncio.to_thread(keep_order, cluster, CODEC) == [DOCUMENTS.name]
    again = read_layout(cluster, CODEC)
    assert order_of(again.eras, 0, 0) > order_of(now.eras, 0, 10**12)


async def test_a_topic_of_runs_made_anew_leaves_the_order_of_documents(kafka: Kafka) -> None:
    cluster = await noted(kafka)
    await read_one(cluster)
    await made_anew(cluster, RUN)
    assert await asyncio.to_thread(keep_order, cluster, CODEC) == [RUN.name]
    eras = read_layout(cluster, CODEC).eras
    assert eras[-1].begins == [1, 0]
    assert order_of(eras, 0, 0) == 0  # what was written before
    assert order_of(eras, 0, 1) > order_of(eras, 0, 0)
    assert committed_offsets(cluster, cluster.name("parsing")) == {(DOCUMENTS.name, 0): 1}


async def test_offsets_of_a_topic_that_lost_its_last_records_exceed_those_that_are_lost(kafka: Kafka) -> None:
    cluster = await noted(kafka)
    await read_one(cluster)
    await committed(cluster, 40)  # of 39 records the broker has none any more
    before = read_layout(cluster, CODEC).eras
    with pytest.raises(TransientError, match=r"documents\[0\] ends before what was read of it"):
        await require_unchanged(wired(cluster), orders=True)  # nobody begins to read or write meanwhile

    gateway = GrowthKeeper(cluster, CODEC)
    gateway.follow()
    try:
        await eventually(lambda: bool(read_layout(cluster, CODEC).eras), 30)
    finally:
        await gateway.close()

    eras = read_layout(cluster, CODEC).eras
    assert eras[-1].begins == [1, 0]
    assert order_of(eras, 0, 0) == 0  # a record that is left keeps its place
    assert order_of(eras, 0, 1) > order_of(before, 0, 10**12)
    assert committed_offsets(cluster, cluster.name("parsing")) == {(DOCUMENTS.name, 0): 1}
    assert await asyncio.to_thread(keep_order, cluster, CODEC) == []
    await require_unchanged(wired(cluster), orders=True)


async def test_who_begins_beside_its_broker_waits_until_it_knows_what_was_read(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster, asked = await fresh_cluster(kafka, 2), 0

    def loading(cluster: Cluster) -> dict[tuple[str, int], int]:
        nonlocal asked
        asked += 1
        if asked < 2:
            raise TransientError("what was read of documents is not known: coordinator load in progress")
        return {}

    monkeypatch.setattr(growth, "cut_short", loading)

    await require_unchanged(wired(cluster), orders=False)
    assert asked == 0
    await require_unchanged(wired(cluster), orders=True)
    assert asked == 2


async def test_services_end_before_the_era_begins_and_another_gateway_goes_on(kafka: Kafka) -> None:
    cluster = await noted(kafka)
    await made_anew(cluster, DOCUMENTS)
    ends = threading.Event()
    with parsing(cluster):
        first = asyncio.create_task(asyncio.to_thread(keep_order, cluster, CODEC, lambda step: None, ends))
        await eventually(lambda: read_layout(cluster, CODEC).phase == STOPPING, 30)
        ends.set()
        with pytest.raises(Left):
            await first
        assert not read_layout(cluster, CODEC).eras
    gateway = GrowthKeeper(cluster, CODEC)
    gateway.follow()
    try:
        await eventually(lambda: bool(read_layout(cluster, CODEC).eras), 30)
    finally:
        await gateway.close()
    assert read_layout(cluster, CODEC).topic_ids == ordered_ids(cluster)


async def test_a_gateway_notes_the_ids_of_a_system_that_has_none_yet(kafka: Kafka) -> None:
    cluster = await fresh_cluster(kafka, 2)
    gateway = GrowthKeeper(cluster, CODEC)
    gateway.follow()
    try:
        await eventually(lambda: read_layout(cluster, CODEC).topic_ids == ordered_ids(cluster), 30)
    finally:
        await gateway.close()
    assert not read_layout(cluster, CODEC).eras


async def test_of_two_that_raise_offsets_the_earlier_one_is_fenced(kafka: Kafka) -> None:
    cluster = await noted(kafka)
    earlier = GrowthJournal(cluster, CODEC)
    await made_anew(cluster, DOCUMENTS)
    assert await asyncio.to_thread(keep_order, cluster, CODEC) == [DOCUMENTS.name]
    with pytest.raises(FencedError):
        earlier.note(earlier.layout)


async def test_a_command_that_is_fenced_while_it_commits_notices(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A coordinator says "unknown error" then, and names the fence only when asked again."""
    cluster = await noted(kafka)

    class Fenced(Producer):
        def commit_transaction(self, *args: object) -> None:
            monkeypatch.undo()
            GrowthJournal(cluster, CODEC)  # another command begins
            raise KafkaException(KafkaError(KafkaError.UNKNOWN, "unknown", False, False, True))

    monkeypatch.setattr(journal, "Producer", Fenced)
    earlier = GrowthJournal(cluster, CODEC)
    with pytest.raises(FencedError):
        await asyncio.to_thread(earlier.note, earlier.layout)


def test_a_letter_of_a_topic_that_is_gone_keeps_the_order_of_that_topic() -> None:
    anew = datetime(2026, 1, 2, tzinfo=UTC)
    eras = [Era(base=1_000, begins=[40]), Era(base=9_000, since=anew)]

    def sequence(failed_at: datetime) -> bytes:
        letter = DeadLetter(
            id="l",
            topic=DOCUMENTS.name,
            partition=0,
            offset=50,
            stage="parsing",
            error_class="E",
            error="e",
            attempt=1,
            failed_at=failed_at,
        )
        return headers_of(letter, eras)[SEQUENCE_HEADER]

    assert sequence(anew - timedelta(hours=1)) == b"1050"
    assert sequence(anew + timedelta(hours=1)) == b"9050"
