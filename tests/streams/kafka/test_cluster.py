"""On the real broker: topics, the producer, and where its partitioner puts keys."""

import asyncio
import socket
import threading
import uuid
from collections.abc import AsyncIterator
from concurrent.futures import Future
from datetime import UTC, datetime

import pytest
from confluent_kafka import Message, Producer
from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]

from schemas.errors import ContractError, DocumentTooLarge, FencedError, RequestError, TransientError
from schemas.events import ApiKey, DeadLetter
from streams.engine.outputs import Send
from streams.kafka.cluster import (
    CLIENT_LOG,
    Cluster,
    admin,
    answer_of,
    cleanup_policies,
    ensure_topics,
    partition_counts,
)
from streams.kafka.membership import Membership
from streams.kafka.producer import EventProducer
from streams.partitions import partition_of
from streams.topics import (
    API_KEYS,
    CATALOGUE,
    DEAD_LETTERS,
    MAX_LETTER_BYTES,
    MAX_VALUE_BYTES,
    SOURCE_DOCUMENTS,
    SOURCES,
    Topic,
)
from tests.conftest import Kafka
from tests.streams.broker import CODEC, fresh_cluster, key
from tests.waiting import eventually

PARTITIONS = 7


def untouched(kafka: Kafka) -> Cluster:
    return Cluster(kafka.bootstrap_servers, prefix=f"t{uuid.uuid4().hex[:8]}.")


def test_topics_of_others_have_no_prefix() -> None:
    cluster = Cluster("", "ours.", foreign=frozenset({"shop.rows", "ours.by-others"}))

    for name, whole in (("documents", "ours.documents"), ("shop.rows", "shop.rows"), ("ours.by-others",) * 2):
        assert cluster.name(name) == whole
        assert cluster.short(whole) == name


@pytest.mark.parametrize(("timeout", "waits"), [(None, 5000), ("60000", 5000), ("5500", 4500), ("900", 450)])
def test_a_fetch_ends_before_requests_behind_it_time_out(timeout: str | None, waits: int) -> None:
    cluster = Cluster("", properties={} if timeout is None else {"socket.timeout.ms": timeout})

    assert cluster.client(fetch_wait_max_ms=5000)["fetch.wait.max.ms"] == waits
    assert "fetch.wait.max.ms" not in cluster.client()


def test_a_timeout_that_is_no_number_is_named() -> None:
    with pytest.raises(RequestError, match=r"socket\.timeout\.ms .* is '6s': expected milliseconds"):
        partition_counts(admin(cluster := Cluster("", properties={"socket.timeout.ms": "6s"})), cluster)


def test_a_setting_that_librdkafka_does_not_know_is_named() -> None:
    with pytest.raises(RequestError, match=r"HEADRACE_KAFKA_….*No such configuration property: \"no\.such\""):
        partition_counts(admin(cluster := Cluster("127.0.0.1:1", properties={"no.such": "1"})), cluster)


@pytest.fixture(scope="module")
async def cluster(kafka: Kafka) -> Cluster:
    return await fresh_cluster(kafka, PARTITIONS)


@pytest.fixture
async def producer(cluster: Cluster) -> AsyncIterator[EventProducer]:
    made = EventProducer(cluster, CODEC)
    yield made
    await made.close()


async def test_two_at_once_create_every_topic_and_a_later_call_nothing(kafka: Kafka) -> None:
    made = untouched(kafka)

    await asyncio.gather(*[asyncio.to_thread(ensure_topics, made, 2) for _ in range(2)])

    assert await asyncio.to_thread(ensure_topics, made, 5) == []
    counts = await asyncio.to_thread(partition_counts, admin(made), made)
    assert counts == {topic.name: 2 for topic in CATALOGUE}
    policies = await asyncio.to_thread(cleanup_policies, admin(made), made)
    assert policies == {topic.name: "compact" if topic.compact else "delete" for topic in CATALOGUE}


async def test_two_at_once_that_want_different_counts_agree_or_are_refused(kafka: Kafka) -> None:
    made = untouched(kafka)

    ended = await asyncio.gather(
        *[asyncio.to_thread(ensure_topics, made, count) for count in (1, 2)], return_exceptions=True
    )

    counts = await asyncio.to_thread(partition_counts, admin(made), made)
    refused = any(isinstance(end, RequestError) for end in ended)
    assert len(counts) == len(CATALOGUE)
    assert refused == (len(set(counts.values())) > 1)


async def test_existing_topics_keep_their_partitions_and_missing_ones_get_as_many(kafka: Kafka) -> None:
    made = untouched(kafka)
    await create(made, SOURCES, 3)

    created = await asyncio.to_thread(ensure_topics, made, 6)

    assert set(created) == {topic.name for topic in CATALOGUE} - {SOURCES.name}
    assert set((await asyncio.to_thread(partition_counts, admin(made), made)).values()) == {3}


async def test_topics_with_different_counts_are_refused(kafka: Kafka) -> None:
    made = untouched(kafka)
    await create(made, SOURCES, 1)
    await create(made, API_KEYS, 2)

    with pytest.raises(RequestError, match=r"equal partition counts, found .*'sources': 1"):
        await asyncio.to_thread(ensure_topics, made, 2)


async def create(cluster: Cluster, topic: Topic, partitions: int) -> None:
    futures = admin(cluster).create_topics([NewTopic(cluster.name(topic), partitions, 1)])
    for future in futures.values():
        await asyncio.to_thread(future.result, 30)
    async with asyncio.timeout(30):
        while topic.name not in await asyncio.to_thread(partition_counts, admin(cluster), cluster):  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # until the broker has learnt of it


async def test_keys_lie_where_librdkafka_and_our_rule_put_them(cluster: Cluster) -> None:
    keys = ["21", "foobar", "a-little-bit-long-string", "ключ", "x", *[uuid.uuid4().hex for _ in range(200)]]
    found: dict[str, int | None] = {}

    def delivered(error: object, message: "Message[bytes, bytes]") -> None:
        assert error is None
        found[(message.key() or b"").decode()] = message.partition()

    raw = Producer(cluster.client(partitioner="murmur2_random"), logger=CLIENT_LOG)
    for name in keys:
        raw.produce(cluster.name(SOURCES), b"", name.encode(), on_delivery=delivered)
    await asyncio.to_thread(raw.flush, 20)

    assert found == {name: partition_of(name, PARTITIONS) for name in keys}


async def test_a_record_lies_where_its_partition_key_says_and_keeps_its_key(
    cluster: Cluster, producer: EventProducer
) -> None:
    written = await producer.send_all(
        [Send(SOURCE_DOCUMENTS, f"document-{n}", None, partition_key="the-source") for n in range(20)]
        + [Send(API_KEYS, f"key-{n}", key(str(n))) for n in range(20)]
    )

    assert {w.partition for w in written[:20]} == {partition_of("the-source", PARTITIONS)}
    assert [w.partition for w in written[20:]] == [partition_of(w.send.key, PARTITIONS) for w in written[20:]]


async def test_acknowledgements_come_in_order_with_the_offsets_of_the_broker(producer: EventProducer) -> None:
    written = await producer.send_all([Send(SOURCES, "one-key", None) for _ in range(300)])

    offsets = [w.offset for w in written]
    assert offsets == list(range(offsets[0], offsets[0] + 300))


async def test_the_largest_event_passes_and_one_byte_more_does_not(producer: EventProducer) -> None:
    frame = len(CODEC.encode(key("x", "y" * 900_000), "")) - 900_000
    largest = key("x", "y" * (MAX_VALUE_BYTES - frame))

    await producer.send(Send(API_KEYS, "k" * 200, largest))
    with pytest.raises(DocumentTooLarge, match=r"1,000,001 bytes for api-keys: at most 1,000,000"):
        await producer.send(Send(API_KEYS, "k", key("x", largest.name + "y")))


async def test_a_dead_letter_carries_the_largest_record_that_a_broker_takes(producer: EventProducer) -> None:
    letter = DeadLetter(
        id="l",
        topic="documents",
        partition=0,
        offset=0,
        key=b"k" * 200,
        value=bytes(1_048_576),
        headers={"h": bytes(1_000)},
        stage="parsing",
        error_class="E",
        error="x" * 2_000,
        attempt=1,
        failed_at=datetime(2026, 1, 1, tzinfo=UTC),
    )

    assert (await producer.send(Send(DEAD_LETTERS, "k", letter))).offset >= 0
    with pytest.raises(DocumentTooLarge):
        await producer.send(
            Send(DEAD_LETTERS, "k", letter.model_copy(update={"value": bytes(MAX_LETTER_BYTES)}))
        )


async def test_an_event_that_its_schema_cannot_express_breaks_the_contract(producer: EventProducer) -> None:
    not_unicode: ApiKey = key("x", "\udcff")

    with pytest.raises(ContractError, match="ApiKey cannot be written"):
        await producer.send(Send(API_KEYS, "k", not_unicode))


async def test_events_that_are_waited_for_as_one_come_back_in_their_order_with_their_bytes(
    cluster: Cluster, producer: EventProducer
) -> None:
    sends = [Send(API_KEYS, f"one-{n}", key(f"one-{n}")) for n in range(50)] + [Send(API_KEYS, "one-0", None)]

    written = await asyncio.wait_for(await producer.hand_over_as_one(sends), 20)

    assert [record.send for record in written] == sends
    assert [record.value and CODEC.decode(record.value) for record in written] == [s.event for s in sends]
    assert len({(record.partition, record.offset) for record in written}) == len(sends)
    assert await producer.send_all([]) == []


async def test_events_that_are_waited_for_as_one_fail_as_one() -> None:
    producer = EventProducer(Cluster("127.0.0.1:1"), CODEC)  # nobody is there, so that they stay in the queue
    both = await producer.hand_over_as_one([Send(API_KEYS, name, key(name)) for name in "ab"])
    assert not both.done()

    producer.client.purge()

    with pytest.raises(TransientError, match="not written to api-keys"):
        await asyncio.wait_for(both, 20)
    await producer.close()


async def test_what_is_abandoned_is_not_sent_though_the_producer_is_closed_and_the_broker_is_there(
    cluster: Cluster,
) -> None:
    def send(says: str) -> Send:
        return Send(API_KEYS, "abandoned", key("abandoned", says))

    producer, other = EventProducer(cluster, CODEC), EventProducer(cluster, CODEC)
    first = await producer.send(send("first"))
    late = producer.produce(send("late"))  # it lingers for 2 ms
    producer.abandon()

    with pytest.raises(TransientError):
        await asyncio.wait_for(late, 20)
    with pytest.raises(FencedError):
        producer.produce(send("later"))
    await producer.close()
    assert (await other.send(send("second"))).offset == first.offset + 1
    await other.close()


async def test_a_producer_without_an_event_connects_to_nothing() -> None:
    before = threading.active_count()
    producer = EventProducer(Cluster("localhost:1"), CODEC)
    producer.abandon()
    assert threading.active_count() == before
    with pytest.raises(FencedError):
        producer.produce(Send(API_KEYS, "a", key("a")))
    await producer.close()


def test_a_member_that_is_given_partitions_of_others_fetches_and_beats_more_often() -> None:
    cluster = Cluster("localhost:1")
    alone = Membership(static=True).consumer(cluster, "parsing", 5.0)
    shared = Membership().consumer(cluster, "parsing", 5.0)

    wait, beat = "fetch.wait.max.ms", "heartbeat.interval.ms"
    assert (alone[wait], shared[wait]) == (5_000, 2_000)
    assert (alone[beat], shared[beat]) == (3_333, 2_000)


async def test_what_a_client_has_to_say_goes_into_our_logs_and_not_to_standard_error(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        away = Cluster(f"127.0.0.1:{nobody.getsockname()[1]}", properties={"socket.timeout.ms": "1000"})
        producer = EventProducer(away, CODEC)
        assert producer.client  # connects
        with pytest.raises(TransientError):
            await asyncio.to_thread(partition_counts, admin(away), away)
        await eventually(lambda: "Connection refused" in caplog.text)
        await producer.close(timeout=0)

    assert capfd.readouterr().err == ""


def test_a_broker_that_does_not_answer_is_asked_again_by_whoever_may_wait() -> None:
    with pytest.raises(TransientError, match=r"offsets cannot be read: no broker answered within 0\.01 s"):
        answer_of(Future(), "offsets", 0.01)
