"""Send records by hand, and wait until the broker has them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from confluent_kafka import Producer

from schemas.errors import TransientError
from streams import tracing
from streams.kafka.cluster import CLIENT_LOG, Cluster

_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Sending:
    """A record; `topic` is without the prefix."""

    topic: str
    key: bytes | str | None
    value: bytes | None
    headers: list[tuple[str, str | bytes | None]] = field(default_factory=list)


def send(cluster: Cluster, records: Sequence[Sending], failure: str = "were not sent") -> None:
    """Send all of these; those without headers continue the trace of the caller. Blocks.

    Raises TransientError, with their number, if some were not acknowledged.
    """
    failures: list[str] = []
    ours: list[tuple[str, str | bytes | None]] = list(tracing.current_headers().items())
    producer = Producer(
        cluster.client(
            enable_idempotence=True,
            partitioner="murmur2_random",
            compression_type="lz4",
            message_timeout_ms=int(_SECONDS * 1000),
        ),
        logger=CLIENT_LOG,
    )
    for record in records:
        producer.produce(
            cluster.name(record.topic),
            key=record.key,
            value=record.value,
            headers=record.headers or ours,
            on_delivery=lambda error, message: failures.append(error.str()) if error else None,
        )
        producer.poll(0)
    left = producer.flush(_SECONDS + 5)
    if failures or left:
        raise TransientError(
            f"{len(failures) + left} of {len(records)} records {failure}: "
            f"{failures[0] if failures else 'the broker does not answer'}"
        )
