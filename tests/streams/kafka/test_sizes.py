"""Bytes of topics, as brokers tell them."""

import ssl

import pytest

from schemas.errors import TransientError
from streams.kafka.cluster import Cluster
from streams.kafka.sizes import TopicSizes, client_settings, sizes_of, topic_sizes
from streams.topics import API_KEYS, CATALOGUE
from tests.conftest import Kafka
from tests.streams.broker import Writer, fresh_cluster, key


async def test_a_broker_tells_the_bytes_of_each_partition(kafka: Kafka) -> None:
    import asyncio

    cluster = await fresh_cluster(kafka, 2)
    writer = Writer(cluster)
    for number in range(100):
        writer.write(API_KEYS, f"{number}", key(f"{number}"), 1)
    await writer.written()

    found = await asyncio.to_thread(topic_sizes, cluster)

    assert found.partitions.keys() == {topic.name for topic in CATALOGUE}
    empty, full = found.partitions[API_KEYS.name]
    assert empty == 0 < full < 100_000
    assert found.of(API_KEYS.name) == full
    assert found.together >= full


def test_copies_on_several_brokers_count_once_by_topic_and_all_together() -> None:
    def broker(*sizes: int, future: bool = False) -> dict[str, object]:
        places = [
            {"partition_index": index, "partition_size": size, "is_future_key": future}
            for index, size in enumerate(sizes)
        ]
        topics = [{"name": "hr.a", "partitions": places}, {"name": "foreign", "partitions": places}]
        return {"log_dirs": [{"topics": topics}]}

    found = sizes_of(
        [broker(10, 20, 99), broker(12, 18), broker(70, 70, future=True)], {"hr.a": "a"}, {"a": 2}
    )

    assert found == TopicSizes({"a": [12, 20]}, 10 + 20 + 99 + 12 + 18 + 140)


def test_properties_of_librdkafka_are_those_of_the_second_client() -> None:
    sasl = {
        "security.protocol": "sasl_ssl",
        "sasl.mechanisms": "SCRAM-SHA-512",
        "sasl.username": "u",
        "sasl.password": "p",
        "ssl.endpoint.identification.algorithm": "none",
    }

    found = client_settings(Cluster("a:1,b:2", properties=sasl))

    assert found["bootstrap_servers"] == ["a:1", "b:2"]
    assert (found["security_protocol"], found["sasl_mechanism"]) == ("SASL_SSL", "SCRAM-SHA-512")
    assert (found["sasl_plain_username"], found["sasl_plain_password"]) == ("u", "p")
    assert not found["ssl_context"].check_hostname
    assert found["ssl_context"].verify_mode == ssl.CERT_REQUIRED
    assert client_settings(Cluster("a:1")) == {"bootstrap_servers": ["a:1"], "security_protocol": "PLAINTEXT"}


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"security.protocol": "SASL_SSL", "sasl.mechanism": "OAUTHBEARER"}, "does not speak OAUTHBEARER"),
        ({"security.protocol": "SSL", "ssl.certificate.pem": "x"}, "from files"),
        ({"security.protocol": "SSL", "ssl.ca.location": "/nowhere.pem"}, "cannot be read"),
    ],
)
def test_what_the_second_client_does_not_have_is_said(properties: dict[str, str], reason: str) -> None:
    with pytest.raises(TransientError, match=reason):
        client_settings(Cluster("a:1", properties=properties))


def test_a_broker_that_is_away_is_said_without_a_secret() -> None:
    away = {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "PLAIN",
        "sasl.username": "somebody",
        "sasl.password": "hidden",
        "socket.timeout.ms": "500",
    }

    with pytest.raises(TransientError) as raised:
        topic_sizes(Cluster("127.0.0.1:1", properties=away))

    assert "hidden" not in str(raised.value)
