"""Workers on the real broker: rebalances, transactions, and records that break their contract."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from confluent_kafka import Producer

from schemas.codec import SingleObjectCodec
from schemas.events import ApiKey, DeadLetter, Event
from streams.engine.outputs import Send
from streams.engine.stage import AnyStage, Context, Record, Stage, StatefulStage
from streams.engine.window import WindowLimits
from streams.kafka.cluster import Cluster, ensure_topics
from streams.kafka.membership import Membership
from streams.kafka.producer import EventProducer
from streams.kafka.worker import Worker
from streams.state.lags import committed_offsets
from streams.state.reader import Reader, end_offsets
from streams.state.store import PartitionStore
from streams.topics import API_KEYS, BY_NAME, DEAD_LETTERS, INVOCATIONS, Topic
from tests.conftest import Kafka
from tests.streams.engine.simulation import event
from tests.waiting import eventually

CODEC = SingleObjectCodec()
PARTITIONS = 6
#: A topic of the catalogue that these tests use for records of their own.
COPIES = Topic("sources", (ApiKey,))


@pytest.fixture(autouse=True)
def open_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BY_NAME, "sources", COPIES)
    monkeypatch.setitem(BY_NAME, "invocations", Topic("invocations", (ApiKey,), compact=True))


@pytest.fixture
async def cluster(kafka: Kafka) -> Cluster:
    made = Cluster(kafka.bootstrap_servers, prefix=f"t{uuid.uuid4().hex[:8]}.")
    await asyncio.to_thread(ensure_topics, made, PARTITIONS)
    return made


class Copy(Stage[ApiKey]):
    """Copies keys to another topic."""

    name = "copy"
    topic = API_KEYS

    async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Send]:
        await asyncio.sleep(0.002)
        return [Send(COPIES, record.key, record.event)]


class ExactCopy(Copy):
    """The same, in transactions."""

    transactional = True


@asynccontextmanager
async def working(*workers: Worker) -> AsyncIterator[None]:
    """The workers, while the block lasts."""
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()
        await asyncio.wait_for(asyncio.gather(*tasks), 30)


def worker(cluster: Cluster, stage: AnyStage, slot: str) -> Worker:
    return Worker(stage, cluster, CODEC, Membership(slot=slot))


async def read_all(cluster: Cluster, topic: Topic) -> list[tuple[int, str, Event | None]]:
    """Every committed record of a topic: partition, key, event."""

    def read() -> list[tuple[int, str, Event | None]]:
        reader = Reader(cluster, CODEC)
        ends = end_offsets(cluster, [(topic.name, p) for p in range(PARTITIONS)])
        reader.assign(dict.fromkeys(ends, 0))
        found = [(c.partition, c.key, c.event) for batch in reader.read_to(ends) for c in batch.changes]
        reader.close()
        return found

    return await asyncio.to_thread(read)


async def committed(cluster: Cluster, group: str, topic: Topic) -> bool:
    """Whether a group has committed everything that is on the topic."""

    def check() -> bool:
        offsets = committed_offsets(cluster, cluster.name(group), {topic.name: PARTITIONS})
        ends = end_offsets(cluster, [(topic.name, p) for p in range(PARTITIONS)])
        return all(offsets.get(place, 0) == end for place, end in ends.items())

    return await asyncio.to_thread(check)


async def wait_committed(cluster: Cluster, group: str, topic: Topic) -> None:
    async with asyncio.timeout(40):
        while not await committed(cluster, group, topic):  # noqa: ASYNC110  (asked of the broker)
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("kind", [Copy, ExactCopy])
@pytest.mark.faults
async def test_three_members_share_partitions_and_lose_nothing_as_they_come_and_go(
    cluster: Cluster, kind: type[Copy]
) -> None:
    producer = EventProducer(cluster, CODEC)
    first, second, third = (worker(cluster, kind(), str(slot)) for slot in range(3))
    sent = 0

    async def produce(count: int) -> None:
        nonlocal sent
        await producer.send_all([Send(API_KEYS, str(n % 40), event(n)) for n in range(sent, sent + count)])
        sent += count

    async with working(first):
        await produce(600)
        async with working(second, third):
            await eventually(second.ready.is_set, 20)
            await eventually(third.ready.is_set, 20)
            await produce(600)
        await produce(300)
        await wait_committed(cluster, "copy", API_KEYS)
    await producer.close()

    copies = await read_all(cluster, COPIES)
    numbers = [int(e.id) for _, _, e in copies if isinstance(e, ApiKey)]
    # A commit that meets the next rebalance is refused and its records come again; none is left out, and the
    # first copies of a key are in its order.
    assert sorted(set(numbers)) == list(range(sent))
    assert len(numbers) < sent * 1.5
    if kind is ExactCopy:
        assert sorted(numbers) == list(range(sent))
    for key in range(40):
        of_key = [int(e.id) for _, k, e in copies if k == str(key) and isinstance(e, ApiKey)]
        assert list(dict.fromkeys(of_key)) == sorted(set(of_key))


async def test_bytes_that_do_not_decode_become_a_dead_letter_and_the_rest_goes_on(cluster: Cluster) -> None:
    raw = Producer(cluster.client(enable_idempotence=True))
    raw.produce(cluster.name(API_KEYS), key=b"bad", value=b"no avro", headers=[("who", b"me")], partition=0)
    raw.produce(cluster.name(API_KEYS), key=b"good", value=CODEC.encode(event(7), ""), partition=0)
    raw.flush(10)

    async with working(worker(cluster, Copy(), "0")):
        await wait_committed(cluster, "copy", API_KEYS)

    [(_, _, letter)] = await read_all(cluster, DEAD_LETTERS)
    assert isinstance(letter, DeadLetter)
    assert (letter.topic, letter.partition, letter.offset) == ("api-keys", 0, 0)
    assert letter.value == b"no avro"
    assert letter.headers == {"who": b"me"}
    assert letter.error_class == "ContractError"
    assert "api-keys[0]@0" in letter.error
    assert [key for _, key, _ in await read_all(cluster, COPIES)] == ["good"]


class Latest(StatefulStage[ApiKey]):
    """Keeps the newest event of each key, and how many it has seen, in a compacted topic."""

    name = "latest"
    topic = API_KEYS

    def __init__(self, store: PartitionStore[ApiKey]) -> None:
        self.stores, self._store = [store], store

    async def process_batch(
        self, records: Sequence[Record[ApiKey]], context: Context
    ) -> Sequence[Sequence[Send]]:
        overlay: dict[str, int] = {}
        outcomes = []
        for record in records:
            held = self._store.get(record.partition, record.key)
            seen = overlay.get(record.key, int(held.name) if held else 0) + 1
            overlay[record.key] = seen
            outcomes.append(
                [Send(INVOCATIONS, record.key, record.event.model_copy(update={"name": str(seen)}))]
            )
        return outcomes


@pytest.mark.faults
async def test_state_is_exact_when_workers_change_and_their_files_are_lost(
    cluster: Cluster, tmp_path: Path
) -> None:
    producer = EventProducer(cluster, CODEC)
    for life in range(3):
        store = PartitionStore[ApiKey](cluster, CODEC, INVOCATIONS, tmp_path / f"{life % 2}.sqlite")
        async with working(worker(cluster, Latest(store), str(life))):
            await producer.send_all([Send(API_KEYS, str(n % 10), event(n)) for n in range(500)])
            await wait_committed(cluster, "latest", API_KEYS)
        store.close()
    await producer.close()

    newest = {key: e for _, key, e in await read_all(cluster, INVOCATIONS)}
    assert {key: e.name for key, e in newest.items() if isinstance(e, ApiKey)} == {
        str(n): "150" for n in range(10)
    }


class Gated(Copy):
    """Works only while its gate is open."""

    name = "gated"

    def __init__(self) -> None:
        self.gate = asyncio.Event()

    async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Send]:
        await self.gate.wait()
        return [Send(COPIES, record.key, record.event)]


@pytest.mark.faults
async def test_a_partition_that_was_paused_when_it_left_is_read_on_when_it_comes_back(
    cluster: Cluster,
) -> None:
    producer = EventProducer(cluster, CODEC)
    await producer.send_all([Send(API_KEYS, str(n), event(n)) for n in range(600)])
    stage, limits = Gated(), WindowLimits(records=20)
    first = Worker(stage, cluster, CODEC, Membership(slot="0"), limits)
    second = Worker(Gated(), cluster, CODEC, Membership(slot="1"), limits)

    async with working(first):
        await eventually(first.ready.is_set, 20)
        await asyncio.sleep(1)  # the windows fill, and every partition is paused
        async with working(second):
            await eventually(second.ready.is_set, 30)
        stage.gate.set()
        await wait_committed(cluster, "gated", API_KEYS)
    await producer.close()

    copies = [int(e.id) for _, _, e in await read_all(cluster, COPIES) if isinstance(e, ApiKey)]
    assert sorted(set(copies)) == list(range(600))


async def test_two_workers_of_a_stateful_stage_do_not_fence_each_other(
    cluster: Cluster, tmp_path: Path
) -> None:
    stores = [PartitionStore[ApiKey](cluster, CODEC, INVOCATIONS, tmp_path / f"{n}.sqlite") for n in range(2)]
    producer = EventProducer(cluster, CODEC)

    async with working(*[worker(cluster, Latest(store), "0") for store in stores]):
        for _ in range(5):
            await producer.send_all([Send(API_KEYS, str(n % 10), event(n)) for n in range(100)])
        await wait_committed(cluster, "latest", API_KEYS)
    await producer.close()
    for store in stores:
        store.close()

    newest = {key: e.name for _, key, e in await read_all(cluster, INVOCATIONS) if isinstance(e, ApiKey)}
    assert newest == {str(n): "50" for n in range(10)}
