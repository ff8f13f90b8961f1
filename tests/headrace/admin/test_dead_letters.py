"""Dead letters on the real broker: read, chosen, sent again."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from confluent_kafka import Consumer

from headrace.admin.dead_letters import as_json, choose, content_of, drop, read_letters, replay
from headrace.cli.settings import load_settings
from headrace.wiring import Wiring
from schemas.errors import RequestError
from schemas.events import DeadLetter
from streams.engine.outputs import Send
from streams.engine.publishing.dead_letters import SEQUENCE_HEADER
from streams.kafka.cluster import ensure_topics
from streams.kafka.producer import EventProducer
from streams.topics import DEAD_LETTERS, DOCUMENTS
from tests.conftest import Kafka


def letter(identity: str, key: bytes | None = b"k", value: bytes | None = b"not avro") -> DeadLetter:
    """A letter as parsing would have left it."""
    return DeadLetter(
        id=identity,
        topic="documents",
        partition=0,
        offset=41,
        key=key,
        value=value,
        headers={"traceparent": b"00-1"},
        stage="parsing",
        error_class="CorruptDocument",
        error="broken",
        attempt=1,
        document_key="a.pdf",
        failed_at=datetime.now(UTC),
    )


LETTERS = [letter("aa11"), letter("aa22"), letter("bb33")]


def test_the_beginning_of_an_id_is_enough() -> None:
    assert choose(LETTERS, ["bb", "aa2"]) == [LETTERS[2], LETTERS[1]]


@pytest.mark.parametrize(
    ("prefix", "said"), [("aa", "2 dead letters begin"), ("cc", "no dead letter begins")]
)
def test_an_id_that_fits_none_or_many_is_refused(prefix: str, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        choose(LETTERS, [prefix])


def test_a_letter_for_programs_has_its_bytes_in_base64() -> None:
    shown = as_json(letter("aa11", key=b"\xff", value=b"not avro"))

    assert shown["value"] == "bm90IGF2cm8="
    assert shown["key"] == "/w=="
    assert shown["headers"] == {"traceparent": "00-1"}


async def test_a_replay_is_the_record_as_it_was_and_keeps_its_sequence(kafka: Kafka) -> None:
    wiring = Wiring(load_settings(kafka_bootstrap_servers=kafka.bootstrap_servers, topic_prefix="letters."))
    ensure_topics(wiring.cluster, 1)
    producer = EventProducer(wiring.cluster, wiring.codec)
    sends = [Send(DEAD_LETTERS, one.id, one) for one in (*LETTERS, LETTERS[0])]  # one given up twice
    await producer.send_all(sends)
    await producer.close()

    found = read_letters(wiring)
    assert sorted(one.id for one in found) == ["aa11", "aa22", "bb33"]
    assert content_of(wiring, found[0]) == "8 bytes of an unknown schema"
    await replay(wiring, choose(found, ["bb33"]))
    assert sorted(one.id for one in read_letters(wiring)) == ["aa11", "aa22"]
    await drop(wiring, choose(found, ["aa2"]))
    assert [one.id for one in read_letters(wiring)] == ["aa11"]

    consumer = Consumer(
        wiring.cluster.client(group_id="letters.test", auto_offset_reset="earliest", enable_auto_commit=False)
    )
    consumer.subscribe([wiring.cluster.name(DOCUMENTS)])
    message = consumer.poll(30)
    consumer.close()
    assert message is not None
    assert (message.key(), message.value()) == (b"k", b"not avro")
    headers = dict(message.headers() or [])
    assert headers == {"traceparent": b"00-1", SEQUENCE_HEADER: b"41"}


def test_letters_of_a_cluster_without_topics_say_what_to_do(kafka: Kafka) -> None:
    wiring = Wiring(load_settings(kafka_bootstrap_servers=kafka.bootstrap_servers))
    wiring.cluster = replace(wiring.cluster, prefix="nobody-has-made-these.")

    with pytest.raises(RequestError, match="headrace topics ensure"):
        read_letters(wiring)
