"""How transactions begin with a broker that is slow."""

from collections.abc import Iterator

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer

from schemas.codec import SingleObjectCodec
from schemas.errors import TransientError
from streams.kafka.cluster import Cluster
from streams.kafka.producer import EventProducer
from streams.kafka.transactions import Transactions


class SlowToInitialise(Producer):
    """A producer whose broker answers `init_transactions` with these errors, then well."""

    answers: Iterator[KafkaError] = iter(())
    calls = 0

    def init_transactions(self, *_: float) -> None:
        type(self).calls += 1
        if (error := next(self.answers, None)) is not None:
            raise KafkaException(error)


@pytest.fixture
def producer(monkeypatch: pytest.MonkeyPatch) -> type[SlowToInitialise]:
    class Slow(SlowToInitialise):
        pass

    monkeypatch.setattr("streams.kafka.producer.Producer", Slow)
    return Slow


def transactions() -> Transactions:
    cluster = Cluster("127.0.0.1:1", properties={"log_level": "0"})
    return Transactions(cluster, EventProducer(cluster, SingleObjectCodec(), "tracking-0"), "tracking")


async def test_a_time_out_is_resumed(producer: type[SlowToInitialise]) -> None:
    late = KafkaError(KafkaError.REQUEST_TIMED_OUT, "timed out", retriable=True)
    producer.answers = iter([late, late])

    await transactions().start()

    assert producer.calls == 3


async def test_what_no_further_try_mends_is_told_at_once(producer: type[SlowToInitialise]) -> None:
    producer.answers = iter([KafkaError(KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, "not allowed")])

    with pytest.raises(TransientError, match="transactions cannot begin: not allowed"):
        await transactions().start()

    assert producer.calls == 1
