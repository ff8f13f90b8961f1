"""How a worker ends, on the real broker: drained, fenced, or in the middle of a transaction."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from schemas.errors import FencedError
from schemas.events import ApiKey, DeadLetter
from streams.engine.journal import Journal
from streams.engine.outputs import Send
from streams.engine.stage import AnyStage, Context, Outcome, Record, Stage, StatefulStage
from streams.kafka import worker as worker_module
from streams.kafka.cluster import Cluster
from streams.kafka.membership import Membership
from streams.kafka.poller import Poller
from streams.kafka.worker import Worker
from streams.state.lags import committed_offsets
from streams.state.reader import Reader, end_offsets
from streams.topics import API_KEYS, BY_NAME, DEAD_LETTERS, DOCUMENTS, SOURCES, Topic
from tests.conftest import Kafka
from tests.streams.broker import CODEC, Writer, fresh_cluster, key
from tests.waiting import eventually

#: A topic of the catalogue that these tests use for records of their own.
COPIES = Topic("sources", (ApiKey,))


@pytest.fixture(autouse=True)
def open_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BY_NAME, SOURCES.name, COPIES)


@pytest.fixture
async def cluster(kafka: Kafka) -> Cluster:
    return await fresh_cluster(kafka, partitions=1)


def worker(cluster: Cluster, stage: AnyStage, journal: Path | None = None) -> Worker:
    return Worker(stage, cluster, CODEC, Membership(slot="0"), journal=Journal(journal) if journal else None)


async def write(cluster: Cluster, *names: str, says: str = "") -> None:
    writer = Writer(cluster)
    for name in names:
        writer.write(API_KEYS, name, key(name, says))
    await writer.written()


async def committed(cluster: Cluster, group: str) -> int:
    def ask() -> int:
        return max(committed_offsets(cluster, cluster.name(group)).values(), default=0)

    return await asyncio.to_thread(ask)


async def copies(cluster: Cluster, topic: Topic = COPIES) -> list[object]:
    """Events that a reader of committed records sees now."""

    def read() -> list[object]:
        reader = Reader(cluster, CODEC)
        reader.assign({(topic.name, 0): 0})
        end = end_offsets(cluster, [(topic.name, 0)])
        found: list[object] = [change.event for batch in reader.read_to(end) for change in batch.changes]
        reader.close()
        return found

    return await asyncio.to_thread(read)


class Held(Stage[ApiKey]):
    """Copies when it is told to go on."""

    name = "held"
    topic = API_KEYS

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.begun = 0

    async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Send]:
        self.begun += 1
        await self.go_on.wait()
        return [Send(COPIES, record.key, record.event)]


async def test_a_worker_that_is_stopped_finishes_what_is_under_way_and_commits_it(cluster: Cluster) -> None:
    await write(cluster, "a", "b", "c")
    stage = Held()
    stopping = worker(cluster, stage)
    running = asyncio.create_task(stopping.run())
    await eventually(lambda: stage.begun == 3, 20)

    stopping.stop()
    stage.go_on.set()
    await asyncio.wait_for(running, 20)

    assert await committed(cluster, "held") == 3
    assert await copies(cluster) == [key(name) for name in "abc"]


async def test_the_markers_of_transactions_count_as_read_once_the_records_before_them_are_done(
    cluster: Cluster,
) -> None:
    stage = Held()
    stopping = worker(cluster, stage)
    running = asyncio.create_task(stopping.run())
    writer = Writer(cluster, "writer")
    for name in "ab":
        writer.client.begin_transaction()
        writer.write(API_KEYS, name, key(name))
        await asyncio.to_thread(writer.client.commit_transaction, 20)
    await eventually(lambda: stage.begun == 2, 20)
    assert await committed(cluster, "held") <= 0

    stage.go_on.set()
    async with asyncio.timeout(20):
        while await committed(cluster, "held") < 4:  # noqa: ASYNC110  (asked of the broker)
            await asyncio.sleep(0.05)
    stopping.stop()
    await asyncio.wait_for(running, 20)


class Fenced(Stage[ApiKey]):
    name = "fenced"
    topic = API_KEYS

    async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Send]:
        raise FencedError("the partitions have other owners")


async def test_a_stage_that_is_fenced_ends_its_worker_with_the_reason_and_without_a_commit(
    cluster: Cluster,
) -> None:
    await write(cluster, "a")

    with pytest.raises(FencedError, match="other owners"):
        await asyncio.wait_for(worker(cluster, Fenced()).run(), 30)

    assert await committed(cluster, "fenced") <= 0
    assert await copies(cluster) == []


class Hanging(Fenced):
    """Never closes, as a client library that waits for a broker."""

    name = "hanging"

    async def close(self) -> None:
        await asyncio.Event().wait()


class HangingInOrder(Hanging):
    async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Send]:
        return []


async def test_a_worker_that_hangs_at_its_end_raises_what_ended_it(cluster: Cluster) -> None:
    await write(cluster, "a")
    ended = Worker(Hanging(), cluster, CODEC, Membership(slot="0"), ending_seconds=5)

    with pytest.raises(FencedError, match="other owners"):
        await asyncio.wait_for(ended.run(), 60)


async def test_a_stopped_worker_that_hangs_at_its_end_says_so(cluster: Cluster) -> None:
    stopped = Worker(HangingInOrder(), cluster, CODEC, Membership(slot="0"), ending_seconds=0.1)
    running = asyncio.create_task(stopped.run())
    await asyncio.wait_for(stopped.ready.wait(), 30)
    stopped.stop()

    with pytest.raises(TimeoutError, match=r"hanging did not leave its group and close within 0\.1 s"):
        await asyncio.wait_for(running, 60)


async def test_a_stopped_worker_whose_poll_thread_hangs_ends_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A call of librdkafka may wait for a broker for minutes."""
    back = threading.Event()
    monkeypatch.setattr(worker_module, "DRAIN_SECONDS", 0.1)
    monkeypatch.setattr(Poller, "start", lambda self: None)
    monkeypatch.setattr(Poller, "join", lambda self: back.wait(60))
    stopped = Worker(Held(), Cluster("127.0.0.1:1"), CODEC, Membership(slot="0"), ending_seconds=0.2)
    running = asyncio.create_task(stopped.run())
    await asyncio.sleep(0)  # it has begun

    stopped.stop()
    try:
        with pytest.raises(TimeoutError, match=r"held did not drain and leave its group in 0\.3 s"):
            await asyncio.wait_for(running, 30)
    finally:
        back.set()


class Careless(Stage[ApiKey]):
    """Writes where order counts, without a fence."""

    name = "careless"
    topic = API_KEYS

    async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Send]:
        return [Send(DOCUMENTS, record.key, record.event)]


async def test_a_stage_that_could_write_to_documents_after_it_has_lost_its_partitions_is_refused(
    cluster: Cluster,
) -> None:
    await write(cluster, "a")

    with pytest.raises(TypeError, match="careless writes to documents and is not transactional"):
        await asyncio.wait_for(worker(cluster, Careless()).run(), 30)

    assert await copies(cluster, DOCUMENTS) == []


class Growing(Stage[ApiKey]):
    """Its output for some records is larger than any message."""

    name = "growing"
    topic = API_KEYS

    async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Send]:
        grown = record.event.model_copy(update={"name": "x" * 2_000_000 if record.key == "big" else "x"})
        return [Send(COPIES, record.key, grown)]


async def test_an_output_that_outgrows_a_message_is_a_dead_letter_and_the_partition_moves_on(
    cluster: Cluster, tmp_path: Path
) -> None:
    await write(cluster, "a", "big", "c")
    stopping = worker(cluster, Growing(), tmp_path / "journal")
    running = asyncio.create_task(stopping.run())
    async with asyncio.timeout(30):
        while await committed(cluster, "growing") < 3:  # noqa: ASYNC110  (asked of the broker)
            await asyncio.sleep(0.05)
    stopping.stop()
    await asyncio.wait_for(running, 20)

    [letter] = await copies(cluster, DEAD_LETTERS)
    assert isinstance(letter, DeadLetter)
    assert (letter.offset, letter.error_class) == (1, "DocumentTooLarge")
    assert len(await copies(cluster)) == 2


class Transacted(StatefulStage[ApiKey]):
    """Copies, in one transaction with the offsets."""

    name = "transacted"
    topic = API_KEYS

    async def process_batch(self, records: Sequence[Record[ApiKey]], context: Context) -> Sequence[Outcome]:
        return [[Send(COPIES, record.key, record.event)] for record in records]


class Watched:
    """Waits between the last output and the commit."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.written, self.go_on = asyncio.Event(), asyncio.Event()
        loop, watched = asyncio.get_running_loop(), self

        class Waiting(Producer):
            def send_offsets_to_transaction(self, *arguments: Any) -> None:
                self.flush(10)
                loop.call_soon_threadsafe(watched.written.set)
                asyncio.run_coroutine_threadsafe(watched.go_on.wait(), loop).result(20)
                super().send_offsets_to_transaction(*arguments)

        monkeypatch.setattr("streams.kafka.producer.Producer", Waiting)


async def test_outputs_of_a_stateful_stage_are_unseen_until_they_and_their_offsets_are_committed(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(cluster, "a", "b")
    watched = Watched(monkeypatch)
    worker = Worker(Transacted(), cluster, CODEC, Membership(slot="0"))
    running = asyncio.create_task(worker.run())
    await asyncio.wait_for(watched.written.wait(), 20)

    reading = asyncio.create_task(copies(cluster))
    done, _ = await asyncio.wait([reading], timeout=0.3)
    assert not done  # written, and waited for
    assert await committed(cluster, "transacted") <= 0

    watched.go_on.set()
    await asyncio.wait_for(reading, 20)
    async with asyncio.timeout(20):
        while await committed(cluster, "transacted") < 2:  # noqa: ASYNC110  (asked of the broker)
            await asyncio.sleep(0.05)
    assert await copies(cluster) == [key("a"), key("b")]
    worker.stop()
    await asyncio.wait_for(running, 20)
