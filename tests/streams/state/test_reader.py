"""Reading to an end that was there when reading began."""

import asyncio
import time
from collections.abc import Iterable

import pytest

from schemas.errors import TransientError
from streams.kafka.cluster import Cluster
from streams.partitions import Partition
from streams.state import reader as reader_module
from streams.state.checkpoints import topic_ids
from streams.state.reader import ReadBatch, Reader, TopicMadeAnew, end_offsets
from streams.topics import API_KEYS
from tests.conftest import Kafka
from tests.streams.broker import CODEC, Writer, fresh_cluster, key, made_anew

PARTITION = (API_KEYS.name, 0)


async def test_an_end_that_is_gone_because_the_topic_was_made_anew_is_not_waited_for(
    kafka: Kafka,
) -> None:
    cluster = await fresh_cluster(kafka)
    await write(cluster, "a", "b")
    await made_anew(cluster, API_KEYS)
    await write(cluster, "a")

    with pytest.raises(TransientError, match=r"api-keys\[0\] ends at 1, and ended at 2 when reading began"):
        await asyncio.to_thread(read_to, cluster, 2)


async def test_a_topic_made_anew_that_has_grown_further_is_not_read_on(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_module, "LOOK_SECONDS", 0.0)
    cluster = await fresh_cluster(kafka)
    ids = await asyncio.to_thread(topic_ids, cluster, [API_KEYS.name])
    await made_anew(cluster, API_KEYS)
    await write(cluster, "a", "b", "c")

    def follow() -> None:
        reader = Reader(cluster, CODEC)
        reader.assign({PARTITION: 2}, ids)
        reader.poll(10)

    with pytest.raises(TopicMadeAnew, match="api-keys was deleted and made anew: it has another id"):
        await asyncio.to_thread(follow)


async def test_an_end_that_an_open_transaction_holds_up_is_waited_for_however_long_it_takes(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask(cluster: Cluster, partitions: Iterable[Partition]) -> dict[Partition, int]:
        ends = end_offsets(cluster, partitions)
        loop.call_soon_threadsafe(asked.set)
        return ends

    monkeypatch.setattr(reader_module, "end_offsets", ask)
    cluster = await fresh_cluster(kafka)
    writer = Writer(cluster, "open")
    writer.client.begin_transaction()
    writer.write(API_KEYS, "a", key("a"))
    await asyncio.to_thread(writer.client.flush, 10)

    reading = asyncio.create_task(asyncio.to_thread(read_to, cluster, 1))
    await asyncio.wait_for(asked.wait(), 20)
    assert not reading.done()
    await asyncio.to_thread(writer.client.commit_transaction, 10)

    assert [change.key for batch in await reading for change in batch.changes] == ["a"]


@pytest.mark.parametrize("committed", [True, False])
async def test_who_follows_learns_of_an_end_behind_markers_without_a_fetch_that_waits_in_vain(
    kafka: Kafka, committed: bool
) -> None:
    cluster = await fresh_cluster(kafka)
    writer = Writer(cluster, "markers")
    writer.client.begin_transaction()
    writer.write(API_KEYS, "a", key("a"))
    await asyncio.to_thread(writer.client.flush, 10)
    await asyncio.to_thread(
        writer.client.commit_transaction if committed else writer.client.abort_transaction, 10
    )

    keys, position = await asyncio.to_thread(follow, cluster, 2)

    assert (keys, position) == (["a"] if committed else [], 2)


async def test_a_reader_that_is_sent_back_does_not_take_its_former_position_for_the_new_one(
    kafka: Kafka,
) -> None:
    cluster = await fresh_cluster(kafka)
    await write(cluster, "a", "b")

    keys, position = await asyncio.to_thread(follow, cluster, 2, True)

    assert (keys, position) == (["a", "b"], 2)


def follow(cluster: Cluster, end: int, sent_back: bool = False) -> tuple[list[str], int]:
    """The keys and the position of a reader whose empty fetches wait longer than this test; with `sent_back`
    of its second time, which waits for the end of the former fetch."""
    wait_ms = 500 if sent_back else 50_000
    reader, keys, position = Reader(cluster, CODEC, fetch_wait_ms=wait_ms), list[str](), 0
    places = {PARTITION: 0, (API_KEYS.name, 1): 0}
    reader.assign(places)
    if sent_back:
        list(reader.read_to({PARTITION: end}))
        reader.assign(places)
    deadline = time.monotonic() + 20
    while position < end:
        assert time.monotonic() < deadline, f"at {position}"
        batch = reader.poll(0.2, to_ends=True)
        keys += [change.key for change in batch.changes]
        position = batch.positions.get(PARTITION, position)
    reader.close()
    return keys, position


def read_to(cluster: Cluster, end: int) -> list[ReadBatch]:
    reader = Reader(cluster, CODEC, doubt_seconds=0)
    reader.assign({PARTITION: 0})
    deadline = time.monotonic() + 20
    batches = []
    for batch in reader.read_to({PARTITION: end}):
        assert time.monotonic() < deadline, "still reading"
        batches.append(batch)
    reader.close()
    return batches


def test_a_reader_that_no_broker_answers_gives_up() -> None:
    """As one in a request to a gateway, which has few threads for them."""
    reader = Reader(Cluster("127.0.0.1:1"), CODEC, patience_seconds=0.1)
    reader.assign({PARTITION: 0})

    with pytest.raises(TransientError, match=r"api-keys\[0\] cannot be read up to 7: nothing has come for"):
        for _ in reader.read_to({PARTITION: 7}):
            pass
    reader.close()


async def write(cluster: Cluster, *names: str) -> None:
    writer = Writer(cluster)
    for name in names:
        writer.write(API_KEYS, name, key(name))
    await writer.written()
